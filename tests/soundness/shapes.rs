//! Settings and shapes that no backend can run, and the limit on samples.

use std::slice::from_ref;

use apical::config::Config;
use apical::cpu::Cpu;
use apical::device::{self, DeviceOptions};
use apical::gpu::Gpu;
use apical::interface::{BackendError, Kernel, Shape};
use apical::plan::{self, Capacity, constants, kernel_sequence, replica};

use super::{BACKENDS, config, dataset, support};

#[test]
fn shape_without_layers_or_blocks_has_no_launches() {
    let valid = plan::shape(&config(), &dataset(), &Capacity::new(3, 24, 16));
    for populations in [vec![], vec![36]] {
        let shape = Shape { populations, ..valid.clone() };
        assert!(kernel_sequence(&shape, 16, true).is_empty());
    }
    assert!(kernel_sequence(&Shape { block: 0, ..valid }, 16, true).is_empty());
}

/// A caller of the library need not validate settings: opening a backend does.
#[test]
fn open_refuses_invalid_settings() {
    let dataset = dataset();
    let wrong = [
        Config { eta: Vec::new(), ..config() },
        Config { bias_lr_scale: Vec::new(), ..config() },
        Config { layers: vec![usize::MAX / 2, 10], ..config() },
        Config { psp_kernel_ms: usize::MAX, ..config() },
    ];
    for backend in BACKENDS {
        let options = DeviceOptions { backend, ..DeviceOptions::default() };
        for config in &wrong {
            let opened = device::open(&options, from_ref(config), &dataset).map(|_| ());
            assert!(
                matches!(opened, Err(BackendError::InvalidNetworks(_))),
                "{backend:?}: {opened:?}"
            );
        }
    }
}

#[test]
fn invalid_shapes_are_an_error() {
    let (config, dataset) = (config(), dataset());
    let shape = plan::shape(&config, &dataset, &Capacity::new(3, 24, 16));
    let numbers = constants(&config, &shape, 10);
    type Change = fn(&mut Shape);
    let changes: [Change; 9] = [
        |shape| shape.populations.clear(),
        |shape| shape.populations[1] = 0,
        |shape| shape.replicas = 2,
        |shape| shape.samples_per_replica = 0,
        |shape| shape.result_slots = 7,
        |shape| shape.steps = 0,
        |shape| shape.block = 3,
        |shape| shape.taps = 33,
        |shape| shape.burst_steps = 8,
    ];
    for change in changes {
        let mut wrong = shape.clone();
        change(&mut wrong);
        let replicas = [replica(&config)];
        let cpu = Cpu::new(wrong.clone(), numbers, &replicas, dataset.clone(), 1);
        assert!(matches!(cpu.err(), Some(BackendError::InvalidSizes(_))), "{wrong:?}");
        let gpu = Gpu::with_device(support::device(), wrong.clone(), numbers, &replicas, 64);
        assert!(matches!(gpu.err(), Some(BackendError::InvalidSizes(_))), "{wrong:?}");
    }
    // The valid shape opens and has launches.
    let cpu = support::cpu_of_shape(from_ref(&config), &dataset, shape.clone(), 1);
    assert_eq!(kernel_sequence(cpu.shape(), 16, false)[0].kernel, Kernel::EncodeSpikes);
}

/// 65,535 samples would take a gigabyte.
#[test]
fn sample_capacity_is_limited_to_images() {
    let config = Config { batch_size: 65_535, ..config() };
    let dataset = dataset();
    for backend in BACKENDS {
        let options = DeviceOptions { backend, ..DeviceOptions::default() };
        let opened =
            device::open(&options, from_ref(&config), &dataset).expect("the backend opens");
        assert_eq!(opened.backend.shape().samples_per_replica, 12, "{backend:?}");
    }
}
