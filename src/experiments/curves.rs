//! Test error by epoch under several conditions, a figure of several experiments.

use super::error::ExperimentError;
use super::output::ExperimentOutput;
use super::seed_errors::SeedErrors;
use super::study::Study;
use crate::config::Config;
use crate::figures::{
    Axis, Chart, ChartData, Figure, Mark, Panel, Point, Reference, Scale, Series,
};
use crate::run_dir::Trial;

/// Named settings with the paper's result.
#[derive(Clone)]
pub(super) struct Condition {
    pub label: &'static str,
    pub config: Config,
    /// The paper's test error after its last epoch, percent.
    pub paper: Option<f64>,
}

impl Condition {
    pub(super) fn new(label: &'static str, config: Config, paper: Option<f64>) -> Self {
        Condition { label, config, paper }
    }
}

/// Trains every condition with every seed and draws the test errors of finished trainings. Returns the last errors of
/// each condition. `of`: description of the networks for the caption.
///
/// # Errors
/// Returns an error if training fails or is interrupted.
pub(super) fn train_and_draw(
    study: &mut Study,
    results: &mut ExperimentOutput,
    title: &str,
    of: &str,
    conditions: &[Condition],
) -> Result<Vec<SeedErrors>, ExperimentError> {
    let trained = train_conditions(study, conditions)?;
    let caption = format!(
        "Test error{of} after each epoch, mean over seeds with a band of one standard deviation. Dashed: the \
         paper's after 60 epochs."
    );
    draw_errors(results, ["errors", title], &caption, conditions, &trained);
    Ok(trained.iter().map(|trials| SeedErrors::new(trials)).collect())
}

/// Trains every condition with every seed. Returns `[conditions][seeds]`, `None` for an unfinished training.
///
/// # Errors
/// Returns an error if training fails or is interrupted.
pub(super) fn train_conditions(
    study: &mut Study,
    conditions: &[Condition],
) -> Result<Vec<Vec<Option<Trial>>>, ExperimentError> {
    let named: Vec<(&str, &Config)> =
        conditions.iter().map(|condition| (condition.label, &condition.config)).collect();
    study.train_errors(&named)
}

/// Draws the test errors of finished trainings, if there are any, into a figure of this name and title. Adds the settings
/// of all conditions.
pub(super) fn draw_errors(
    results: &mut ExperimentOutput,
    [name, title]: [&str; 2],
    caption: &str,
    conditions: &[Condition],
    trained: &[Vec<Option<Trial>>],
) {
    let mut data = ChartData::new(&["condition", "seed", "epoch", "train_error", "test_error"]);
    let mut series = Vec::new();
    for (colour, (condition, trials)) in conditions.iter().zip(trained).enumerate() {
        let trials: Vec<&Trial> = trials.iter().flatten().collect();
        if trials.is_empty() {
            continue;
        }
        let epochs = trials[0].epochs.len();
        let error = |epoch: usize| {
            let errors = trials.iter().map(|trial| trial.epochs[epoch].test_error);
            Point::over(epoch as f64 + 1.0, &errors.collect::<Vec<_>>())
        };
        series.push(Series {
            label: condition.label.to_string(),
            colour,
            mark: Mark::Line,
            points: (0..epochs).map(error).collect(),
        });
        for trial in trials {
            for (epoch, result) in trial.epochs.iter().enumerate() {
                let numbers = [result.train_error, result.test_error].map(|x| x.to_string());
                let position = [trial.config.seed.to_string(), (epoch + 1).to_string()];
                data.rows.push([&[condition.label.to_string()], &position[..], &numbers].concat());
            }
        }
    }
    let references = conditions.iter().enumerate().filter_map(|(colour, condition)| {
        let y = condition.paper?;
        let label = format!("paper, {}: {y} %", condition.label);
        Some(Reference { label, colour: Some(colour), y })
    });
    for condition in conditions {
        results.settings.push((file_name(condition.label), condition.config.clone()));
    }
    if series.is_empty() {
        return;
    }
    let panels = vec![panel(series, references.collect())];
    let figure = Figure { title: title.to_string(), panels };
    results.plot(name, caption, Chart::Figure(figure), data);
}

fn panel(series: Vec<Series>, references: Vec<Reference>) -> Panel {
    let points = || series.iter().flat_map(|series| &series.points);
    let errors = points().flat_map(Point::extent).chain(references.iter().map(|line| line.y));
    let scale = Scale::log_if_positive(points().map(|point| point.y));
    Panel {
        title: String::new(),
        x: Axis::integer("epoch", points().map(|point| point.x)),
        y: Axis::new("test error, %", scale, errors),
        series: series.clone(),
        references,
    }
}

/// Converts a label to a file name.
fn file_name(label: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    label.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axis_covers_bands_and_references() {
        let series = |errors: &[[f64; 2]]| Series {
            label: "network".to_string(),
            colour: 0,
            mark: Mark::Line,
            points: (1..)
                .zip(errors)
                .map(|(x, errors)| Point::over(f64::from(x), errors))
                .collect(),
        };
        let paper = |y| Reference { label: "paper".to_string(), colour: Some(0), y };
        for errors in [&[[80.0, 20.0]][..], &[[80.0, 70.0], [60.0, 1.0]], &[[0.0, 0.0]]] {
            let panel = panel(vec![series(errors)], vec![paper(4.1)]);
            panel.check_axes();
        }
    }
}
