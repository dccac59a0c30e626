//! Draws the series of a panel.

use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;

use super::colour::{of_reference, of_series};
use super::{Axis, Mark, Panel, Point, Series};

/// A line through at most so many points has a dot at each.
const DOTTED: usize = 12;

type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<Axis, Axis>>;
type Failure<B> = DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>;

pub(super) fn draw_references<B: DrawingBackend>(
    panel: &Panel,
    chart: &mut Chart<B>,
    scale: u32,
) -> Result<(), Failure<B>> {
    let (left, right) = (panel.x.range().start, panel.x.range().end);
    for reference in panel.references.iter().filter(|reference| panel.y.shows(reference.y)) {
        let line = [(left, reference.y), (right, reference.y)];
        let style = of_reference(reference).stroke_width(scale);
        chart.draw_series(DashedLineSeries::new(line, 6 * scale, 4 * scale, style))?;
    }
    Ok(())
}

pub(super) fn draw_series<B: DrawingBackend>(
    panel: &Panel,
    chart: &mut Chart<B>,
    scale: u32,
) -> Result<(), Failure<B>> {
    let is_shown = |(x, y): &(f64, f64)| panel.x.shows(*x) && panel.y.shows(*y);
    for series in &panel.series {
        let colour = of_series(series.colour);
        let places = series.points.iter().map(|point| (point.x, point.y)).filter(is_shown);
        match series.mark {
            Mark::Bars => {
                let half = 0.45 * spacing(&series.points);
                let foot = if panel.y.shows(0.0) { 0.0 } else { panel.y.range().start };
                let bar = |(x, y): (f64, f64)| {
                    Rectangle::new([(x - half, foot), (x + half, y)], colour.mix(0.6).filled())
                };
                chart.draw_series(places.map(bar))?;
            }
            Mark::Specks => {
                let speck = |place| Circle::new(place, 2 * scale, colour.mix(0.7).filled());
                chart.draw_series(places.map(speck))?;
            }
            Mark::Line => draw_line(panel, series, chart, scale)?,
            Mark::Hairline => {
                let thin = colour.mix(0.35).stroke_width(scale);
                for part in unbroken(&series.points, &is_shown) {
                    if let [point] = part[..] {
                        let dot = Circle::new(point.place(), 3 * scale, colour.mix(0.35).filled());
                        chart.draw_series([dot])?;
                    }
                    chart.draw_series(LineSeries::new(part.iter().map(Point::place), thin))?;
                }
            }
            Mark::Dots => {
                let bars = series.points.iter().filter_map(|point| spread(panel, point));
                let bar =
                    |ends: [(f64, f64); 2]| PathElement::new(ends, colour.stroke_width(scale));
                chart.draw_series(bars.map(bar))?;
                let dot = |place| Circle::new(place, 3 * scale, colour.filled());
                chart.draw_series(places.map(dot))?;
            }
            Mark::Rings => {
                let ring = |place| Circle::new(place, 7 * scale, colour.stroke_width(2 * scale));
                chart.draw_series(places.map(ring))?;
            }
        }
    }
    Ok(())
}

/// A line with a band around it, broken where there is no value; a point without neighbours is a dot with a bar.
fn draw_line<B: DrawingBackend>(
    panel: &Panel,
    series: &Series,
    chart: &mut Chart<B>,
    scale: u32,
) -> Result<(), Failure<B>> {
    let colour = of_series(series.colour);
    let is_shown = |(x, y): &(f64, f64)| panel.x.shows(*x) && panel.y.shows(*y);
    for part in unbroken(&series.points, &is_shown) {
        let ends: Vec<[(f64, f64); 2]> =
            part.iter().filter_map(|point| spread(panel, point)).collect();
        if let [ends] = ends[..] {
            chart.draw_series([PathElement::new(ends, colour.stroke_width(scale))])?;
        } else if !ends.is_empty() {
            let (below, above) = (ends.iter().map(|ends| ends[0]), ends.iter().map(|ends| ends[1]));
            let band: Vec<(f64, f64)> = above.chain(below.rev()).collect();
            chart.draw_series([Polygon::new(band, colour.mix(0.15).filled())])?;
        }
        let line = LineSeries::new(part.iter().map(Point::place), colour.stroke_width(2 * scale));
        chart.draw_series(line)?;
        if part.len() == 1 || series.points.len() <= DOTTED {
            let dot = |point: &Point| Circle::new(point.place(), 3 * scale, colour.filled());
            chart.draw_series(part.iter().map(dot))?;
        }
    }
    Ok(())
}

/// Stretches of points that an axis shows.
fn unbroken(points: &[Point], is_shown: &dyn Fn(&(f64, f64)) -> bool) -> Vec<Vec<Point>> {
    let parts = points.split(|point| !is_shown(&point.place()));
    parts.filter(|part| !part.is_empty()).map(<[Point]>::to_vec).collect()
}

/// Both ends of a point's spread: the lower is cut where a logarithmic axis ends.
fn spread(panel: &Panel, &Point { x, y, spread }: &Point) -> Option<[(f64, f64); 2]> {
    let (low, high) = (y - spread?, y + spread?);
    let low = if panel.y.shows(low) { low } else { panel.y.range().start.min(y) };
    (panel.x.shows(x) && panel.y.shows(high) && panel.y.shows(low)).then_some([(x, low), (x, high)])
}

/// The smallest distance of two points along the x axis; 1 where there are no two.
fn spacing(points: &[Point]) -> f64 {
    let mut places: Vec<f64> = points.iter().map(|point| point.x).collect();
    places.sort_by(f64::total_cmp);
    let distances = places.windows(2).map(|pair| pair[1] - pair[0]);
    distances.filter(|&distance| distance > 0.0).reduce(f64::min).unwrap_or(1.0)
}
