//! The kernels that read or change weights, where these are too large to be bound at once: the same bits
//! from one dispatch for each window of columns.

use apical::gpu::weight_ranges::ranges;
use apical::interface::{Kernel, Launch};

use super::Situation;
use super::situations::situations;

/// Bytes of weights that are bound at once: a grain of columns of the wide layers, more of the others.
const MOST: u64 = 4 << 10;

#[test]
fn case_drive_in_windows() {
    each_in_windows(Kernel::SynapticInputSpikes, |situation| {
        if !situation.shape.sends_rates {
            situation.check_layers(Kernel::SynapticInputSpikes);
        }
    });
}

#[test]
fn case_flow_in_windows() {
    each_in_windows(Kernel::SynapticInputRates, |situation| {
        if situation.shape.sends_rates {
            situation.check_layers(Kernel::SynapticInputRates);
        }
    });
}

#[test]
fn case_soma_in_windows() {
    each_in_windows(Kernel::HiddenStep, |situation| situation.check_hidden(Kernel::HiddenStep));
}

#[test]
fn case_output_in_windows() {
    each_in_windows(Kernel::OutputStep, |situation| {
        situation.check(Kernel::OutputStep, situation.shape.layers() - 1);
    });
}

#[test]
fn case_apical_in_windows() {
    each_in_windows(Kernel::ApicalStepSpikes, |situation| {
        if situation.shape.steps_apical_spikes() {
            situation.check_hidden(Kernel::ApicalStepSpikes);
        }
    });
}

#[test]
fn case_apical_history_in_windows() {
    each_in_windows(Kernel::ApicalHistory, |situation| {
        if situation.shape.steps_apical_spikes() {
            situation.check_hidden(Kernel::ApicalHistory);
        }
    });
}

#[test]
fn case_apical_rate_in_windows() {
    each_in_windows(Kernel::ApicalStepRates, |situation| {
        if situation.shape.steps_apical_rates() {
            situation.check_hidden(Kernel::ApicalStepRates);
        }
    });
}

#[test]
fn case_plateau_in_windows() {
    each_in_windows(Kernel::Plateau, |situation| situation.check_hidden(Kernel::Plateau));
}

#[test]
fn case_update_in_windows() {
    each_in_windows(Kernel::WeightUpdate, |situation| situation.check_layers(Kernel::WeightUpdate));
}

#[test]
fn case_feedback_in_windows() {
    each_in_windows(Kernel::TieFeedback, |situation| {
        if situation.shape.symmetric_feedback {
            situation.check_hidden(Kernel::TieFeedback);
        }
    });
}

#[test]
fn case_inverse_in_windows() {
    each_in_windows(Kernel::FeedbackUpdate, |situation| {
        if situation.shape.learns_feedback {
            situation.check_hidden(Kernel::FeedbackUpdate);
        }
    });
}

#[test]
fn case_backward_in_windows() {
    each_in_windows(Kernel::BackpropError, |situation| {
        if situation.shape.backpropagates {
            situation.check_hidden(Kernel::BackpropError);
        }
    });
}

/// Runs a check in the situations that have several windows, with one network each.
fn each_in_windows(kernel: Kernel, check: impl Fn(&Situation)) {
    let mut checked = 0;
    for situation in situations() {
        let situation = situation.of_one_network(MOST);
        let shape = &situation.shape;
        let is_split = |layer| {
            let launch = Launch { kernel, layer, first: 0, steps: 1 };
            // Somata read the last of several windows alone.
            ranges(&launch, shape, MOST).iter().any(|window| window.index > 0)
        };
        let layers = match kernel {
            Kernel::TieFeedback if !shape.symmetric_feedback => 0..0,
            Kernel::FeedbackUpdate if !shape.learns_feedback => 0..0,
            Kernel::SynapticInputRates if !shape.sends_rates => 0..0,
            Kernel::SynapticInputSpikes if shape.sends_rates => 0..0,
            Kernel::BackpropError if !shape.backpropagates => 0..0,
            Kernel::ApicalStepSpikes | Kernel::ApicalHistory if !shape.steps_apical_spikes() => {
                0..0
            }
            Kernel::ApicalStepRates if !shape.steps_apical_rates() => 0..0,
            Kernel::ApicalStepSpikes
            | Kernel::ApicalHistory
            | Kernel::ApicalStepRates
            | Kernel::Plateau
            | Kernel::FeedbackUpdate
            | Kernel::TieFeedback
            | Kernel::BackpropError => 0..shape.layers() - 1,
            _ => 0..shape.layers(),
        };
        if layers.into_iter().any(is_split) {
            check(&situation);
            checked += 1;
        }
    }
    assert!(checked > 0, "no situation has several windows of {kernel}");
}
