//! Draws figures with plotters: one drawing, as SVG and as pixels.

use std::sync::Once;

use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Axis, Figure, Mark, Panel, Point};

/// Colours that colour-blind people tell apart (Okabe & Ito 2008), the darkest first.
const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
];
const GREY: RGBColor = RGBColor(110, 110, 110);
const GRID: RGBColor = RGBColor(228, 228, 228);

/// Lengths in pixels of the SVG.
const PANEL: (u32, u32) = (400, 320);
const TITLE: u32 = 36;
const LEGEND_LINE: u32 = 22;
const COLUMNS: usize = 3;
/// Pixels of a PNG for each of the SVG's.
const PIXELS: u32 = 2;

const FONT: &str = "sans-serif";

type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<Axis, Axis>>;

/// The figure as SVG, or why not.
pub(super) fn svg(figure: &Figure) -> Result<String, String> {
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, size(figure));
    draw(figure, backend.into_drawing_area(), 1)?;
    Ok(text)
}

/// The figure's pixels, row by row, three bytes each, with width and height.
pub(super) fn pixels(figure: &Figure) -> Result<(Vec<u8>, u32, u32), String> {
    let (width, height) = size(figure);
    let (width, height) = (width * PIXELS, height * PIXELS);
    let mut pixels = vec![0; (width * height * 3) as usize];
    let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
    draw(figure, backend.into_drawing_area(), PIXELS)?;
    Ok((pixels, width, height))
}

fn columns(figure: &Figure) -> usize {
    // Rows of one length, where that can be.
    let rows = figure.panels.len().div_ceil(COLUMNS).max(1);
    figure.panels.len().div_ceil(rows).max(1)
}

fn size(figure: &Figure) -> (u32, u32) {
    let rows = figure.panels.len().div_ceil(columns(figure)).max(1);
    let width = PANEL.0 * columns(figure) as u32;
    (width, TITLE + PANEL.1 * rows as u32 + legend_height(figure))
}

fn legend_height(figure: &Figure) -> u32 {
    LEGEND_LINE * figure.legend().len().div_ceil(columns(figure)) as u32 + LEGEND_LINE
}

fn draw<B: DrawingBackend>(
    figure: &Figure,
    area: DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    static FONT_IS_THERE: Once = Once::new();
    FONT_IS_THERE.call_once(|| {
        // A font of the program's own draws the same pixels everywhere. One that cannot be read shows
        // when text is drawn.
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        let _ = plotters::style::register_font(FONT, FontStyle::Normal, font);
    });
    let said = |error: DrawingAreaErrorKind<B::ErrorType>| error.to_string();
    area.fill(&WHITE).map_err(said)?;
    let font = |size: u32| (FONT, size * scale).into_font();
    let title = font(17).into_text_style(&area).pos(Pos::new(HPos::Center, VPos::Center));
    let (top, rest) = area.split_vertically(TITLE * scale);
    let middle = (top.dim_in_pixel().0 as i32 / 2, (TITLE * scale) as i32 / 2);
    top.draw_text(&figure.title, &title, middle).map_err(said)?;
    let (_, height) = rest.dim_in_pixel();
    let (panels, legend) = rest.split_vertically(height - legend_height(figure) * scale);
    let columns = columns(figure);
    let areas = panels.split_evenly((figure.panels.len().div_ceil(columns).max(1), columns));
    for (panel, area) in figure.panels.iter().zip(&areas) {
        draw_panel(panel, area, scale)?;
    }
    draw_legend(figure, &legend, scale)?;
    area.present().map_err(said)
}

fn draw_legend<B: DrawingBackend>(
    figure: &Figure,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    let style = (FONT, 13 * scale).into_font().into_text_style(area);
    let style = style.pos(Pos::new(HPos::Left, VPos::Center));
    let pixels = scale as i32;
    for (index, (label, colour)) in figure.legend().into_iter().enumerate() {
        let column = (index % columns(figure)) as i32;
        let line = (index / columns(figure)) as i32;
        let x = (PANEL.0 as i32 * column + 60) * pixels;
        let y = (LEGEND_LINE as i32 * line + LEGEND_LINE as i32 / 2) * pixels;
        let swatch = [(x, y - 5 * pixels), (x + 18 * pixels, y + 5 * pixels)];
        area.draw(&Rectangle::new(swatch, PALETTE[colour % PALETTE.len()].filled()))
            .and_then(|()| area.draw_text(label, &style, (x + 26 * pixels, y)))
            .map_err(|error| error.to_string())?;
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
        .map_err(|error| error.to_string())?;
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
        .map_err(|error| error.to_string())?;
    draw_references(panel, &mut chart, scale)
        .and_then(|()| draw_series(panel, &mut chart, scale))
        .map_err(|error| error.to_string())
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
            Mark::Line => {
                let (below, mut band): (Vec<_>, Vec<_>) = spreads.unzip();
                band.extend(below.into_iter().rev());
                chart.draw_series([Polygon::new(band, colour.mix(0.15).filled())])?;
                chart.draw_series(LineSeries::new(places, line))?;
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
