//! Helpers for several test files: backends on this machine, small data sets, arrays as floats.
#![allow(dead_code)] // some helpers are for debugging

pub mod harness;

use std::slice::from_ref;
use std::sync::Arc;

use apical::config::Config;
use apical::cpu::Cpu;
use apical::dataset::Dataset;
use apical::dataset::spikes::{EventSet, EventTimes, SpikeDataset, SpikeOptions, TimeRange};
use apical::gpu::adapter::AdapterQuery;
use apical::gpu::{Gpu, GpuDevice};
use apical::interface::{ArrayId, Backend, BackendError, ReplicaParams, Shape, ValuesRef};
use apical::plan::{self, Capacity};
use apical::random::{PhiloxRng, RngStream};
use rand::Rng;

/// Function that opens a backend for a run.
pub type MakeBackend = fn(&Config, &Arc<Dataset>, &Capacity) -> Box<dyn Backend>;

pub fn cpu(config: &Config, dataset: &Arc<Dataset>, capacity: &Capacity) -> Box<dyn Backend> {
    cpu_with_threads(config, dataset, capacity, 0)
}

pub fn cpu_with_threads(
    config: &Config,
    dataset: &Arc<Dataset>,
    capacity: &Capacity,
    threads: usize,
) -> Box<dyn Backend> {
    cpu_of_shape(from_ref(config), dataset, plan::shape(config, dataset, capacity), threads)
}

/// Returns a CPU backend for `shape`. `configs`: one per replica.
pub fn cpu_of_shape(
    configs: &[Config],
    dataset: &Arc<Dataset>,
    shape: Shape,
    threads: usize,
) -> Box<dyn Backend> {
    let constants = plan::constants(&configs[0], &shape, dataset.classes);
    let replicas: Vec<ReplicaParams> = configs.iter().map(plan::replica).collect();
    let cpu = Cpu::new(shape, constants, &replicas, dataset.clone(), threads);
    Box::new(cpu.expect("threads start"))
}

pub fn gpu(config: &Config, dataset: &Arc<Dataset>, capacity: &Capacity) -> Box<dyn Backend> {
    let device = device();
    let workgroup = device.info().workgroup();
    gpu_on(device, from_ref(config), dataset, plan::shape(config, dataset, capacity), workgroup)
}

pub fn gpu_with_workgroup(
    config: &Config,
    dataset: &Arc<Dataset>,
    capacity: &Capacity,
    workgroup: u32,
) -> Box<dyn Backend> {
    gpu_of_shape(from_ref(config), dataset, plan::shape(config, dataset, capacity), workgroup)
}

/// Returns a GPU backend for `shape`. `configs`: one per replica.
pub fn gpu_of_shape(
    configs: &[Config],
    dataset: &Arc<Dataset>,
    shape: Shape,
    workgroup: u32,
) -> Box<dyn Backend> {
    gpu_on(device(), configs, dataset, shape, workgroup)
}

/// Opens this machine's GPU, or a software GPU if there is no other.
pub fn device() -> GpuDevice {
    match GpuDevice::open(&AdapterQuery { index_or_name: None, allow_software: true }) {
        Err(BackendError::NoAdapter) => {
            panic!(
                "no Vulkan device found\nhint: install a software one: apt-get install mesa-vulkan-drivers"
            )
        }
        device => device.expect("the GPU opens"),
    }
}

/// Returns a backend for `shape` on an open device. `configs`: one per replica.
pub fn gpu_on(
    device: GpuDevice,
    configs: &[Config],
    dataset: &Arc<Dataset>,
    shape: Shape,
    workgroup: u32,
) -> Box<dyn Backend> {
    let constants = plan::constants(&configs[0], &shape, dataset.classes);
    let replicas: Vec<ReplicaParams> = configs.iter().map(plan::replica).collect();
    let gpu = Gpu::with_device(device, shape, constants, &replicas, workgroup);
    let mut gpu = gpu.expect("the arrays fit the GPU");
    gpu.write_images(&dataset.packed_images()).expect("the images are written");
    Box::new(gpu)
}

/// Returns the capacity of one network whose per-sample arrays can be read and written.
pub fn capacity(samples: usize, slots: usize, block: u32) -> Capacity {
    Capacity { per_sample_access: true, ..Capacity::new(samples, slots, block) }
}

/// Returns a random number generator; equal seeds give equal numbers.
pub fn random(seed: u64) -> PhiloxRng {
    PhiloxRng::new(seed, RngStream::Order, 0, 0)
}

/// Returns a data set of random images in which a third of the pixels are black.
pub fn random_dataset(seed: u64, height: usize, width: usize, images: usize) -> Arc<Dataset> {
    let mut random = random(seed);
    let mut split = || {
        let pixels = (0..images * height * width).map(|_| {
            let word = random.next_u32();
            if word.is_multiple_of(3) { 0 } else { (word >> 8) as u8 }
        });
        let pixels = pixels.collect();
        (pixels, (0..images).map(|index| (index % 10) as u8).collect())
    };
    let (training, test) = (split(), split());
    Arc::new(
        Dataset::from_parts("random", height, width, training, test)
            .expect("the data set is valid"),
    )
}

/// Returns recordings of random events. A phase of 50 steps repeats the part that it shows; units spike up to 15 times a
/// step, and the first recording of each set has no events.
pub fn random_recordings(seed: u64, height: usize, width: usize, count: usize) -> Arc<Dataset> {
    let mut random = random(seed);
    let mut set = || {
        let (mut times, mut units, mut offsets) = (Vec::new(), Vec::new(), vec![0]);
        for recording in 0..count {
            for _ in 0..if recording == 0 { 0 } else { 100 * recording } {
                let word = random.next_u32();
                times.push(i64::from(word % 40_000));
                // Low units have more events.
                units.push(((word >> 16) * (word >> 24) / 256 * (height * width) as u32) >> 16);
            }
            // One unit spikes 20 times in a step.
            times.extend([7_500; 20]);
            units.extend([1; 20]);
            if recording == 0 {
                times.clear();
                units.clear();
            }
            offsets.push(times.len() as u64);
        }
        let labels = (0..count).map(|index| (index % 10) as u8).collect();
        EventSet { times: EventTimes::Microseconds(times), units, offsets, labels }
    };
    let name = "recorded".to_string();
    let recordings =
        SpikeDataset { name, sensor: [1, height, width], training: set(), test: set() };
    let range = |start, end| Some(TimeRange { start, end });
    let options = SpikeOptions {
        forward: range(3, 33),
        target: if seed.is_multiple_of(2) { range(5, 40) } else { None },
        test: range(0, 40),
        ..SpikeOptions::default()
    };
    Arc::new(recordings.bin(&options).expect("the recordings are valid"))
}

/// Reads all values of an array of floats.
pub fn floats(backend: &mut dyn Backend, array: ArrayId) -> Vec<f32> {
    let values = backend.read(array).and_then(|values| values.into_f32(array));
    values.expect("the array is read")
}

/// Reads all values of an array of integers.
pub fn integers(backend: &mut dyn Backend, array: ArrayId) -> Vec<u32> {
    let values = backend.read(array).and_then(|values| values.into_u32(array));
    values.expect("the array is read")
}

/// Panics at the first value whose bits differ, with `label` in the message.
pub fn assert_same_bits<'a>(label: &str, a: impl Into<ValuesRef<'a>>, b: impl Into<ValuesRef<'a>>) {
    let (a, b) = (a.into(), b.into());
    assert_eq!((a.element_type(), a.len()), (b.element_type(), b.len()), "{label}");
    let (a, b) = (a.bits(), b.bits());
    if let Some(index) = a.iter().zip(b).position(|(a, b)| a != b) {
        let (a, b) = (a[index], b[index]);
        let (x, y) = (f32::from_bits(a), f32::from_bits(b));
        panic!("{label}: word {index} is {a:#x} ({x:e}) and {b:#x} ({y:e})");
    }
}
