//! State before a training minibatch, saved so that a stop can undo the minibatch.

use std::time::Duration;

use super::Simulation;
use crate::interface::{ArrayId, BackendError, Stoppable, Values};
use crate::plan::{Presentation, copies_weights};

/// Time below which a stop waits for a minibatch: copying its state would cost more than it saves.
const SHORT: Duration = Duration::from_millis(400);
/// State of a simulation before a minibatch.
pub(super) struct Undo {
    updates: u64,
    is_fresh: bool,
    /// Saved persistent rows of the samples.
    persistent: Vec<(ArrayId, Values)>,
    /// Saved whole arrays.
    whole: Vec<(ArrayId, Values)>,
}

impl Simulation {
    /// Returns how far a stop may undo the next training minibatch, from the time of the last one.
    pub(super) fn stoppable(&self, images: &[&[Presentation]]) -> Stoppable {
        match self.last_minibatch {
            Some(time) if time < SHORT => Stoppable::Nothing,
            _ if images.first().is_some_and(|images| copies_weights(images.len())) => {
                Stoppable::All
            }
            _ => Stoppable::Samples,
        }
    }

    /// Copies the arrays that a training minibatch changes.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub(super) fn save_undo(&mut self, stoppable: Stoppable) -> Result<Undo, BackendError> {
        let (updates, is_fresh) = (self.updates, self.is_fresh);
        let mut undo = Undo { updates, is_fresh, persistent: Vec::new(), whole: Vec::new() };
        let shape = self.backend.shape().clone();
        for array in shape.arrays() {
            let is_weights = matches!(
                array,
                ArrayId::Weights(_)
                    | ArrayId::Moments(_)
                    | ArrayId::Feedback(_)
                    | ArrayId::EventFeedback(_)
            );
            // A fresh state is cleared again and needs no copy.
            if stoppable != Stoppable::Nothing && !is_fresh && shape.persistent_len(array) > 0 {
                undo.persistent.push((array, self.backend.read_persistent(array)?));
            }
            if stoppable == Stoppable::All && is_weights && shape.len_per_copy(array) > 0 {
                undo.whole.push((array, self.backend.read(array)?));
            }
        }
        Ok(undo)
    }

    /// Undoes a minibatch.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub(super) fn apply_undo(&mut self, undo: Undo) -> Result<(), BackendError> {
        (self.updates, self.is_fresh) = (undo.updates, undo.is_fresh);
        for (array, values) in &undo.persistent {
            self.backend.write_persistent(*array, values.into())?;
        }
        for (array, values) in &undo.whole {
            self.backend.write(*array, values.into())?;
        }
        Ok(())
    }
}
