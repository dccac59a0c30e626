//! The experiments of the paper, one per file: settings, measurements and figures.
//!
//! Each compares the paper's numbers with those found here and draws the paper's figure.

mod curves;
mod fig3;
mod fig4;
mod fig5bc;
mod fig5s;
mod fig6b;
mod fig6c;
mod fig6s;
mod fig7a;
mod fig7bc;
mod fig8;
mod fig9a;
mod fig9b;
mod output;
mod study;
mod traces;
mod trained_networks;

pub use output::ExperimentOutput;
pub use study::{Study, StudyEvent, TrainedNetwork};

use std::path::Path;
use std::time::Instant;

use thiserror::Error;

use crate::figures::{ExperimentResult, FigureError};
use crate::interface::BackendError;
use crate::run_dir::{StorageError, WeightsError};
use crate::train::TrainError;
use crate::trial_cache::TrialsError;

/// An experiment of the paper.
pub struct Experiment {
    /// Name on the command line.
    pub name: &'static str,
    /// Figure of the paper.
    pub figure: &'static str,
    /// Short title.
    pub title: &'static str,
    /// Description of the method, a few sentences.
    pub about: &'static str,
    run: fn(&mut Study) -> Result<ExperimentOutput, ExperimentError>,
}

/// All experiments in the order of the paper's figures.
pub static EXPERIMENTS: [Experiment; 12] = [
    fig3::EXPERIMENT,
    fig4::EXPERIMENT,
    fig5bc::EXPERIMENT,
    fig5s::EXPERIMENT,
    fig6b::EXPERIMENT,
    fig6c::EXPERIMENT,
    fig6s::EXPERIMENT,
    fig7a::EXPERIMENT,
    fig7bc::EXPERIMENT,
    fig8::EXPERIMENT,
    fig9a::EXPERIMENT,
    fig9b::EXPERIMENT,
];

/// An error of an experiment.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum ExperimentError {
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error(transparent)]
    Trials(#[from] TrialsError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Report(#[from] FigureError),
    /// The listener interrupted the experiment; finished parts are kept.
    #[error("interrupted")]
    Interrupted,
}

impl Experiment {
    /// Runs the experiment and writes its folder into `folder`.
    ///
    /// # Errors
    /// Returns an error if training or recording fails, a file cannot be written, or the listener interrupts. Trained
    /// networks are kept.
    pub fn run(
        &self,
        study: &mut Study,
        folder: &Path,
    ) -> Result<ExperimentResult, ExperimentError> {
        study.emit(StudyEvent::Started { experiment: self.name })?;
        let start = Instant::now();
        let results = (self.run)(study)?;
        results.save(&folder.join(self.name), self, study, start.elapsed().as_secs_f64())
    }
}
