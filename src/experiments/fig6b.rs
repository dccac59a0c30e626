//! Test error by number of hidden layers.

use super::claim::Claim;
use super::curves::{Condition, train_and_draw};
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use crate::config::{Config, Preset};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig6b",
    figure: "Figure 6B",
    title: "Hidden layers improve the network",
    about: "Networks with zero to three hidden layers learn as in the paper: one \
            image at a time, with plain gradients and a constant rate. The paper shows up to two hidden \
            layers, one training each.",
    from_errors: true,
    run,
};

/// Attempts to explain that a hidden layer does not help.
const TRIED: &str = "recipes of minibatches with other feedback, windows and widths, see 'When a second hidden layer \
                     pays' in docs/concepts/learning.md";

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let deeper = Config {
        layers: vec![500, 100, 100, 10],
        eta: vec![0.23, 0.23, 0.23, 0.12],
        ..study.paper(Preset::Paper2)
    };
    let conditions = [
        Condition::new("784-10", study.paper(Preset::Paper0), Some(8.3)),
        Condition::new("784-500-10", study.paper(Preset::Paper1), Some(4.1)),
        Condition::new("784-500-100-10", study.paper(Preset::Paper2), Some(3.2)),
        Condition::new("784-500-100-100-10", deeper, None),
    ];
    let mut results = ExperimentOutput::default();
    let errors = train_and_draw(
        study,
        &mut results,
        "Test error by number of hidden layers",
        "",
        &conditions,
    )?;
    for (condition, errors) in conditions.iter().zip(&errors) {
        if let Some(paper) = condition.paper {
            let what = format!("{}, test error", condition.label);
            results.findings.extend(errors.judge(&what, paper, study.quick));
        }
    }
    let names = ["no", "one", "two", "three"];
    for deeper in 1..conditions.len() {
        let claim = Claim {
            what: &format!("{} minus {}, hidden layers", names[deeper], names[deeper - 1]),
            unit: "points",
            paper: if deeper < 3 { "below 0" } else { "not shown" },
        };
        let finding = errors[deeper].judge_less_than(&errors[deeper - 1], claim, "depth helps");
        results.findings.extend(finding.map(|finding| finding.tried(TRIED)));
    }
    Ok(results)
}
