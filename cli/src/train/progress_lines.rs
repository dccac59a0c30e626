//! Progress of a training on standard error.

use std::time::Duration;

use super::listener::{CONTINUE, Flow, Listener};
use super::results::FinishedNetwork;
use super::{Context, TrainingSize};
use crate::progress::{TimeEstimate, time_left};
use apical::analysis::statistics::MeanSd;
use apical::text::plural;
use apical::train::{Event, TrainPosition};

/// Shows a bar or lines: one per evaluation of a group of networks.
pub(super) struct ProgressLines<'a> {
    context: Context<'a>,
    estimate: TimeEstimate,
    /// Indices of the networks of the group.
    group: Vec<usize>,
    is_last_group: bool,
    /// Finished epochs of the group, and images of the next epoch.
    position: (u32, usize),
    /// Work of the networks that are trained.
    finished_work: f64,
    /// Test and training errors of the group's networks in the current evaluation; shown when all have sent theirs.
    errors: Vec<[f64; 2]>,
}

impl<'a> ProgressLines<'a> {
    /// `positions`: start of each network; `None` for a network that was trained before.
    pub(super) fn new(
        context: Context<'a>,
        estimate: TimeEstimate,
        positions: &[Option<TrainPosition>],
    ) -> Self {
        let trained = context.sizes.iter().zip(positions).filter(|(_, at)| at.is_none());
        let finished_work = trained.map(|(size, _)| size.work(size.epochs, 0)).sum();
        ProgressLines {
            context,
            estimate,
            group: Vec::new(),
            is_last_group: true,
            position: (0, 0),
            finished_work,
            errors: Vec::new(),
        }
    }

    /// Returns the size of a training of the group; all of its networks have equal ones.
    fn size(&self) -> &'a TrainingSize {
        &self.context.sizes[self.group[0]]
    }

    /// Returns the number of networks of the group between these texts; nothing if the run has only one network.
    fn networks(&self, before: &str, after: &str) -> String {
        match self.context.job.info.is_of_many() {
            true => format!("{before}{}{after}", plural(self.group.len(), "network")),
            false => String::new(),
        }
    }

    /// Returns the remaining time when each network of the group is at this position and has shown these test images.
    fn left(&self, (epochs, images): (u32, usize), test_images: usize) -> Option<Duration> {
        let sizes = self.group.iter().map(|&replica| &self.context.sizes[replica]);
        let work = sizes.map(|size| size.work(epochs, images) + size.test_work(test_images));
        self.estimate.left(self.finished_work + work.sum::<f64>())
    }

    fn show_group(&self, group: usize, total_groups: usize, limited_by: Option<&str>) {
        let (here, all) = (self.group.len(), self.context.variants.len());
        let reason = match limited_by {
            Some(limited_by) => format!("more do not fit: {limited_by}"),
            None => "networks with other array shapes follow".to_string(),
        };
        self.context.progress.print_line(format_args!(
            "group {group}/{total_groups}: training {here} of {all} networks in parallel; {reason}"
        ));
    }

    fn show_progress(&mut self, event: &Event) {
        let networks = self.networks("", ", ");
        let &TrainingSize { epochs: of, eval_set, .. } = self.size();
        if let &Event::Progress { epoch, images, total_images, train_error, images_per_second } =
            event
        {
            self.position = (epoch - 1, images);
            let left = time_left(self.left(self.position, 0));
            let message = format!(
                "{networks}{images_per_second:.0} images/s, training error {train_error:.2} %, {left}"
            );
            let what = format_args!("epoch {epoch}/{of}");
            self.context.progress.update(what, images, total_images, message);
        }
        if let &Event::TestProgress { epoch, test_images, total_test_images } = event {
            let left = time_left(self.left(self.position, test_images));
            let what = format_args!("epoch {epoch}/{of}, {eval_set} images");
            let message = format_args!("{networks}{left}");
            self.context.progress.update(what, test_images, total_test_images, message);
        }
    }

    /// Shows an evaluation when all networks of the group have sent theirs.
    fn show_evaluation(&mut self, event: &Event, errors: [f64; 2]) {
        self.errors.push(errors);
        if self.errors.len() < self.group.len() {
            return;
        }
        let errors = std::mem::take(&mut self.errors);
        let spread = |index: usize| {
            let errors: Vec<f64> = errors.iter().map(|errors| errors[index]).collect();
            match MeanSd::of(&errors) {
                MeanSd { mean, sd: Some(sd), .. } => format!("{mean:.2} % (sd {sd:.2})"),
                MeanSd { mean, sd: None, .. } => format!("{mean:.2} %"),
            }
        };
        let (test_error, networks) = (spread(0), self.networks(", ", ""));
        let &TrainingSize { epochs: of, eval_set, .. } = self.size();
        if let Event::PartialEval { epoch, images, test_images, .. } = event {
            self.context.progress.print_line(format_args!(
                "epoch {epoch}/{of}, {images} images{networks}: {eval_set} error {test_error} of the first \
                 {test_images} {eval_set} images"
            ));
        }
        if let &Event::Epoch { epoch, images_per_second, .. } = event {
            let left = match time_left(self.left((epoch, 0), 0)) {
                left if epoch < of || !self.is_last_group => format!(", {left}"),
                _ => String::new(),
            };
            let together = self.group.len() as f64;
            let speed =
                images_per_second.map(|speed| format!(", {:.0} images/s", speed * together));
            let speed = speed.unwrap_or_default();
            self.context.progress.print_line(format_args!(
                "epoch {epoch}/{of}{networks}: training error {}, {eval_set} error {test_error}{speed}{left}",
                spread(1),
            ));
        }
    }
}

impl Listener for ProgressLines<'_> {
    fn on_event(&mut self, event: &Event) -> Flow {
        match *event {
            Event::GroupStarted { group, total_groups, ref replicas, ref limited_by, .. } => {
                self.group.clone_from(replicas);
                self.is_last_group = group == total_groups;
                if total_groups > 1 {
                    self.show_group(group, total_groups, limited_by.as_deref());
                }
            }
            Event::Progress { .. } | Event::TestProgress { .. } => self.show_progress(event),
            Event::PartialEval { test_error, .. } => {
                self.show_evaluation(event, [test_error, f64::NAN]);
            }
            Event::Epoch { test_error, train_error, .. } => {
                self.show_evaluation(event, [test_error, train_error]);
            }
            // Only written to files.
            Event::Checkpoint { .. }
            | Event::Weights { .. }
            | Event::Network { .. }
            | Event::RequestedEval { .. }
            | Event::Finished { .. } => {}
        }
        CONTINUE
    }

    fn on_trained(&mut self, trained: &FinishedNetwork) -> Flow {
        let size = &self.context.sizes[trained.replica];
        self.finished_work += size.work(size.epochs, 0);
        CONTINUE
    }
}
