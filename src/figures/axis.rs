//! Axes: positions of values and ticks.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// Scale of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences have equal lengths.
    Linear,
    /// Equal ratios have equal lengths. For values above 0.
    Log,
}

/// An axis with its ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Name of the quantity, with its unit.
    pub label: String,
    /// Scale of the axis.
    pub scale: Scale,
    /// First and last position: values, or their decadic logarithms.
    range: (f64, f64),
    /// Positions of the ticks with their names.
    ticks: Vec<(f64, String)>,
    /// Whether the ticks are names of categories, all of which are drawn.
    is_categorical: bool,
}

impl Scale {
    /// Returns the logarithmic scale unless a value is not positive.
    pub fn log_if_positive(values: impl IntoIterator<Item = f64>) -> Self {
        match values.into_iter().any(|value| value <= 0.0) {
            true => Scale::Linear,
            false => Scale::Log,
        }
    }
}

/// Relative difference below which values count as constant.
const CONSTANT_TOLERANCE: f64 = 1e-9;
/// Free margin on either side, as a fraction of the range.
const MARGIN: f64 = 0.06;
/// Approximate largest number of ticks.
const MAX_TICKS: f64 = 6.0;
/// Smallest number of ticks of a logarithmic axis.
const MIN_TICKS: usize = 3;
/// Numbers from `SCIENTIFIC_FROM` on, or with more than `MAX_DECIMALS` decimals, are written in scientific notation.
const SCIENTIFIC_FROM: f64 = 1e7;
const MAX_DECIMALS: usize = 5;

impl Axis {
    /// Creates an axis that covers `values`. Ignores values that are not finite, or not positive on a logarithmic axis.
    pub fn new(label: &str, scale: Scale, values: impl IntoIterator<Item = f64>) -> Self {
        let positions = values.into_iter().map(|value| position(scale, value));
        let (low, high) = positions
            .filter(|position| position.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), position| {
                (low.min(position), high.max(position))
            });
        let (low, high) = match high - low {
            width if width > low.abs() * CONSTANT_TOLERANCE => {
                (low - MARGIN * width, high + MARGIN * width)
            }
            width if width >= 0.0 => range_around(low),
            _ => (0.0, 1.0),
        };
        let ticks = match scale {
            Scale::Linear => linear_ticks(low, high),
            Scale::Log => log_ticks(low, high),
        };
        Axis { label: label.to_string(), scale, range: (low, high), ticks, is_categorical: false }
    }

    /// Creates an axis of counts, such as epochs, with ticks at integers only.
    pub fn integer(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let mut axis = Axis::new(label, Scale::Linear, values);
        axis.ticks.retain(|(position, _)| position.fract() == 0.0);
        axis.ticks.iter_mut().for_each(|(position, name)| *name = format_tick(*position, 0));
        axis
    }

    /// Creates an axis without label and ticks, for data of which only distances matter.
    pub fn unlabelled(values: impl IntoIterator<Item = f64>) -> Self {
        Axis { ticks: Vec::new(), ..Axis::new("", Scale::Linear, values) }
    }

    /// Creates an axis of categories at 0, 1 and so on.
    pub fn categorical(label: &str, names: &[String]) -> Self {
        let ticks =
            names.iter().enumerate().map(|(position, name)| (position as f64, name.clone()));
        let range = (-0.5, names.len() as f64 - 0.5);
        let (label, ticks) = (label.to_string(), ticks.collect());
        Axis { label, scale: Scale::Linear, range, ticks, is_categorical: true }
    }

    /// Returns the values of the ticks with their names.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, &str)> {
        self.ticks.iter().map(|(position, name)| (value(self.scale, *position), name.as_str()))
    }

    /// Returns the names of the ticks.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.ticks.iter().map(|(_, name)| name.as_str())
    }

    /// Returns whether the ticks are names of categories.
    pub(super) fn is_categorical(&self) -> bool {
        self.is_categorical
    }

    /// Returns whether a value has a position on the axis.
    pub(super) fn contains(&self, value: f64) -> bool {
        position(self.scale, value).is_finite()
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let (low, high) = self.range;
        let part = (position(self.scale, *value) - low) / (high - low);
        first + (part * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|tick| value(self.scale, tick.0)).collect()
    }

    fn range(&self) -> Range<f64> {
        value(self.scale, self.range.0)..value(self.scale, self.range.1)
    }
}

fn position(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Log => value.log10(),
    }
}

fn value(scale: Scale, position: f64) -> f64 {
    match scale {
        Scale::Linear => position,
        Scale::Log => 10f64.powf(position),
    }
}

/// Returns a range around a single position.
fn range_around(position: f64) -> (f64, f64) {
    let half = match position.abs() {
        size if size > 0.0 && size < 1.0 => 0.5 * size,
        size => (0.01 * size).max(0.5),
    };
    (position - half, position + half)
}

/// Returns ticks at multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let decade = 10f64.powf(((high - low) / MAX_TICKS).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * decade);
    let step = step.into_iter().find(|step| (high - low) / step <= MAX_TICKS).unwrap_or(decade);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last)
        .map(|multiple| multiple as f64 * step)
        .map(|value| (value, format_tick(value, decimals)))
        .collect()
}

/// Formats a number, in scientific notation if it is very large or small.
fn format_tick(value: f64, decimals: usize) -> String {
    match value.abs() {
        size if size >= SCIENTIFIC_FROM => format!("{value:.1e}"),
        size if size > 0.0 && decimals > MAX_DECIMALS => format!("{value:.1e}"),
        _ => format!("{value:.decimals$}"),
    }
}

/// Returns ticks at digits times powers of ten, as many as fit.
fn log_ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    const DIGITS: [&[f64]; 3] =
        [&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &[1.0, 2.0, 5.0], &[1.0]];
    let ticks = DIGITS.map(|digits| -> Vec<(f64, String)> {
        let decades = low.floor() as i32..=high.ceil() as i32;
        let values = decades.flat_map(|decade| digits.iter().map(move |x| (x, decade)));
        let positions = values.map(|(x, decade)| {
            let decimals = (-decade).max(0) as usize;
            (x.log10() + f64::from(decade), format_tick(x * 10f64.powi(decade), decimals))
        });
        positions.filter(|(position, _)| (low..=high).contains(position)).collect()
    });
    let fits = |ticks: &&Vec<(f64, String)>| ticks.len() as f64 <= MAX_TICKS + 2.0;
    let chosen = ticks.iter().find(fits).unwrap_or(&ticks[2]);
    if chosen.len() >= MIN_TICKS {
        return chosen.clone();
    }
    // Less than a decade: use the ticks of a linear axis.
    let round = linear_ticks(10f64.powf(low), 10f64.powf(high)).into_iter();
    round.map(|(value, name)| (value.log10(), name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.1.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let axis = Axis::new("epoch", Scale::Linear, [0.0, 60.0]);
        assert_eq!(names(&axis), ["0", "20", "40", "60"]);
        let axis = Axis::new("%", Scale::Linear, [3.21, 3.94]);
        assert_eq!(names(&axis), ["3.2", "3.4", "3.6", "3.8"]);
        let axis = Axis::new("eta", Scale::Log, [0.01, 0.16]);
        assert_eq!(names(&axis), ["0.01", "0.02", "0.05", "0.1"]);
        let axis = Axis::new("%", Scale::Log, [28.0, 95.0]);
        assert_eq!(names(&axis), ["30", "40", "50", "60", "70", "80", "90", "100"]);
        let axis = Axis::new("images", Scale::Log, [1.0, 1e6]);
        assert_eq!(names(&axis).len(), 7);
        // An axis shorter than a decade has more than one tick.
        let axis = Axis::new("%", Scale::Log, [73.0, 89.0]);
        assert_eq!(names(&axis), ["75", "80", "85", "90"]);
    }

    #[test]
    fn ticks_of_counts_are_integers_and_extremes_short() {
        let axis = Axis::integer("epoch", [1.0, 3.0]);
        assert_eq!(names(&axis), ["1", "2", "3"]);
        assert_eq!(names(&Axis::integer("epoch", [1.0])), ["1"]);
        let axis = Axis::new("weight", Scale::Linear, [-1e30, 1e30]);
        assert_eq!(names(&axis), ["-1.0e30", "-5.0e29", "0", "5.0e29", "1.0e30"]);
        let axis = Axis::new("rate", Scale::Linear, [0.0, 4e-7]);
        assert!(names(&axis).iter().all(|name| name.len() <= 9), "{:?}", names(&axis));
    }

    #[test]
    fn axis_ignores_values_off_its_scale() {
        let axis = Axis::new("eta", Scale::Log, [0.0, f64::NAN, 0.1, 10.0]);
        assert_eq!(
            [0.0, -1.0, f64::NAN, 10.0].map(|x| axis.contains(x)),
            [false, false, false, true]
        );
        assert_eq!(axis.map(&1.0, (0, 100)), 50);
        // Empty or constant values are drawable, too.
        assert_eq!(Axis::new("", Scale::Linear, []).range, (0.0, 1.0));
        assert_eq!(Axis::new("", Scale::Linear, [4.0]).range, (3.5, 4.5));
        // A single value lies in the middle, however large or small.
        for value in [0.0, -1e-12, 1e-300, 1e17, -3e300] {
            let axis = Axis::new("", Scale::Linear, [value, value]);
            assert_eq!(axis.map(&value, (0, 100)), 50, "{value}");
            assert!((1..9).contains(&axis.ticks.len()), "{value}: {:?}", names(&axis));
        }
        assert_eq!(Scale::log_if_positive([1.0, f64::NAN]), Scale::Log);
        assert_eq!(Scale::log_if_positive([1.0, 0.0]), Scale::Linear);
    }
}
