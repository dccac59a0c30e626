//! Angle between hidden updates and those of backpropagation.

use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use crate::analysis::statistics::mean;
use crate::config::{Config, Preset, Signal};
use crate::figures::{
    Axis, Chart, ChartData, Figure, Mark, Panel, Point, Reference, Scale, Series,
};
use crate::monitor::{Mode, MonitorSpec, Quantity};
use crate::network::Network;
use crate::train::order;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig7a",
    figure: "Figure 7A",
    title: "Hidden layers learn as backpropagation would",
    about: "While a network with one hidden layer learns, each image's hidden errors are compared with \
            those of exact backpropagation in the same network, by the angle between the two vectors. \
            Feedback is by spikes or by rates. Running means of 100 images, as in the paper.",
    from_errors: false,
    run,
};

/// Number of images per running mean.
const RUNNING_MEAN_IMAGES: usize = 100;
/// Number of images per mean that is drawn and judged, since means of fewer are noisy.
const BLOCK_IMAGES: usize = 2000;

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let spikes = Config { epochs: study.quick_or_full(1, 10), ..study.paper(Preset::Paper1) };
    let rates = Config { feedback_signal: Signal::Rates, ..spikes.clone() };
    let conditions = [("spikes", spikes), ("rates", rates)];
    let mut traces: Vec<Vec<Vec<f64>>> = Vec::new();
    for (name, config) in &conditions {
        let mut of_condition = Vec::new();
        for seed in 1..=study.seeds {
            let what = format!("training images, feedback by {name}, seed {seed}");
            of_condition.push(measure(study, &what, &Config { seed, ..config.clone() })?);
        }
        traces.push(of_condition);
    }
    let mut results = ExperimentOutput::default();
    draw(&mut results, &conditions.each_ref().map(|(name, _)| *name), &traces);
    for (name, config) in conditions {
        results.settings.push((name.to_string(), config));
    }
    let start = |traces: &[Vec<f64>]| {
        traces.iter().map(|c| mean(&c[..c.len().min(RUNNING_MEAN_IMAGES)])).collect()
    };
    let lowest = |traces: &[Vec<f64>]| -> Vec<f64> {
        traces.iter().map(|c| means(c).fold(f64::INFINITY, f64::min)).collect()
    };
    let end = |traces: &[Vec<f64>]| -> Vec<f64> {
        traces.iter().map(|trace| means(trace).last().unwrap_or(f64::NAN)).collect()
    };
    let [spikes, rates] = &traces[..] else { return Ok(results) };
    let starts: Vec<f64> = start(spikes);
    let claim = |what, paper| Claim { what, unit: "degrees", paper };
    let within_ten = |value: f64| [value - 10.0, value + 10.0];
    results.findings.extend([
        claim("angle at the start", "about 90").in_range(&starts, within_ten(90.0), "within 10"),
        claim("feedback by spikes, lowest angle", "about 65").in_range(
            &lowest(spikes),
            within_ten(65.0),
            "within 10",
        ),
        claim("feedback by spikes, lowest minus start", "below 0").less_than(
            &lowest(spikes),
            &starts,
            "falls",
        ),
        claim("feedback by rates, lowest angle", "about 35").in_range(
            &lowest(rates),
            within_ten(35.0),
            "within 10",
        ),
        claim("rates minus spikes, at the end", "about -30").less_than(
            &end(rates),
            &end(spikes),
            "rates come closer",
        ),
    ]);
    Ok(results)
}

/// Measures the angle of every training image, degrees.
fn measure(study: &mut Study, what: &str, config: &Config) -> Result<Vec<f64>, ExperimentError> {
    let network = Network::initial(config, study.dataset.pixels());
    let mut session = study.session(config, &network, MonitorSpec::new(&[Quantity::Angles]))?;
    let mut angles = Vec::new();
    let total = study.dataset.training_count * config.epochs as usize;
    for epoch in 1..=config.epochs {
        for images in order(config, &study.dataset, epoch).chunks(BLOCK_IMAGES) {
            let recording = session.show(images, Mode::Train, &mut |_| ())?;
            // Without errors the angle is undefined: count it as 90 degrees.
            let found = recording.values_f64("angle0").into_iter();
            angles.extend(found.map(|angle| if angle.is_finite() { angle } else { 90.0 }));
            study.report_progress(what, angles.len(), total)?;
        }
    }
    Ok(angles)
}

/// Returns the means of consecutive blocks of images.
fn means(trace: &[f64]) -> impl Iterator<Item = f64> {
    trace.chunks(BLOCK_IMAGES).map(mean)
}

fn draw(results: &mut ExperimentOutput, names: &[&str], traces: &[Vec<Vec<f64>>]) {
    let mut data = ChartData::new(&["feedback", "seed", "images", "angle_mean_of_100"]);
    let mut series = Vec::new();
    for (colour, (name, traces)) in names.iter().zip(traces).enumerate() {
        for (seed, trace) in (1..).zip(traces) {
            for (index, angles) in trace.chunks(RUNNING_MEAN_IMAGES).enumerate() {
                let images = index * RUNNING_MEAN_IMAGES + angles.len();
                let counts = [seed, images].map(|x: usize| x.to_string());
                data.rows
                    .push([&[name.to_string()], &counts[..], &[mean(angles).to_string()]].concat());
            }
        }
        let of_seeds: Vec<Vec<f64>> = traces.iter().map(|trace| means(trace).collect()).collect();
        let point = |index: usize| {
            let values: Vec<f64> = of_seeds.iter().map(|of_seed| of_seed[index]).collect();
            // The last mean may have fewer images.
            Point::over(((index + 1) * BLOCK_IMAGES).min(traces[0].len()) as f64, &values)
        };
        let points = (0..of_seeds[0].len()).map(point).collect();
        let label = format!("feedback by {name}");
        series.push(Series { label, colour, mark: Mark::Line, points });
    }
    let points = || series.iter().flat_map(|series| &series.points);
    let references = [("paper, spikes, after falling to 65: 70", 70.0), ("paper, rates: 40", 40.0)];
    let reference = |(colour, (label, y)): (usize, (&str, f64))| Reference {
        label: label.to_string(),
        colour: Some(colour),
        y,
    };
    let panel = Panel {
        title: String::new(),
        x: Axis::integer("training images", points().map(|point| point.x)),
        y: Axis::new(
            "angle to backpropagation, degrees",
            Scale::Linear,
            points().flat_map(Point::extent).chain([30.0, 90.0]),
        ),
        series: series.clone(),
        references: references.into_iter().enumerate().map(reference).collect(),
    };
    let title = "Angle between hidden updates and those of backpropagation".to_string();
    let figure = Figure { title, panels: vec![panel] };
    let caption = "Means over 2,000 images, over seeds with a band of one standard deviation; the table has means \
                   of 100. At 90 degrees two directions are unrelated.";
    results.plot("angle", caption, Chart::Figure(figure), data);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_cover_spreads_and_count_images() {
        for (low, high) in [(20.0, 40.0), (90.0, 130.0)] {
            let traces = vec![vec![vec![low; 5], vec![high; 5]]; 2];
            let mut results = ExperimentOutput::default();
            draw(&mut results, &["spikes", "rates"], &traces);
            results.panels("angle")[0].check_axes();
        }
    }
}
