//! What keys mean.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Or to go on.
    Pause,
    Save,
    Test,
    Stop,
    /// What Ctrl-C means everywhere.
    Interrupt,
}

/// Keys with what they do, for people.
pub(super) const KEYS: [(&str, &str); 4] =
    [("p", "pause"), ("t", "test now"), ("s", "save the weights now"), ("q", "stop")];

/// What a key means, if anything. A terminal that the program reads key by key makes no signal of Ctrl-C.
pub(super) fn action(key: &KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if is_control => Some(Action::Interrupt),
        KeyCode::Char(_) if is_control => None,
        KeyCode::Char('p') => Some(Action::Pause),
        KeyCode::Char('s') => Some(Action::Save),
        KeyCode::Char('t') => Some(Action::Test),
        KeyCode::Char('q') => Some(Action::Stop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_are_told_do_something_and_others_nothing() {
        let of = |code, modifiers| action(&KeyEvent::new(code, modifiers));
        let told =
            KEYS.map(|(key, _)| of(KeyCode::Char(key.chars().next().unwrap()), KeyModifiers::NONE));
        let expected = [Action::Pause, Action::Test, Action::Save, Action::Stop].map(Some);
        assert_eq!(told, expected);
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Interrupt));
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(of(KeyCode::Char('s'), KeyModifiers::CONTROL), None);
        assert_eq!(of(KeyCode::Enter, KeyModifiers::NONE), None);
        let released = KeyEvent {
            kind: KeyEventKind::Release,
            ..KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE)
        };
        assert_eq!(action(&released), None);
    }
}
