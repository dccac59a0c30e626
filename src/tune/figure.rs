//! Figure of a search: validation error over each searched setting.

use super::{Candidate, RungResult, Search, TuneResult};
use crate::figures::{Axis, Figure, Mark, Panel, Point, Scale, Series};
use crate::run_dir::replica_summary::setting_text;

/// Maximum horizontal distance between two rungs, in units of the distance between two values.
const MAX_RUNG_OFFSET: f64 = 0.15;
/// Maximum width of all rungs at one value, in the same unit.
const MAX_WIDTH: f64 = 0.7;

/// Returns a figure with one panel per searched setting: validation errors of all candidates, one series per rung. A ring
/// marks the best candidate.
pub(super) fn figure(search: &Search, tuned: &TuneResult) -> Figure {
    let panels = search.search.iter().map(|sweep| panel(sweep.key(), &tuned.rungs)).collect();
    Figure { title: "Validation error by searched setting".to_string(), panels }
}

/// Returns the panel of a setting.
fn panel(key: &str, rungs: &[RungResult]) -> Panel {
    let values = values(key, rungs);
    // Points of different rungs are offset, so that none hides another.
    let middle = (rungs.len() as f64 - 1.0) / 2.0;
    let offset = (MAX_WIDTH / rungs.len() as f64).min(MAX_RUNG_OFFSET);
    let point = |rung: usize, candidate: &Candidate| {
        let index = values.iter().position(|value| *value == value_of(key, candidate)).unwrap_or(0);
        Point {
            x: index as f64 + offset * (rung as f64 - middle),
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

/// Returns the values of a setting, in the order of the candidates.
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

/// Returns a candidate's value of a setting as text.
fn value_of(key: &str, candidate: &Candidate) -> String {
    candidate.settings.get(key).map(setting_text).unwrap_or_default()
}
