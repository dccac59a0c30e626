//! Learning by bursts in place of phases, which is not in the paper.

use super::burst_measures::{Measures, measure, untaught_apical_size};
use super::claim::Claim;
use super::curves::{Condition, draw_errors, train_conditions};
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::seed_errors::SeedErrors;
use super::study::Study;
use crate::config::{Config, Dynamics, EventFeedback, Feedback, FeedbackWeights, Preset, Recipe};
use crate::model::phases::AveragingWindow;
use crate::model::weight_init::WeightInit;
use crate::network::Network;
use crate::run_dir::Trial;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "bursts",
    figure: "Not in the paper",
    title: "Learning by bursts (Payeur 2021, Greedy 2022)",
    about: "Not an experiment of Guerguiev et al. (2017): the rule of Payeur et al. (2021) and Greedy et al. (2022) \
            learns in one phase, and bursts carry the errors. With one hidden layer, it is compared with the two-phase \
            rule on the same network, images, epochs and symmetric feedback, each rule with the learning rate of its \
            preset. Other networks have fixed random feedback, or learn it by the transposed update. Three hidden \
            layers learn by bursts, too. A second feedback path Q learns alone, without a teacher. Bursts \
            are rates, or are drawn from spikes: then longer windows and more neurons per class average their noise. \
            Aims are this project's. Angles and spikes are measured after training, on test images; angles in the \
            lowest hidden layer.",
    from_errors: true,
    run,
};

/// Numbers of epochs, training images per epoch and test images of a quick experiment.
const QUICK_EPOCHS: u32 = 2;
const QUICK_IMAGES: usize = 4000;
const QUICK_TEST_IMAGES: usize = 2000;
/// Largest test error that is aimed at with three hidden layers, percent.
const AIM: f64 = 2.0;
/// Largest test error that is aimed at with bursts of spikes and one hidden layer, percent.
const SPIKES_AIM: f64 = 3.0;
/// Learning rate of learned feedback, and weight decay of weights and feedback.
const FEEDBACK_RATE: f64 = 3.0;
const DECAY: f64 = 1e-3;
/// Learning rate of a homeostatic Q, and its number of training images.
const EVENT_FEEDBACK_RATE: f64 = 0.5;
const HOMEOSTATIC_IMAGES: usize = 10_000;
/// Largest apical voltage of a silent dendrite, percent of that before Q learns.
const SILENT: f64 = 5.0;
/// Text in place of the paper's number.
const NO_NUMBER: &str = "none";

/// Labels of the conditions.
const DEEP: &str = "bursts, three hidden layers";
const BURSTS: &str = "bursts";
const PHASES: &str = "phases";
const PHASE_SPIKES: &str = "phases, spikes";
const HOMEOSTATIC: &str = "bursts, homeostatic Q without teacher";
const BURST_SPIKES: &str = "bursts, spikes";
const FIXED: &str = "bursts, fixed feedback";
const LEARNED: &str = "bursts, learned feedback";

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let rules = rules(study);
    let count = rules.len();
    let mut conditions = [&rules[..], &spike_conditions(study, &rules)].concat();
    conditions.push(homeostatic(study));
    let trained = train_conditions(study, &conditions)?;
    let mut results = ExperimentOutput::default();
    let caption = "Test error after each epoch, mean over seeds with a band of one standard deviation. One hidden layer \
                   of 500 neurons unless the label has another number.";
    let title = ["errors", "Test error by learning rule"];
    draw_errors(&mut results, title, caption, &rules, &trained[..count]);
    let caption = "Test error after each epoch with one hidden layer, mean over seeds with a band of one standard \
                   deviation. Each condition differs from bursts of spikes in a window of 20 ms with p0 = 0.5 and one \
                   output neuron per class by the change in its label.";
    let title = ["spikes", "Test error by noise of the bursts"];
    let noisy = count - 1..conditions.len() - 1;
    let (of_spikes, trained_spikes) = (&conditions[noisy.clone()], &trained[noisy.clone()]);
    draw_errors(&mut results, title, caption, of_spikes, trained_spikes);
    let errors: Vec<SeedErrors> = trained.iter().map(|trials| SeedErrors::new(trials)).collect();
    let [deep, bursts, phases, phase_spikes, fixed, learned, burst_spikes, ..] = &errors[..] else {
        return Ok(results);
    };
    results.findings.extend(deep.judge_at_most(&what(DEEP, "test error"), AIM, study.quick));
    for (label, first, second) in [
        ("bursts minus phases", bursts, phases),
        ("bursts minus phases, spikes", burst_spikes, phase_spikes),
        ("bursts, learned minus symmetric feedback", learned, bursts),
        ("bursts, fixed minus symmetric feedback", fixed, bursts),
    ] {
        let claim = Claim { what: &what(label, "test error"), unit: "points", paper: NO_NUMBER };
        results.findings.extend(first.report_difference(second, claim));
    }
    for (condition, errors) in of_spikes.iter().zip(&errors[noisy]) {
        let what = match condition.label {
            BURST_SPIKES => what(BURST_SPIKES, "test error"),
            change => what(BURST_SPIKES, &format!("{change}, test error")),
        };
        results.findings.extend(errors.judge_at_most(&what, SPIKES_AIM, study.quick));
    }
    report_times(&mut results, &trained);
    let measured = measure_all(study, &trained[..count])?;
    for (condition, measures) in rules.iter().zip(&measured) {
        report_measures(&mut results, condition.label, measures);
    }
    if let [.., fixed, learned, _] = &measured[..] {
        judge_alignment(&mut results, fixed, learned);
    }
    if let (Some(homeostatic), Some(trials)) = (conditions.pop(), trained.last()) {
        judge_homeostasis(study, &mut results, trials)?;
        results.settings.push(("homeostatic".to_string(), homeostatic.config));
    }
    Ok(results)
}

/// Returns the learning rules to compare, the last with bursts of spikes. Networks have no spikes unless their label has
/// them.
fn rules(study: &Study) -> [Condition; 7] {
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
    let phase_spikes =
        Config { feedback_weights: FeedbackWeights::Symmetric, ..budget(Recipe::quick().config()) };
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

/// Returns changes of the last of `rules` that average more bursts, or have fewer. A quick study has one of each kind.
fn spike_conditions(study: &Study, rules: &[Condition]) -> Vec<Condition> {
    let Some(Condition { config, .. }) = rules.last() else { return Vec::new() };
    let window =
        |phase_ms| Config { phase_ms, averaging_window: AveragingWindow::From30, ..config.clone() };
    let baseline = |burst_baseline| Config { burst_baseline, ..config.clone() };
    let classes = study.dataset.classes;
    let units =
        |per_class: usize| Config { layers: vec![500, per_class * classes], ..config.clone() };
    let (mut quick, full) = (
        vec![
            ("window of 70 ms", window(100)),
            ("p0 = 0.1", baseline(0.1)),
            ("5 units per class", units(5)),
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
fn homeostatic(study: &Study) -> Condition {
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

/// Judges whether Q, which learned without a teacher, silences the apical dendrites.
fn judge_homeostasis(
    study: &mut Study,
    results: &mut ExperimentOutput,
    trials: &[Option<Trial>],
) -> Result<(), ExperimentError> {
    let mut ratios = Vec::new();
    for trial in trials.iter().flatten() {
        if let Some(network) = study.load_if_kept(trial)? {
            let initial = Network::initial(&trial.config, study.dataset.pixels());
            let before = untaught_apical_size(study, &trial.config, &initial)?;
            ratios.push(100.0 * untaught_apical_size(study, &trial.config, &network)? / before);
        }
    }
    if !ratios.is_empty() {
        let what = what(HOMEOSTATIC, "apical voltage after learning, of that before");
        let claim = Claim { what: &what, unit: "%", paper: "0" };
        results.findings.push(claim.in_range(&ratios, [0.0, SILENT], "at most 5 %"));
    }
    Ok(())
}

/// Reports the time of training with bursts relative to that with phases, seed by seed.
fn report_times(results: &mut ExperimentOutput, trained: &[Vec<Option<Trial>>]) {
    let [_, bursts, phases, ..] = trained else { return };
    let both = |(bursts, phases): (&Option<Trial>, &Option<Trial>)| {
        Some(bursts.as_ref()?.training_seconds() / phases.as_ref()?.training_seconds())
    };
    let ratios: Vec<f64> = bursts.iter().zip(phases).filter_map(both).collect();
    if !ratios.is_empty() {
        let claim =
            Claim { what: "training time, bursts over phases", unit: "times", paper: NO_NUMBER };
        let note = "not judged: networks may have trained beside others or other programs";
        results.findings.push(claim.report_only(&ratios, "", note));
    }
}

/// Measures the networks of finished trainings whose weights were kept, `[conditions][networks]`.
fn measure_all(
    study: &mut Study,
    trained: &[Vec<Option<Trial>>],
) -> Result<Vec<Vec<Measures>>, ExperimentError> {
    let total = trained.iter().flatten().flatten().count();
    let mut done = 0;
    let mut measured = Vec::new();
    for trials in trained {
        let mut of_condition = Vec::new();
        for trial in trials.iter().flatten() {
            if let Some(network) = study.load_if_kept(trial)? {
                of_condition.push(measure(study, &trial.config, &network)?);
            }
            done += 1;
            study.report_progress("networks measured", done, total)?;
        }
        measured.push(of_condition);
    }
    Ok(measured)
}

/// Reports angles and spikes of a condition.
fn report_measures(results: &mut ExperimentOutput, label: &str, measures: &[Measures]) {
    if measures.is_empty() {
        return;
    }
    let values = |of: fn(&Measures) -> f64| -> Vec<f64> { measures.iter().map(of).collect() };
    let mut report = |quantity, unit, values: &[f64]| {
        let claim = Claim { what: &what(label, quantity), unit, paper: NO_NUMBER };
        results.findings.push(claim.report_only(
            values,
            "",
            "not judged: no number to compare with",
        ));
    };
    report("angle to backpropagation", "degrees", &values(|one| one.to_backprop));
    let spikes: Vec<f64> = measures.iter().filter_map(|one| one.spikes).collect();
    if !spikes.is_empty() {
        report("spikes of a training image", "", &spikes);
    }
    if [FIXED, LEARNED].contains(&label) {
        let after = values(|one| one.to_weights[1]);
        report("angle of feedback to weights", "degrees", &after);
    }
}

/// Judges whether learned feedback comes closer to the weights than before the training, and than fixed feedback, to
/// which the weights align.
fn judge_alignment(results: &mut ExperimentOutput, fixed: &[Measures], learned: &[Measures]) {
    let angles = |measures: &[Measures], end: usize| -> Vec<f64> {
        measures.iter().map(|one| one.to_weights[end]).collect()
    };
    let after = angles(learned, 1);
    for (other, others) in [("start", angles(learned, 0)), ("fixed feedback", angles(fixed, 1))] {
        if !after.is_empty() && !others.is_empty() {
            let what = what(LEARNED, &format!("angle of feedback to weights minus {other}"));
            let claim = Claim { what: &what, unit: "degrees", paper: "below 0" };
            results.findings.push(claim.less_than(&after, &others, "learning aligns them"));
        }
    }
}

fn what(label: &str, quantity: &str) -> String {
    format!("{label}: {quantity}")
}
