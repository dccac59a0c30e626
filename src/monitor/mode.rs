//! Modes of presentation.

/// Mode in which images are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Forward phase of a test, from a reset state.
    Test,
    /// Both phases of a training image, from a reset state, without weight updates.
    TrainFrozen,
    /// Training minibatch: samples keep their state, and weights are updated.
    Train,
}
