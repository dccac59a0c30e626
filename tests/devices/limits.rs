//! Limits of a device: buffers, bindings, workgroups and launches.

use apical::config::{Config, Feedback, Optimizer};
use apical::device::{self, DeviceOptions};
use apical::gpu::adapter::{AdapterInfo, DeviceKind};
use apical::gpu::{Gpu, check_limits};
use apical::interface::{
    ArrayId, Backend, BackendError, BatchParams, Kernel, Launch, ReplicaParams, Sample, Shape,
};
use bytemuck::Zeroable;

use super::{any_device, constants, gpu, info, shape, support, unwrap};

/// The limits are checked before memory is allocated on a device.
#[test]
fn replicas_beyond_device_limits_are_an_error() {
    let info = info(0, "some GPU", "vulkan", DeviceKind::Discrete);
    let wide = |replicas| Shape {
        populations: vec![784, 500, 10],
        replicas,
        samples_per_replica: 1,
        ..shape()
    };
    let bytes = |replicas| 4 * wide(replicas).len(ArrayId::Moments(0)) as u64;
    let beyond = (1..).find(|&replicas| bytes(replicas) > info.max_binding).expect("a limit");
    assert!(check_limits(&info, &wide(beyond - 1)).is_ok());
    match check_limits(&info, &wide(beyond)).expect_err("the shape exceeds the limits") {
        BackendError::TooLarge { array: ArrayId::Moments(0), bytes: required, limit, .. } => {
            assert_eq!((required, limit), (bytes(beyond), info.max_binding));
        }
        error => panic!("{error}"),
    }
    // 5 x 13,107 = 65,535, the maximum number of workgroups.
    let info = AdapterInfo { max_binding: u64::MAX, max_buffer: u64::MAX, ..info };
    let replicas = |replicas, samples| Shape { replicas, samples_per_replica: samples, ..shape() };
    assert!(check_limits(&info, &replicas(13107, 5)).is_ok());
    let error = check_limits(&info, &replicas(13108, 5)).unwrap_err();
    assert!(
        matches!(error, BackendError::TooManySamples { samples: 65540, most: 65535 }),
        "{error}"
    );
}

/// Weights are bound in column ranges, so only the buffer size limits them, not the binding size.
#[test]
fn wide_layer_fits_device_with_small_bindings() {
    let info =
        AdapterInfo { max_buffer: 1 << 31, ..info(0, "some GPU", "vulkan", DeviceKind::Discrete) };
    let dataset = support::random_dataset(1, 28, 28, 12);
    let check = |layers: &[usize], optimizer, feedback| {
        let layers = layers.to_vec();
        let config = Config { layers, optimizer, feedback, ..Config::default() };
        device::check_gpu(&DeviceOptions::default(), &info, &config, &dataset, 1)
    };
    let (broadcast, layerwise) = (Feedback::Broadcast, Feedback::Layerwise);
    assert!(unwrap(check(&[16000, 16000, 10], Optimizer::Sgd, broadcast)) > 1 << 30);
    assert!(unwrap(check(&[16000, 16000, 10], Optimizer::Sgd, layerwise)) > 2 << 30);
    assert!(unwrap(check(&[16000, 16000, 10], Optimizer::Adam, broadcast)) > 3 << 30);
    // Adam's two moments: 2 x 17,000 x 17,001 floats.
    let error = check(&[17000, 17000, 10], Optimizer::Adam, broadcast).unwrap_err();
    assert!(
        matches!(error, BackendError::BufferTooLarge { array: ArrayId::Moments(1), .. }),
        "{error}"
    );
    let error = error.to_string();
    for text in ["layer 1's moments of 2312136000 bytes", "2147483648", "sgd"] {
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn work_beyond_device_limits_is_an_error() {
    let mut valid = unwrap(gpu(shape()));
    let huge = Shape { images: 1 << 40, ..shape() };
    let error = gpu(huge).err().expect("no device binds 2^40 images").to_string();
    assert!(error.contains("the images") && error.contains("bytes"), "{error}");

    for workgroup in [0, 12, 1 << 20] {
        let error = Gpu::new(
            &any_device(),
            shape(),
            constants(&shape()),
            &[ReplicaParams::zeroed()],
            workgroup,
        );
        let error = error.err().expect("the workgroup size is invalid");
        assert!(matches!(error, BackendError::Workgroup { .. }), "{error}");
    }

    let minibatch = BatchParams { batch_size: 3, ..Zeroable::zeroed() };
    let error = valid.run(&[minibatch], &[Sample::default(); 3], &[]).unwrap_err();
    assert!(matches!(error, BackendError::TooManySamples { samples: 3, most: 2 }), "{error}");

    let minibatch = BatchParams { batch_size: 1, ..Zeroable::zeroed() };
    let launch = Launch { kernel: Kernel::SynapticInputSpikes, layer: 0, first: 0, count: 8 << 24 };
    let error = valid.run(&[minibatch], &[Sample::default()], &[launch]).unwrap_err();
    assert!(matches!(error, BackendError::InvalidLaunch { .. }), "{error}");
    unwrap(valid.read(ArrayId::Classes));
}
