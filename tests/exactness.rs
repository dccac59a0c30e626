//! Proves: on this machine's GPU each kernel writes the same bits as on the CPU. Shapes, arrays and settings
//! are random; one to three replicas have their own settings; weights are also bound a few columns at a time.
//!
//! Does not prove: that other GPUs keep IEEE rounding (see `apical devices` and `apical compare`),
//! that whole trainings agree (see `trainings.rs`), or that the results are right (see `golden.rs`).

#[path = "exactness/check.rs"]
mod check;
#[path = "exactness/column_ranges.rs"]
mod column_ranges;
#[path = "exactness/minibatches.rs"]
mod minibatches;
#[path = "exactness/random_arrays.rs"]
mod random_arrays;
#[path = "exactness/situations.rs"]
mod situations;
#[path = "exactness/spike_masks.rs"]
mod spike_masks;

use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::interface::{Kernel, Shape};
use situations::situations;

use crate::support;

const CLASSES: usize = 10;
/// Number of samples in use per replica; each replica has room for one more.
const SAMPLES: usize = 3;
/// Number of images per epoch.
const IMAGES: usize = 12;

#[test]
fn case_encode_spikes() {
    each_situation(|situation| {
        if situation.shape.events.is_none() {
            situation.check(Kernel::EncodeSpikes, 0);
        }
    });
}

#[test]
fn case_recorded_spikes() {
    each_situation(|situation| {
        if situation.shape.events.is_some() {
            situation.check(Kernel::RecordedSpikes, 0);
        }
    });
}

#[test]
fn case_pack_spike_mask() {
    each_situation(Situation::check_spike_masks);
}

#[test]
fn case_synaptic_input_spikes() {
    each_situation(|situation| {
        if !situation.shape.model.sends_rates() {
            situation.check_layers(Kernel::SynapticInputSpikes);
        }
    });
}

#[test]
fn case_hidden_step() {
    each_situation(|situation| situation.check_hidden(Kernel::HiddenStep));
}

#[test]
fn case_output_step() {
    each_situation(|situation| situation.check(Kernel::OutputStep, situation.shape.layers() - 1));
}

#[test]
fn case_encode_rates() {
    each_situation(|situation| {
        if situation.shape.model.sends_rates() {
            situation.check(Kernel::EncodeRates, 0);
        }
    });
}

#[test]
fn case_synaptic_input_rates() {
    each_situation(|situation| {
        if situation.shape.model.sends_rates() {
            situation.check_layers(Kernel::SynapticInputRates);
        }
    });
}

#[test]
fn case_emit_rates() {
    each_situation(|situation| {
        let shape = &situation.shape;
        for layer in (0..shape.layers()).filter(|layer| shape.emits_rates(layer + 1)) {
            situation.check(Kernel::EmitRates, layer);
        }
    });
}

#[test]
fn case_window_mean_rates() {
    each_situation(|situation| {
        let shape = &situation.shape;
        for population in (0..=shape.layers()).filter(|&p| shape.emits_rates(p)) {
            situation.check(Kernel::WindowMeanRates, population);
        }
    });
}

#[test]
fn case_apical_step_spikes() {
    each_situation(|situation| {
        if situation.shape.model.steps_apical_spikes() {
            situation.check_hidden(Kernel::ApicalStepSpikes);
        }
    });
}

#[test]
fn case_apical_history() {
    each_situation(|situation| {
        if situation.shape.model.steps_apical_spikes() {
            situation.check_hidden(Kernel::ApicalHistory);
        }
    });
}

#[test]
fn case_apical_step_rates() {
    each_situation(|situation| {
        if situation.shape.model.steps_apical_rates() {
            situation.check_hidden(Kernel::ApicalStepRates);
        }
    });
}

#[test]
fn case_window_mean_spikes() {
    each_situation(|situation| {
        for population in 0..situation.shape.populations.len() {
            // Populations that emit rates have no spikes to average, nor has the output if bursts feed back.
            let model = &situation.shape.model;
            if !situation.shape.emits_rates(population) && !model.has_bursts() {
                situation.check(Kernel::WindowMeanSpikes, population);
            }
        }
    });
}

#[test]
fn case_plateau() {
    each_situation(|situation| situation.check_hidden(Kernel::Plateau));
}

#[test]
fn case_local_error() {
    each_situation(|situation| situation.check_layers(Kernel::LocalError));
}

#[test]
fn case_classify() {
    each_situation(|situation| situation.check(Kernel::Classify, situation.shape.layers() - 1));
}

#[test]
fn case_weight_update() {
    each_situation(|situation| situation.check_layers(Kernel::WeightUpdate));
}

#[test]
fn case_symmetric_feedback() {
    each_situation(|situation| {
        if situation.shape.model.has_symmetric_feedback() {
            situation.check_hidden(Kernel::SymmetricFeedback);
        }
    });
}

#[test]
fn case_feedback_update() {
    each_situation(|situation| {
        if situation.shape.model.learns_feedback() {
            situation.check_hidden(Kernel::FeedbackUpdate);
        }
    });
}

#[test]
fn case_backprop_error() {
    each_situation(|situation| {
        if situation.shape.model.backpropagates() {
            situation.check_hidden(Kernel::BackpropError);
        }
    });
}

#[test]
fn case_apical_bursts() {
    each_situation(|situation| {
        if situation.has_burst_rates() {
            situation.check_hidden(Kernel::ApicalBursts);
        }
    });
}

#[test]
fn case_apical_events() {
    each_situation(|situation| {
        let model = &situation.shape.model;
        if model.learns_event_feedback() && model.sends_rates() {
            situation.check_hidden(Kernel::ApicalEvents);
        }
    });
}

#[test]
fn case_apical_input_events() {
    each_situation(|situation| {
        if situation.learns_events_of_spikes() {
            situation.check_hidden(Kernel::ApicalInputEvents);
        }
    });
}

#[test]
fn case_apical_mean() {
    each_situation(|situation| {
        if situation.learns_events_of_spikes() {
            situation.check_hidden(Kernel::ApicalMean);
        }
    });
}

#[test]
fn case_event_feedback_update() {
    each_situation(|situation| {
        if situation.shape.model.learns_event_feedback() {
            situation.check_hidden(Kernel::EventFeedbackUpdate);
        }
    });
}

#[test]
fn case_burst_error() {
    each_situation(|situation| {
        if situation.has_burst_rates() {
            situation.check_layers(Kernel::BurstError);
        }
    });
}

#[test]
fn case_apical_input_bursts() {
    each_situation(|situation| {
        if situation.shape.model.draws_bursts() {
            situation.check_hidden(Kernel::ApicalInputBursts);
        }
    });
}

#[test]
fn case_draw_bursts() {
    each_situation(|situation| {
        if situation.shape.model.draws_bursts() {
            situation.check_layers(Kernel::DrawBursts);
        }
    });
}

#[test]
fn case_transposed_update() {
    each_situation(|situation| {
        if situation.shape.model.transposes_updates() {
            situation.check_hidden(Kernel::TransposedUpdate);
        }
    });
}

/// A shape, the settings of each replica, and the limits of the GPU.
struct Situation {
    shape: Shape,
    configs: Vec<Config>,
    dataset: Arc<Dataset>,
    /// Seed of the arrays' contents.
    seed: u64,
    /// Number of bytes of weights that the GPU binds at once.
    max_weight_binding: u64,
}

fn each_situation(check: impl Fn(&Situation)) {
    situations().iter().for_each(check);
}
