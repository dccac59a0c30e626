//! Messages of a run: its part, its position, and how to resume it.

use std::path::Path;

use super::job::TrainJob;
use crate::ExitStatus;
use crate::output::{Output, eprint_line};
use crate::signals;
use apical::config::Variant;
use apical::run_dir::CheckpointFolder;
use apical::run_dir::file_names::WEIGHTS;
use apical::train::TrainPosition;

/// Networks of a run that can be resumed.
enum CheckpointCoverage {
    /// Each network has a checkpoint.
    All,
    /// Some networks have one.
    Partial,
    /// No network has one.
    None,
}

impl TrainJob {
    /// Prints the position at which the run of one network resumes, unless it is the start.
    pub(super) fn report_position(&self, position: &TrainPosition) {
        let TrainPosition { epoch, images, .. } = position;
        if *epoch > self.info.config.epochs {
            eprint_line("resuming after the last epoch");
        } else if *position != TrainPosition::START {
            eprint_line(format_args!("resuming in epoch {epoch} after {images} images"));
        }
    }

    /// Prints which networks of the run this process trains, if it trains a part.
    pub(super) fn report_part(&self, variants: &[Variant]) {
        if let Some(part) = self.part.filter(|_| self.is_partial()) {
            let networks: Vec<String> =
                variants.iter().take(4).map(|variant| variant.index.to_string()).collect();
            let more = if variants.len() > networks.len() { ", .." } else { "" };
            eprint_line(format_args!("part {part}: networks {}{more}", networks.join(", ")));
        }
    }

    /// Prints how to collect the results of all parts, if this process trained one.
    pub(super) fn report_part_done(&self) {
        if let (true, Some(folder)) = (self.is_partial(), &self.folder) {
            eprint_line(format_args!(
                "collect all parts with 'apical summary {}'",
                folder.display()
            ));
        }
    }

    /// Prints that a part has no networks.
    pub(super) fn report_empty_part(&self) -> ExitStatus {
        let part = self.part.map(|part| part.to_string()).unwrap_or_default();
        eprint_line(format_args!(
            "part {part} has no networks: the run has fewer networks than parts"
        ));
        ExitStatus::Done
    }

    /// Prints that the run is finished.
    pub(super) fn report_finished(&self) -> ExitStatus {
        let folder = self.folder.clone().unwrap_or_default();
        eprint_line(format_args!("{}: this run is already finished", folder.display()));
        ExitStatus::Done
    }

    /// Prints how to resume a run that failed.
    pub(super) fn report_failed(&self) {
        let Some(folder) = &self.folder else { return };
        let resume = format!("'apical train --resume {}'", folder.display());
        eprint_line(match self.checkpoint_coverage(folder) {
            CheckpointCoverage::All => {
                format!("the last checkpoint is kept: {resume} resumes from it")
            }
            CheckpointCoverage::Partial => format!(
                "the last checkpoint of some networks is kept: {resume} resumes from them and restarts the other \
                 networks"
            ),
            CheckpointCoverage::None => {
                format!("no checkpoint was written: {resume} restarts the training")
            }
        });
    }

    /// Returns which networks have a checkpoint or weights. An unreadable folder counts as having none.
    fn checkpoint_coverage(&self, folder: &Path) -> CheckpointCoverage {
        let has_any = |variant: &&Variant| {
            let run = self.info.network_folder(folder, variant.index);
            run.join(WEIGHTS).is_file()
                || CheckpointFolder::count(&run).is_ok_and(|count| count > 0)
        };
        let variants = self.variants().unwrap_or_default();
        match variants.iter().filter(has_any).count() {
            0 => CheckpointCoverage::None,
            kept if kept == variants.len() => CheckpointCoverage::All,
            _ => CheckpointCoverage::Partial,
        }
    }

    /// Prints how to resume a stopped run, unless the output is closed.
    pub(super) fn report_stopped(&self, output: &Output) -> ExitStatus {
        match &self.folder {
            _ if output.is_closed() => {}
            Some(folder) => {
                let does = match self.checkpoint_coverage(folder) {
                    CheckpointCoverage::None => "restarts the training: no checkpoint was written",
                    _ => "resumes it",
                };
                eprint_line(format_args!(
                    "stopped; 'apical train --resume {}' {does}",
                    folder.display()
                ));
            }
            None => eprint_line("stopped; nothing is kept without --out"),
        }
        signals::stop_status().unwrap_or(ExitStatus::Done)
    }
}
