//! Files of recordings: NumPy archives, safetensors, CSV and SONATA. `python/tests/test_formats.py` reads them by other
//! libraries.

use std::fs;

use apical::device::{BackendKind, DeviceOptions};
use apical::interface::{BackendError, Stop};
use apical::monitor::recording_file::{self, RecordError, save};
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity};
use apical::network::Network;

use super::{IMAGES, all_quantities, config, dataset, images, record};

#[test]
fn save_writes_the_recorded_values() {
    let spec = MonitorSpec {
        units: Some(1..4),
        ..MonitorSpec::new(&[Quantity::Soma, Quantity::Plateaus, Quantity::Phases])
    };
    let recording = record(&config(0.0), BackendKind::Cpu, &spec, Mode::TrainFrozen);
    let soma = recording.get("soma0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["r.npz", "r.safetensors", "r.csv"] {
        save(&path(name), &recording).unwrap();
    }
    assert!(save(&path("r.txt"), &recording).unwrap_err().to_string().contains(".npz"));
    let error = save(&path("r.h5"), &recording).unwrap_err().to_string();
    assert!(error.contains("cannot store plateaus in a SONATA file"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "a partial file is left");

    let mut archive = zip::ZipArchive::new(std::fs::File::open(path("r.npz")).unwrap()).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("soma0.npy").unwrap(), &mut bytes).unwrap();
    // The layout that numpy.load expects: header text, spaces up to a multiple of 64 bytes, values.
    let sizes: Vec<String> = soma.shape.iter().map(usize::to_string).collect();
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sizes.join(", "));
    let (start, numbers) = bytes.split_at(128);
    assert_eq!(start[..10], *b"\x93NUMPY\x01\x00\x76\x00");
    assert_eq!(start[10..], *format!("{header:<117}\n").as_bytes());
    let expected: Vec<u8> = soma.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert!(numbers == expected);

    let bytes = std::fs::read(path("r.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = tensors.tensor("soma0").unwrap();
    assert_eq!(tensor.shape(), soma.shape);
    assert!(tensor.data() == expected);
    assert_eq!(tensors.tensor("labels").unwrap().data(), recording.labels);

    let mut table = csv::Reader::from_path(path("r.csv")).unwrap();
    let header = ["array", "image", "step", "phase", "unit", "below", "output", "teacher", "value"];
    assert_eq!(table.headers().unwrap(), header.to_vec());
    let lines: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let numbers = recording.arrays.iter().flat_map(|array| &array.values);
    assert_eq!(lines.len(), numbers.filter(|value| !value.is_nan()).count());
    let is_neuron_at_step = |line: &&csv::StringRecord| {
        (&line[0], &line[1], &line[2], &line[4]) == ("soma0", "2", "7", "3")
    };
    let found: Vec<f32> =
        lines.iter().filter(is_neuron_at_step).map(|line| line[8].parse().unwrap()).collect();
    assert_eq!(found, [soma.image(2)[7 * 3 + 2]]);
}

const VOLTAGES: [Quantity; 4] =
    [Quantity::Spikes, Quantity::Soma, Quantity::Basal, Quantity::Apical];

fn session(spec: MonitorSpec, stop: &Stop) -> MonitorSession {
    let (config, dataset) = (config(0.05), dataset());
    let network = Network::initial(&config, dataset.pixels());
    let backend = BackendKind::Cpu;
    let options = DeviceOptions { backend, stop: stop.clone(), ..DeviceOptions::default() };
    MonitorSession::open(&config, &dataset, &network, spec, &options).unwrap()
}

/// Images differ in their number of steps, and most of the steps are recorded.
#[test]
fn record_writes_the_same_file_for_any_buffer() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let images = images(&dataset());
    let all = all_quantities().quantities;
    for (ending, quantities) in
        [("npz", &all[..]), ("safetensors", &all[..]), ("csv", &all[..]), ("h5", &VOLTAGES[..])]
    {
        let spec = MonitorSpec { steps: Some(15..150), ..MonitorSpec::new(quantities) };
        let whole = record(&config(0.05), BackendKind::Cpu, &spec, Mode::TrainFrozen);
        assert!(whole.steps.iter().any(|&steps| steps != whole.steps[0]), "{:?}", whole.steps);
        save(&path("whole").with_extension(ending), &whole).unwrap();
        let expected = fs::read(path("whole").with_extension(ending)).unwrap();
        for buffer in [1, 500_000, 1 << 30] {
            let mut session = session(spec.clone(), &Stop::default());
            session.set_buffer(buffer);
            let file = path("streamed").with_extension(ending);
            let mut shown = Vec::new();
            let mut on_progress = |count| shown.push(count);
            let mode = Mode::TrainFrozen;
            let recorded =
                recording_file::record(&file, &mut session, &images, mode, None, &mut on_progress);
            let infos: Vec<_> = whole.arrays.iter().map(|array| array.info()).collect();
            assert_eq!(recorded.unwrap(), infos);
            assert_eq!(shown.last(), Some(&IMAGES));
            assert_eq!(shown.len() == IMAGES, buffer == 1, "{shown:?}");
            assert!(fs::read(&file).unwrap() == expected, "{ending}, {buffer} bytes");
        }
    }
}

#[test]
fn stopped_recording_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let images = images(&dataset());
    for ending in ["npz", "safetensors", "csv", "h5"] {
        let path = folder.path().join(format!("r.{ending}"));
        fs::write(&path, "old").unwrap();
        let stop = Stop::default();
        let mut session = session(MonitorSpec::new(&VOLTAGES), &stop);
        session.set_buffer(1);
        let mut stop_at_three = |shown| {
            if shown == 3 {
                stop.request();
            }
        };
        let result = recording_file::record(
            &path,
            &mut session,
            &images,
            Mode::Test,
            None,
            &mut stop_at_three,
        );
        assert!(matches!(result, Err(RecordError::Backend(BackendError::Stopped))), "{result:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "a partial file is left");
}

/// Arrays without a population have no place either.
#[test]
fn save_refuses_arrays_that_sonata_cannot_hold() {
    let folder = tempfile::tempdir().unwrap();
    for (quantity, name) in [(Quantity::Phases, "phases"), (Quantity::OutputLoss, "output_loss")] {
        let spec = MonitorSpec::new(&[Quantity::Spikes, quantity]);
        let recording = record(&config(0.05), BackendKind::Cpu, &spec, Mode::TrainFrozen);
        let error = save(&folder.path().join("r.h5"), &recording).unwrap_err().to_string();
        assert!(error.contains(&format!("cannot store {name} in a SONATA file")), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn record_without_a_place_shows_no_image() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(MonitorSpec::new(&[Quantity::Rates]), &Stop::default());
    let path = folder.path().join("r.h5");
    let mut on_progress = |_| panic!("an image was shown");
    let images = images(&dataset());
    let result =
        recording_file::record(&path, &mut session, &images, Mode::Test, None, &mut on_progress);
    let error = result.unwrap_err().to_string();
    assert!(error.contains("cannot store rates in a SONATA file"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
