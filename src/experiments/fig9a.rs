//! Weak coupling of apical dendrites to the soma.

use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use super::traces::{APICAL, BASAL, Neuron, SOMA, panel, table};
use crate::analysis::statistics::least_squares;
use crate::config::{Config, Preset};
use crate::figures::{Chart, Figure};
use crate::monitor::{Mode, MonitorSpec, Quantity, Recording};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig9a",
    figure: "Figure 9A",
    title: "Weakly coupled apical dendrites",
    about: "A trained network with g_A = 0.05 is shown test images with both phases. The attenuation of each \
            dendrite's voltage at the soma follows from a fit to the voltages of the lower hidden layer: \
            C(t) = d C(t-1) + x B(t) + y A(t).",
    from_errors: false,
    run,
};

const IMAGES: usize = 5;

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let config = Config {
        g_apical: 0.05,
        epochs: study.quick_or_full(2, 60),
        ..study.paper(Preset::Paper2)
    };
    let trained = study.train_one(&config)?;
    let images = study.test_images(IMAGES);
    let mut results = ExperimentOutput::default();
    let mut ratios = Vec::new();
    for trained in &trained {
        use Quantity::{Apical, Basal, Phases, Soma};
        let recorder = MonitorSpec::new(&[Basal, Apical, Soma, Phases]);
        let mut session = study.session(&trained.trial.config, &trained.network, recorder)?;
        let recording = session.show(&images, Mode::TrainFrozen, &mut |_| ())?;
        ratios.push(attenuation(&recording));
        if results.plots.is_empty() {
            let mut data = table();
            let compartments = &[BASAL, APICAL, SOMA];
            let unit = most_active(&recording);
            let neuron = Neuron { title: "hidden neuron", layer: 0, unit, compartments };
            let panels = vec![panel(&recording, &neuron, &mut data)];
            let title = "Voltages with g_A = 0.05".to_string();
            let caption =
                "Voltages of a neuron of the lower hidden layer while a test image is shown.";
            let chart = Chart::Figure(Figure { title, panels });
            results.plot("voltages", caption, chart, data);
        }
    }
    results.settings.push(("config".to_string(), config));
    let claim =
        Claim { what: "apical over basal attenuation at the soma", unit: "times", paper: "12" };
    results.findings.push(claim.in_range(&ratios, [11.0, 13.0], "within 1"));
    Ok(results)
}

/// Returns the ratio of the basal to the apical factor of the fit.
fn attenuation(recording: &Recording) -> f64 {
    let arrays = ["soma0", "basal0", "apical0"].map(|name| recording.get(name));
    let [Some(soma), Some(basal), Some(apical)] = arrays else { return f64::NAN };
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for image in 0..soma.shape[0] {
        for unit in 0..soma.shape[2] {
            let [soma, basal, apical] =
                [soma, basal, apical].map(|array| array.time_series(image, unit));
            for step in 1..soma.len() {
                rows.push(vec![soma[step - 1], basal[step], apical[step]]);
                values.push(soma[step]);
            }
        }
    }
    least_squares(&rows, &values).map_or(f64::NAN, |factors| factors[1] / factors[2])
}

/// Returns the neuron with the largest apical voltage.
fn most_active(recording: &Recording) -> usize {
    let Some(apical) = recording.get("apical0") else { return 0 };
    let largest = |unit: &usize| {
        apical.time_series(0, *unit).iter().fold(0.0, |most: f64, voltage| most.max(voltage.abs()))
    };
    (0..apical.shape[2]).max_by(|a, b| largest(a).total_cmp(&largest(b))).unwrap_or(0)
}
