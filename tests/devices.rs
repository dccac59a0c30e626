//! Proves: this machine's GPU, hardware or software, computes random words, sigmoids and the other functions
//! of the kernels with the CPU's bits. Devices are selected by index and by name. Shapes, workgroups and
//! launches beyond a device's limits are errors that name the limit.
//!
//! Does not prove: that the kernels are right (see `exactness.rs`), or that other devices compute the same
//! bits (run `apical devices` on them).

#[path = "devices/limits.rs"]
mod limits;

use apical::cpu::kernels::arithmetic_selftest::{FUNCTIONS, arithmetic_selftest};
use apical::gpu::adapter::{self, AdapterInfo, AdapterQuery, DeviceKind};
use apical::gpu::{DEFAULT_WORKGROUP_SIZE, Gpu, GpuDevice, self_test};
use apical::interface::{
    ArrayId, Backend, BackendError, BatchParams, ElementType, Kernel, Launch, ReplicaParams,
    RunParams, Sample, Shape, Values, ValuesRef,
};
use apical::model::network_model::{NetworkModel, UpdateRule};
use apical::random::philox;
use bytemuck::Zeroable;

use crate::support;

/// Counter, key and result, from `kat_vectors` of the Random123 library.
const KNOWN_ANSWERS: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
    ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
    ),
];

fn any_device() -> AdapterQuery {
    AdapterQuery { index_or_name: None, allow_software: true }
}

fn named(index_or_name: &str) -> AdapterQuery {
    AdapterQuery { index_or_name: Some(index_or_name.to_string()), allow_software: false }
}

/// Unwraps a result. A missing device fails the test: it must not pass without running.
fn unwrap<T>(result: Result<T, BackendError>) -> T {
    let hint = "install a software Vulkan device: apt-get install mesa-vulkan-drivers";
    result.unwrap_or_else(|error| panic!("{error}\nhint: {hint}"))
}

fn shape() -> Shape {
    Shape {
        populations: vec![7, 5, 3],
        model: NetworkModel { update_rule: UpdateRule::Adaptive, ..NetworkModel::default() },
        replicas: 1,
        samples_per_replica: 2,
        steps: 20,
        block: 8,
        burst_steps: 0,
        taps: 10,
        images: 4,
        events: None,
        result_slots: 4,
        keeps_gradient: false,
        per_sample_access: true,
    }
}

fn constants(shape: &Shape) -> RunParams {
    RunParams {
        samples_per_replica: shape.samples_per_replica as u32,
        result_slots: shape.result_slots as u32,
        tap_count: shape.taps,
        history_rows: shape.history_rows(),
        spike_words: shape.spike_words(),
        history_words: shape.history_words(),
        window_mean_rows: shape.window_mean_rows() as u32,
        rate_rows: shape.rate_rows() as u32,
        neurons_per_class: 1,
        classes: 1,
        ..RunParams::zeroed()
    }
}

fn gpu(shape: Shape) -> Result<Gpu, BackendError> {
    let constants = constants(&shape);
    Gpu::new(&any_device(), shape, constants, &[ReplicaParams::zeroed()], DEFAULT_WORKGROUP_SIZE)
}

#[test]
fn device_arithmetic_equals_cpu_bits() {
    let verdict = unwrap(self_test::test(&mut unwrap(GpuDevice::open(&any_device()))));
    assert!(verdict.is_exact(), "{verdict}");
}

#[test]
fn philox_on_cpu_matches_known_answers() {
    for (counter, key, expected) in KNOWN_ANSWERS {
        assert_eq!(philox(counter, key), expected);
    }
}

#[test]
fn philox_on_gpu_matches_known_answers() {
    let mut device = unwrap(GpuDevice::open(&any_device()));
    let first = FUNCTIONS.iter().position(|name| *name == "random word 0").unwrap();
    for (counter, key, expected) in KNOWN_ANSWERS {
        let words = [counter.as_slice(), &key].concat();
        let (results, _) = unwrap(self_test::results_on_device(&mut device, &words));
        assert_eq!(results[first..first + 4], expected);
    }
}

#[test]
fn self_test_difference_names_function_and_input() {
    let words = [5, 6, 7, 8, 9, 10, 11];
    let constants = RunParams::zeroed();
    let cpu = arithmetic_selftest(&constants, &words);
    let mut gpu = cpu.clone();
    let values = words.len() * FUNCTIONS.len();
    assert!(self_test::compare(&words, &cpu, &gpu).is_exact());
    for (function, name) in FUNCTIONS.iter().enumerate() {
        gpu[2 * FUNCTIONS.len() + function] ^= 1;
        let verdict = self_test::compare(&words, &cpu, &gpu).to_string();
        assert!(verdict.contains(&format!("{name} of 0x00000007")), "{verdict}");
        assert!(verdict.contains(&format!("1 of {values} values differ")), "{verdict}");
        gpu[2 * FUNCTIONS.len() + function] ^= 1;
    }
}

#[test]
fn device_is_selected_by_index_and_partial_name() {
    let list = adapter::list();
    let best = unwrap(GpuDevice::open(&any_device())).info().clone();
    assert_eq!(list[best.index], best);
    for query in [best.index.to_string(), best.name.to_uppercase(), best.name[1..5].to_lowercase()]
    {
        let found = unwrap(GpuDevice::open(&named(&query)));
        assert_eq!(*found.info(), best, "selected by '{query}'");
    }
}

#[test]
fn unknown_device_error_lists_devices() {
    let best = unwrap(GpuDevice::open(&any_device())).info().clone();
    for query in ["no such device", "99"] {
        let error =
            GpuDevice::open(&named(query)).err().expect("there is no such device").to_string();
        assert!(error.contains(query) && error.contains(&best.to_string()), "{error}");
    }
}

fn info(index: usize, name: &str, backend: &str, kind: DeviceKind) -> AdapterInfo {
    AdapterInfo {
        index,
        name: name.to_string(),
        backend: backend.to_string(),
        driver: String::new(),
        driver_info: String::new(),
        kind,
        is_software: kind == DeviceKind::Software,
        max_binding: 1 << 27,
        max_buffer: 1 << 28,
        max_workgroup_storage: 1 << 15,
        max_workgroup_threads: 256,
        max_workgroups: 65535,
    }
}

#[test]
fn native_discrete_gpu_is_preferred() {
    let infos = [
        info(0, "llvmpipe", "vulkan", DeviceKind::Software),
        info(1, "GeForce 4090", "gl", DeviceKind::Discrete),
        info(2, "UHD Graphics", "vulkan", DeviceKind::Integrated),
        info(3, "GeForce 4090", "vulkan", DeviceKind::Discrete),
    ];
    let select = |query: &AdapterQuery| adapter::select(query, &infos).unwrap();
    assert_eq!(select(&AdapterQuery::default()), 3);
    assert_eq!(select(&any_device()), 3);
    assert_eq!(select(&named("geforce")), 3);
    assert_eq!(select(&named("4090")), 3, "a number beyond the indices must match names");
    assert_eq!(select(&named("1")), 1);
    assert_eq!(select(&named("llvm")), 0, "a named software device must be selected");
}

#[test]
fn software_device_requires_permission() {
    let infos = [info(0, "llvmpipe", "vulkan", DeviceKind::Software)];
    assert_eq!(adapter::select(&any_device(), &infos).unwrap(), 0);
    let error = adapter::select(&AdapterQuery::default(), &infos).unwrap_err();
    assert!(matches!(error, BackendError::OnlySoftware { .. }), "{error}");
    let error = adapter::select(&any_device(), &[]).unwrap_err();
    assert!(matches!(error, BackendError::NoAdapter), "{error}");
}

#[test]
fn arrays_start_zero_and_return_written_words() {
    let mut gpu = unwrap(gpu(shape()));
    for array in shape().arrays() {
        let length = shape().len(array);
        let zeros = |length| Values::zeros(array.element_type(), length);
        assert_eq!(unwrap(gpu.read(array)), zeros(length), "{array}");
        // Floats of any bits, NaN with a payload included.
        let words = (0..length as u32).map(|i| i.wrapping_mul(0x9E37_79B9));
        let values = match array.element_type() {
            ElementType::U32 => Values::U32(words.collect()),
            ElementType::F32 => Values::F32(words.map(f32::from_bits).collect()),
        };
        match &values {
            Values::U32(words) if array == ArrayId::Images => unwrap(gpu.write_images(words)),
            values => unwrap(gpu.write(array, values.into())),
        }
        assert_eq!(unwrap(gpu.read(array)), values, "{array}");
        let error = match array {
            ArrayId::Images => gpu.write_images(&vec![0; length + 1]),
            array => gpu.write(array, (&zeros(length + 1)).into()),
        };
        let error = error.unwrap_err();
        assert!(matches!(error, BackendError::WrongLength { .. }), "{error}");
    }
}

#[test]
fn many_launches_and_minibatches_run() {
    let mut gpu = unwrap(gpu(shape()));
    let spikes = vec![1; shape().len(ArrayId::Spikes(0))];
    unwrap(gpu.write(ArrayId::Spikes(0), ValuesRef::U32(&spikes)));
    let weights = vec![1.0; shape().len(ArrayId::Weights(0))];
    unwrap(gpu.write(ArrayId::Weights(0), ValuesRef::F32(&weights)));
    let minibatch = BatchParams { batch_size: 2, ..Zeroable::zeroed() };
    let sample = Sample { steps_forward: 20, ..Sample::default() };
    let samples = [0, 1].map(|index| sample.of_replica(&shape(), 0, index));
    // 900 launches exceed the initial size of the table of launch parameters, so it grows.
    for count in [1, 3, 900, 3] {
        let launch = Launch { kernel: Kernel::SynapticInputSpikes, layer: 0, first: 0, count: 8 };
        for _ in 0..5 {
            unwrap(gpu.run(&[minibatch], &samples, &vec![launch; count]));
        }
    }
    unwrap(gpu.read(ArrayId::SynapticInput(0)));
}
