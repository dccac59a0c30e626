//! Files of recordings: NumPy archives, safetensors and CSV.

use apical::device::BackendKind;
use apical::monitor::recording_file::save;
use apical::monitor::{Mode, MonitorSpec, Quantity};

use super::{config, record};

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
    let header = ["array", "image", "step", "phase", "unit", "below", "output", "value"];
    assert_eq!(table.headers().unwrap(), header.to_vec());
    let lines: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let numbers = recording.arrays.iter().flat_map(|array| &array.values);
    assert_eq!(lines.len(), numbers.filter(|value| !value.is_nan()).count());
    let is_neuron_at_step = |line: &&csv::StringRecord| {
        (&line[0], &line[1], &line[2], &line[4]) == ("soma0", "2", "7", "3")
    };
    let found: Vec<f32> =
        lines.iter().filter(is_neuron_at_step).map(|line| line[7].parse().unwrap()).collect();
    assert_eq!(found, [soma.image(2)[7 * 3 + 2]]);
}
