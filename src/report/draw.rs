//! Draws figures.

use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::colour::{GREY, GRID, PALETTE};
use super::picture::{FONT, Picture, Side, TITLE, said, text};
use super::{Axis, Figure, Mark, Panel, Point};

/// Lengths in pixels of the SVG.
const PANEL: (u32, u32) = (400, 320);
const LEGEND_LINE: u32 = 22;
const COLUMNS: usize = 3;

type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<Axis, Axis>>;

impl Picture for Figure {
    fn title(&self) -> &str {
        &self.title
    }

    fn size(&self) -> (u32, u32) {
        let rows = self.panels.len().div_ceil(columns(self)).max(1);
        let width = PANEL.0 * columns(self) as u32;
        // Room for the title, however few the panels.
        let width = width.max(9 * self.title.len() as u32);
        (width, TITLE + PANEL.1 * rows as u32 + legend_height(self))
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String> {
        let (_, height) = area.dim_in_pixel();
        let (panels, legend) = area.split_vertically(height - legend_height(self) * scale);
        let columns = columns(self);
        let areas = panels.split_evenly((self.panels.len().div_ceil(columns).max(1), columns));
        for (panel, area) in self.panels.iter().zip(&areas) {
            draw_panel(panel, area, scale)?;
        }
        draw_legend(self, &legend, scale)
    }
}

fn columns(figure: &Figure) -> usize {
    // Rows of one length, where that can be.
    let rows = figure.panels.len().div_ceil(COLUMNS).max(1);
    figure.panels.len().div_ceil(rows).max(1)
}

fn legend_height(figure: &Figure) -> u32 {
    LEGEND_LINE * figure.legend().len().div_ceil(columns(figure)) as u32 + LEGEND_LINE
}

fn draw_legend<B: DrawingBackend>(
    figure: &Figure,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    let pixels = scale as i32;
    for (index, (label, colour)) in figure.legend().into_iter().enumerate() {
        let column = (index % columns(figure)) as i32;
        let line = (index / columns(figure)) as i32;
        let x = (PANEL.0 as i32 * column + 60) * pixels;
        let y = (LEGEND_LINE as i32 * line + LEGEND_LINE as i32 / 2) * pixels;
        let swatch = [(x, y - 5 * pixels), (x + 18 * pixels, y + 5 * pixels)];
        let colour = PALETTE[colour % PALETTE.len()];
        area.draw(&Rectangle::new(swatch, colour.filled())).map_err(said)?;
        text(area, label, (x + 26 * pixels, y), 13 * scale, Side::Right)?;
    }
    Ok(())
}

fn draw_panel<B: DrawingBackend>(
    panel: &Panel,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    let font = |size: u32| (FONT, size * scale).into_font();
    let mut chart = ChartBuilder::on(area)
        .margin(10 * scale)
        .caption(&panel.title, font(14))
        .x_label_area_size(42 * scale)
        .y_label_area_size(54 * scale)
        .build_cartesian_2d(panel.x.clone(), panel.y.clone())
        .map_err(said)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(scale))
        .axis_style(GREY.stroke_width(scale))
        .label_style(font(12))
        .axis_desc_style(font(13))
        .x_desc(&panel.x.label)
        .y_desc(&panel.y.label)
        .draw()
        .map_err(said)?;
    draw_references(panel, &mut chart, scale)
        .and_then(|()| draw_series(panel, &mut chart, scale))
        .map_err(said)
}

fn draw_references<B: DrawingBackend>(
    panel: &Panel,
    chart: &mut Chart<B>,
    scale: u32,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let (left, right) = (panel.x.range().start, panel.x.range().end);
    for reference in panel.references.iter().filter(|reference| panel.y.shows(reference.y)) {
        let line = [(left, reference.y), (right, reference.y)];
        let style = GREY.stroke_width(scale);
        chart.draw_series(DashedLineSeries::new(line, 6 * scale, 4 * scale, style))?;
        let style = (FONT, 12 * scale).into_font().color(&GREY);
        let style = style.pos(Pos::new(HPos::Right, VPos::Bottom));
        chart.draw_series([Text::new(reference.label.clone(), (right, reference.y), style)])?;
    }
    Ok(())
}

fn draw_series<B: DrawingBackend>(
    panel: &Panel,
    chart: &mut Chart<B>,
    scale: u32,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let is_shown = |(x, y): &(f64, f64)| panel.x.shows(*x) && panel.y.shows(*y);
    for series in &panel.series {
        let colour = PALETTE[series.colour % PALETTE.len()];
        let line = colour.stroke_width(2 * scale);
        let places = series.points.iter().map(|point| (point.x, point.y)).filter(is_shown);
        // The two ends of each spread.
        let spreads = series.points.iter().filter_map(|&Point { x, y, spread }| {
            let (below, above) = ((x, y - spread?), (x, y + spread?));
            (is_shown(&below) && is_shown(&above)).then_some((below, above))
        });
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
            Mark::Line => {
                let (below, mut band): (Vec<_>, Vec<_>) = spreads.unzip();
                band.extend(below.into_iter().rev());
                chart.draw_series([Polygon::new(band, colour.mix(0.15).filled())])?;
                chart.draw_series(LineSeries::new(places, line))?;
            }
            Mark::Hairline => {
                let thin = colour.mix(0.35).stroke_width(scale);
                chart.draw_series(LineSeries::new(places, thin))?;
            }
            Mark::Dots => {
                let bar =
                    |(below, above)| PathElement::new([below, above], colour.stroke_width(scale));
                chart.draw_series(spreads.map(bar))?;
                let dot = |place| Circle::new(place, 3 * scale, colour.filled());
                chart.draw_series(places.map(dot))?;
            }
            Mark::Rings => {
                let ring = |place| Circle::new(place, 7 * scale, line);
                chart.draw_series(places.map(ring))?;
            }
        }
    }
    Ok(())
}

/// The smallest distance of two points along the x axis; 1 where there are no two.
fn spacing(points: &[Point]) -> f64 {
    let mut places: Vec<f64> = points.iter().map(|point| point.x).collect();
    places.sort_by(f64::total_cmp);
    let distances = places.windows(2).map(|pair| pair[1] - pair[0]);
    distances.filter(|&distance| distance > 0.0).reduce(f64::min).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Scale, Series};

    /// A panel with one series, as SVG.
    fn drawn(mark: Mark, scale: Scale, places: &[(f64, f64)]) -> String {
        let panel = Panel {
            title: String::new(),
            x: Axis::new("x", Scale::Linear, places.iter().map(|place| place.0)),
            y: Axis::new("y", scale, places.iter().map(|place| place.1)),
            series: vec![Series {
                label: "series".to_string(),
                colour: 0,
                mark,
                points: places.iter().map(|&(x, y)| Point::new(x, y)).collect(),
            }],
            references: Vec::new(),
        };
        Figure { title: "title".to_string(), panels: vec![panel] }.svg().unwrap()
    }

    /// Left edge and width of each bar.
    fn bars(svg: &str) -> Vec<(i32, i32)> {
        let number = |line: &str, name: &str| -> i32 {
            let start = line.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
            line[start..].split('"').next().unwrap().parse().unwrap()
        };
        let bars = svg.lines().filter(|line| line.contains("<rect") && line.contains("0.6"));
        bars.map(|line| (number(line, "x"), number(line, "width"))).collect()
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
        for (scale, places) in cases {
            let bars = bars(&drawn(Mark::Bars, scale, places));
            assert_eq!(bars.len(), places.len());
            for (_, width) in bars {
                assert!((20..=PANEL.0 as i32).contains(&width), "{width}");
            }
        }
    }

    #[test]
    fn ten_classes_have_ten_colours() {
        for (place, colour) in PALETTE.iter().enumerate() {
            assert!(!PALETTE[..place].contains(colour));
        }
        assert!(PALETTE.len() >= 10);
    }
}
