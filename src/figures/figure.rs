//! Content of a figure: panels, series and references.

use super::Axis;
use crate::analysis::statistics::MeanSd;

/// Panels side by side, below a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Title above all panels.
    pub title: String,
    /// Panels from left to right.
    pub panels: Vec<Panel>,
}

/// Series over two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Title above the axes; may be empty.
    pub title: String,
    /// Bottom axis.
    pub x: Axis,
    /// Left axis.
    pub y: Axis,
    /// Series in drawing order, the last on top.
    pub series: Vec<Series>,
    /// Reference values.
    pub references: Vec<Reference>,
}

/// A series of points. Series with one label share a legend entry; an empty label has none.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Label in the legend.
    pub label: String,
    /// Index in the palette.
    pub colour: usize,
    /// Mark of the points.
    pub mark: Mark,
    /// Points in the order of the line.
    pub points: Vec<Point>,
}

/// Mark of a series' points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A line, with a dot per point if they are few. Spreads are a band around it.
    Line,
    /// A thin, pale line, such as a single network behind the mean.
    ThinLine,
    /// Dots. Spreads are bars.
    Dots,
    /// Circles, larger than dots.
    Circles,
    /// Translucent bars from 0, or from the end of an axis without 0, as wide as the spacing of the points.
    Bars,
    /// Small dots, for thousands of points.
    SmallDots,
}

/// A point, optionally with a spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Position on the bottom axis.
    pub x: f64,
    /// Position on the left axis.
    pub y: f64,
    /// Half length of a band or bar around `y`.
    pub spread: Option<f64>,
}

/// A reference value, drawn as a dashed line across the panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Label in the legend.
    pub label: String,
    /// Palette index of the series that it belongs to. Grey if `None`.
    pub colour: Option<usize>,
    /// Position on the left axis.
    pub y: f64,
}

#[cfg(test)]
impl Panel {
    /// Checks that all points and spreads lie on the axes, and that ticks of counts are integers.
    pub(crate) fn check_axes(&self) {
        use plotters::coord::ranged1d::Ranged;
        let [xs, ys] = [&self.x, &self.y].map(Ranged::range);
        for point in self.series.iter().flat_map(|series| &series.points) {
            assert!((xs.start..=xs.end).contains(&point.x), "{} {}", self.x.label, point.x);
            for y in point.extent() {
                // A logarithmic axis cuts off spreads below 0.
                let is_cut = y <= 0.0 && self.y.scale == super::Scale::Log;
                assert!(is_cut || (ys.start..=ys.end).contains(&y), "{} {y}", self.y.label);
            }
        }
        let names: Vec<&str> = self.x.names().collect();
        let is_count = ["epoch", "training images"].contains(&self.x.label.as_str());
        assert!(!is_count || names.iter().all(|name| !name.contains('.')), "{names:?}");
    }
}

impl Point {
    /// Returns the position without the spread.
    pub(super) fn position(&self) -> (f64, f64) {
        (self.x, self.y)
    }

    /// Creates a point without a spread.
    pub fn new(x: f64, y: f64) -> Self {
        Point { x, y, spread: None }
    }

    /// Returns the mean of at least one value, with the standard deviation as spread.
    pub fn over(x: f64, values: &[f64]) -> Self {
        let MeanSd { mean, sd, .. } = MeanSd::of(values);
        Point { x, y: mean, spread: sd }
    }

    /// Returns the value and the ends of its spread, which an axis has to cover.
    pub fn extent(&self) -> impl Iterator<Item = f64> + use<> {
        let spread = self.spread.unwrap_or(0.0);
        [self.y, self.y - spread, self.y + spread].into_iter()
    }
}
