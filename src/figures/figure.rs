//! What a figure shows.

use super::Axis;
use crate::evaluate::Spread;

/// Panels side by side, below a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Above all panels.
    pub title: String,
    /// From left to right.
    pub panels: Vec<Panel>,
}

/// Series over two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Above its axes; may be empty.
    pub title: String,
    /// The axis below.
    pub x: Axis,
    /// The axis on the left.
    pub y: Axis,
    /// Drawn in this order, the last on top.
    pub series: Vec<Series>,
    /// Values to compare with.
    pub references: Vec<Reference>,
}

/// What belongs together. Series of one label share an entry of their panel's legend; without a label they have none.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// As the legend says it.
    pub label: String,
    /// Place in the palette.
    pub colour: usize,
    /// How its points are drawn.
    pub mark: Mark,
    /// In the order in which a line goes through them.
    pub points: Vec<Point>,
}

/// How the points of a series are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A line from point to point, with a dot at each if they are few; spreads are a band around it.
    Line,
    /// A thin, pale line from point to point: one of many, behind their mean.
    ThinLine,
    /// A dot each; spreads are bars.
    Dots,
    /// A ring each, larger than a dot.
    Circles,
    /// A bar each from 0, or from the lower end of an axis without 0, as wide as points are apart. Bars of
    /// several series lie over each other and let each other shine through.
    Bars,
    /// A small dot each, for thousands.
    SmallDots,
}

/// A value, with half the length of its spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// On the axis below.
    pub x: f64,
    /// On the axis on the left.
    pub y: f64,
    /// Of `y`: a band or a bar from `y - spread` to `y + spread`.
    pub spread: Option<f64>,
}

/// A value to compare with: a dashed line across the panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// As the legend says it.
    pub label: String,
    /// Place in the palette, of the series that it belongs to; without one it is grey.
    pub colour: Option<usize>,
    /// On the axis on the left.
    pub y: f64,
}

#[cfg(test)]
impl Panel {
    /// Checks that no point and no spread lies beyond the axes, and that ticks of counts are whole.
    pub(crate) fn check_axes(&self) {
        use plotters::coord::ranged1d::Ranged;
        let [xs, ys] = [&self.x, &self.y].map(Ranged::range);
        for point in self.series.iter().flat_map(|series| &series.points) {
            assert!((xs.start..=xs.end).contains(&point.x), "{} {}", self.x.label, point.x);
            for y in point.extent() {
                // A logarithmic axis cuts what reaches below 0.
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
    /// Where it lies, without its spread.
    pub(super) fn place(&self) -> (f64, f64) {
        (self.x, self.y)
    }

    /// A value without a spread.
    pub fn new(x: f64, y: f64) -> Self {
        Point { x, y, spread: None }
    }

    /// The mean of values, with their standard deviation as its spread. At least one value.
    pub fn over(x: f64, values: &[f64]) -> Self {
        let Spread { mean, sd, .. } = Spread::of(values);
        Point { x, y: mean, spread: sd }
    }

    /// The value and the ends of its spread: what an axis has to hold.
    pub fn extent(&self) -> impl Iterator<Item = f64> + use<> {
        let spread = self.spread.unwrap_or(0.0);
        [self.y, self.y - spread, self.y + spread].into_iter()
    }
}
