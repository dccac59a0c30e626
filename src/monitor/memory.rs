//! Memory of a recording, checked before images are shown.

use super::step_monitor::has_step_values;
use super::{Mode, MonitorSpec, Quantity};
use crate::interface::{BackendError, Shape};
use crate::memory;

/// Size of a value in bytes.
const BYTES_PER_VALUE: u64 = 4;

impl MonitorSpec {
    /// Returns the size of the recording of one image in bytes.
    pub(super) fn bytes_per_image(&self, shape: &Shape, mode: Mode) -> u64 {
        let steps = self.step_range(shape.steps).len();
        let has_target = mode != Mode::Test;
        let output = shape.populations.len() - 1;
        let mut values = 0;
        for &quantity in &self.quantities {
            for population in
                (0..=output).filter(|&population| self.includes_population(population))
            {
                let units = self.unit_range(shape.populations[population]).len();
                let is_hidden = (1..output).contains(&population);
                values += match quantity {
                    Quantity::Representations => units,
                    Quantity::Plateaus | Quantity::PlateauTimes if has_target && is_hidden => {
                        2 * units
                    }
                    Quantity::BurstApical if has_target && is_hidden => 2 * units,
                    Quantity::Errors | Quantity::BurstRates | Quantity::BurstProbabilities
                        if has_target && population > 0 =>
                    {
                        units
                    }
                    Quantity::Gradients if has_target && population > 0 => {
                        units * (shape.populations[population - 1] + 1)
                    }
                    // At most two values per image.
                    Quantity::Phases
                    | Quantity::HiddenLosses
                    | Quantity::OutputLoss
                    | Quantity::Angles
                    | Quantity::FeedbackAngles => 2,
                    Quantity::Bursts if !has_target => 0,
                    _ if has_step_values(shape, quantity, population) => steps * units,
                    _ => 0,
                } as u64;
            }
        }
        BYTES_PER_VALUE * values
    }

    /// Checks that a recording of `images` images fits into memory. While a batch is shown, its arrays exist twice more.
    ///
    /// # Errors
    /// Returns [`BackendError::RecordingTooLarge`] if it does not.
    pub(super) fn check_size(
        &self,
        shape: &Shape,
        mode: Mode,
        images: usize,
        batch_size: usize,
    ) -> Result<(), BackendError> {
        let held = images + 2 * batch_size.min(images);
        let bytes = self.bytes_per_image(shape, mode).saturating_mul(held as u64);
        check(images, bytes, memory::usable_bytes().unwrap_or(u64::MAX))
    }
}

/// Checks that `bytes` bytes fit into `memory` bytes.
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
    fn bytes_per_image_matches_array_sizes() {
        let shape = Shape { steps: 8, ..Shape::minimal(vec![30, 20, 10]) };
        let bytes = |quantities: &[Quantity], mode| {
            MonitorSpec::new(quantities).bytes_per_image(&shape, mode)
        };
        assert_eq!(bytes(&[Quantity::Spikes], Mode::Test), 4 * 8 * (30 + 20 + 10));
        let two = [Quantity::Soma, Quantity::Apical];
        assert_eq!(bytes(&two, Mode::Test), 4 * 8 * (20 + 10 + 20));
        assert_eq!(bytes(&[Quantity::Gradients], Mode::Test), 0);
        let gradients = bytes(&[Quantity::Gradients], Mode::TrainFrozen);
        assert_eq!(gradients, 4 * (20 * 31 + 10 * 21));
        let few = MonitorSpec {
            units: Some(0..5),
            populations: Some(vec![1]),
            steps: Some(2..4),
            ..MonitorSpec::new(&[Quantity::Spikes])
        };
        assert_eq!(few.bytes_per_image(&shape, Mode::Test), 4 * 5 * 2);
    }

    #[test]
    fn check_too_large_error_has_the_numbers() {
        assert!(check(3, 1 << 30, 1 << 30).is_ok());
        let error = check(3001, 3 << 30, 1 << 30).unwrap_err().to_string();
        let expected = "cannot record 3001 images: they need 3.00 GiB, more than the 1.00 GiB of available memory";
        assert_eq!(error, expected);
    }
}
