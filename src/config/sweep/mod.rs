//! Networks that differ in settings: every combination of the values of some settings, with several
//! seeds each.

mod value;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Config;
use value::keys;
pub(super) use value::set;

/// Most networks of one command.
pub const VARIANTS_MAX: usize = 65_535;
/// The setting that replicas count up from.
const SEED: &str = "seed";

/// A setting with the values that it takes in turn: `KEY=v1,v2,..`, where KEY is a key of
/// `config.toml`. A value that is a list, as a learning rate for each layer, is written with colons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sweep {
    key: String,
    /// At least one; no two are the same.
    values: Vec<String>,
}

impl Sweep {
    /// The setting, by its key in the file.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// One network of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Which combination of the swept settings it has, the first is 0. Networks of one combination
    /// differ in their seeds.
    pub combination: usize,
    /// Keys and values of that combination. The seed is not among them.
    pub settings: Vec<(String, String)>,
    /// All of its settings, its seed among them.
    pub config: Config,
}

/// A sweep that cannot be.
#[derive(Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum SweepError {
    #[error("expected KEY=VALUE,VALUE,.., found '{0}'")]
    Form(String),
    #[error("expected KEY=VALUE, found '{0}'")]
    One(String),
    #[error("there is no setting '{key}', perhaps '{nearest}'; the settings are {known}")]
    Unknown { key: String, nearest: String, known: String },
    #[error(
        "layers: networks that train side by side have layers of one size, so they cannot be swept"
    )]
    Layers,
    #[error("{key}: expected values with commas between them, and none is empty")]
    NoValue { key: String },
    #[error("{key}: {value} stands there twice")]
    SameValue { key: String, value: String },
    #[error("{key} = {value}: {reason}")]
    Value { key: String, value: String, reason: String },
    #[error("{key} is swept twice")]
    Twice { key: String },
    #[error("0 replicas: at least 1")]
    NoReplicas,
    #[error("a sweep of seeds names them all: it cannot be joined with {replicas} replicas")]
    SeedsTwice { replicas: usize },
    #[error("{replicas} replicas from seed {seed} on: seeds end at {}", u64::MAX)]
    SeedsEnd { seed: u64, replicas: usize },
    #[error("{count} networks: at most {VARIANTS_MAX}")]
    TooMany { count: String },
}

impl FromStr for Sweep {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let (key, values) = text.split_once('=').ok_or_else(|| SweepError::Form(text.into()))?;
        let key = known_key(key)?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().into()).collect();
        if key == "layers" {
            return Err(SweepError::Layers);
        }
        if values.iter().any(String::is_empty) {
            return Err(SweepError::NoValue { key });
        }
        let mut seen: Vec<Config> = Vec::new();
        for value in &values {
            let mut config = Config::default();
            set(&mut config, &key, value)?;
            // Values that are written otherwise and mean the same are the same.
            if seen.contains(&config) {
                return Err(SweepError::SameValue { key, value: value.clone() });
            }
            seen.push(config);
        }
        Ok(Sweep { key, values })
    }
}

/// The key of a setting, that is written as in the file or as its flag is.
pub(super) fn known_key(text: &str) -> Result<String, SweepError> {
    let key = text.trim().replace('-', "_");
    let known = keys();
    if known.contains(&key) {
        return Ok(key);
    }
    let likeness = |known: &&String| (1000.0 * strsim::jaro_winkler(known, &key)) as u32;
    let nearest = known.iter().max_by_key(likeness).cloned().unwrap_or_default();
    Err(SweepError::Unknown { key, nearest, known: known.join(", ") })
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

/// What sets the network apart from others, in words; empty for one that nothing but its seed does.
impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<String> =
            self.settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        f.write_str(&settings.join(", "))
    }
}

/// `replicas` networks of each combination of the values of `sweeps` (the last changes first), which
/// differ in their seeds: that of `base` and those after it, or those that are swept.
///
/// # Errors
/// When a setting is swept twice, the seed by both, there are no networks or too many, or the seeds do
/// not suffice.
pub fn variants(
    base: &Config,
    sweeps: &[Sweep],
    replicas: usize,
) -> Result<Vec<Variant>, SweepError> {
    let is_second = |(index, sweep): &(usize, &Sweep)| {
        sweeps[..*index].iter().any(|before| before.key == sweep.key)
    };
    if let Some((_, sweep)) = sweeps.iter().enumerate().find(is_second) {
        return Err(SweepError::Twice { key: sweep.key.clone() });
    }
    let (seeds, sweeps): (Vec<&Sweep>, Vec<&Sweep>) =
        sweeps.iter().partition(|sweep| sweep.key == SEED);
    if replicas == 0 {
        return Err(SweepError::NoReplicas);
    }
    if replicas > 1 && !seeds.is_empty() {
        return Err(SweepError::SeedsTwice { replicas });
    }
    let of_each = seeds.first().map_or(replicas, |sweep| sweep.values.len());
    let lengths = sweeps.iter().map(|sweep| sweep.values.len());
    let count = lengths.fold(of_each, usize::saturating_mul);
    if count > VARIANTS_MAX {
        let count = if count == usize::MAX { "too many".into() } else { count.to_string() };
        return Err(SweepError::TooMany { count });
    }
    if base.seed.checked_add(replicas as u64 - 1).is_none() {
        return Err(SweepError::SeedsEnd { seed: base.seed, replicas });
    }

    let mut combinations = vec![Vec::new()];
    for sweep in &sweeps {
        let with_values = |settings: &Vec<(String, String)>| {
            let with = |value: &String| {
                [settings.as_slice(), &[(sweep.key.clone(), value.clone())]].concat()
            };
            sweep.values.iter().map(with).collect::<Vec<_>>()
        };
        combinations = combinations.iter().flat_map(with_values).collect();
    }
    let mut variants = Vec::with_capacity(count);
    for (combination, settings) in combinations.into_iter().enumerate() {
        let mut config = base.clone();
        for (key, value) in &settings {
            set(&mut config, key, value)?;
        }
        for replica in 0..of_each {
            let mut config = config.clone();
            match seeds.first() {
                Some(sweep) => set(&mut config, SEED, &sweep.values[replica])?,
                None => config.seed += replica as u64,
            }
            variants.push(Variant { combination, settings: settings.clone(), config });
        }
    }
    Ok(variants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Feedback;

    fn sweep(text: &str) -> Sweep {
        text.parse().unwrap()
    }

    #[test]
    fn every_combination_has_every_seed_and_the_last_key_changes_first() {
        let base = Config { seed: 7, batch: 5, ..Config::default() };
        let sweeps = [sweep("eta=0.1:0.2,0.3"), sweep("feedback=broadcast,layerwise")];
        let variants = variants(&base, &sweeps, 2).unwrap();
        let broadcast = Feedback::Broadcast;
        let expected: Vec<(usize, Vec<f64>, Feedback, u64)> = vec![
            (0, vec![0.1, 0.2], broadcast, 7),
            (0, vec![0.1, 0.2], broadcast, 8),
            (1, vec![0.1, 0.2], Feedback::Layerwise, 7),
            (1, vec![0.1, 0.2], Feedback::Layerwise, 8),
            (2, vec![0.3], broadcast, 7),
            (2, vec![0.3], broadcast, 8),
            (3, vec![0.3], Feedback::Layerwise, 7),
            (3, vec![0.3], Feedback::Layerwise, 8),
        ];
        assert_eq!(variants.len(), expected.len());
        for (variant, (combination, eta, feedback, seed)) in variants.iter().zip(expected) {
            assert_eq!(variant.combination, combination);
            assert_eq!(variant.config, Config { eta, feedback, seed, ..base.clone() });
        }
        assert_eq!(variants[2].to_string(), "eta = 0.1:0.2, feedback = layerwise");
    }

    #[test]
    fn seeds_are_counted_up_or_named() {
        let seeds = |sweeps: &[Sweep], replicas| -> Vec<u64> {
            let variants = variants(&Config::default(), sweeps, replicas).unwrap();
            variants.iter().map(|variant| variant.config.seed).collect()
        };
        assert_eq!(seeds(&[], 3), [1, 2, 3]);
        assert_eq!(seeds(&[sweep("seed=9,4")], 1), [9, 4]);
        assert_eq!(seeds(&[sweep("seed=9,4"), sweep("taps=5,6")], 1), [9, 4, 9, 4]);
        let named = variants(&Config::default(), &[sweep("seed=9,4")], 1).unwrap();
        assert!(
            named.iter().all(|variant| variant.combination == 0 && variant.settings.is_empty())
        );
    }

    /// A key that no value can be read for would be found out only when it is swept.
    #[test]
    fn every_setting_but_the_layers_is_swept_by_its_key_in_the_file() {
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
    fn what_cannot_be_swept_is_named() {
        for (text, reason) in [
            ("eta", "expected KEY=VALUE,VALUE,.., found 'eta'"),
            ("=1", "there is no setting ''"),
            (
                "g_apicl=0",
                "there is no setting 'g_apicl', perhaps 'g_apical'; the settings are apical_bias, ",
            ),
            ("layers=10,20", "layers: networks that train side by side"),
            ("eta=", "eta: expected values"),
            ("eta=0.1,,0.2", "eta: expected values"),
            ("eta=0.1,0.10", "eta: 0.10 stands there twice"),
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
        let refused = |seed, sweeps: &[&str], replicas| {
            let sweeps: Vec<Sweep> = sweeps.iter().map(|text| sweep(text)).collect();
            variants(&Config { seed, ..Config::default() }, &sweeps, replicas).unwrap_err()
        };
        assert_eq!(refused(1, &[], 0), SweepError::NoReplicas);
        assert_eq!(refused(1, &["taps=1", "taps=2"], 1), SweepError::Twice { key: "taps".into() });
        assert_eq!(refused(1, &["seed=1,2"], 2), SweepError::SeedsTwice { replicas: 2 });
        let error = SweepError::SeedsEnd { seed: u64::MAX, replicas: 2 };
        assert_eq!(refused(u64::MAX, &[], 2), error);
        let error = SweepError::TooMany { count: "80000".into() };
        assert_eq!(refused(1, &["taps=1,2"], 40_000), error);
        assert!(matches!(refused(1, &["taps=1,2"], usize::MAX), SweepError::TooMany { .. }));
    }
}
