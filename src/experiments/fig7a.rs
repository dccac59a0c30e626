//! Angle between hidden updates and those of backpropagation.

use super::angle_traces::AngleTrace;
use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::measure_angles::measure_angles;
use super::output::ExperimentOutput;
use super::study::Study;
use crate::analysis::statistics::mean;
use crate::config::{Config, Preset, Signal};
use crate::figures::{
    Axis, Chart, ChartData, Figure, Mark, Panel, Point, Reference, Scale, Series,
};

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

/// Number of means of a trace per mean that is drawn and judged. It has 2,000 images, since means of fewer are noisy.
const MEANS_PER_BLOCK: usize = 20;

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let spikes = Config { epochs: study.quick_or_full(1, 10), ..study.paper(Preset::Paper1) };
    let rates = Config { feedback_signal: Signal::Rates, ..spikes.clone() };
    let conditions = [("spikes", spikes), ("rates", rates)];
    let traces = measure_angles(study, &conditions.each_ref().map(|(_, config)| config.clone()))?;
    let mut results = ExperimentOutput::default();
    draw(&mut results, &conditions.each_ref().map(|(name, _)| *name), &traces);
    for (name, config) in conditions {
        results.settings.push((name.to_string(), config));
    }
    let start = |traces: &[AngleTrace]| -> Vec<f64> {
        traces.iter().filter_map(|trace| trace.means.first().copied()).map(f64::from).collect()
    };
    let lowest = |traces: &[AngleTrace]| -> Vec<f64> {
        traces.iter().map(|trace| blocks(trace).into_iter().fold(f64::INFINITY, f64::min)).collect()
    };
    let end = |traces: &[AngleTrace]| -> Vec<f64> {
        traces.iter().map(|trace| blocks(trace).last().copied().unwrap_or(f64::NAN)).collect()
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

/// Returns the means of consecutive blocks of a trace.
fn blocks(trace: &AngleTrace) -> Vec<f64> {
    let means: Vec<f64> = trace.means.iter().copied().map(f64::from).collect();
    means.chunks(MEANS_PER_BLOCK).map(mean).collect()
}

fn draw(results: &mut ExperimentOutput, names: &[&str], traces: &[Vec<AngleTrace>]) {
    let mut data = ChartData::new(&["feedback", "seed", "images", "angle_mean_of_100"]);
    let mut series = Vec::new();
    for (colour, (name, traces)) in names.iter().zip(traces).enumerate() {
        for (seed, trace) in (1..).zip(traces) {
            for (index, angle) in trace.means.iter().enumerate() {
                let counts = [seed, trace.images_until(index)].map(|x: usize| x.to_string());
                data.rows.push([&[name.to_string()], &counts[..], &[angle.to_string()]].concat());
            }
        }
        let of_seeds: Vec<Vec<f64>> = traces.iter().map(blocks).collect();
        let point = |index: usize| {
            let values: Vec<f64> = of_seeds.iter().map(|of_seed| of_seed[index]).collect();
            // The last block may have fewer means.
            let last = ((index + 1) * MEANS_PER_BLOCK).min(traces[0].means.len()) - 1;
            Point::over(traces[0].images_until(last) as f64, &values)
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
            let traces =
                vec![[low, high].map(|angle| AngleTrace::of_means(vec![angle; 5])).to_vec(); 2];
            let mut results = ExperimentOutput::default();
            draw(&mut results, &["spikes", "rates"], &traces);
            results.panels("angle")[0].check_axes();
        }
    }
}
