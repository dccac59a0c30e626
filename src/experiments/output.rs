//! The output of an experiment and its folder: figures with their data, settings, `result.json`.

use std::fs;
use std::path::Path;

use super::{Experiment, ExperimentError, Study};
use crate::analysis::statistics::MeanSd;
use crate::config::Config;
use crate::figures::{Chart, ChartData, ExperimentResult, Finding, Measured, RESULT, SavedPlot};
use crate::run_dir::storage::{write_atomic, write_json};
use crate::run_dir::{StorageError, now_rfc3339};

/// Figures, settings and findings of an experiment.
#[derive(Default)]
pub struct ExperimentOutput {
    pub(super) plots: Vec<(SavedPlot, Chart, ChartData)>,
    /// Settings with the names of their files.
    pub(super) settings: Vec<(String, Config)>,
    pub(super) findings: Vec<Finding>,
}

impl ExperimentOutput {
    pub(super) fn plot(&mut self, name: &str, caption: &str, chart: Chart, data: ChartData) {
        let plot = SavedPlot { name: name.to_string(), caption: caption.to_string() };
        self.plots.push((plot, chart, data));
    }

    /// Returns the panels of a figure.
    #[cfg(test)]
    pub(super) fn panels(&self, name: &str) -> &[crate::figures::Panel] {
        let plot = self.plots.iter().find(|(plot, ..)| plot.name == name);
        match plot.map(|(_, chart, _)| chart) {
            Some(Chart::Figure(figure)) => &figure.panels,
            _ => panic!("no figure {name}"),
        }
    }

    /// Writes the folder, `result.json` last, replacing existing files. Returns the result.
    ///
    /// # Errors
    /// Returns an error if a figure cannot be drawn or a file cannot be written.
    pub(super) fn save(
        self,
        folder: &Path,
        experiment: &Experiment,
        study: &Study,
        seconds: f64,
    ) -> Result<ExperimentResult, ExperimentError> {
        fs::create_dir_all(folder).map_err(StorageError::io("created", folder))?;
        let mut plots = Vec::new();
        for (plot, chart, data) in self.plots {
            chart.save(&data, folder, &plot.name)?;
            plots.push(plot);
        }
        for (name, config) in &self.settings {
            let toml = toml::to_string(config).map_err(StorageError::from)?;
            write_atomic(&folder.join(format!("{name}.toml")), toml.as_bytes())?;
        }
        let quick = if study.quick { " --quick" } else { "" };
        let result = ExperimentResult {
            name: experiment.name.to_string(),
            figure: experiment.figure.to_string(),
            title: experiment.title.to_string(),
            about: experiment.about.to_string(),
            quick: study.quick,
            command: format!(
                "apical reproduce {}{quick} --seeds {}{}",
                experiment.name,
                study.seeds,
                study.data.arguments()
            ),
            data: Some(study.data.clone()),
            version: env!("CARGO_PKG_VERSION").to_string(),
            device: study.device().to_string(),
            date: now_rfc3339(),
            seconds,
            plots,
            findings: self.findings,
        };
        let result = result.judged_on_mnist_only();
        write_json(&folder.join(RESULT), &result)?;
        Ok(result)
    }
}

/// A measured quantity with the paper's number, before judgement.
pub(super) struct Claim<'a> {
    pub what: &'a str,
    pub unit: &'a str,
    /// The paper's number.
    pub paper: &'a str,
}

impl Claim<'_> {
    /// Judges whether the mean is in a range.
    pub(super) fn in_range(
        self,
        values: &[f64],
        [low, high]: [f64; 2],
        criterion: &str,
    ) -> Finding {
        let ours = Measured::of(values);
        self.judged(ours, criterion, Some((low..=high).contains(&ours.mean)))
    }

    /// Judges the sign of a difference between two conditions with the same seeds: `first` minus `second` should be below 0.
    pub(super) fn less_than(self, first: &[f64], second: &[f64], criterion: &str) -> Finding {
        let differences = differences(first, second);
        let ours = Measured::of(&differences);
        let finding = self.judged(ours, criterion, Some(ours.mean < 0.0));
        finding.with_uncertainty_note(&differences)
    }

    /// Reports values without a verdict, with the reason as note.
    pub(super) fn report_only(self, values: &[f64], criterion: &str, note: &str) -> Finding {
        self.judged(Measured::of(values), criterion, None).with_note(note)
    }

    fn judged(self, ours: Measured, criterion: &str, agrees: Option<bool>) -> Finding {
        Finding {
            what: self.what.to_string(),
            unit: self.unit.to_string(),
            paper: self.paper.to_string(),
            ours,
            criterion: criterion.to_string(),
            agrees,
            note: None,
        }
    }
}

/// Returns the differences between networks with the same seeds.
pub(super) fn differences(first: &[f64], second: &[f64]) -> Vec<f64> {
    first.iter().zip(second).map(|(first, second)| first - second).collect()
}

impl Finding {
    fn with_note(self, note: &str) -> Finding {
        Finding { note: Some(note.to_string()), ..self }
    }

    /// Adds a note if a difference is less than twice its standard error.
    fn with_uncertainty_note(self, differences: &[f64]) -> Finding {
        match MeanSd::of(differences) {
            MeanSd { mean, sem: Some(sem), .. } if mean.abs() < 2.0 * sem => {
                self.with_note("less than twice its standard error: other seeds may reverse it")
            }
            MeanSd { sem: None, .. } => self.with_note("one seed only"),
            _ => self,
        }
    }
}
