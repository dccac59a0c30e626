//! The figure of a search: how the error hangs on each searched setting.

use super::{Candidate, RungResult, Search, Tuned};
use crate::figures::{Axis, Figure, Mark, Panel, Point, Scale, Series};
use crate::record::replicas::in_words;

/// Distance of two rungs, and width of all of them at most, as parts of the distance of two values.
const BESIDE: f64 = 0.15;
const WIDTH: f64 = 0.7;

/// A panel for each searched setting: the validation error of all candidates, rung by rung, and around
/// the best a ring.
pub(super) fn figure(search: &Search, tuned: &Tuned) -> Figure {
    let panels = search.search.iter().map(|sweep| panel(sweep.key(), &tuned.rungs)).collect();
    Figure { title: "Validation error by searched setting".to_string(), panels }
}

fn panel(key: &str, rungs: &[RungResult]) -> Panel {
    let values = values(key, rungs);
    // Rungs lie beside each other, so that none hides another.
    let middle = (rungs.len() as f64 - 1.0) / 2.0;
    let beside = (WIDTH / rungs.len() as f64).min(BESIDE);
    let point = |rung: usize, candidate: &Candidate| {
        let place = values.iter().position(|value| *value == value_of(key, candidate)).unwrap_or(0);
        Point {
            x: place as f64 + beside * (rung as f64 - middle),
            y: candidate.validation_error.mean,
            spread: candidate.validation_error.sd,
        }
    };
    let series = rungs.iter().enumerate().map(|(colour, RungResult { rung, candidates })| {
        let length = match rung.epochs {
            1 => format!("{} images", rung.images),
            epochs => format!("{epochs} epochs"),
        };
        let points = candidates.iter().map(|candidate| point(colour, candidate)).collect();
        let label = format!("rung {}, {length}", rung.rung);
        Series { label, colour, mark: Mark::Dots, points }
    });
    let best = rungs.last().and_then(|rung| rung.candidates.first()).map(|best| Series {
        label: "best".to_string(),
        colour: rungs.len(),
        mark: Mark::Circles,
        points: vec![point(rungs.len() - 1, best)],
    });
    let candidates = rungs.iter().flat_map(|rung| &rung.candidates);
    let error = |candidate: &Candidate| candidate.validation_error.mean;
    let scale = Scale::log_if_positive(candidates.clone().map(error));
    let extents = candidates.flat_map(|candidate| point(0, candidate).extent());
    Panel {
        title: String::new(),
        x: Axis::categorical(key, &values),
        y: Axis::new("validation error, %", scale, extents),
        series: series.chain(best).collect(),
        references: Vec::new(),
    }
}

/// The values of a setting, in the order in which they were named.
fn values(key: &str, rungs: &[RungResult]) -> Vec<String> {
    let mut candidates: Vec<&Candidate> = rungs.iter().flat_map(|rung| &rung.candidates).collect();
    candidates.sort_by_key(|candidate| candidate.candidate);
    let mut values: Vec<String> = Vec::new();
    for candidate in candidates {
        let value = value_of(key, candidate);
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn value_of(key: &str, candidate: &Candidate) -> String {
    candidate.settings.get(key).map(in_words).unwrap_or_default()
}
