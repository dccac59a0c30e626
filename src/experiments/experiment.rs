//! Experiment of the paper, and its folder: figures with their data, settings, `result.json`.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::error::ExperimentError;
use super::output::ExperimentOutput;
use super::study::{Study, StudyEvent};
use crate::figures::{ExperimentResult, RESULT};
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
    pub(super) run: fn(&mut Study) -> Result<ExperimentOutput, ExperimentError>,
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
        let output = (self.run)(study)?;
        self.save(output, &folder.join(self.name), study, start.elapsed().as_secs_f64())
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
            plots,
            findings: output.findings,
        };
        let result = result.judged_on_mnist_only();
        write_json(&folder.join(RESULT), &result)?;
        Ok(result)
    }
}
