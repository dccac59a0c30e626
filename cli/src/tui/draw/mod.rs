//! Drawing of the dashboard from its state.

mod curves;
mod fields;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, LineGauge, Paragraph, Row, Table};

use super::keys::KEYS;
use super::state::{State, Status};
use crate::progress::time_left;
use apical::network::{LayerStatistics, WeightStats};

/// Width below which only curves are drawn, columns.
const NARROW: u16 = 80;
/// Lines of the table in addition to its rows: frame and header.
const AROUND_TABLE: u16 = 3;

pub(super) fn draw(frame: &mut Frame, state: &State) {
    let lines = [Constraint::Length(1), Constraint::Length(1), Constraint::Min(4)];
    let rows = [&lines[..], &[Constraint::Length(1), Constraint::Length(1)]].concat();
    let [title, progress, middle, message, keys] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(Line::from(state.run.title.as_str()).bold(), title);
    draw_progress(frame, progress, state);
    frame.render_widget(Line::from(state.last_message.as_str()), message);
    draw_keys(frame, keys, state);
    if middle.width < NARROW {
        draw_curves(frame, middle, state);
        return;
    }
    let halves = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let [left, right] = Layout::horizontal(halves).areas(middle);
    draw_curves(frame, left, state);
    let table = state.layers.len() as u16 + AROUND_TABLE;
    let [fields, layers] =
        Layout::vertical([Constraint::Min(3), Constraint::Length(table)]).areas(right);
    fields::draw(frame, fields, state);
    draw_layers(frame, layers, state);
}

fn draw_progress(frame: &mut Frame, area: Rect, state: &State) {
    let run = &state.run;
    let label = format!(
        "epoch {}/{}  {}/{} images  {:.0} images/s  {}",
        state.epoch,
        run.epochs,
        state.images,
        run.total_images,
        state.images_per_second,
        time_left(state.left)
    );
    let done = state.images as f64 / run.total_images.max(1) as f64;
    let gauge = LineGauge::default()
        .label(label)
        .ratio(done.clamp(0.0, 1.0))
        .filled_style(Style::new().fg(Color::Blue))
        .unfilled_style(Style::new().fg(Color::DarkGray));
    frame.render_widget(gauge, area);
}

fn draw_keys(frame: &mut Frame, area: Rect, state: &State) {
    let (what, colour) = match state.status {
        Status::Training => ("training", Color::Green),
        Status::Pausing => ("pausing", Color::Yellow),
        Status::Paused => ("paused", Color::Yellow),
        Status::Stopping => ("stopping", Color::Red),
    };
    let mut spans =
        vec![Span::styled(format!(" {what} "), Style::new().fg(Color::Black).bg(colour))];
    for (key, meaning) in KEYS {
        let meaning = match state.status {
            Status::Pausing | Status::Paused if meaning == "pause" => "continue",
            _ => meaning,
        };
        spans.push(Span::raw("  "));
        spans.push(Span::styled(key, Style::new().add_modifier(Modifier::BOLD)));
        spans.push(Span::raw(format!(" {meaning}")));
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_curves(frame: &mut Frame, area: Rect, state: &State) {
    let parts = [Constraint::Percentage(65), Constraint::Percentage(35)];
    let [errors, loss] = Layout::vertical(parts).areas(area);
    curves::draw_errors(frame, errors, state);
    curves::draw_loss(frame, loss, state);
}

/// Draws rate, weights and biases of each layer.
fn draw_layers(frame: &mut Frame, area: Rect, state: &State) {
    let block = Block::bordered().title("layers: target-phase rates, weights");
    if state.layers.is_empty() {
        frame.render_widget(Paragraph::new("not read yet").block(block), area);
        return;
    }
    let numbers = |of: &WeightStats| [of.mean, of.sd, of.largest].map(|x| format!("{x:.4}"));
    let row = |(number, layer): (usize, &LayerStatistics)| {
        let biases = format!("{:.4}", layer.biases.mean);
        let feedback = layer.feedback.map(|of| format!("{:.4}", of.sd)).unwrap_or_default();
        let angle = layer.feedback_angle.map(|angle| format!("{angle:.1}°")).unwrap_or_default();
        let [mean, sd, largest] = numbers(&layer.weights);
        let rate = state.rates.get(number).map(|rate| format!("{:.1}", 1000.0 * rate));
        let rate = rate.unwrap_or_default();
        Row::new([number.to_string(), rate, mean, sd, largest, biases, feedback, angle])
    };
    let header =
        Row::new(["layer", "Hz", "mean", "sd", "largest", "bias", "feedback", "angle"]).dim();
    let widths = [5, 5, 7, 6, 8, 7, 8, 6].map(Constraint::Length);
    let rows = state.layers.iter().enumerate().map(row);
    frame.render_widget(Table::new(rows, widths).header(header).block(block), area);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::tui::keys::KeyAction;
    use crate::tui::state::tests::{end, progress, run};
    use apical::network::{Layer, Network};
    use apical::train::Event;

    /// Draws a state and returns the lines of the screen and its terminal.
    fn drawn(state: &State, width: u16, height: u16) -> (Vec<String>, Terminal<TestBackend>) {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, state)).unwrap();
        let buffer = terminal.backend().buffer();
        let line = |row| (0..width).map(|column| buffer[(column, row)].symbol()).collect();
        ((0..height).map(line).collect(), terminal)
    }

    fn network() -> Network {
        let weights: Vec<f32> = (0..48).map(|index| index as f32 - 20.0).collect();
        let layer = |feedback| Layer::from_rows(3, 16, &weights, &[0.5; 3], feedback).unwrap();
        Network { layers: vec![layer(&[1.0, -1.0, 1.0]), layer(&[])] }
    }

    fn state() -> State {
        let mut state = State::new(run());
        state.set_network(Arc::new(network()));
        for event in [
            progress(1, 500, 50.0),
            end(1, 30.0, 9.0),
            Event::PartialEval {
                replica: 0,
                epoch: 2,
                images: 500,
                test_error: 6.5,
                test_images: 100,
            },
            end(2, 8.0, 5.0),
            progress(3, 250, 7.0),
        ] {
            state.on_event(&event);
        }
        state.left = Some(Duration::from_secs(50));
        state
    }

    #[test]
    fn draw_shows_all_parts() {
        let (lines, _) = drawn(&state(), 120, 40);
        let text = lines.join("\n");
        for expected in [
            "784-500-10 on MNIST, cpu, 2 threads",
            "epoch 3/4  250/1000 images  5000 images/s  50 seconds left",
            "error, %: training 7.00, test 5.00, lowest 5.00",
            "loss 0.0500",
            "receptive fields",
            "weights",
            "3.5000",
            "27.0000",
            "epoch 2: training error 8.00 %, test error 5.00 %",
            "p pause",
            "s save the weights now",
            "q stop",
        ] {
            assert!(text.contains(expected), "{text}\nlacks: {expected}");
        }
        assert!(lines[39].contains("training"), "{}", lines[39]);
        // Curves use Braille patterns.
        assert!(text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "{text}");
    }

    #[test]
    fn draw_depends_on_state_and_shows_status() {
        let mut state = state();
        assert_eq!(drawn(&state, 100, 30).0, drawn(&state, 100, 30).0);
        state.apply(KeyAction::Pause);
        assert!(drawn(&state, 100, 30).0[29].contains("pausing"));
        state.status = Status::Paused;
        assert!(drawn(&state, 100, 30).0[29].contains("paused   p continue"));
        state.apply(KeyAction::Stop);
        assert!(drawn(&state, 100, 30).0[29].contains("stopping"));
    }

    #[test]
    fn draw_accepts_any_size_and_empty_state() {
        for (width, height) in
            [(1, 1), (3, 2), (20, 5), (79, 10), (80, 8), (81, 9), (250, 3), (300, 90)]
        {
            drawn(&state(), width, height);
            drawn(&State::new(run()), width, height);
        }
        // Errors and losses may be 0 or not finite.
        let mut state = State::new(run());
        for error in [0.0, f64::NAN, f64::INFINITY, 0.0] {
            state.on_event(&progress(1, 10, error));
            state.on_event(&end(1, error, error));
        }
        drawn(&state, 120, 40);
    }
}
