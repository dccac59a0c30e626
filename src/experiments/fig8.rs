//! Sparse and symmetric feedback weights.

use super::claim::Claim;
use super::curves::{Condition, train_and_draw};
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::seed_errors::SeedErrors;
use super::study::Study;
use crate::config::{Config, FeedbackWeights, Preset};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig8",
    figure: "Figure 8 and supplement",
    title: "Sparse and symmetric feedback",
    about: "A network with one hidden layer learns with full random feedback, with sparse feedback (80 % of the \
            weights zero, the rest times 5 or not amplified), and with feedback weights equal to those of the \
            output, exactly or with noise of sd 0.05 redrawn after every update. The paper's curve of noisy \
            symmetric feedback is not what the authors' published code does: over its first 6,000 images, 37.3 % \
            are wrong with noisy symmetric feedback, 38.0 % with symmetric, 55 to 59 % with full random feedback, \
            and the lines that add the noise are the same in all 78 commits.",
    from_errors: true,
    run,
};

/// Fraction of feedback weights that are zero, and gain of the rest.
const SPARSITY: f64 = 0.8;
const GAIN: f64 = 5.0;
/// Attempt to explain that noisy symmetric feedback is better than random feedback.
const TRIED: &str =
    "the authors' code, which agrees with this result and not with the paper's figure";
/// Standard deviation of the noise on symmetric weights.
const NOISE: f64 = 0.05;

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let full = Config { epochs: study.quick_or_full(4, 60), ..study.paper(Preset::Paper1) };
    let sparse = Config { feedback_sparsity: SPARSITY, ..full.clone() };
    let amplified = Config { feedback_gain: GAIN, ..sparse.clone() };
    let symmetric = Config { feedback_weights: FeedbackWeights::Symmetric, ..full.clone() };
    let noisy = Config { feedback_noise_sd: NOISE, ..symmetric.clone() };
    let conditions = [
        Condition::new("full", full, Some(4.1)),
        Condition::new("sparse", amplified, Some(3.7)),
        Condition::new("sparse, not amplified", sparse, None),
        Condition::new("symmetric", symmetric, Some(3.6)),
        Condition::new("noisy symmetric", noisy, None),
    ];
    let mut results = ExperimentOutput::default();
    let errors = train_and_draw(
        study,
        &mut results,
        "Test error by kind of feedback",
        " of 784-500-10",
        &conditions,
    )?;
    let [full, sparse, weak, symmetric, noisy] = &errors[..] else { return Ok(results) };
    results.findings.extend(sparse.judge("sparse feedback, test error", 3.7, study.quick));
    results.findings.extend(symmetric.judge("symmetric feedback, test error", 3.6, study.quick));
    let mut order = |what, paper, [first, second]: [&SeedErrors; 2], criterion| {
        let claim = Claim { what, unit: "points", paper };
        results.findings.extend(first.judge_less_than(second, claim, criterion));
    };
    order("sparse minus full", "-0.4", [sparse, full], "sparse is better");
    order("full minus sparse, not amplified", "below 0", [full, weak], "full is better");
    order("symmetric minus full", "-0.5", [symmetric, full], "symmetric is better");
    let claim = Claim { what: "full minus noisy symmetric", unit: "points", paper: "about -1.3" };
    let finding = full.judge_less_than(noisy, claim, "full is better");
    results.findings.extend(finding.map(|finding| finding.tried(TRIED)));
    Ok(results)
}
