//! Test error by coupling of the apical dendrites to the soma.

use super::claim::Claim;
use super::curves::{Condition, train_and_draw};
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use crate::config::{Config, Preset};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig9b",
    figure: "Figure 9B",
    title: "Segregated dendrites are needed",
    about: "A network with two hidden layers learns with its apical dendrites uncoupled from the soma, weakly coupled \
            (g_A = 0.05), or coupled as strongly as the basal ones (g_A = 0.6).",
    from_errors: true,
    run,
};

/// Attempt to explain that strong coupling hurts less than in the paper.
const TRIED: &str = "hidden learning rates times 1.86, as if k_B did not contain g_A: the error of epochs 6 to 8 is \
                     0.6 points higher";

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let coupled = |study: &Study, g_apical| {
        let epochs = study.quick_or_full(2, 60);
        Config { g_apical, epochs, ..study.paper(Preset::Paper2) }
    };
    let conditions = [
        Condition::new("g_A = 0", coupled(study, 0.0), Some(3.2)),
        Condition::new("g_A = 0.05", coupled(study, 0.05), Some(3.3)),
        Condition::new("g_A = 0.6", coupled(study, 0.6), Some(5.2)),
    ];
    let mut results = ExperimentOutput::default();
    let errors = train_and_draw(
        study,
        &mut results,
        "Test error by coupling of the apical dendrites",
        " of 784-500-100-10",
        &conditions,
    )?;
    let [apart, weak, strong] = &errors[..] else { return Ok(results) };
    results.findings.extend(weak.judge("g_A = 0.05, test error", 3.3, study.quick));
    let finding = strong.judge("g_A = 0.6, test error", 5.2, study.quick);
    results.findings.extend(finding.map(|finding| finding.tried(TRIED)));
    let claim = Claim { what: "g_A = 0.05 minus 0", unit: "points", paper: "about 0.1" };
    results.findings.extend(weak.judge_equal(apart, claim, 0.5));
    let claim = Claim { what: "g_A = 0 minus 0.6", unit: "points", paper: "about -2" };
    results.findings.extend(apart.judge_less_than(strong, claim, "strong coupling hurts"));
    Ok(results)
}
