//! Learning curves: errors and loss per epoch.

use super::plot::Plot;
use super::run_data::{Epoch, LearningCurve, PartialEval};
use crate::analysis::statistics::MeanSd;
use crate::figures::{Axis, Chart, ChartData, Figure, Mark, Panel, Point, Scale, Series};

/// Number of settings that the legend names; of more settings, the best. The others are pale.
const MAX_NAMED: usize = 9;
/// Colours of a single network's test error, training error, loss and partial evaluations.
const TEST_COLOUR: usize = 0;
const TRAINING_COLOUR: usize = 1;
const LOSS_COLOUR: usize = 2;
const PARTIAL_COLOUR: usize = 3;
/// Largest number of partial evaluations drawn as a line with dots.
const MAX_DOTTED: usize = 12;
/// Colour of the unnamed settings.
const OTHER_COLOUR: usize = 6;

/// Draws the networks of a run. At least one has an epoch or a partial evaluation.
pub(super) fn plot(networks: &[LearningCurve]) -> Plot {
    let groups = groups(networks);
    let (title, panels) = match &groups[..] {
        _ if networks.iter().all(|network| network.epochs.is_empty()) => {
            ("Before the end of the first epoch".to_string(), vec![partial_evals(networks)])
        }
        [group] => {
            let title = match networks.len() {
                1 => "Learning curves".to_string(),
                count => format!(
                    "Learning curves of {count} networks: each, mean and standard deviation"
                ),
            };
            (title, single_setting_panels(group))
        }
        groups => {
            let (count, settings) = (networks.len(), groups.len());
            let title = format!("Learning curves of {count} networks with {settings} settings");
            (title, sweep_panels(groups))
        }
    };
    Plot { name: "curves", chart: Chart::Figure(Figure { title, panels }), data: data(networks) }
}

/// Groups networks with equal settings, in the order of each group's first network.
fn groups(networks: &[LearningCurve]) -> Vec<Vec<&LearningCurve>> {
    let mut groups: Vec<Vec<&LearningCurve>> = Vec::new();
    for network in networks {
        match groups.iter_mut().find(|group| group[0].settings == network.settings) {
            Some(group) => group.push(network),
            None => groups.push(vec![network]),
        }
    }
    groups
}

/// Returns a panel of errors and one of the loss.
fn single_setting_panels(group: &[&LearningCurve]) -> Vec<Panel> {
    let mut errors = Vec::new();
    if let [network] = group {
        errors.extend(partial_evals_by_epoch(network));
    }
    errors.extend(series(
        group,
        "training error, before each update",
        TRAINING_COLOUR,
        train_error,
    ));
    // A training without test images has none.
    if group.iter().flat_map(|network| &network.epochs).any(|epoch| !epoch.test_error.is_nan()) {
        errors.extend(series(group, "test error", TEST_COLOUR, test_error));
    }
    let loss = series(group, "loss", LOSS_COLOUR, loss);
    vec![panel("error, %", errors), panel("output loss per image", loss)]
}

/// Returns a panel per quantity with a line per setting.
fn sweep_panels(groups: &[Vec<&LearningCurve>]) -> Vec<Panel> {
    let last = |group: &[&LearningCurve]| {
        let last = group.iter().filter_map(|network| Some(network.epochs.last()?.test_error));
        let last: Vec<f64> = last.collect();
        if last.is_empty() { f64::NAN } else { MeanSd::of(&last).mean }
    };
    let mut best: Vec<usize> = (0..groups.len()).collect();
    best.sort_by(|&a, &b| last(&groups[a]).total_cmp(&last(&groups[b])));
    let named = if groups.len() <= MAX_NAMED + 1 { groups.len() } else { MAX_NAMED };
    let mut named = best[..named].to_vec();
    named.sort_unstable();
    let others = format!("{} other settings", groups.len() - named.len());
    let all = |value: fn(&Epoch) -> f64| -> Vec<Series> {
        let mut all = Vec::new();
        for (number, group) in groups.iter().enumerate() {
            if !named.contains(&number) {
                all.push(Series {
                    mark: Mark::ThinLine,
                    ..mean(group, &others, OTHER_COLOUR, value)
                });
            }
        }
        for (colour, &number) in named.iter().enumerate() {
            // Black is the colour of the unnamed settings.
            let colour = if colour >= OTHER_COLOUR { colour + 1 } else { colour };
            all.push(mean(&groups[number], &groups[number][0].settings, colour, value));
        }
        all
    };
    vec![
        panel("test error, %", all(test_error)),
        panel("training error, %", all(train_error)),
        panel("output loss per image", all(loss)),
    ]
}

fn train_error(epoch: &Epoch) -> f64 {
    epoch.train_error
}

fn test_error(epoch: &Epoch) -> f64 {
    epoch.test_error
}

fn loss(epoch: &Epoch) -> f64 {
    epoch.loss
}

/// Returns the curves of a group: each network, if there are several, and their mean.
fn series(
    group: &[&LearningCurve],
    label: &str,
    colour: usize,
    value: fn(&Epoch) -> f64,
) -> Vec<Series> {
    let curve = |network: &&LearningCurve| {
        let point = |epoch: &Epoch| Point::new(f64::from(epoch.epoch), value(epoch));
        let points = network.epochs.iter().map(point).collect();
        Series { label: label.to_string(), colour, mark: Mark::ThinLine, points }
    };
    let mut series = Vec::new();
    if group.len() > 1 {
        series.extend(group.iter().map(curve));
    }
    series.push(mean(group, label, colour, value));
    series
}

/// Returns mean and spread over networks, up to the last epoch that all have.
fn mean(group: &[&LearningCurve], label: &str, colour: usize, value: fn(&Epoch) -> f64) -> Series {
    let epochs = group.iter().map(|network| network.epochs.len()).min().unwrap_or(0);
    let point = |index: usize| {
        let values: Vec<f64> = group.iter().map(|network| value(&network.epochs[index])).collect();
        Point::over(f64::from(group[0].epochs[index].epoch), &values)
    };
    let points = (0..epochs).map(point).collect();
    Series { label: label.to_string(), colour, mark: Mark::Line, points }
}

/// Returns the partial evaluations of a network by epoch, `None` before the end of the first epoch.
fn partial_evals_by_epoch(network: &LearningCurve) -> Option<Series> {
    let images = network.epochs.first()?.images as f64;
    let point = |test: &PartialEval| {
        Point::new(f64::from(test.epoch) - 1.0 + test.images as f64 / images, test.test_error)
    };
    let points: Vec<Point> = network.partial_evals.iter().map(point).collect();
    let label =
        format!("partial evaluation, {} images", network.partial_evals.first()?.test_images);
    // Few evaluations have dots; many are drawn pale.
    let mark = if points.len() <= MAX_DOTTED { Mark::Line } else { Mark::ThinLine };
    Some(Series { label, colour: PARTIAL_COLOUR, mark, points })
}

/// Returns a panel of the partial evaluations of networks whose first epoch is not complete.
fn partial_evals(networks: &[LearningCurve]) -> Panel {
    let curve = |network: &LearningCurve| {
        let point = |test: &PartialEval| Point::new(test.images as f64, test.test_error);
        let points = network.partial_evals.iter().map(point).collect();
        Series {
            label: "partial evaluation".to_string(),
            colour: PARTIAL_COLOUR,
            mark: Mark::Line,
            points,
        }
    };
    let series: Vec<Series> = networks.iter().map(curve).collect();
    let points = || series.iter().flat_map(|series| &series.points);
    let (xs, ys): (Vec<f64>, Vec<f64>) = points().map(|point| (point.x, point.y)).unzip();
    Panel {
        title: String::new(),
        x: Axis::integer("training images", xs),
        y: Axis::new("error, %", Scale::log_if_positive(ys.clone()), ys),
        references: Vec::new(),
        series,
    }
}

fn panel(label: &str, series: Vec<Series>) -> Panel {
    let points = || series.iter().flat_map(|series| &series.points);
    let scale = Scale::log_if_positive(points().map(|point| point.y));
    Panel {
        title: String::new(),
        x: Axis::integer("epoch", points().map(|point| point.x)),
        y: Axis::new(label, scale, points().flat_map(Point::extent)),
        references: Vec::new(),
        series: series.clone(),
    }
}

fn data(networks: &[LearningCurve]) -> ChartData {
    let is_swept = networks.iter().any(|network| !network.settings.is_empty());
    let mut header = vec!["network", "epoch", "train_error", "test_error", "loss"];
    if is_swept {
        header.insert(1, "settings");
    }
    let mut data = ChartData::new(&header);
    for (network, curve) in networks.iter().enumerate() {
        for &Epoch { epoch, train_error, test_error, loss, .. } in &curve.epochs {
            let mut row = vec![network.to_string()];
            row.extend(is_swept.then(|| curve.settings.clone()));
            row.push(epoch.to_string());
            row.extend([train_error, test_error, loss].map(|number| number.to_string()));
            data.rows.push(row);
        }
    }
    data
}

#[cfg(test)]
mod tests;
