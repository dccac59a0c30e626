//! Receptive fields of hidden neurons.

use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use super::trained_networks::TrainedNetwork;
use crate::analysis::statistics::{correlation, histogram, mean};
use crate::config::{Config, CreditAssignment, Preset};
use crate::figures::{
    Axis, Chart, ChartData, Figure, ImageGrid, Mark, NumberImage, Panel, Point, Scale, Series,
};
use crate::network::Network;
use crate::random::{PhiloxRng, RngStream};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig7bc",
    figure: "Figure 7B, C",
    title: "Receptive fields like backpropagation's",
    about: "Two networks of the same sizes learn, one by plateau potentials, one by exact backpropagation, from \
            different initial weights. A receptive field is the change of a neuron's input weights. For each \
            field of one network, the best match in the other is found by correlation, and for comparison \
            among fields with shuffled pixels.",
    from_errors: false,
    run,
};

/// Number of fields in the figure.
const FIELDS_SHOWN: usize = 20;
/// Offset of the other network's seed.
const SEED_OFFSET: u64 = 1000;
/// Number of bars of the histogram.
const BARS: usize = 40;

type Fields = Vec<Vec<f64>>;

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let local = study.paper(Preset::Paper1);
    let exact = Config { credit_assignment: CreditAssignment::Backpropagation, ..local.clone() };
    let local_trained = study.train_one(&local)?;
    let seeds = (1..=study.seeds).map(|seed| SEED_OFFSET + seed);
    let exacts: Vec<Config> = seeds.map(|seed| Config { seed, ..exact.clone() }).collect();
    let exact_trained = study.train_all(&exacts)?;
    let mut results = ExperimentOutput::default();
    let (mut matched, mut shuffled) = (Vec::new(), Vec::new());
    let total = local_trained.len();
    for (number, (local, exact)) in local_trained.iter().zip(&exact_trained).enumerate() {
        let [local, exact] = [local, exact].map(|trained| fields(study, trained));
        let best = best_matches(&local, &exact);
        let chance = best_matches(&local, &shuffle(&exact));
        matched.push(mean(&best));
        shuffled.push(mean(&chance));
        if number == 0 {
            draw_fields(study, &mut results, [&local, &exact]);
            draw_matches(&mut results, [&best, &chance]);
        }
        study.report_progress("networks compared", number + 1, total)?;
    }
    results.settings.push(("plateaus".to_string(), local));
    results.settings.push(("backpropagation".to_string(), exact));
    let claim = Claim {
        what: "best-match correlation, shuffled minus real",
        unit: "",
        paper: "far below 0",
    };
    results.findings.push(claim.less_than(&shuffled, &matched, "real is above shuffled"));
    let claim = Claim { what: "best-match correlation", unit: "", paper: "far above shuffled" };
    let criterion = "at least twice that of shuffled fields";
    results.findings.push(claim.in_range(&matched, [2.0 * mean(&shuffled), 1.0], criterion));
    Ok(results)
}

/// Returns the learned weight changes per neuron of the lowest layer, `[units][pixels]`.
fn fields(study: &Study, trained: &TrainedNetwork) -> Fields {
    let pixels = study.dataset.pixels();
    let initial = Network::initial(&trained.trial.config, pixels);
    let rows = |network: &Network| network.layers[0].weight_rows();
    let (before, after) = (rows(&initial), rows(&trained.network));
    let learned = after.iter().zip(&before).map(|(after, before)| f64::from(after - before));
    learned.collect::<Vec<_>>().chunks(pixels).map(<[f64]>::to_vec).collect()
}

/// Returns each field's largest correlation with a field of the other network.
fn best_matches(fields: &Fields, others: &Fields) -> Vec<f64> {
    let best = |field: &Vec<f64>| {
        let correlations = others.iter().map(|other| correlation(field, other));
        correlations.filter(|value| value.is_finite()).fold(-1.0, f64::max)
    };
    fields.par_iter().map(best).collect()
}

/// Shuffles the pixels of each field independently.
fn shuffle(fields: &Fields) -> Fields {
    let shuffled = |(unit, field): (usize, &Vec<f64>)| {
        let mut field = field.clone();
        field.shuffle(&mut PhiloxRng::new(1, RngStream::Shuffle, 0, unit as u32));
        field
    };
    fields.iter().enumerate().map(shuffled).collect()
}

/// Draws the fields learned by plateau potentials and by backpropagation.
fn draw_fields(study: &Study, results: &mut ExperimentOutput, [local, exact]: [&Fields; 2]) {
    let (height, channels) = (study.dataset.height, study.dataset.channels);
    let width = study.dataset.width / channels;
    for (name, fields, how) in
        [("plateaus", local, "plateau potentials"), ("backpropagation", exact, "backpropagation")]
    {
        let cell = |values: &Vec<f64>| NumberImage {
            title: String::new(),
            height,
            width,
            channels,
            values: values.clone(),
        };
        let cells = fields.iter().take(FIELDS_SHOWN).map(cell).collect();
        let grid = ImageGrid { title: format!("Learned by {how}"), columns: 10, cells };
        let mut data = ChartData::new(&["unit", "row", "column", "channel", "learned_weight"]);
        for (unit, field) in fields.iter().take(FIELDS_SHOWN).enumerate() {
            for (index, weight) in field.iter().enumerate() {
                let (pixel, channel) = (index / channels, index % channels);
                let position = [unit, pixel / width, pixel % width, channel].map(|x| x.to_string());
                data.rows.push([&position[..], &[weight.to_string()]].concat());
            }
        }
        let caption = format!(
            "Weight changes of the first {FIELDS_SHOWN} hidden neurons when learning by {how}, each on its own \
             scale, symmetric around 0."
        );
        results.plot(&format!("fields-{name}"), &caption, Chart::ImageGrid(grid), data);
    }
}

/// Draws the distributions of best matches: of real and of shuffled fields.
fn draw_matches(results: &mut ExperimentOutput, [best, chance]: [&[f64]; 2]) {
    let mut data = ChartData::new(&["condition", "unit", "best_match_correlation"]);
    let mut series = Vec::new();
    for (colour, (label, values)) in [("real", best), ("shuffled", chance)].iter().enumerate() {
        for (unit, value) in values.iter().enumerate() {
            data.rows.push(vec![label.to_string(), unit.to_string(), value.to_string()]);
        }
        // A constant field matches nothing.
        let values: Vec<f64> = values.iter().map(|value| value.max(0.0)).collect();
        let parts = histogram(&values, [0.0, 1.0], BARS);
        let middle = |bar: usize| (bar as f64 + 0.5) / BARS as f64;
        let points = parts
            .iter()
            .enumerate()
            .map(|(bar, part)| Point::new(middle(bar), 100.0 * part))
            .collect();
        series.push(Series { label: label.to_string(), colour, mark: Mark::Bars, points });
    }
    let values = series.iter().flat_map(|series| &series.points).map(|point| point.y);
    let panel = Panel {
        title: String::new(),
        x: Axis::new("correlation with the best match", Scale::Linear, [0.0, 1.0]),
        y: Axis::new("neurons, %", Scale::Linear, values.chain([0.0])),
        series: series.clone(),
        references: Vec::new(),
    };
    let title = "Best matches of receptive fields".to_string();
    let figure = Figure { title, panels: vec![panel] };
    let caption = "Best matches of the fields of seed 1 among those learned by backpropagation.";
    results.plot("matches", caption, Chart::Figure(figure), data);
}
