//! Interface of a backend: it stores the arrays and runs kernels on them in order.

use super::{
    ArrayId, BackendError, BatchParams, KernelTimes, Launch, Sample, Shape, Stop, Stoppable,
    Values, ValuesRef,
};

/// Store of a simulation's arrays that runs kernels on them. All backends compute the same bits.
///
/// The images are read-only. Arrays of a replica can always be read and written. Arrays of a sample, see
/// [`Shape::is_per_sample`], can be read and written only with [`Shape::per_sample_access`], but their persistent rows
/// always can.
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
    /// [`BackendError::ReadOnly`] if the array must not be written, [`BackendError::WrongType`] or
    /// [`BackendError::WrongLength`] if the values do not fit the array, or an error if the device was lost.
    fn write(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError>;

    /// Returns the values of an array's first `samples` samples, or the whole array if it is not per sample.
    ///
    /// # Errors
    /// Returns [`BackendError::NoArray`] if there is no such layer, [`BackendError::NoAccess`] if the array must not be
    /// read, or an error if the device was lost.
    fn read_samples(&mut self, array: ArrayId, samples: usize) -> Result<Values, BackendError>;

    /// Returns the rows of an array that samples keep from one training minibatch to the next, `[samples, rows,
    /// units]`, see [`Shape::persistent_rows`]. Spike counts of steps before [`Shape::history_steps`] are undefined.
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
