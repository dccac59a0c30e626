//! Interface of a backend: it stores the arrays and runs kernels on them in order.

use bytesize::ByteSize;
use thiserror::Error;

use super::{
    ArrayId, BatchParams, ElementType, Kernel, KernelTimes, Launch, Sample, Shape, Stop, Stoppable,
    Values, ValuesRef,
};
use crate::text::plural;

/// Holds a network's arrays and runs kernels on them. All backends compute the same bits.
///
/// The images can be read. Arrays of a replica can always be read and written. Arrays of a sample, see [`Shape::is_per_sample`], can be read and
/// written if and only if the shape has [`Shape::per_sample_access`]; their persistent rows always can.
pub trait Backend: Send {
    /// Returns the sizes of the arrays.
    fn shape(&self) -> &Shape;

    /// Runs `launches` in order on the images of `samples`. Returns once the work is submitted; device errors
    /// may surface in a later call.
    ///
    /// `minibatches`: one per replica; `samples`: the samples in use, replica by replica.
    ///
    /// # Errors
    /// Returns [`BackendError`] if the device was lost or rejects the work.
    fn run(
        &mut self,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        self.run_until(&Stop::default(), Stoppable::Nothing, minibatches, samples, launches)
    }

    /// Runs launches as [`Backend::run`] does, and checks for a stop in between. Unless `stoppable` is
    /// [`Stoppable::Nothing`], returns when the work is done.
    ///
    /// # Errors
    /// Returns [`BackendError::Stopped`] if work was skipped on request: the arrays that the launches write
    /// are then incomplete. Otherwise as [`Backend::run`].
    fn run_until(
        &mut self,
        stop: &Stop,
        stoppable: Stoppable,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError>;

    /// Returns all values of an array, after all work so far.
    ///
    /// # Errors
    /// As [`Backend::read_samples`].
    fn read(&mut self, array: ArrayId) -> Result<Values, BackendError> {
        self.read_samples(array, usize::MAX)
    }

    /// Replaces all values of an array, unchanged. The caller flushes weights that are too small for a device
    /// ([`flush_weight`](crate::model::exact_math::flush_weight)); otherwise results differ between devices.
    /// [`Simulation::write_networks`](crate::simulation::Simulation::write_networks) does so.
    ///
    /// # Errors
    /// Returns [`BackendError::NoArray`] if there is no such layer, [`BackendError::NoAccess`] or
    /// [`BackendError::ReadOnly`] if the array must not be written, [`BackendError::WrongType`] or [`BackendError::WrongLength`] if the values do not fit the array, or an
    /// error if the device was lost.
    fn write(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError>;

    /// Returns the values of an array's first `samples` samples, or the whole array if it is not per sample.
    ///
    /// # Errors
    /// Returns [`BackendError::NoArray`] if there is no such layer, [`BackendError::NoAccess`] if the array must not be
    /// read, or an error if the device was lost.
    fn read_samples(&mut self, array: ArrayId, samples: usize) -> Result<Values, BackendError>;

    /// Returns the rows of an array that samples keep from one training minibatch to the next, `[samples, rows,
    /// units]`, see [`Shape::persistent_rows`].
    ///
    /// # Errors
    /// Returns [`BackendError::NoArray`] if there is no such layer, or an error if the device was lost.
    fn read_persistent(&mut self, array: ArrayId) -> Result<Values, BackendError>;

    /// Replaces the rows that [`Backend::read_persistent`] returns. The other rows of the array become undefined.
    ///
    /// # Errors
    /// Returns [`BackendError::NoArray`] if there is no such layer, [`BackendError::WrongType`] or
    /// [`BackendError::WrongLength`] if the values do not fit the rows, or an error if the device was lost.
    fn write_persistent(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError>;

    /// Starts or stops timing of every kernel. Off at first, at no cost. Timing changes no result. Resets the times
    /// measured so far.
    fn set_profiling(&mut self, is_on: bool);

    /// Returns the time of each kernel since profiling began, after all work so far; `None` if the device
    /// has no timer.
    ///
    /// # Errors
    /// Returns [`BackendError`] if the device was lost.
    fn kernel_times(&mut self) -> Result<Option<KernelTimes>, BackendError>;
}

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
        "the arrays of {} of layers {layers} with {lanes} images in parallel need {:.2}, more than the {:.2} \
         of available memory",
        plural(*.networks, "network"), ByteSize(*.bytes), ByteSize(*.memory)
    )]
    TooMuchMemory { networks: usize, layers: String, lanes: usize, bytes: u64, memory: u64 },
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
    #[error("expected at most {most} images in parallel, found {lanes}")]
    TooManySamples { lanes: usize, most: usize },
    #[error("expected the samples of {replicas} replicas, in their order")]
    SampleMismatch { replicas: usize },
    #[error("invalid images: {0}")]
    InvalidSamples(String),
    #[error("invalid sizes: {0}")]
    InvalidSizes(String),
    #[error("invalid networks: {0}")]
    InvalidNetworks(String),
    #[error("invalid launch: kernel {kernel} on layer {layer}, {steps} steps from {first}")]
    InvalidLaunch { kernel: Kernel, layer: usize, first: u32, steps: u32 },
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
