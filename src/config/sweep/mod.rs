//! Sweeps: values of one setting, of which each makes a network.

mod error;
mod part;
mod value;
mod variants;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Config;
pub use error::{SweepError, VARIANTS_MAX};
pub use part::{Part, PartError};
use value::keys;
pub(super) use value::set;
pub use variants::{Variant, variants};

/// Values of one setting, `KEY=V1,V2,..`. KEY is a key of `config.toml`. Colons separate the elements of a value that
/// is a list, such as one learning rate per layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sweep {
    key: String,
    /// At least one value, without duplicates.
    values: Vec<String>,
}

impl Sweep {
    /// Returns the key of the setting.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl FromStr for Sweep {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let (key, values) =
            text.split_once('=').ok_or_else(|| SweepError::InvalidSweep(text.into()))?;
        let key = find_key(key)?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().into()).collect();
        if key == "layers" {
            return Err(SweepError::Layers);
        }
        if values.iter().any(String::is_empty) {
            return Err(SweepError::EmptyValue { key });
        }
        let mut seen: Vec<Config> = Vec::new();
        for value in &values {
            let mut config = Config::default();
            set(&mut config, &key, value)?;
            // Compare parsed values: 0.1 and 0.10 are duplicates.
            if seen.contains(&config) {
                return Err(SweepError::DuplicateValue { key, value: value.clone() });
            }
            seen.push(config);
        }
        Ok(Sweep { key, values })
    }
}

/// Returns the key of a setting that is written as in a file or as its flag.
pub(super) fn find_key(text: &str) -> Result<String, SweepError> {
    let key = text.trim().replace('-', "_");
    let known = keys();
    if known.contains(&key) {
        return Ok(key);
    }
    let similarity = |known: &&String| (1000.0 * strsim::jaro_winkler(known, &key)) as u32;
    let nearest = known.iter().max_by_key(similarity).cloned().unwrap_or_default();
    Err(SweepError::UnknownKey { key, nearest, known: known.join(", ") })
}

impl TryFrom<String> for Sweep {
    type Error = SweepError;

    fn try_from(text: String) -> Result<Self, SweepError> {
        text.parse()
    }
}

impl From<Sweep> for String {
    fn from(sweep: Sweep) -> String {
        format!("{}={}", sweep.key, sweep.values.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweep_parses_every_setting_except_layers() {
        let table = toml::Table::try_from(Config::default()).unwrap();
        assert_eq!(keys().len(), table.len());
        for (key, value) in table {
            let text = value.to_string().replace(['[', ']', '"', ' '], "").replace(',', ":");
            match format!("{key}={text}").parse::<Sweep>() {
                Ok(sweep) => assert_eq!((sweep.key, sweep.values), (key, vec![text])),
                Err(error) => assert_eq!((key.as_str(), error), ("layers", SweepError::Layers)),
            }
        }
    }

    #[test]
    fn sweep_invalid_text_is_refused() {
        for (text, reason) in [
            ("eta", "expected KEY=VALUE,VALUE,.., found 'eta'"),
            ("=1", "unknown setting ''"),
            (
                "g_apicl=0",
                "unknown setting 'g_apicl', did you mean 'g_apical'? Settings: apical_bias_lr_scale, ",
            ),
            ("layers=10,20", "layers: cannot be swept"),
            ("eta=", "eta: expected values"),
            ("eta=0.1,,0.2", "eta: expected values"),
            ("eta=0.1,0.10", "eta: duplicate value 0.10"),
            ("eta=0.1,fast", "eta = fast: expected a number, found 'fast'"),
            (
                "feedback=none",
                "feedback = none: unknown variant 'none', expected 'broadcast' or 'layerwise'",
            ),
            ("seed=-1", "seed = -1: invalid value: integer '-1', expected u64"),
        ] {
            let error = text.parse::<Sweep>().unwrap_err().to_string();
            assert!(error.contains(reason), "{error}\nlacks: {reason}");
        }
    }
}
