//! The kernels that read or change weights, where these are too large to be bound at once: the same bits
//! from one dispatch for each window of columns.

use apical::gpu::windows::windows;
use apical::layout::{Kernel, Launch};

use super::Situation;
use super::situations::situations;

/// Bytes of weights that are bound at once: a grain of columns of the wide layers, more of the others.
const MOST: u64 = 4 << 10;

#[test]
fn case_drive_in_windows() {
    each_in_windows(Kernel::Drive, |situation| {
        if !situation.shape.sends_rates {
            situation.check_layers(Kernel::Drive);
        }
    });
}

#[test]
fn case_flow_in_windows() {
    each_in_windows(Kernel::Flow, |situation| {
        if situation.shape.sends_rates {
            situation.check_layers(Kernel::Flow);
        }
    });
}

#[test]
fn case_soma_in_windows() {
    each_in_windows(Kernel::Soma, |situation| situation.check_hidden(Kernel::Soma));
}

#[test]
fn case_output_in_windows() {
    each_in_windows(Kernel::Output, |situation| {
        situation.check(Kernel::Output, situation.shape.layers() - 1);
    });
}

#[test]
fn case_apical_in_windows() {
    each_in_windows(Kernel::Apical, |situation| {
        if situation.shape.steps_apical_spikes() {
            situation.check_hidden(Kernel::Apical);
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
    each_in_windows(Kernel::ApicalRate, |situation| {
        if situation.shape.steps_apical_rates() {
            situation.check_hidden(Kernel::ApicalRate);
        }
    });
}

#[test]
fn case_plateau_in_windows() {
    each_in_windows(Kernel::Plateau, |situation| situation.check_hidden(Kernel::Plateau));
}

#[test]
fn case_update_in_windows() {
    each_in_windows(Kernel::Update, |situation| situation.check_layers(Kernel::Update));
}

#[test]
fn case_feedback_in_windows() {
    each_in_windows(Kernel::Feedback, |situation| {
        if situation.shape.is_symmetric {
            situation.check_hidden(Kernel::Feedback);
        }
    });
}

#[test]
fn case_inverse_in_windows() {
    each_in_windows(Kernel::Inverse, |situation| {
        if situation.shape.learns_feedback {
            situation.check_hidden(Kernel::Inverse);
        }
    });
}

#[test]
fn case_backward_in_windows() {
    each_in_windows(Kernel::Backward, |situation| {
        if situation.shape.backpropagates {
            situation.check_hidden(Kernel::Backward);
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
            windows(&launch, shape, MOST).iter().any(|window| window.index > 0)
        };
        let layers = match kernel {
            Kernel::Feedback if !shape.is_symmetric => 0..0,
            Kernel::Inverse if !shape.learns_feedback => 0..0,
            Kernel::Flow if !shape.sends_rates => 0..0,
            Kernel::Drive if shape.sends_rates => 0..0,
            Kernel::Backward if !shape.backpropagates => 0..0,
            Kernel::Apical | Kernel::ApicalHistory if !shape.steps_apical_spikes() => 0..0,
            Kernel::ApicalRate if !shape.steps_apical_rates() => 0..0,
            Kernel::Apical
            | Kernel::ApicalHistory
            | Kernel::ApicalRate
            | Kernel::Plateau
            | Kernel::Inverse
            | Kernel::Feedback
            | Kernel::Backward => 0..shape.layers() - 1,
            _ => 0..shape.layers(),
        };
        if layers.into_iter().any(is_split) {
            check(&situation);
            checked += 1;
        }
    }
    assert!(checked > 0, "no situation has several windows of {kernel}");
}
