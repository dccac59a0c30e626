//! `bench --dense`: event-driven against dense synaptic input.

use super::bench::{bench, bench_on_cpu};
use super::{folder_with_data, json_of, output_of};

#[test]
fn bench_dense_compares_rates_of_each_layer() {
    let folder = folder_with_data();
    for backend in ["cpu", "gpu"] {
        let mut command = bench(&folder);
        command.args(["--backend", backend, "--no-roofline", "--layers", "20,10"]);
        command.args(["--task", "train", "--dense=30x20,17x33", "--json"]);
        let [report] = &json_of(&mut command)[..] else { panic!("expected one object") };
        let row = &report["rows"][0];
        let spikes = row["spikes_per_image"].as_array().unwrap();
        let steps = row["steps_per_image"].as_f64().unwrap();
        let layers = report["dense"].as_array().unwrap();
        let sizes = layers.iter().map(|layer| (&layer["n_pre"], &layer["units"]));
        assert!(sizes.eq([(&30.into(), &20.into()), (&17.into(), &33.into())]), "{report}");
        for layer in layers {
            assert_eq!((&layer["samples"], &layer["steps"]), (&32.into(), &104.into()));
            assert!(layer["dense_ms"].as_f64().unwrap() > 0.0, "{layer}");
            assert!(layer["dense_fraction_of_peak"].is_null(), "{layer}");
            let rates = layer["rates"].as_array().unwrap();
            let values = rates.iter().map(|rate| rate["rate"].as_f64().unwrap());
            assert!(values.is_sorted(), "{layer}");
            for (index, (population, units)) in
                [("input", 30.0), ("layer 1", 20.0)].iter().enumerate()
            {
                let rate = rates.iter().find(|rate| rate["population"] == *population);
                let expected = spikes[index].as_f64().unwrap() / (steps * units);
                assert_eq!(rate.unwrap()["rate"].as_f64().unwrap(), expected, "{layer}");
            }
            for rate in rates {
                let [event, ratio] = ["event_ms", "dense_over_event"].map(|key| rate[key].as_f64());
                let dense = layer["dense_ms"].as_f64().unwrap();
                assert!((ratio.unwrap() * event.unwrap() / dense - 1.0).abs() < 1e-9, "{rate}");
            }
        }
    }
}

#[test]
fn bench_dense_tables_name_each_layer() {
    let folder = folder_with_data();
    let mut command = bench_on_cpu(&folder);
    command.args(["--layers", "20,10", "--task", "train", "--dense=30x20,17x33"]);
    let text = output_of(&mut command);
    for expected in ["dense G products/s", "event-driven is faster", "layer 1"] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    // A line of the first table, and one per rate: 10, and two of the network.
    for layer in ["30x20", "17x33"] {
        assert_eq!(text.lines().filter(|line| line.starts_with(layer)).count(), 13, "{text}");
    }
}
