//! Colours.

use plotters::style::RGBColor;

/// Colours that colour-blind people tell apart: seven of Okabe & Ito (2008), and three more for ten classes.
pub(super) const PALETTE: [RGBColor; 10] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
    RGBColor(240, 228, 66),
    RGBColor(96, 72, 168),
    RGBColor(140, 96, 30),
];
pub(super) const GREY: RGBColor = RGBColor(110, 110, 110);
pub(super) const GRID: RGBColor = RGBColor(228, 228, 228);

/// The ends of the scale for numbers of either sign; 0 is white.
const NEGATIVE: [f64; 3] = [178.0, 82.0, 0.0];
const POSITIVE: [f64; 3] = [0.0, 88.0, 150.0];

/// The colour of a number on a scale from -1 to 1.
pub(crate) fn diverging(value: f64) -> RGBColor {
    let end = if value < 0.0 { NEGATIVE } else { POSITIVE };
    let part = value.abs().min(1.0);
    let [red, green, blue] = end.map(|end| (255.0 + (end - 255.0) * part).round() as u8);
    RGBColor(red, green, blue)
}
