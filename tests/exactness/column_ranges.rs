//! Kernels that read or write weights, on a GPU that binds only a range of columns per dispatch.

use apical::gpu::weight_ranges::ranges;
use apical::interface::{Kernel, Launch};

use super::Situation;
use super::situations::situations;

/// Bytes of weights that the GPU binds at once: for wide layers the smallest range of columns.
const MAX_BINDING: u64 = 4 << 10;

#[test]
fn case_synaptic_input_spikes_in_ranges() {
    each_in_ranges(Kernel::SynapticInputSpikes, |situation| {
        if !situation.shape.model.sends_rates() {
            situation.check_layers(Kernel::SynapticInputSpikes);
        }
    });
}

#[test]
fn case_synaptic_input_rates_in_ranges() {
    each_in_ranges(Kernel::SynapticInputRates, |situation| {
        if situation.shape.model.sends_rates() {
            situation.check_layers(Kernel::SynapticInputRates);
        }
    });
}

#[test]
fn case_hidden_step_in_ranges() {
    each_in_ranges(Kernel::HiddenStep, |situation| situation.check_hidden(Kernel::HiddenStep));
}

#[test]
fn case_output_step_in_ranges() {
    each_in_ranges(Kernel::OutputStep, |situation| {
        situation.check(Kernel::OutputStep, situation.shape.layers() - 1);
    });
}

#[test]
fn case_apical_step_spikes_in_ranges() {
    each_in_ranges(Kernel::ApicalStepSpikes, |situation| {
        if situation.shape.model.steps_apical_spikes() {
            situation.check_hidden(Kernel::ApicalStepSpikes);
        }
    });
}

#[test]
fn case_apical_history_in_ranges() {
    each_in_ranges(Kernel::ApicalHistory, |situation| {
        if situation.shape.model.steps_apical_spikes() {
            situation.check_hidden(Kernel::ApicalHistory);
        }
    });
}

#[test]
fn case_apical_step_rates_in_ranges() {
    each_in_ranges(Kernel::ApicalStepRates, |situation| {
        if situation.shape.model.steps_apical_rates() {
            situation.check_hidden(Kernel::ApicalStepRates);
        }
    });
}

#[test]
fn case_plateau_in_ranges() {
    each_in_ranges(Kernel::Plateau, |situation| situation.check_hidden(Kernel::Plateau));
}

#[test]
fn case_weight_update_in_ranges() {
    each_in_ranges(Kernel::WeightUpdate, |situation| situation.check_layers(Kernel::WeightUpdate));
}

#[test]
fn case_symmetric_feedback_in_ranges() {
    each_in_ranges(Kernel::SymmetricFeedback, |situation| {
        if situation.shape.model.has_symmetric_feedback() {
            situation.check_hidden(Kernel::SymmetricFeedback);
        }
    });
}

#[test]
fn case_feedback_update_in_ranges() {
    each_in_ranges(Kernel::FeedbackUpdate, |situation| {
        if situation.shape.model.learns_feedback() {
            situation.check_hidden(Kernel::FeedbackUpdate);
        }
    });
}

#[test]
fn case_backprop_error_in_ranges() {
    each_in_ranges(Kernel::BackpropError, |situation| {
        if situation.shape.model.backpropagates() {
            situation.check_hidden(Kernel::BackpropError);
        }
    });
}

#[test]
fn case_apical_bursts_in_ranges() {
    each_in_ranges(Kernel::ApicalBursts, |situation| {
        if situation.has_burst_rates() {
            situation.check_hidden(Kernel::ApicalBursts);
        }
    });
}

#[test]
fn case_apical_input_bursts_in_ranges() {
    each_in_ranges(Kernel::ApicalInputBursts, |situation| {
        if situation.shape.model.draws_bursts() {
            situation.check_hidden(Kernel::ApicalInputBursts);
        }
    });
}

#[test]
fn case_transposed_update_in_ranges() {
    each_in_ranges(Kernel::TransposedUpdate, |situation| {
        if situation.shape.model.transposes_updates() {
            situation.check_hidden(Kernel::TransposedUpdate);
        }
    });
}

#[test]
fn case_apical_events_in_ranges() {
    each_in_ranges(Kernel::ApicalEvents, |situation| {
        let model = &situation.shape.model;
        if model.learns_event_feedback() && model.sends_rates() {
            situation.check_hidden(Kernel::ApicalEvents);
        }
    });
}

#[test]
fn case_apical_input_events_in_ranges() {
    each_in_ranges(Kernel::ApicalInputEvents, |situation| {
        if situation.learns_events_of_spikes() {
            situation.check_hidden(Kernel::ApicalInputEvents);
        }
    });
}

#[test]
fn case_event_feedback_update_in_ranges() {
    each_in_ranges(Kernel::EventFeedbackUpdate, |situation| {
        if situation.shape.model.learns_event_feedback() {
            situation.check_hidden(Kernel::EventFeedbackUpdate);
        }
    });
}

/// Runs a check, with one network, in each situation with several column ranges.
fn each_in_ranges(kernel: Kernel, check: impl Fn(&Situation)) {
    let mut checked = 0;
    for situation in situations() {
        let situation = situation.of_one_network(MAX_BINDING);
        let shape = &situation.shape;
        let is_split = |layer| {
            let launch = Launch { kernel, layer, first: 0, count: 1 };
            // Neuron steps bind only the last of several ranges.
            ranges(&launch, shape, MAX_BINDING).iter().any(|range| range.index > 0)
        };
        let layers = match kernel {
            Kernel::SymmetricFeedback if !shape.model.has_symmetric_feedback() => 0..0,
            Kernel::FeedbackUpdate if !shape.model.learns_feedback() => 0..0,
            Kernel::SynapticInputRates if !shape.model.sends_rates() => 0..0,
            Kernel::SynapticInputSpikes if shape.model.sends_rates() => 0..0,
            Kernel::ApicalBursts if !situation.has_burst_rates() => 0..0,
            Kernel::ApicalInputBursts if !shape.model.draws_bursts() => 0..0,
            Kernel::ApicalEvents
                if !shape.model.learns_event_feedback() || !shape.model.sends_rates() =>
            {
                0..0
            }
            Kernel::ApicalInputEvents if !situation.learns_events_of_spikes() => 0..0,
            Kernel::EventFeedbackUpdate if !shape.model.learns_event_feedback() => 0..0,
            Kernel::TransposedUpdate if !shape.model.transposes_updates() => 0..0,
            Kernel::BackpropError if !shape.model.backpropagates() => 0..0,
            Kernel::ApicalStepSpikes | Kernel::ApicalHistory
                if !shape.model.steps_apical_spikes() =>
            {
                0..0
            }
            Kernel::ApicalStepRates if !shape.model.steps_apical_rates() => 0..0,
            Kernel::ApicalStepSpikes
            | Kernel::ApicalHistory
            | Kernel::ApicalStepRates
            | Kernel::Plateau
            | Kernel::FeedbackUpdate
            | Kernel::SymmetricFeedback
            | Kernel::ApicalBursts
            | Kernel::ApicalInputBursts
            | Kernel::TransposedUpdate
            | Kernel::ApicalEvents
            | Kernel::ApicalInputEvents
            | Kernel::EventFeedbackUpdate
            | Kernel::BackpropError => 0..shape.layers() - 1,
            _ => 0..shape.layers(),
        };
        if layers.into_iter().any(is_split) {
            check(&situation);
            checked += 1;
        }
    }
    assert!(checked > 0, "no situation has several column ranges for {kernel}");
}
