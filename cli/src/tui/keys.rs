//! Keys of the dashboard.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Action of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyAction {
    /// Pauses or continues.
    Pause,
    Save,
    Test,
    Stop,
    /// Handled as SIGINT.
    Interrupt,
}

/// Keys with their descriptions.
pub(super) const KEYS: [(&str, &str); 4] =
    [("p", "pause"), ("t", "test now"), ("s", "save the weights now"), ("q", "stop")];

/// Returns the action of a key. In raw mode, the terminal does not send a signal for Ctrl-C.
pub(super) fn action(key: &KeyEvent) -> Option<KeyAction> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if is_control => Some(KeyAction::Interrupt),
        KeyCode::Char(_) if is_control => None,
        KeyCode::Char('p') => Some(KeyAction::Pause),
        KeyCode::Char('s') => Some(KeyAction::Save),
        KeyCode::Char('t') => Some(KeyAction::Test),
        KeyCode::Char('q') => Some(KeyAction::Stop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn action_only_documented_keys_act() {
        let of = |code, modifiers| action(&KeyEvent::new(code, modifiers));
        let documented =
            KEYS.map(|(key, _)| of(KeyCode::Char(key.chars().next().unwrap()), KeyModifiers::NONE));
        let expected =
            [KeyAction::Pause, KeyAction::Test, KeyAction::Save, KeyAction::Stop].map(Some);
        assert_eq!(documented, expected);
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(KeyAction::Interrupt));
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
