//! Error of a backend.

use bytesize::ByteSize;
use thiserror::Error;

use super::{ArrayId, ElementType, Kernel};
use crate::text::plural;

/// Error of a backend.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum BackendError {
    #[error("no GPU found: no Vulkan, Metal or DX12 adapter")]
    NoAdapter,
    #[error("only software GPUs found, and the CPU backend is faster ({available})")]
    OnlySoftware { available: String },
    #[error("no GPU with name or index '{wanted}', found: {available}")]
    NoSuchAdapter { wanted: String, available: String },
    #[error("cannot open the GPU '{device}': {reason}")]
    Open { device: String, reason: String },
    #[error(
        "cannot bind {array} of {bytes} bytes: the GPU '{device}' binds at most {limit}; reduce the minibatch or \
         the layer"
    )]
    TooLarge { array: ArrayId, bytes: u64, limit: u64, device: String },
    #[error(
        "cannot allocate {array} of {bytes} bytes: a buffer of the GPU '{device}' has at most {limit}; reduce \
         the layer{}", plain_gradient(*.array)
    )]
    BufferTooLarge { array: ArrayId, bytes: u64, limit: u64, device: String },
    #[error(
        "the arrays of {} of layers {layers} with {samples} images in parallel need {:.2}, more than the {:.2} \
         of available memory",
        plural(*.networks, "network"), ByteSize(*.bytes), ByteSize(*.memory)
    )]
    TooMuchMemory { networks: usize, layers: String, samples: usize, bytes: u64, memory: u64 },
    #[error(
        "cannot record {images} images: they need {:.2}, more than the {:.2} of available memory",
        ByteSize(*.bytes), ByteSize(*.memory)
    )]
    RecordingTooLarge { images: usize, bytes: u64, memory: u64 },
    #[error("cannot allocate {array} of {bytes} bytes on the GPU '{device}': {reason}")]
    OutOfMemory { array: ArrayId, bytes: u64, device: String, reason: String },
    #[error(
        "kernel {kernel} of layer {layer} needs {workgroups} workgroups along one dimension, more \
         than the GPU's limit of {limit}; reduce the minibatch"
    )]
    TooManyWorkgroups { kernel: Kernel, layer: usize, workgroups: u32, limit: u32 },
    #[error(
        "invalid workgroup of {workgroup} threads: expected a multiple of 8, at most {limit} on the GPU '{device}'"
    )]
    Workgroup { workgroup: u32, limit: u32, device: String },
    #[error(
        "cannot draw bursts in so long a phase on the software GPU '{device}': such a device may end loops after \
         {most} rounds, without an error"
    )]
    TooManyRounds { device: String, most: u64 },
    #[error("expected at most {most} images in parallel, found {samples}")]
    TooManySamples { samples: usize, most: usize },
    #[error("expected the samples of {replicas} replicas, in their order")]
    SampleMismatch { replicas: usize },
    #[error("invalid images: {0}")]
    InvalidSamples(String),
    #[error("invalid sizes: {0}")]
    InvalidSizes(String),
    #[error("invalid networks: {0}")]
    InvalidNetworks(String),
    #[error("invalid launch: kernel {kernel} on layer {layer}, range of {count} from {first}")]
    InvalidLaunch { kernel: Kernel, layer: usize, first: u32, count: u32 },
    #[error("stopped on request")]
    Stopped,
    #[error("error of the GPU '{device}': {reason}")]
    Device { device: String, reason: String },
    #[error("cannot write {array}: they belong to the data set")]
    ReadOnly { array: ArrayId },
    #[error("expected values of type {expected} for {array}")]
    WrongType { array: ArrayId, expected: ElementType },
    #[error("expected {expected} values for {array}, found {got}")]
    WrongLength { array: ArrayId, expected: usize, got: usize },
    #[error("expected an array of one of {layers} layers, found {array}")]
    NoArray { array: ArrayId, layers: usize },
    #[error("cannot read or write {array}: the device was opened without `per_sample_access`")]
    NoAccess { array: ArrayId },
    #[error("invalid spikes to replay: {0}")]
    InvalidReplay(String),
    #[error("{variable} must be one of {expected} on this processor, found '{found}'")]
    InvalidSimd { variable: &'static str, expected: String, found: String },
    #[error("cannot start the thread pool: {0}")]
    Threads(String),
}

/// Returns an alternative for the hint if the moments do not fit.
fn plain_gradient(array: ArrayId) -> &'static str {
    match array {
        ArrayId::Moments(_) => ", or the optimizer sgd, which has no moments",
        _ => "",
    }
}
