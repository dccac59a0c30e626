//! Alignment of the feed-forward function with the inverse of feedback.

use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use crate::config::{Config, Preset};
use crate::figures::{
    Axis, Chart, ChartData, Colours, Figure, Heatmap, Mark, Panel, Point, Reference, Scale, Series,
};
use crate::monitor::{Mode, MonitorSpec, Quantity};
use crate::network::Network;
use crate::train::order;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig5s",
    figure: "Figure 5, supplement",
    title: "Feed-forward weights align with feedback",
    about: "While a network learns its first epoch, the Jacobians of the feed-forward function from the hidden \
            layer to the output (Jb) and of the feedback function (Jg) are measured, each averaged over \
            100 images. Both local losses decrease while the largest eigenvalue of \
            (I - Jb Jg)^T (I - Jb Jg) is below 1.",
    from_errors: false,
    run,
};

/// Number of images per averaged Jacobian, and between two measurements.
const IMAGES_AVERAGED: usize = 100;
const IMAGES_PER_MEASUREMENT: usize = 2000;

/// A measurement during training.
struct JacobianMeasurement {
    images: usize,
    eigenvalue: f64,
    /// Product Jb Jg, `[outputs, outputs]`.
    product: Vec<f64>,
}

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let config = Config { epochs: 1, ..study.paper(Preset::Paper1) };
    let mut traces = Vec::new();
    for seed in 1..=study.seeds {
        traces.push(measure(study, &Config { seed, ..config.clone() })?);
    }
    let mut results = ExperimentOutput::default();
    draw(&mut results, &traces);
    results.settings.push(("config".to_string(), config));
    let last: Vec<f64> =
        traces.iter().filter_map(|trace| trace.last().map(JacobianMeasurement::distance)).collect();
    let first: Vec<f64> = traces.iter().map(|trace| trace[0].distance()).collect();
    let lowest = |trace: &Vec<JacobianMeasurement>| {
        trace.iter().map(|measured| measured.eigenvalue).fold(f64::INFINITY, f64::min)
    };
    let lowest: Vec<f64> = traces.iter().map(lowest).collect();
    results.findings.extend([
        Claim { what: "largest eigenvalue, lowest in the first epoch", unit: "", paper: "below 1" }
            .in_range(&lowest, [0.0, 1.0], "below 1"),
        Claim {
            what: "distance of Jb Jg from the identity, end minus beginning",
            unit: "",
            paper: "below 0",
        }
        .less_than(&last, &first, "Jb Jg approaches the identity"),
    ]);
    Ok(results)
}

/// Measures a network through its first epoch.
fn measure(
    study: &mut Study,
    config: &Config,
) -> Result<Vec<JacobianMeasurement>, ExperimentError> {
    let network = Network::initial(config, study.dataset.pixels());
    let recorder = MonitorSpec::new(&[Quantity::Jacobians]);
    let mut session = study.session(config, &network, recorder)?;
    let images = order(config, &study.dataset, 1);
    let mut trace = Vec::new();
    for (index, part) in images.chunks(IMAGES_PER_MEASUREMENT).enumerate() {
        let (measured, rest) = part.split_at(IMAGES_AVERAGED.min(part.len()));
        let recording = session.show(measured, Mode::Train, &mut |_| ())?;
        let product = recording.values_f64("jacobian_product");
        let eigenvalue = recording.values_f64("eigenvalue")[0];
        let done = index * IMAGES_PER_MEASUREMENT + measured.len();
        trace.push(JacobianMeasurement { images: done, eigenvalue, product });
        session.train(rest)?;
        study.report_progress("training images", done + rest.len(), images.len())?;
    }
    Ok(trace)
}

impl JacobianMeasurement {
    /// Returns the Frobenius norm of the product minus the identity.
    fn distance(&self) -> f64 {
        let outputs = self.product.len().isqrt();
        let difference = |(index, value): (usize, &f64)| {
            let identity = f64::from(u8::from(index / outputs == index % outputs));
            (value - identity) * (value - identity)
        };
        self.product.iter().enumerate().map(difference).sum::<f64>().sqrt()
    }
}

fn draw(results: &mut ExperimentOutput, traces: &[Vec<JacobianMeasurement>]) {
    let mut data = ChartData::new(&["seed", "images", "eigenvalue", "distance_from_identity"]);
    for (seed, trace) in (1..).zip(traces) {
        for measured in trace {
            let counts = [seed, measured.images].map(|x: usize| x.to_string());
            let numbers = [measured.eigenvalue, measured.distance()].map(|x| x.to_string());
            data.rows.push([counts, numbers].concat());
        }
    }
    let point = |index: usize| {
        let values: Vec<f64> = traces.iter().map(|trace| trace[index].eigenvalue).collect();
        Point::over(traces[0][index].images as f64, &values)
    };
    let points: Vec<Point> = (0..traces[0].len()).map(point).collect();
    let scale = Scale::log_if_positive(points.iter().map(|point| point.y));
    let panel = Panel {
        title: String::new(),
        x: Axis::integer("training images", points.iter().map(|point| point.x)),
        y: Axis::new(
            "largest eigenvalue",
            scale,
            points.iter().flat_map(Point::extent).chain([1.0]),
        ),
        series: vec![Series { label: "network".to_string(), colour: 0, mark: Mark::Line, points }],
        references: vec![Reference {
            label: "1: below, both losses decrease".to_string(),
            colour: None,
            y: 1.0,
        }],
    };
    let title = "Largest eigenvalue of (I - Jb Jg)^T (I - Jb Jg)".to_string();
    let figure = Figure { title, panels: vec![panel] };
    let caption = "Largest eigenvalue during the first epoch, mean over seeds with a band of one standard deviation.";
    results.plot("eigenvalue", caption, Chart::Figure(figure), data);

    let Some(last) = traces[0].last() else { return };
    let outputs = last.product.len().isqrt();
    let names: Vec<String> = (0..outputs).map(|output| output.to_string()).collect();
    let values: Vec<Vec<f64>> = last.product.chunks(outputs).map(<[f64]>::to_vec).collect();
    let header: Vec<String> = std::iter::once("output".to_string()).chain(names.clone()).collect();
    let mut data = ChartData::new(&header);
    for (name, row) in names.iter().zip(&values) {
        let cells = row.iter().map(ToString::to_string);
        data.rows.push(std::iter::once(name.clone()).chain(cells).collect());
    }
    let heatmap = Heatmap {
        title: "Jb Jg at the end of the first epoch".to_string(),
        x: "output neuron".to_string(),
        y: "output neuron".to_string(),
        columns: names.clone(),
        rows: names,
        values,
        decimals: 2,
        colours: Colours::Symmetric,
    };
    let caption = "Product of the Jacobians of seed 1. The ideal is the identity.";
    results.plot("product", caption, Chart::Heatmap(heatmap), data);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_cover_spreads_and_count_images() {
        let trace = |eigenvalues: &[f64]| -> Vec<JacobianMeasurement> {
            let measured = |(index, &eigenvalue): (usize, &f64)| JacobianMeasurement {
                images: 100 * index,
                eigenvalue,
                product: vec![1.0; 4],
            };
            eigenvalues.iter().enumerate().map(measured).collect()
        };
        for traces in [vec![trace(&[1.1]), trace(&[1.3])], vec![trace(&[2.0, 0.1])]] {
            let mut results = ExperimentOutput::default();
            draw(&mut results, &traces);
            results.panels("eigenvalue")[0].check_axes();
        }
    }
}
