//! What is taken for what.

use super::{Plot, PlotError};
use crate::dataset::Dataset;
use crate::evaluate::Evaluation;
use crate::record::Saved;
use crate::report::{Data, Drawing, Matrix};
use crate::schedule::Selection;
use crate::train::test_network;

/// Percent of a class that have the full colour: mistakes are few, and are what is looked for.
const FULL: f64 = 10.0;

/// Tests the network as its settings say.
pub(super) fn plot(
    saved: &Saved,
    dataset: &Dataset,
    selection: &Selection,
) -> Result<Plot, PlotError> {
    let Saved { config, network, .. } = saved;
    let (tests, _) = test_network(config, dataset.clone(), network, selection, 1, &mut |_| ())?;
    let evaluation = Evaluation::sum(&tests);
    let names = dataset.class_names.clone();
    let mut data = Data::new(&["class", "found", "images"]);
    let mut values = Vec::new();
    for (class, counts) in evaluation.confusion.iter().enumerate() {
        let all: u32 = counts.iter().sum();
        for (found, count) in counts.iter().enumerate() {
            data.rows.push(vec![names[class].clone(), names[found].clone(), count.to_string()]);
        }
        let percent = |&count: &u32| 100.0 * f64::from(count) / f64::from(all.max(1));
        values.push(counts.iter().map(percent).collect());
    }
    let matrix = Matrix {
        title: format!("What is taken for what, % of a class ({:.2} % wrong)", evaluation.error()),
        x: "class found".to_string(),
        y: "class".to_string(),
        columns: names.clone(),
        rows: names,
        values,
        decimals: 1,
        full: Some(FULL),
    };
    Ok(Plot { name: "confusion", drawing: Drawing::Matrix(matrix), data })
}
