//! Output of an experiment, before it is written.

use crate::config::Config;
use crate::figures::{Chart, ChartData, Finding, SavedPlot};

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
}
