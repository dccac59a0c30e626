//! Settings as text: a TOML file of some or all of them, or one `KEY=VALUE`.

use std::str::FromStr;

use thiserror::Error;

use super::Config;
use super::sweep::{SweepError, known_key, set};

/// Why a text holds no settings.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum ConfigTextError {
    #[error("line {line}: there is no setting '{key}', perhaps '{nearest}'")]
    Unknown { line: usize, key: String, nearest: String },
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
}

/// Reads settings; those that are not named are those of the preset `quick`.
///
/// # Errors
/// When the text is not TOML, a key is no setting, or a value is of the wrong kind. Whether values can be, only
/// [`Config::validate`] says.
pub fn parse(text: &str) -> Result<Config, ConfigTextError> {
    toml::from_str(text).map_err(|error| unknown_key(text).unwrap_or(ConfigTextError::Toml(error)))
}

/// The first key that is no setting.
fn unknown_key(text: &str) -> Option<ConfigTextError> {
    let table: toml::Table = text.parse().ok()?;
    table.keys().find_map(|key| match known_key(key) {
        Err(SweepError::Unknown { nearest, .. }) => {
            let names_it =
                |line: &str| line.trim_start().trim_matches('"').starts_with(key.as_str());
            let line = 1 + text.lines().position(names_it).unwrap_or(0);
            Some(ConfigTextError::Unknown { line, key: key.clone(), nearest })
        }
        _ => None,
    })
}

/// One setting, `KEY=VALUE`; a value that is a list is written with commas or colons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    key: String,
    value: String,
}

impl Assignment {
    /// Changes the setting.
    ///
    /// # Errors
    /// Never: that its value can be read was seen before.
    pub fn apply(&self, config: &mut Config) -> Result<(), SweepError> {
        set(config, &self.key, &self.value)
    }
}

impl FromStr for Assignment {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let (key, value) = text.split_once('=').ok_or_else(|| SweepError::One(text.into()))?;
        let (key, value) = (known_key(key)?, value.trim().to_string());
        set(&mut Config::default(), &key, &value)?;
        Ok(Assignment { key, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_told_with_the_nearest() {
        let error = parse("batch = 3\n  epoch = 1\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2: there is no setting 'epoch', perhaps 'epochs'");
    }

    #[test]
    fn list_setting_takes_a_single_number() {
        let config = parse("eta = 0.1\neta_bias = 1\nlayers = 10\n").unwrap();
        let expected =
            Config { eta: vec![0.1], eta_bias: vec![1.0], layers: vec![10], ..Config::default() };
        assert_eq!(config, expected);
        let error = parse("eta = 'x'").unwrap_err().to_string();
        assert!(error.contains("expected a number or a list of numbers"), "{error}");
        let error = parse("layers = -1").unwrap_err().to_string();
        assert!(error.contains("invalid value: integer `-1`"), "{error}");
    }

    #[test]
    fn one_setting_is_read_as_its_flag_is() {
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
            ("batch", "expected KEY=VALUE, found 'batch'"),
            ("bach=1", "there is no setting 'bach', perhaps 'batch'"),
            ("batch=x", "batch = x: expected a number, found 'x'"),
        ] {
            let found = text.parse::<Assignment>().unwrap_err().to_string();
            assert!(found.starts_with(error), "{found}");
        }
    }
}
