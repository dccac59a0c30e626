//! Learning by bursts in place of phases, which is not in the paper.

use super::burst_conditions::{
    BURST_SPIKES, DEEP, FIXED, HOMEOSTATIC, LEARNED, homeostatic, rules, spike_conditions,
};
use super::burst_measures::{Measures, measure, untaught_apical_size};
use super::claim::Claim;
use super::curves::{draw_errors, train_conditions};
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::seed_errors::SeedErrors;
use super::study::Study;
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

/// Largest test error that is aimed at with three hidden layers, percent.
const AIM: f64 = 2.0;
/// Largest test error that is aimed at with bursts of spikes and one hidden layer, percent.
const SPIKES_AIM: f64 = 3.0;
/// Largest apical voltage of a silent dendrite, percent of that before Q learns.
const SILENT: f64 = 5.0;
/// Text in place of the paper's number.
const NO_NUMBER: &str = "none";

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
        Some(bursts.as_ref()?.training_seconds()? / phases.as_ref()?.training_seconds()?)
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
