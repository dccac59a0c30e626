//! How much memory a recording takes, judged before anything is shown.

use super::steps::has;
use super::{Quantity, Recorder, Shown};
use crate::layout::{BackendError, Shape};
use crate::schedule::memory;

/// Bytes of a value.
const VALUE: u64 = 4;
/// One part of this many of the free memory is left to others.
const RESERVE: u64 = 10;

impl Recorder {
    /// Bytes of all that is recorded of one image.
    pub(super) fn bytes_per_image(&self, shape: &Shape, shown: Shown) -> u64 {
        let steps = self.steps_of(shape.steps).len();
        let is_taught = shown != Shown::Test;
        let output = shape.populations.len() - 1;
        let mut values = 0;
        for &quantity in &self.quantities {
            for population in (0..=output).filter(|&population| self.wants_population(population)) {
                let units = self.units_of(shape.populations[population]).len();
                let is_hidden = (1..output).contains(&population);
                values += match quantity {
                    Quantity::Representations => units,
                    Quantity::Plateaus | Quantity::PlateauTimes if is_taught && is_hidden => {
                        2 * units
                    }
                    Quantity::Errors if is_taught && population > 0 => units,
                    Quantity::Gradients if is_taught && population > 0 => {
                        units * (shape.populations[population - 1] + 1)
                    }
                    // At most two numbers an image.
                    Quantity::Phases
                    | Quantity::HiddenLosses
                    | Quantity::OutputLoss
                    | Quantity::Angles => 2,
                    _ if has(shape, quantity, population) => steps * units,
                    _ => 0,
                } as u64;
            }
        }
        VALUE * values
    }

    /// Checks that a recording of `images` images fits into memory, of which `side_by_side` are held a second time while
    /// they are shown.
    ///
    /// # Errors
    /// Returns [`BackendError::RecordingTooLarge`] if it does not.
    pub(super) fn check_size(
        &self,
        shape: &Shape,
        shown: Shown,
        images: usize,
        side_by_side: usize,
    ) -> Result<(), BackendError> {
        let held = images + 2 * side_by_side.min(images);
        let bytes = self.bytes_per_image(shape, shown).saturating_mul(held as u64);
        let free = memory::available().map(|free| free - free / RESERVE);
        check(images, bytes, free.unwrap_or(u64::MAX))
    }
}

fn check(images: usize, bytes: u64, memory: u64) -> Result<(), BackendError> {
    if bytes > memory {
        return Err(BackendError::RecordingTooLarge { images, bytes, memory });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_arrays() {
        let shape = Shape { steps: 8, ..Shape::plain(vec![30, 20, 10]) };
        let bytes = |quantities: &[Quantity], shown| {
            Recorder::of(quantities).bytes_per_image(&shape, shown)
        };
        assert_eq!(bytes(&[Quantity::Spikes], Shown::Test), 4 * 8 * (30 + 20 + 10));
        let two = [Quantity::Soma, Quantity::Apical];
        assert_eq!(bytes(&two, Shown::Test), 4 * 8 * (20 + 10 + 20));
        assert_eq!(bytes(&[Quantity::Gradients], Shown::Test), 0);
        let gradients = bytes(&[Quantity::Gradients], Shown::Taught);
        assert_eq!(gradients, 4 * (20 * 31 + 10 * 21));
        let few = Recorder {
            units: Some(0..5),
            populations: Some(vec![1]),
            steps: Some(2..4),
            ..Recorder::of(&[Quantity::Spikes])
        };
        assert_eq!(few.bytes_per_image(&shape, Shown::Test), 4 * 5 * 2);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_numbers() {
        assert!(check(3, 1 << 30, 1 << 30).is_ok());
        let error = check(3001, 3 << 30, 1 << 30).unwrap_err().to_string();
        let expected = "cannot record 3001 images: they take 3.00 GiB, more than the 1.00 GiB of memory that may be taken";
        assert_eq!(error, expected);
    }
}
