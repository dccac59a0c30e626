//! Files of a run: metrics, checkpoints and weights of each network, and the summary of many.

use super::Context;
use super::listener::{CONTINUE, Flow, Listener};
use super::results::{FinishedNetwork, Results};
use crate::CliError;
use apical::run_dir::RunDir;
use apical::train::Event;

/// Writes the files of a run.
pub(super) struct RunFolder<'a> {
    pub(super) context: Context<'a>,
    /// One per network.
    pub(super) runs: Vec<RunDir>,
}

impl Listener for RunFolder<'_> {
    fn on_event(&mut self, event: &Event) -> Flow {
        let Some(replica) = event.replica() else { return CONTINUE };
        self.context.job.ensure_held()?;
        let run = &mut self.runs[replica];
        if let Event::Checkpoint { checkpoint, .. } = event {
            let Context { variants, images, .. } = self.context;
            run.save_checkpoint(checkpoint, &variants[replica].config, images)?;
        } else if event.is_metric() {
            run.append(event)?;
        }
        CONTINUE
    }

    fn on_trained(&mut self, trained: &FinishedNetwork) -> Flow {
        self.context.job.ensure_held()?;
        let run = &mut self.runs[trained.replica];
        let saved = run.save(trained.network, &trained.variant.config, self.context.images);
        run.finish(&trained.metrics)?;
        saved?;
        CONTINUE
    }

    fn on_done(&mut self, results: &Results) -> Result<(), CliError> {
        let job = self.context.job;
        match job.resumed_folder() {
            // The results of a part are no summary of the run.
            Some(folder) if job.info.is_of_many() && !job.is_partial() => {
                Ok(results.summary.save(folder)?)
            }
            _ => Ok(()),
        }
    }
}
