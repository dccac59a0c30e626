//! Evaluation on the test set.

use std::ops::ControlFlow;
use std::slice::from_ref;
use std::sync::Arc;

use super::TrainError;
use crate::config::Config;
use crate::dataset::Dataset;
use crate::device::{self, DeviceInfo, DeviceOptions};
use crate::interface::BackendError;
use crate::network::Network;
use crate::plan::Presentation;
use crate::simulation::{SampleResult, Simulation};
use crate::test_results::Evaluation;

/// Opens a device and evaluates a trained network on the test set `repeats` times, each with new random draws. Uses the
/// test set even if the network was trained with a validation set. `listen` receives the number of images tested so
/// far, summed over all repeats.
///
/// # Errors
/// Returns an error if a setting is invalid, the network does not fit the settings and images, more test images are
/// requested than available, no requested device works, or a stop was requested.
pub fn test_network(
    config: &Config,
    dataset: Dataset,
    network: &Network,
    selection: &DeviceOptions,
    repeats: u32,
    listen: &mut dyn FnMut(usize),
) -> Result<(Vec<Evaluation>, DeviceInfo), TrainError> {
    config.validate(dataset.pixels(), dataset.classes)?;
    // No training image is shown, but a data set needs at least one.
    let dataset = Arc::new(dataset.subset(0, 1, config.test_images)?);
    let opened = device::open(selection, from_ref(config), &dataset)?;
    let mut simulation = Simulation::new(opened.backend, config, &dataset, network)?;
    simulation.stop_on(&selection.stop);
    let count = dataset.test_count;
    let mut evaluations = Vec::new();
    for repeat in 0..repeats {
        let first_draw_index = repeat.wrapping_mul(count as u32);
        let mut progress = |done| {
            listen(repeat as usize * count + done);
            ControlFlow::Continue(())
        };
        let each = test_until(&mut simulation, &dataset, count, first_draw_index, &mut progress);
        evaluations.push(each?.swap_remove(0));
    }
    Ok((evaluations, opened.device))
}

/// Evaluates the only network on the first `count` test images, as in the paper. `first_draw_index`: draw index of
/// the first image.
///
/// # Errors
/// Returns an error if the data set has fewer test images, or the device fails.
pub fn test(
    simulation: &mut Simulation,
    dataset: &Dataset,
    count: usize,
    first_draw_index: u32,
) -> Result<Evaluation, BackendError> {
    Ok(test_each(simulation, dataset, count, first_draw_index)?.swap_remove(0))
}

/// Evaluates every replica as [`test()`], with the same images and draw indices.
///
/// # Errors
/// Returns an error if the data set has fewer test images, or the device fails.
pub fn test_each(
    simulation: &mut Simulation,
    dataset: &Dataset,
    count: usize,
    first_draw_index: u32,
) -> Result<Vec<Evaluation>, BackendError> {
    let mut go_on = |_| ControlFlow::Continue(());
    test_until(simulation, dataset, count, first_draw_index, &mut go_on)
}

/// Runs [`test_each`]; `listen` receives the number of images tested so far and may stop it.
pub(super) fn test_until(
    simulation: &mut Simulation,
    dataset: &Dataset,
    count: usize,
    first_draw_index: u32,
    listen: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Vec<Evaluation>, BackendError> {
    let Some(labels) = dataset.test_labels().get(..count) else {
        let reason = format!("{count} test images, of which there are {}", dataset.test_count);
        return Err(BackendError::InvalidSamples(reason));
    };
    let image = |(number, &label): (usize, &u8)| Presentation {
        index: dataset.training_count + number,
        label,
        draw_index: first_draw_index.wrapping_add(number as u32),
        result_slot: dataset.training_count + number,
    };
    let images: Vec<Presentation> = labels.iter().enumerate().map(image).collect();
    simulation.test_until(&images, listen)?;
    let outcomes = simulation.results(dataset.training_count + count)?;
    let evaluation = |outcomes: Vec<SampleResult>| {
        let outcomes = &outcomes[dataset.training_count..];
        let found: Vec<u8> = outcomes.iter().map(|outcome| outcome.class).collect();
        Evaluation::new(dataset.classes, labels, &found)
    };
    Ok(outcomes.into_iter().map(evaluation).collect())
}
