//! The experiments of the paper, a file each: settings, and what is made of what networks do under them.
//!
//! Each puts the paper's numbers beside those found here, and draws the paper's figure.

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
use crate::layout::BackendError;
use crate::run_dir::{StorageError, WeightsError};
use crate::train::TrainError;
use crate::trials::TrialsError;

/// An experiment.
pub struct Experiment {
    /// As the command line names it.
    pub name: &'static str,
    /// In the paper.
    pub figure: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What is done, in a few sentences.
    pub about: &'static str,
    run: fn(&mut Study) -> Result<ExperimentOutput, ExperimentError>,
}

/// All, in the order of the paper's figures.
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

/// Why an experiment cannot go on.
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
    /// Who listens broke it off; what is finished is kept.
    #[error("broken off")]
    Interrupted,
}

impl Experiment {
    /// Does it, and writes its folder below `folder`.
    ///
    /// # Errors
    /// When a network cannot be trained or shown, a file cannot be written, or it was broken off: what was
    /// trained until then is kept.
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
