//! The confusion matrix.

use super::PlotError;
use super::plot::Plot;
use crate::dataset::Dataset;
use crate::device::DeviceOptions;
use crate::figures::{Chart, ChartData, Colours, Heatmap};
use crate::run_dir::SavedNetwork;
use crate::test_results::Evaluation;
use crate::train::test_network;

/// Draws the confusion matrix of the network, tested with its own settings.
pub(super) fn plot(
    saved: &SavedNetwork,
    dataset: &Dataset,
    selection: &DeviceOptions,
) -> Result<Plot, PlotError> {
    let SavedNetwork { config, network, .. } = saved;
    let (tests, _) = test_network(config, dataset.clone(), network, selection, 1, &mut |_| ())?;
    let evaluation = Evaluation::sum(&tests);
    let names = dataset.class_names.clone();
    let mut data = ChartData::new(&["class", "found", "images"]);
    let mut values = Vec::new();
    for (class, counts) in evaluation.confusion.iter().enumerate() {
        let all: u32 = counts.iter().sum();
        for (found, count) in counts.iter().enumerate() {
            data.rows.push(vec![names[class].clone(), names[found].clone(), count.to_string()]);
        }
        // NaN for a class without images.
        let percent = |&count: &u32| 100.0 * f64::from(count) / f64::from(all);
        values.push(counts.iter().map(percent).collect());
    }
    let heatmap = Heatmap {
        title: format!(
            "Confusion matrix: % of each class, {:.2} % of all images wrong",
            evaluation.error()
        ),
        x: "predicted class".to_string(),
        y: "true class".to_string(),
        columns: names.clone(),
        rows: names,
        values,
        decimals: 1,
        colours: Colours::Diagonal { on: "correct", off: "confused with another class" },
    };
    Ok(Plot { name: "confusion", chart: Chart::Heatmap(heatmap), data })
}
