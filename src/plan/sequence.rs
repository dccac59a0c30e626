//! Kernels of a minibatch, in the order in which both backends run them.

use crate::interface::{Kernel, Launch, Shape};

/// Returns the launches for images of at most `steps` steps. Empty for a shape without layers or blocks.
pub fn kernel_sequence(shape: &Shape, steps: u32, learns: bool) -> Vec<Launch> {
    if shape.populations.len() < 2 || shape.block == 0 {
        return Vec::new();
    }
    let whole = |kernel, layer| Launch { kernel, layer, first: 0, count: steps };
    let output = shape.layers() - 1;
    let mut list = Vec::new();
    // A test needs feedback only if it reaches the soma.
    if shape.model.has_symmetric_feedback() && (learns || shape.model.steps_apical()) {
        list.extend(feedback_launches(shape));
    }
    if shape.model.sends_rates() {
        list.push(whole(Kernel::EncodeRates, 0));
    } else {
        let input = match shape.events {
            Some(_) => Kernel::RecordedSpikes,
            None => Kernel::EncodeSpikes,
        };
        list.extend([whole(input, 0), whole(Kernel::PackSpikeMask, 0)]);
    }
    if shape.model.steps_apical() {
        begin_apical(shape, learns, &mut list);
    }
    simulate(shape, steps, learns, &mut list);
    list.push(whole(Kernel::Classify, output));
    if !learns {
        return list;
    }
    let hidden = 0..output;
    let populations = 0..shape.populations.len() - usize::from(hidden.is_empty());
    let has_spikes =
        |&population: &usize| !shape.model.sends_rates() || shape.sends_spikes(population);
    let spiking = populations.clone().filter(has_spikes);
    list.extend(spiking.map(|population| whole(Kernel::WindowMeanSpikes, population)));
    let sending = populations.filter(|&population| shape.emits_rates(population));
    list.extend(sending.map(|population| whole(Kernel::WindowMeanRates, population)));
    if shape.model.draws_bursts() {
        draw_bursts(shape, steps, &mut list);
    } else if shape.model.has_bursts() {
        list.push(whole(Kernel::BurstError, output));
        for layer in hidden.rev() {
            list.push(whole(Kernel::ApicalBursts, layer));
            if shape.model.learns_event_feedback() {
                list.push(whole(Kernel::ApicalEvents, layer));
            }
            list.push(whole(Kernel::BurstError, layer));
        }
    } else {
        local_errors(shape, steps, &mut list);
    }
    list.extend((0..=output).map(|layer| whole(Kernel::WeightUpdate, layer)));
    if shape.model.learns_feedback() {
        list.extend((0..output).map(|layer| whole(Kernel::FeedbackUpdate, layer)));
    }
    if shape.model.transposes_updates() {
        list.extend((0..output).map(|layer| whole(Kernel::TransposedUpdate, layer)));
    }
    if shape.model.learns_event_feedback() {
        list.extend((0..output).map(|layer| whole(Kernel::EventFeedbackUpdate, layer)));
    }
    list
}

/// Appends the launches of the bursts of spikes, from the output down.
fn draw_bursts(shape: &Shape, steps: u32, list: &mut Vec<Launch>) {
    let output = shape.layers() - 1;
    for layer in (0..=output).rev() {
        if layer < output {
            let learns_events = shape.model.learns_event_feedback();
            for first in (0..steps).step_by(shape.block as usize) {
                let count = shape.block.min(steps - first);
                let launch = |kernel| Launch { kernel, layer, first, count };
                list.push(launch(Kernel::ApicalInputBursts));
                list.extend(learns_events.then(|| launch(Kernel::ApicalInputEvents)));
            }
            let whole = |kernel| Launch { kernel, layer, first: 0, count: steps };
            list.extend(learns_events.then(|| whole(Kernel::ApicalMean)));
        }
        list.push(Launch { kernel: Kernel::DrawBursts, layer, first: 0, count: steps });
    }
}

/// Appends the launches of the plateau potentials, and of the errors of all layers.
fn local_errors(shape: &Shape, steps: u32, list: &mut Vec<Launch>) {
    let whole = |kernel, layer| Launch { kernel, layer, first: 0, count: steps };
    let output = shape.layers() - 1;
    let hidden = 0..output;
    list.extend(hidden.clone().map(|layer| whole(Kernel::Plateau, layer)));
    if shape.model.backpropagates() {
        list.push(whole(Kernel::LocalError, output));
        list.extend(hidden.rev().map(|layer| whole(Kernel::BackpropError, layer)));
    } else {
        list.extend((0..=output).map(|layer| whole(Kernel::LocalError, layer)));
    }
}

/// Number of neurons of the next layer that one launch of [`Kernel::SymmetricFeedback`] sums over: with noise, each
/// takes some 40 loop iterations, and software devices end a thread after 65,535.
const NEURONS_PER_LAUNCH: u32 = 1024;

/// Returns the launches that compute symmetric feedback weights, the highest layer first.
pub(crate) fn feedback_launches(shape: &Shape) -> Vec<Launch> {
    let output = shape.layers() - 1;
    let of_layer = |layer: usize| {
        let is_from_next_layer = shape.feedback_population(layer) == layer + 2;
        let summed = if is_from_next_layer { 1 } else { shape.units(layer + 1) as u32 };
        let launch = move |first| Launch {
            kernel: Kernel::SymmetricFeedback,
            layer,
            first,
            count: NEURONS_PER_LAUNCH,
        };
        (0..summed).step_by(NEURONS_PER_LAUNCH as usize).map(launch)
    };
    (0..output).rev().flat_map(of_layer).collect()
}

/// Computes the apical voltages that the first step of an image reads.
///
/// The spikes and rates before the image are weighted by the current feedback weights.
fn begin_apical(shape: &Shape, learns: bool, list: &mut Vec<Launch>) {
    let before = |kernel, layer| Launch { kernel, layer, first: 0, count: 0 };
    let hidden = 0..shape.layers() - 1;
    if shape.model.feedback_is_rates() {
        list.extend(hidden.map(|layer| before(Kernel::ApicalStepRates, layer)));
        return;
    }
    // A test starts from a cleared state.
    if learns {
        if shape.history_words() > 0 {
            let sources = (0..=shape.layers()).filter(|&population| shape.feeds_back(population));
            list.extend(sources.map(|population| before(Kernel::PackSpikeMask, population)));
        }
        list.extend(hidden.clone().map(|layer| before(Kernel::ApicalHistory, layer)));
    }
    list.extend(hidden.map(|layer| before(Kernel::ApicalStepSpikes, layer)));
}

/// Appends the launches of the dendrites and somata of all layers for all steps.
///
/// If the apical voltage does not reach the soma, the layers are a feed-forward chain over the whole image, and each
/// launch advances a layer by a block. Otherwise each step needs the feedback of the previous step: a launch advances
/// neurons by one step, and only the synaptic input of layer 0 is summed per block. Layers with stored rates also
/// advance by one step per launch, but through a whole block before the next layer.
fn simulate(shape: &Shape, steps: u32, learns: bool, list: &mut Vec<Launch>) {
    let step = if shape.model.is_stepwise() { 1 } else { shape.block };
    let synaptic_input = if shape.model.sends_rates() {
        Kernel::SynapticInputRates
    } else {
        Kernel::SynapticInputSpikes
    };
    let output = shape.layers() - 1;
    let mut first = 0;
    while first < steps {
        let launch = |kernel, layer, most: u32| {
            let count = most.min(steps - first);
            Launch { kernel, layer, first, count }
        };
        for layer in 0..=output {
            let block = shape.block_len(layer);
            if first % block == 0 {
                list.push(launch(synaptic_input, layer, block));
            }
            let kernel = if layer == output { Kernel::OutputStep } else { Kernel::HiddenStep };
            // A test needs no feedback, unless it reaches the soma.
            if shape.emits_rates(layer + 1) && (learns || shape.model.is_stepwise()) {
                for first in first..(first + step).min(steps) {
                    let one = |kernel| Launch { kernel, layer, first, count: 1 };
                    list.extend([one(kernel), one(Kernel::EmitRates)]);
                }
            } else {
                list.push(launch(kernel, layer, step));
            }
            if shape.has_spike_mask(layer + 1) {
                list.push(launch(Kernel::PackSpikeMask, layer + 1, step));
            }
        }
        if shape.model.steps_apical() {
            let apical = if shape.model.feedback_is_rates() {
                Kernel::ApicalStepRates
            } else {
                Kernel::ApicalStepSpikes
            };
            list.extend((0..output).map(|layer| launch(apical, layer, step)));
        }
        first += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network_model::{ApicalVoltages, NetworkModel};

    fn shape(apical_voltages: ApicalVoltages) -> Shape {
        Shape {
            steps: 24,
            block: 8,
            taps: 3,
            model: NetworkModel { apical_voltages, ..NetworkModel::default() },
            per_sample_access: false,
            ..Shape::minimal(vec![12, 9, 10])
        }
    }

    /// Returns the first step and the number of steps of each launch of a kernel on a layer.
    fn of(list: &[Launch], kernel: Kernel, layer: usize) -> Vec<(u32, u32)> {
        let is_wanted = |launch: &&Launch| launch.kernel == kernel && launch.layer == layer;
        list.iter().filter(is_wanted).map(|launch| (launch.first, launch.count)).collect()
    }

    const BLOCKS: [(u32, u32); 3] = [(0, 8), (8, 8), (16, 4)];

    #[test]
    fn sequence_with_feedback_blocks_lowest_input_only() {
        let input_launches = |apical_voltages, layer| {
            let list = kernel_sequence(&shape(apical_voltages), 20, true);
            of(&list, Kernel::SynapticInputSpikes, layer)
        };
        assert_eq!(input_launches(ApicalVoltages::PerPhase, 0), BLOCKS);
        assert_eq!(input_launches(ApicalVoltages::PerPhase, 1), BLOCKS);
        assert_eq!(input_launches(ApicalVoltages::PerStep, 0), BLOCKS);
        assert_eq!(
            input_launches(ApicalVoltages::PerStep, 1),
            (0..20).map(|step| (step, 1)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn sequence_with_feedback_begins_with_the_history() {
        let list = kernel_sequence(&shape(ApicalVoltages::PerStep), 20, true);
        for (kernel, layer) in
            [(Kernel::PackSpikeMask, 2), (Kernel::ApicalHistory, 0), (Kernel::ApicalStepSpikes, 0)]
        {
            assert_eq!(of(&list, kernel, layer)[0], (0, 0), "{kernel}");
        }
        // As in the documents: images of 104 ms, one hidden layer.
        let long = Shape { steps: 104, block: 104, ..shape(ApicalVoltages::PerStep) };
        assert_eq!(kernel_sequence(&long, 104, true).len(), 639);
    }
}
