//! Colours of figures.

use plotters::style::RGBColor;

use super::Reference;

/// Colour-blind safe palette: seven colours of Okabe & Ito (2008) and three more for ten classes.
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

/// Returns the colour of a series. Beyond the palette, colours repeat paler, then darker.
pub(super) fn series_colour(colour: usize) -> RGBColor {
    let RGBColor(red, green, blue) = PALETTE[colour % PALETTE.len()];
    let (end, part) = [(0.0, 0.0), (255.0, 0.5), (0.0, 0.5)][colour / PALETTE.len() % 3];
    let mixed = |value: u8| (f64::from(value) + (end - f64::from(value)) * part).round() as u8;
    RGBColor(mixed(red), mixed(green), mixed(blue))
}

/// Returns the colour of a reference: that of its series, or grey.
pub(super) fn reference_colour(reference: &Reference) -> RGBColor {
    reference.colour.map_or(GREY, series_colour)
}

/// Ends of the diverging scale, whose middle, 0, is white.
pub(super) const NEGATIVE: [f64; 3] = [178.0, 82.0, 0.0];
pub(super) const POSITIVE: [f64; 3] = [0.0, 88.0, 150.0];

/// Returns the colour of a number from -1 to 1.
pub(crate) fn diverging(value: f64) -> RGBColor {
    let end = if value < 0.0 { NEGATIVE } else { POSITIVE };
    shade(end, value.abs())
}

/// Returns a shade between white, at 0, and a full colour, at 1.
pub(super) fn shade([red, green, blue]: [f64; 3], part: f64) -> RGBColor {
    let mixed = |end: f64| (255.0 + (end - 255.0) * part.clamp(0.0, 1.0)).round() as u8;
    RGBColor(mixed(red), mixed(green), mixed(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_classes_have_ten_colours() {
        for (position, colour) in PALETTE.iter().enumerate() {
            assert!(!PALETTE[..position].contains(colour));
        }
        assert!(PALETTE.len() >= 10);
    }

    #[test]
    fn thirty_series_have_distinct_colours() {
        let colours: Vec<RGBColor> =
            (0..30).filter(|colour| *colour != 26).map(series_colour).collect();
        for (position, colour) in colours.iter().enumerate() {
            assert!(!colours[..position].contains(colour), "{position}");
        }
    }
}
