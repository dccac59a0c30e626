//! Experiment of the paper, and its folder: figures with their data, settings, `result.json`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use super::error::ExperimentError;
use super::output::ExperimentOutput;
use super::study::Study;
use super::study_event::StudyEvent;
use crate::figures::{ExperimentResult, RESULT, folder_name};
use crate::run_dir::write::{write_atomic, write_json};
use crate::run_dir::{StorageError, now_rfc3339};

/// Experiment of the paper.
pub struct Experiment {
    /// Name on the command line.
    pub name: &'static str,
    /// Figure of the paper.
    pub figure: &'static str,
    /// Short title.
    pub title: &'static str,
    /// Description of the method, a few sentences.
    pub about: &'static str,
    /// Whether it needs only the errors of finished trainings, not their weights.
    pub from_errors: bool,
    pub(super) run: fn(&mut Study) -> Result<ExperimentOutput, ExperimentError>,
}

impl Experiment {
    /// Runs the experiment and writes its folder into `folder`.
    ///
    /// # Errors
    /// Returns an error if training or recording fails, a file cannot be written, or the listener interrupts. Trained
    /// networks are kept, and an experiment that needs only their errors writes the result of the finished ones.
    pub fn run(
        &self,
        study: &mut Study,
        folder: &Path,
    ) -> Result<ExperimentResult, ExperimentError> {
        study.emit(StudyEvent::Started { experiment: self.name })?;
        let folder = folder.join(folder_name(self.name, study.quick));
        let start = Instant::now();
        study.clear_records();
        let output = match (self.run)(study) {
            Err(ExperimentError::Interrupted) if self.from_errors => {
                self.save_finished(study, &folder, start)?;
                return Err(ExperimentError::Interrupted);
            }
            output => output?,
        };
        if study.finished_only && study.records().0.is_empty() {
            return Err(ExperimentError::NoTrainings);
        }
        self.save(output, &folder, study, start.elapsed().as_secs_f64())
    }

    /// Writes the result of the trainings that finished before an interruption, unless there are none or a stored result
    /// has more.
    fn save_finished(
        &self,
        study: &mut Study,
        folder: &Path,
        start: Instant,
    ) -> Result<(), ExperimentError> {
        study.clear_records();
        (study.finished_only, study.is_stopping) = (true, true);
        let output = (self.run)(study);
        (study.finished_only, study.is_stopping) = (false, false);
        let output = output?;
        let stored = fs::read(folder.join(RESULT)).ok();
        let stored = stored.and_then(|json| serde_json::from_slice::<ExperimentResult>(&json).ok());
        let (trainings, _) = study.records();
        let has_as_many = |stored: ExperimentResult| stored.trainings.len() >= trainings.len();
        if !trainings.is_empty() && !stored.is_some_and(has_as_many) {
            self.save(output, folder, study, start.elapsed().as_secs_f64())?;
        }
        Ok(())
    }

    /// Writes the folder, `result.json` last, replacing existing files. Returns the result.
    ///
    /// # Errors
    /// Returns an error if a figure cannot be drawn or a file cannot be written.
    fn save(
        &self,
        output: ExperimentOutput,
        folder: &Path,
        study: &Study,
        seconds: f64,
    ) -> Result<ExperimentResult, ExperimentError> {
        fs::create_dir_all(folder).map_err(StorageError::io("created", folder))?;
        let mut plots = Vec::new();
        for (plot, chart, data) in output.plots {
            chart.save(&data, folder, &plot.name)?;
            plots.push(plot);
        }
        for (name, config) in &output.settings {
            let toml = toml::to_string(config).map_err(StorageError::from)?;
            write_atomic(&folder.join(format!("{name}.toml")), toml.as_bytes())?;
        }
        let quick = if study.quick { " --quick" } else { "" };
        let (trainings, missing) = study.records();
        let epochs: BTreeSet<u32> = output.settings.iter().map(|(_, one)| one.epochs).collect();
        let result = ExperimentResult {
            name: self.name.to_string(),
            figure: self.figure.to_string(),
            title: self.title.to_string(),
            about: self.about.to_string(),
            quick: study.quick,
            command: format!(
                "apical reproduce {}{quick} --seeds {}{}",
                self.name,
                study.seeds,
                study.data.arguments()
            ),
            data: Some(study.data.clone()),
            version: env!("CARGO_PKG_VERSION").to_string(),
            device: study.device().to_string(),
            date: now_rfc3339(),
            seconds,
            is_resumed: study.is_resumed,
            plots,
            findings: output.findings,
            epochs: epochs.into_iter().collect(),
            trainings: trainings.to_vec(),
            missing: missing.to_vec(),
            remark: None,
        };
        let result = result.judged_on_mnist_only();
        write_json(&folder.join(RESULT), &result)?;
        Ok(result)
    }
}
