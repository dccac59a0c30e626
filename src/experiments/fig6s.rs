//! Asynchronous plateau potentials.

use super::claim::{Claim, TOLERANCE};
use super::curves::{Condition, train_and_draw};
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use crate::config::{Config, PlateauTiming, Preset};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig6s",
    figure: "Figure 6, supplement",
    title: "Plateau potentials need not be synchronous",
    about: "A network with one hidden layer learns with plateau potentials at the ends of the phases, and with each \
            neuron's up to 5 ms earlier, at random for every neuron, image and phase.",
    from_errors: true,
    run,
};

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let synchronous = study.paper(Preset::Paper1);
    let random = Config { plateau_timing: PlateauTiming::Random, ..synchronous.clone() };
    let conditions = [
        Condition::new("synchronous", synchronous, Some(4.1)),
        Condition::new("random times", random, None),
    ];
    let mut results = ExperimentOutput::default();
    let errors = train_and_draw(
        study,
        &mut results,
        "Test error by times of plateau potentials",
        " of 784-500-10",
        &conditions,
    )?;
    let claim = Claim { what: "random minus synchronous times", unit: "points", paper: "about 0" };
    results.findings.extend(errors[1].judge_equal(&errors[0], claim, TOLERANCE));
    Ok(results)
}
