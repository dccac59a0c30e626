//! Test error and time of each recipe, compared with batch size 1.

use apical::config::Config;

use crate::rows::RowResult;
use crate::table::{error, table};

/// Test errors to reach, %: the paper's with one hidden layer, and a smaller one.
const GOALS: [f64; 2] = [4.1, 3.0];

/// Returns the section of the report.
pub fn section(rows: &[RowResult]) -> String {
    let shown = rows.iter().filter(|result| result.is_shown() && !result.trials.is_empty());
    let cells = shown.map(cells).collect::<Vec<_>>();
    let header = [
        "preset",
        "net",
        "batch",
        "epochs",
        "seeds",
        "test error, %",
        "epochs to 4.1 %",
        "to 3.0 %",
        "images/s",
        "s to 4.1 %",
        "to 3.0 %",
    ];
    let missing: Vec<String> = rows
        .iter()
        .filter(|result| result.trials.len() < result.row.configs.len())
        .map(|result| {
            let RowResult { row, trials } = result;
            format!("{} ({} of {} trained)", row.name, trials.len(), row.configs.len())
        })
        .collect();
    let missing = match missing.is_empty() {
        true => String::new(),
        false => format!("\nNot trained yet: {}.\n", missing.join("; ")),
    };
    format!("## Recipes\n\n{}{missing}", table(&header, cells))
}

fn cells(result: &RowResult) -> Vec<String> {
    let Config { batch_size: batch, .. } = result.config();
    let errors = result.errors();
    let speed = result.images_per_second();
    let reached =
        GOALS.map(|goal| errors.iter().position(|error| error.mean <= goal).map(|epoch| epoch + 1));
    let images = result.trials.first().map_or(0, |trial| trial.images);
    let never = || "-".to_string();
    let epochs = |reached: Option<usize>| reached.map_or_else(never, |epochs| epochs.to_string());
    let seconds = |reached: Option<usize>| {
        reached.map_or_else(never, |epochs| format!("{:.0}", (epochs * images) as f64 / speed))
    };
    vec![
        result.row.name.clone(),
        result.net(),
        batch.to_string(),
        errors.len().to_string(),
        result.trials.len().to_string(),
        errors.last().map_or_else(never, |last| error(*last)),
        epochs(reached[0]),
        epochs(reached[1]),
        format!("{speed:.0}"),
        seconds(reached[0]),
        seconds(reached[1]),
    ]
}
