//! Results as text on standard output.

use super::listener::{CONTINUE, Flow, Listener};
use super::results::{FinishedLine, FinishedNetwork, Results};
use super::{Context, TrainingSize, tables};
use crate::CliError;
use apical::device::DeviceInfo;
use apical::train::Event;

/// Prints the result of one network, or tables of many.
pub(super) struct TextResult<'a>(pub(super) Context<'a>);

impl Listener for TextResult<'_> {
    fn on_event(&mut self, _: &Event) -> Flow {
        CONTINUE
    }

    fn on_trained(&mut self, trained: &FinishedNetwork) -> Flow {
        let Context { job, sizes, output, progress, .. } = self.0;
        if job.info.is_of_many() {
            return CONTINUE;
        }
        progress.clear();
        let TrainingSize { epochs, images, eval_set, .. } = sizes[0];
        let FinishedLine { test_error, seconds, backend, device, weights_sha256, .. } =
            &trained.metrics;
        output.print(format_args!(
            "{what:<11} {test_error:.2} % of {count} {eval_set} images\n\
             time        {seconds:.1} s\n\
             images      {epochs} x {images}\n\
             backend     {backend}\n\
             device      {device}\n\
             weights     sha256 {weights_sha256}",
            what = format!("{eval_set} error"),
            count = trained.eval_images,
        ))?;
        CONTINUE
    }

    fn on_done(&mut self, results: &Results) -> Result<(), CliError> {
        let Context { job, sizes, output, .. } = self.0;
        if !job.info.is_of_many() {
            return Ok(());
        }
        let Results { summary, seconds, device } = results;
        let (backend, name) = match device {
            Some(DeviceInfo { backend, name, .. }) => (*backend, name.as_str()),
            None => ("none", "none: all networks were already trained"),
        };
        let eval_set = sizes[0].eval_set;
        output.print(format_args!(
            "{}\n\n{}\n\n\
             time        {seconds:.1} s\n\
             backend     {backend}\n\
             device      {name}",
            tables::networks(&summary.replicas, eval_set),
            tables::combinations(&summary.combinations, eval_set),
        ))
    }
}
