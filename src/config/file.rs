//! Settings from text: a TOML file with some or all settings, or one `KEY=VALUE`.

use std::str::FromStr;

use thiserror::Error;

use super::Config;
use super::sweep::{SweepError, find_key, set};

/// Error of reading settings from text.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages document the variants")]
pub enum ConfigTextError {
    #[error("line {line}: unknown setting '{key}', did you mean '{nearest}'?")]
    UnknownKey { line: usize, key: String, nearest: String },
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
}

/// Reads settings from TOML. Settings that the text leaves out are those of the preset `quick`.
///
/// # Errors
/// Returns an error if the text is not TOML, a key is unknown, or a value has the wrong type. Call
/// [`Config::validate`] to check the values.
pub fn parse(text: &str) -> Result<Config, ConfigTextError> {
    toml::from_str(text).map_err(|error| unknown_key(text).unwrap_or(ConfigTextError::Toml(error)))
}

/// Returns an error for the first unknown key.
fn unknown_key(text: &str) -> Option<ConfigTextError> {
    let table: toml::Table = text.parse().ok()?;
    table.keys().find_map(|key| match find_key(key) {
        Err(SweepError::UnknownKey { nearest, .. }) => {
            let has_key =
                |line: &str| line.trim_start().trim_matches('"').starts_with(key.as_str());
            let line = 1 + text.lines().position(has_key).unwrap_or(0);
            Some(ConfigTextError::UnknownKey { line, key: key.clone(), nearest })
        }
        _ => None,
    })
}

/// Assignment of one setting, `KEY=VALUE`. Commas or colons separate the values of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    key: String,
    value: String,
}

impl Assignment {
    /// Sets the value in `config`.
    ///
    /// # Errors
    /// Returns an error if the value cannot be read; parsing an assignment has already checked it.
    pub fn apply(&self, config: &mut Config) -> Result<(), SweepError> {
        set(config, &self.key, &self.value)
    }
}

impl FromStr for Assignment {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let (key, value) =
            text.split_once('=').ok_or_else(|| SweepError::InvalidAssignment(text.into()))?;
        let (key, value) = (find_key(key)?, value.trim().to_string());
        set(&mut Config::default(), &key, &value)?;
        Ok(Assignment { key, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_unknown_key_suggests_the_closest() {
        let error = parse("batch_size = 3\n  epoch = 1\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2: unknown setting 'epoch', did you mean 'epochs'?");
    }

    #[test]
    fn parse_list_setting_accepts_a_single_number() {
        let config = parse("eta = 0.1\nbias_lr_scale = 1\nlayers = 10\n").unwrap();
        let expected = Config {
            eta: vec![0.1],
            bias_lr_scale: vec![1.0],
            layers: vec![10],
            ..Config::default()
        };
        assert_eq!(config, expected);
        let error = parse("eta = 'x'").unwrap_err().to_string();
        assert!(error.contains("expected a number or a list of numbers"), "{error}");
        let error = parse("layers = -1").unwrap_err().to_string();
        assert!(error.contains("invalid value: integer `-1`"), "{error}");
    }

    #[test]
    fn assignment_parses_values_like_flags() {
        let mut config = Config::default();
        for text in ["eta=0.5:0.25", "g-apical = 0.6", "layers=7,10"] {
            text.parse::<Assignment>().unwrap().apply(&mut config).unwrap();
        }
        let expected = Config {
            eta: vec![0.5, 0.25],
            g_apical: 0.6,
            layers: vec![7, 10],
            ..Config::default()
        };
        assert_eq!(config, expected);
        for (text, error) in [
            ("batch_size", "expected KEY=VALUE, found 'batch_size'"),
            ("bach_size=1", "unknown setting 'bach_size', did you mean 'batch_size'?"),
            ("batch_size=x", "batch_size = x: expected a number, found 'x'"),
        ] {
            let found = text.parse::<Assignment>().unwrap_err().to_string();
            assert!(found.starts_with(error), "{found}");
        }
    }
}
