//! How networks learned: errors and loss by epoch.

use super::Plot;
use super::folder::Epoch;
use crate::report::{Axis, Data, Drawing, Figure, Mark, Panel, Point, Scale, Series};

pub(super) fn plot(networks: &[Vec<Epoch>]) -> Plot {
    let mut data = Data::new(&["network", "epoch", "train_error", "test_error", "loss"]);
    for (network, epochs) in networks.iter().enumerate() {
        for &Epoch { epoch, train_error, test_error, loss } in epochs {
            let numbers = [train_error, test_error, loss].map(|number| number.to_string());
            data.rows.push([&[network.to_string(), epoch.to_string()], &numbers[..]].concat());
        }
    }
    let errors = [
        series(networks, "test", 0, |epoch| epoch.test_error),
        series(networks, "training, before each update", 1, |epoch| epoch.train_error),
    ];
    let loss = series(networks, "loss of the output", 2, |epoch| epoch.loss);
    let panels = vec![
        panel("error, %", Scale::Log, errors.concat()),
        panel("loss an image", Scale::Log, loss),
    ];
    let title = match networks.len() {
        1 => "How the network learned".to_string(),
        count => format!("How {count} networks learned: each, mean and standard deviation"),
    };
    Plot { name: "curves", drawing: Drawing::Figure(Figure { title, panels }), data }
}

/// Each network where there are several, and the mean over them with its spread, as far as all of them are.
fn series(
    networks: &[Vec<Epoch>],
    label: &str,
    colour: usize,
    value: fn(&Epoch) -> f64,
) -> Vec<Series> {
    let of = |mark, points| Series { label: label.to_string(), colour, mark, points };
    let course = |epochs: &Vec<Epoch>| {
        let point = |epoch: &Epoch| Point::new(f64::from(epoch.epoch), value(epoch));
        of(Mark::Hairline, epochs.iter().map(point).collect())
    };
    let mut series = Vec::new();
    if networks.len() > 1 {
        series.extend(networks.iter().map(course));
    }
    let epochs = networks.iter().map(Vec::len).min().unwrap_or(0);
    let point = |place: usize| {
        let values: Vec<f64> = networks.iter().map(|epochs| value(&epochs[place])).collect();
        Point::over(f64::from(networks[0][place].epoch), &values)
    };
    series.push(of(Mark::Line, (0..epochs).map(point).collect()));
    series
}

fn panel(label: &str, scale: Scale, series: Vec<Series>) -> Panel {
    let points = || series.iter().flat_map(|series| &series.points);
    Panel {
        title: String::new(),
        x: Axis::whole("epoch", points().map(|point| point.x)),
        y: Axis::new(label, scale, points().flat_map(Point::extent)),
        references: Vec::new(),
        series: series.clone(),
    }
}
