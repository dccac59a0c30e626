//! Test error by epoch: a figure, a table of selected epochs, and a CSV file of all.

use apical::analysis::statistics::MeanSd;
use apical::config::{Config, Preset, RECIPES};
use apical::figures::{Axis, Figure, Mark, Panel, Point, Reference, Scale, Series};

use crate::rows::RowResult;
use crate::table::{error, table};

/// Epochs in the table.
const EPOCHS: [usize; 8] = [1, 2, 3, 5, 10, 20, 40, 60];

/// Index of the colour for batch size 1 and for the paper's test error, after those of the recipes.
const PAPER: usize = 6;

/// Returns the section of the report.
pub fn section(rows: &[RowResult]) -> String {
    let header: Vec<String> = EPOCHS.iter().map(|epoch| format!("epoch {epoch}")).collect();
    let mut columns = vec!["preset"];
    columns.extend(header.iter().map(String::as_str));
    let trained = rows.iter().filter(|result| !result.trials.is_empty());
    let cells = trained.map(|result| {
        let errors = result.errors();
        let cell = |epoch: &usize| errors.get(epoch - 1).map_or(String::new(), |all| error(*all));
        [result.row.name.clone()].into_iter().chain(EPOCHS.iter().map(cell)).collect()
    });
    let cells: Vec<Vec<String>> = cells.collect();
    format!(
        "## Test error by epoch\n\nPercent of the 10,000 test images; mean ± standard deviation over \
         seeds. All epochs are in `learning/epochs.csv`.\n\n{}\n![Test error by \
         epoch](learning/curves.svg)\n",
        table(&columns, cells)
    )
}

/// Returns the figure: one panel per network, one line per batch size.
pub fn figure(rows: &[RowResult]) -> Figure {
    let mut nets: Vec<String> = Vec::new();
    for net in rows.iter().map(RowResult::net) {
        if !nets.contains(&net) {
            nets.push(net);
        }
    }
    let panels = nets.iter().map(|net| panel(net, rows)).collect();
    Figure { title: "Test error by epoch, mean and standard deviation".to_string(), panels }
}

fn panel(net: &str, rows: &[RowResult]) -> Panel {
    let of_net: Vec<&RowResult> = rows
        .iter()
        .filter(|result| result.net() == net && result.is_shown())
        .filter(|result| !result.trials.is_empty())
        .collect();
    let reported = rows.iter().filter(|result| result.net() == net);
    let reported = reported.filter_map(|result| result.row.reported).next();
    let paper = reported.map(|error| Reference {
        label: format!("paper: {error} %"),
        colour: Some(PAPER),
        y: error,
    });
    let series: Vec<Series> = of_net.iter().map(|result| series(result)).collect();
    let points = || series.iter().flat_map(|series| &series.points);
    let shown = points().flat_map(Point::extent).chain(paper.iter().map(|paper| paper.y));
    Panel {
        title: net.to_string(),
        x: Axis::new("epoch", Scale::Log, points().map(|point| point.x)),
        y: Axis::new("test error, %", Scale::Log, shown.collect::<Vec<_>>()),
        references: paper.into_iter().collect(),
        series,
    }
}

fn series(result: &RowResult) -> Series {
    let config = result.config();
    let (label, colour) = match config.batch_size {
        1 => ("one image at a time (the paper)".to_string(), PAPER),
        batch if config.phi_max > Preset::Paper1.config().phi_max => {
            (format!("batch {batch}, {:.0} Hz", 1000.0 * config.phi_max), colour(config))
        }
        batch => (format!("batch {batch}"), colour(config)),
    };
    let points = result.errors().into_iter().enumerate();
    let points = points.map(|(index, MeanSd { mean, sd, .. })| Point {
        x: (index + 1) as f64,
        y: mean,
        spread: sd,
    });
    Series { label, colour, mark: Mark::Line, points: points.collect() }
}

/// Returns the index of the colour of a recipe: pairs of minibatch size and rate have one each, in the order of the
/// recipes.
fn colour(config: &Config) -> usize {
    let kind = |config: &Config| (config.batch_size, config.phi_max);
    let mut kinds = Vec::new();
    for other in RECIPES.iter().map(|recipe| kind(&recipe.config())) {
        if !kinds.contains(&other) {
            kinds.push(other);
        }
    }
    kinds.iter().position(|other| *other == kind(config)).unwrap_or(kinds.len())
}

/// Returns all epochs of all networks as CSV.
pub fn table_of_all(rows: &[RowResult]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["preset", "seed", "epoch", "train_error", "test_error", "loss"])?;
    for result in rows {
        for trial in &result.trials {
            for (index, epoch) in trial.epochs.iter().enumerate() {
                let numbers = [epoch.train_error, epoch.test_error, epoch.loss];
                let mut line = vec![result.row.name.clone(), trial.config.seed.to_string()];
                line.push((index + 1).to_string());
                line.extend(numbers.map(|number| format!("{number:.4}")));
                table.write_record(&line)?;
            }
        }
    }
    Ok(table.into_inner()?)
}
