//! Networks that the experiment on bursts trains.

use super::curves::Condition;
use super::study::Study;
use crate::config::{Config, Dynamics, EventFeedback, Feedback, FeedbackWeights, Preset, Recipe};
use crate::model::phases::AveragingWindow;
use crate::model::spikes::SpikeDistribution;
use crate::model::weight_init::WeightInit;

/// Numbers of epochs, training images per epoch and test images of a quick experiment.
const QUICK_EPOCHS: u32 = 2;
const QUICK_IMAGES: usize = 4000;
const QUICK_TEST_IMAGES: usize = 2000;
/// Learning rate of learned feedback Y, and weight decay of weights and feedback. Y loses their product at each update: with
/// a decay of 1e-3, it turns away from the weights when errors are small.
const FEEDBACK_RATE: f64 = 10.0;
const DECAY: f64 = 1e-5;
/// Learning rate of a homeostatic Q, and its number of training images.
const EVENT_FEEDBACK_RATE: f64 = 0.5;
const HOMEOSTATIC_IMAGES: usize = 10_000;

/// Labels of the conditions.
pub(super) const DEEP: &str = "bursts, three hidden layers";
const BURSTS: &str = "bursts";
const PHASES: &str = "phases";
const PHASE_SPIKES: &str = "phases, spikes";
pub(super) const HOMEOSTATIC: &str = "bursts, homeostatic Q without teacher";
const RESCUED: &str = "p0 = 0.2, teacher 4, window of 105 ms, 10 units per class, 1 kHz";
pub(super) const BURST_SPIKES: &str = "bursts, spikes";
pub(super) const FIXED: &str = "bursts, fixed feedback";
pub(super) const LEARNED: &str = "bursts, learned feedback";

/// Returns the learning rules to compare, the last with bursts of spikes. Networks have no spikes unless their label has
/// them.
pub(super) fn rules(study: &Study) -> [Condition; 7] {
    let images = QUICK_IMAGES.min(study.dataset.training_count);
    let test_images = QUICK_TEST_IMAGES.min(study.dataset.test_labels().len());
    let budget = |config: Config| Config {
        epochs: study.quick_or_full(QUICK_EPOCHS, Preset::Bursts1.config().epochs),
        train_images: study.quick_or_full(images, 0),
        test_images: study.quick_or_full(test_images, 0),
        feedback: Feedback::Layerwise,
        eval_every: 0,
        ..config
    };
    let bursts = budget(Preset::Bursts1.config());
    let phase_spikes = Config {
        feedback_weights: FeedbackWeights::Symmetric,
        ..budget(Recipe::one_hidden_layer().config())
    };
    let phases = Config { dynamics: Dynamics::SteadyState, ..phase_spikes.clone() };
    let burst_spikes = Config { dynamics: Dynamics::Spiking, ..bursts.clone() };
    let fixed = Config { feedback_weights: FeedbackWeights::Fixed, ..bursts.clone() };
    let learned = Config { feedback_lr: FEEDBACK_RATE, weight_decay: DECAY, ..fixed.clone() };
    [
        Condition::new(DEEP, budget(Preset::Bursts3.config()), None),
        Condition::new(BURSTS, bursts, None),
        Condition::new(PHASES, phases, None),
        Condition::new(PHASE_SPIKES, phase_spikes, None),
        Condition::new(FIXED, fixed, None),
        Condition::new(LEARNED, learned, None),
        Condition::new(BURST_SPIKES, burst_spikes, None),
    ]
}

/// Returns changes of the last of `rules`: more bursts to average, fewer, and all that helps. A quick study has one of each
/// kind.
pub(super) fn spike_conditions(study: &Study, rules: &[Condition]) -> Vec<Condition> {
    let Some(Condition { config, .. }) = rules.last() else { return Vec::new() };
    let window =
        |phase_ms| Config { phase_ms, averaging_window: AveragingWindow::From30, ..config.clone() };
    let baseline = |burst_baseline| Config { burst_baseline, ..config.clone() };
    let classes = study.dataset.classes;
    let units =
        |per_class: usize| Config { layers: vec![500, per_class * classes], ..config.clone() };
    // The best of benches/results/bursts.md.
    let rescued = Config {
        burst_baseline: 0.2,
        burst_teacher: 4.0,
        burst_slope: 6.0,
        eta: vec![0.036, 0.012],
        phi_max: 1.0,
        spike_distribution: SpikeDistribution::Bernoulli,
        layers: units(10).layers,
        ..window(135)
    };
    let (mut quick, full) = (
        vec![
            ("window of 70 ms", window(100)),
            ("p0 = 0.1", baseline(0.1)),
            ("5 units per class", units(5)),
            (RESCUED, rescued),
        ],
        [
            ("window of 170 ms", window(200)),
            ("p0 = 0.25", baseline(0.25)),
            ("20 units per class", units(20)),
        ],
    );
    if !study.quick {
        quick.extend(full);
    }
    quick.into_iter().map(|(label, config)| Condition::new(label, config, None)).collect()
}

/// Returns bursts without a teacher and with constant weights, under which only Q learns.
pub(super) fn homeostatic(study: &Study) -> Condition {
    let config = Config {
        epochs: 1,
        train_images: HOMEOSTATIC_IMAGES.min(study.dataset.training_count),
        test_images: QUICK_TEST_IMAGES.min(study.dataset.test_labels().len()),
        eval_every: 0,
        eta: vec![0.0],
        burst_teacher: 0.0,
        event_feedback: EventFeedback::Homeostatic,
        event_feedback_lr: EVENT_FEEDBACK_RATE,
        feedback_weights: FeedbackWeights::Fixed,
        // Outputs of other initial weights are the same for all images.
        weight_init: WeightInit::PaperCommit,
        ..Preset::Bursts1.config()
    };
    Condition::new(HOMEOSTATIC, config, None)
}
