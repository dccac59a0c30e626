//! Curves by epoch on logarithmic scales.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};

use crate::tui::curve::Curve;
use crate::tui::state::State;

/// Smallest value on the scale; smaller values are drawn there.
const MIN_VALUE: f64 = 1e-3;
/// Number of ticks on the vertical axis.
const TICKS: usize = 3;

/// Curve with its style.
struct StyledCurve<'a> {
    name: &'a str,
    curve: &'a Curve,
    colour: Color,
    graph: GraphType,
}

pub(super) fn draw_errors(frame: &mut Frame, area: Rect, state: &State) {
    let eval_set = state.run.eval_set;
    let of = |error: Option<f64>| error.map_or("-".to_string(), |error| format!("{error:.2}"));
    let title = format!(
        "error, %: training {}, {eval_set} {}, lowest {}",
        of(state.training.last()),
        of(state.test.last()),
        of(state.test.min())
    );
    let quick = format!("{eval_set}, partial");
    let lines = [
        StyledCurve::new("training", &state.training, Color::Yellow, GraphType::Line),
        StyledCurve::new(&quick, &state.partial_eval, Color::Cyan, GraphType::Scatter),
        StyledCurve::new(eval_set, &state.test, Color::Blue, GraphType::Line),
    ];
    draw(frame, area, title, &lines, state.run.epochs);
}

pub(super) fn draw_loss(frame: &mut Frame, area: Rect, state: &State) {
    let last = state.loss.last().map_or("-".to_string(), |loss| format!("{loss:.4}"));
    let line = StyledCurve::new("", &state.loss, Color::Magenta, GraphType::Line);
    draw(frame, area, format!("loss {last}"), &[line], state.run.epochs);
}

impl<'a> StyledCurve<'a> {
    fn new(name: &'a str, curve: &'a Curve, colour: Color, graph: GraphType) -> Self {
        StyledCurve { name, curve, colour, graph }
    }
}

fn draw(frame: &mut Frame, area: Rect, title: String, lines: &[StyledCurve], epochs: u32) {
    let shown = |line: &StyledCurve| -> Vec<(f64, f64)> {
        let points = line.curve.points.iter().filter(|point| point.1.is_finite());
        points.map(|&(position, value)| (position, value.max(MIN_VALUE).log10())).collect()
    };
    let points: Vec<Vec<(f64, f64)>> = lines.iter().map(shown).collect();
    let all = || points.iter().flatten();
    // The axis ends at the last point, so that a long training fills the chart from the start.
    let end =
        all().map(|point| point.0).fold(0.0, f64::max).ceil().clamp(1.0, f64::from(epochs.max(1)));
    let low = all().map(|point| point.1).reduce(f64::min).unwrap_or(0.0);
    let high = all().map(|point| point.1).reduce(f64::max).unwrap_or(low);
    // A constant curve needs a range, too.
    let (low, high) = if high - low < 0.1 { (low - 0.1, high + 0.1) } else { (low, high) };
    let name = |step: usize| {
        let value = 10f64.powf(low + (high - low) * step as f64 / (TICKS - 1) as f64);
        if value < 1.0 { format!("{value:.3}") } else { format!("{value:.1}") }
    };
    let names: Vec<String> = match all().next() {
        Some(_) => (0..TICKS).map(name).collect(),
        None => Vec::new(),
    };
    let datasets =
        lines.iter().zip(&points).filter(|(_, points)| !points.is_empty()).map(|(line, points)| {
            Dataset::default()
                .name(line.name)
                .marker(if line.graph == GraphType::Scatter {
                    Marker::Dot
                } else {
                    Marker::Braille
                })
                .graph_type(line.graph)
                .style(Style::new().fg(line.colour))
                .data(points)
        });
    let grey = Style::new().fg(Color::DarkGray);
    let chart = Chart::new(datasets.collect())
        .block(Block::bordered().title(title))
        .x_axis(
            Axis::default()
                .style(grey)
                .bounds([0.0, end])
                .labels(["0".to_string(), format!("epoch {end:.0}")]),
        )
        .y_axis(Axis::default().style(grey).bounds([low, high]).labels(names));
    frame.render_widget(chart, area);
}
