//! Draws the series of a panel.

use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;

use super::colour::{reference_colour, series_colour};
use super::{Axis, Mark, Panel, Point, Series};

/// Largest number of points of a line that get a dot each.
const MAX_DOTTED: usize = 12;

type ChartArea<'a, B> = ChartContext<'a, B, Cartesian2d<Axis, Axis>>;
type Failure<B> = DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>;

pub(super) fn draw_references<B: DrawingBackend>(
    panel: &Panel,
    chart: &mut ChartArea<B>,
    scale: u32,
) -> Result<(), Failure<B>> {
    let (left, right) = (panel.x.range().start, panel.x.range().end);
    for reference in panel.references.iter().filter(|reference| panel.y.contains(reference.y)) {
        let line = [(left, reference.y), (right, reference.y)];
        let style = reference_colour(reference).stroke_width(scale);
        chart.draw_series(DashedLineSeries::new(line, 6 * scale, 4 * scale, style))?;
    }
    Ok(())
}

pub(super) fn draw_series<B: DrawingBackend>(
    panel: &Panel,
    chart: &mut ChartArea<B>,
    scale: u32,
) -> Result<(), Failure<B>> {
    let is_shown = |(x, y): &(f64, f64)| panel.x.contains(*x) && panel.y.contains(*y);
    for series in &panel.series {
        let colour = series_colour(series.colour);
        let positions = series.points.iter().map(|point| (point.x, point.y)).filter(is_shown);
        match series.mark {
            Mark::Bars => {
                let half = 0.45 * spacing(&series.points);
                let foot = if panel.y.contains(0.0) { 0.0 } else { panel.y.range().start };
                let bar = |(x, y): (f64, f64)| {
                    Rectangle::new([(x - half, foot), (x + half, y)], colour.mix(0.6).filled())
                };
                chart.draw_series(positions.map(bar))?;
            }
            Mark::SmallDots => {
                let dot = |position| Circle::new(position, 2 * scale, colour.mix(0.7).filled());
                chart.draw_series(positions.map(dot))?;
            }
            Mark::Line => draw_line(panel, series, chart, scale)?,
            Mark::ThinLine => {
                let thin = colour.mix(0.35).stroke_width(scale);
                for part in split_runs(&series.points, &is_shown) {
                    if let [point] = part[..] {
                        let dot =
                            Circle::new(point.position(), 3 * scale, colour.mix(0.35).filled());
                        chart.draw_series([dot])?;
                    }
                    chart.draw_series(LineSeries::new(part.iter().map(Point::position), thin))?;
                }
            }
            Mark::Dots => {
                let bars = series.points.iter().filter_map(|point| spread(panel, point));
                let bar =
                    |ends: [(f64, f64); 2]| PathElement::new(ends, colour.stroke_width(scale));
                chart.draw_series(bars.map(bar))?;
                let dot = |position| Circle::new(position, 3 * scale, colour.filled());
                chart.draw_series(positions.map(dot))?;
            }
            Mark::Circles => {
                let ring =
                    |position| Circle::new(position, 7 * scale, colour.stroke_width(2 * scale));
                chart.draw_series(positions.map(ring))?;
            }
        }
    }
    Ok(())
}

/// Draws a line with its band, broken at missing values. A point without neighbours is a dot with a bar.
fn draw_line<B: DrawingBackend>(
    panel: &Panel,
    series: &Series,
    chart: &mut ChartArea<B>,
    scale: u32,
) -> Result<(), Failure<B>> {
    let colour = series_colour(series.colour);
    let is_shown = |(x, y): &(f64, f64)| panel.x.contains(*x) && panel.y.contains(*y);
    for part in split_runs(&series.points, &is_shown) {
        let ends: Vec<[(f64, f64); 2]> =
            part.iter().filter_map(|point| spread(panel, point)).collect();
        if let [ends] = ends[..] {
            chart.draw_series([PathElement::new(ends, colour.stroke_width(scale))])?;
        } else if !ends.is_empty() {
            let (below, above) = (ends.iter().map(|ends| ends[0]), ends.iter().map(|ends| ends[1]));
            let band: Vec<(f64, f64)> = above.chain(below.rev()).collect();
            chart.draw_series([Polygon::new(band, colour.mix(0.15).filled())])?;
        }
        let line =
            LineSeries::new(part.iter().map(Point::position), colour.stroke_width(2 * scale));
        chart.draw_series(line)?;
        if part.len() == 1 || series.points.len() <= MAX_DOTTED {
            let dot = |point: &Point| Circle::new(point.position(), 3 * scale, colour.filled());
            chart.draw_series(part.iter().map(dot))?;
        }
    }
    Ok(())
}

/// Splits the points into runs that are on both axes.
fn split_runs(points: &[Point], is_shown: &dyn Fn(&(f64, f64)) -> bool) -> Vec<Vec<Point>> {
    let parts = points.split(|point| !is_shown(&point.position()));
    parts.filter(|part| !part.is_empty()).map(<[Point]>::to_vec).collect()
}

/// Returns the ends of a point's spread, cut at the lower end of a logarithmic axis.
fn spread(panel: &Panel, &Point { x, y, spread }: &Point) -> Option<[(f64, f64); 2]> {
    let (low, high) = (y - spread?, y + spread?);
    let low = if panel.y.contains(low) { low } else { panel.y.range().start.min(y) };
    (panel.x.contains(x) && panel.y.contains(high) && panel.y.contains(low))
        .then_some([(x, low), (x, high)])
}

/// Returns the smallest distance between two points on the x axis, 1 if there are fewer than two.
fn spacing(points: &[Point]) -> f64 {
    let mut positions: Vec<f64> = points.iter().map(|point| point.x).collect();
    positions.sort_by(f64::total_cmp);
    let distances = positions.windows(2).map(|pair| pair[1] - pair[0]);
    distances.filter(|&distance| distance > 0.0).reduce(f64::min).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Figure, Render, Scale};

    /// Draws a panel with one series. Returns the SVG.
    fn drawn(mark: Mark, scale: Scale, positions: &[(f64, f64)]) -> String {
        let panel = Panel {
            title: String::new(),
            x: Axis::new("x", Scale::Linear, positions.iter().map(|position| position.0)),
            y: Axis::new("y", scale, positions.iter().map(|position| position.1)),
            series: vec![Series {
                label: "series".to_string(),
                colour: 0,
                mark,
                points: positions.iter().map(|&(x, y)| Point::new(x, y)).collect(),
            }],
            references: Vec::new(),
        };
        Figure { title: "title".to_string(), panels: vec![panel] }.svg().unwrap()
    }

    /// Returns the width of each bar, without that of the legend.
    fn bars(svg: &str) -> Vec<i32> {
        let number = |line: &str| -> i32 {
            let start = line.find(" width=\"").unwrap() + 8;
            line[start..].split('"').next().unwrap().parse().unwrap()
        };
        let bars = svg.lines().filter(|line| line.contains("<rect") && line.contains("0.6"));
        let bars: Vec<i32> = bars.map(number).collect();
        bars[..bars.len() - 1].to_vec()
    }

    #[test]
    fn bars_lie_inside_their_panel() {
        let cases: [(Scale, &[(f64, f64)]); 4] = [
            (Scale::Linear, &[(0.0, 1.0), (1.0, 2.0)]),
            // One bar has no neighbour; on a logarithmic axis there is no 0.
            (Scale::Linear, &[(3.0, 2.0)]),
            (Scale::Log, &[(0.0, 1.0), (1.0, 100.0)]),
            // Not in order, and twice at one place.
            (Scale::Linear, &[(1.0, 1.0), (0.0, 2.0), (1.0, 3.0)]),
        ];
        for (scale, positions) in cases {
            let bars = bars(&drawn(Mark::Bars, scale, positions));
            assert_eq!(bars.len(), positions.len());
            for width in bars {
                assert!((20..=410).contains(&width), "{width}");
            }
        }
    }

    #[test]
    fn lines_break_at_missing_values() {
        let lines = |positions: &[(f64, f64)]| {
            drawn(Mark::Line, Scale::Linear, positions).matches("stroke-width=\"2\"").count()
        };
        let gap = [(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, 0.0)];
        assert_eq!((lines(&gap[..2]), lines(&gap)), (1, 2));
        let dots = drawn(Mark::Line, Scale::Linear, &gap).matches("r=\"3\"").count();
        assert_eq!(dots, 4);
    }

    #[test]
    fn spread_below_zero_is_cut_on_a_log_axis() {
        let panel = Panel {
            title: String::new(),
            x: Axis::new("x", Scale::Linear, [0.0, 1.0]),
            y: Axis::new("y", Scale::Log, [1.0, 10.0]),
            series: Vec::new(),
            references: Vec::new(),
        };
        let ends = |y, wide| spread(&panel, &Point { x: 0.0, y, spread: Some(wide) });
        assert_eq!(ends(5.0, 1.0), Some([(0.0, 4.0), (0.0, 6.0)]));
        let [(_, low), (_, high)] = ends(2.0, 3.0).unwrap();
        assert!(low > 0.0 && low <= 1.0 && high == 5.0, "{low}");
    }

    #[test]
    fn small_dots_are_one_svg_element() {
        let positions: Vec<(f64, f64)> =
            (0..5000).map(|i| (f64::from(i % 97), f64::from(i))).collect();
        let svg = drawn(Mark::SmallDots, Scale::Linear, &positions);
        assert_eq!((svg.matches("<path ").count(), svg.matches("<circle ").count()), (1, 1));
        assert!(svg.len() < 100_000, "{}", svg.len());
    }
}
