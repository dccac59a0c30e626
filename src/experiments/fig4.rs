//! Phase durations.

use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use crate::config::Preset;
use crate::figures::{Axis, Chart, ChartData, Figure, Mark, Panel, Point, Scale, Series};
use crate::model::phases::PhaseLengths;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig4",
    figure: "Figure 4",
    title: "Lengths of phases",
    about: "A phase lasts 50 ms plus a random time: an inverse Gaussian of mean 2 and shape 1, rounded down \
            to whole milliseconds. Measured are the durations of both phases of one epoch's \
            images.",
    from_errors: false,
    run,
};

/// Longest extra time drawn, ms. One in two hundred is longer.
const MAX_EXTRA_MS: usize = 20;

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let config = study.paper(Preset::Paper1);
    let images = study.dataset.training_count as u32;
    let mut counts = vec![[0usize; MAX_EXTRA_MS + 1]; study.seeds as usize];
    let mut means = Vec::new();
    for (seed, counts) in (1..).zip(&mut counts) {
        let lengths = PhaseLengths::new(config.phase_ms, config.phase_jitter, seed);
        let extras = (0..images)
            .flat_map(|position| lengths.draw(position))
            .map(|steps| (steps - config.phase_ms) as usize);
        let mut sum = 0;
        for extra in extras {
            sum += extra;
            counts[extra.min(MAX_EXTRA_MS)] += 1;
        }
        means.push(sum as f64 / f64::from(2 * images));
    }
    let part = |extra: usize| -> Vec<f64> {
        counts.iter().map(|counts| counts[extra] as f64 / f64::from(2 * images)).collect()
    };
    let mut results = ExperimentOutput::default();
    let mut data = ChartData::new(&["seed", "extra_ms", "phases"]);
    for (seed, counts) in (1..).zip(&counts) {
        for (extra, count) in counts.iter().enumerate() {
            data.rows.push([seed, extra, *count].map(|number: usize| number.to_string()).to_vec());
        }
    }
    let bars = |extra: usize| Point::new(extra as f64, 100.0 * part(extra)[0]);
    let points: Vec<Point> = (0..MAX_EXTRA_MS).map(bars).collect();
    let panel = Panel {
        title: String::new(),
        x: Axis::new("time beyond 50 ms, ms", Scale::Linear, [-0.5, MAX_EXTRA_MS as f64 - 0.5]),
        y: Axis::new("phases, %", Scale::Linear, points.iter().map(|point| point.y).chain([0.0])),
        series: vec![Series { label: "seed 1".to_string(), colour: 0, mark: Mark::Bars, points }],
        references: Vec::new(),
    };
    let figure = Figure { title: "Lengths of phases".to_string(), panels: vec![panel] };
    let caption = "Distribution of phase durations. Longer ones than shown are in the table.";
    results.plot("lengths", caption, Chart::Figure(figure), data);
    results.settings.push(("config".to_string(), config));
    let mut claim = |what, unit, paper: &str, values: &[f64], range, criterion| {
        let claim = Claim { what, unit, paper };
        results.findings.push(claim.in_range(values, range, criterion));
    };
    claim("mean beyond 50 ms", "ms", "1.52", &means, [1.49, 1.55], "within 0.03");
    claim("phases of 50 ms", "", "0.490", &part(0), [0.484, 0.496], "within 0.006");
    claim("phases of 51 ms", "", "0.224", &part(1), [0.219, 0.229], "within 0.005");
    Ok(results)
}
