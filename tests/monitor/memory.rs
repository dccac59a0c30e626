//! Memory of recordings that are written while images are shown.

use std::env;
use std::fs;
use std::process::Command;

use apical::config::Config;
use apical::device::{BackendKind, DeviceOptions};
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, recording_file};
use apical::network::Network;
use apical::plan::Presentation;

use crate::support;

/// Set in the process whose memory is measured, since other tests run beside this one.
const CHILD: &str = "APICAL_TEST_MEMORY";
const NAME: &str = "monitor::memory::peak_memory_does_not_grow_with_images";
const MANY: usize = 400;
const BUFFER: u64 = 1 << 20;
/// Fewer bytes than half of each recording.
const MOST_GROWTH: u64 = 8 << 20;

/// Returns the largest memory that this process has had, bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn peak_memory_does_not_grow_with_images() {
    if env::var_os(CHILD).is_none() {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", NAME]).env(CHILD, "1");
        let output = child.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let config = Config { layers: vec![40, 10], test_ms: 100, ..Config::default() };
    let dataset = support::random_dataset(5, 8, 9, 20);
    let network = Network::initial(&config, dataset.pixels());
    let spec = MonitorSpec {
        populations: Some(vec![1, 2]),
        ..MonitorSpec::new(&[Quantity::Spikes, Quantity::Soma, Quantity::Basal, Quantity::Apical])
    };
    let options = DeviceOptions { backend: BackendKind::Cpu, threads: 1, ..Default::default() };
    let mut session = MonitorSession::open(&config, &dataset, &network, spec, &options).unwrap();
    session.set_buffer(BUFFER);
    let folder = tempfile::tempdir().unwrap();
    let mut sizes = Vec::new();
    let mut record = |count: usize| {
        let image = |index: usize| Presentation {
            index: index % 20,
            label: 0,
            draw_index: index as u32,
            result_slot: index % 20,
        };
        let images: Vec<Presentation> = (0..count).map(image).collect();
        for ending in ["npz", "safetensors", "h5", "csv"] {
            let path = folder.path().join(format!("r.{ending}"));
            let mode = Mode::Test;
            recording_file::record(&path, &mut session, &images, mode, None, &mut |_| ()).unwrap();
            sizes.push(fs::metadata(&path).unwrap().len());
        }
    };
    record(MANY / 10);
    let before = peak();
    record(MANY);
    let growth = peak() - before;
    assert!(sizes[4..].iter().all(|&size| size > 2 * MOST_GROWTH), "{sizes:?} bytes");
    assert!(growth < MOST_GROWTH, "the peak grew by {growth} bytes");
}
