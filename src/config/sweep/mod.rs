//! Sweeps: one network per combination of values of some settings and per seed.

mod value;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Config;
use value::keys;
pub(super) use value::set;

/// Largest number of networks of one command.
pub const VARIANTS_MAX: usize = 65_535;
/// Key of the setting that differs between replicas.
const SEED: &str = "seed";

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

/// Network of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Index of the combination of swept values. Networks of one combination differ in their seeds.
    pub combination: usize,
    /// Keys and values of the combination, without the seed.
    pub settings: Vec<(String, String)>,
    /// All settings of the network, including the seed.
    pub config: Config,
}

/// Error of a sweep or of an assignment.
#[derive(Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "the messages document the variants")]
pub enum SweepError {
    #[error("expected KEY=VALUE,VALUE,.., found '{0}'")]
    InvalidSweep(String),
    #[error("expected KEY=VALUE, found '{0}'")]
    InvalidAssignment(String),
    #[error("unknown setting '{key}', did you mean '{nearest}'? Settings: {known}")]
    UnknownKey { key: String, nearest: String, known: String },
    #[error(
        "layers: cannot be swept, because networks that train in parallel have equal layer sizes"
    )]
    Layers,
    #[error("{key}: expected values separated by commas, none of them empty")]
    EmptyValue { key: String },
    #[error("{key}: duplicate value {value}")]
    DuplicateValue { key: String, value: String },
    #[error("{key} = {value}: {reason}")]
    InvalidValue { key: String, value: String, reason: String },
    #[error("{key}: swept more than once")]
    DuplicateKey { key: String },
    #[error("invalid number of replicas 0: expected at least 1")]
    NoReplicas,
    #[error("cannot sweep seed with {replicas} replicas: the sweep defines all seeds")]
    SeedConflict { replicas: usize },
    #[error("invalid seed {seed}: {replicas} replicas need seeds above the maximum {}", u64::MAX)]
    SeedOverflow { seed: u64, replicas: usize },
    #[error("invalid number of networks {count}: expected at most {VARIANTS_MAX}")]
    TooManyNetworks { count: String },
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

/// Writes the swept settings of the network; empty if only its seed differs from others.
impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<String> =
            self.settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        f.write_str(&settings.join(", "))
    }
}

/// Returns `replicas` networks per combination of the values of `sweeps`; the last sweep varies fastest. The seeds are
/// that of `base` and its successors, or those of a sweep of `seed`.
///
/// # Errors
/// Returns an error if a setting is swept twice, if `seed` is swept with more than one replica, if there are no
/// networks or too many, or if the seeds overflow.
pub fn variants(
    base: &Config,
    sweeps: &[Sweep],
    replicas: usize,
) -> Result<Vec<Variant>, SweepError> {
    let is_duplicate = |(index, sweep): &(usize, &Sweep)| {
        sweeps[..*index].iter().any(|before| before.key == sweep.key)
    };
    if let Some((_, sweep)) = sweeps.iter().enumerate().find(is_duplicate) {
        return Err(SweepError::DuplicateKey { key: sweep.key.clone() });
    }
    let (seeds, sweeps): (Vec<&Sweep>, Vec<&Sweep>) =
        sweeps.iter().partition(|sweep| sweep.key == SEED);
    if replicas == 0 {
        return Err(SweepError::NoReplicas);
    }
    if replicas > 1 && !seeds.is_empty() {
        return Err(SweepError::SeedConflict { replicas });
    }
    let seed_count = seeds.first().map_or(replicas, |sweep| sweep.values.len());
    let lengths = sweeps.iter().map(|sweep| sweep.values.len());
    let count = lengths.fold(seed_count, usize::saturating_mul);
    if count > VARIANTS_MAX {
        let count = if count == usize::MAX { "too many".into() } else { count.to_string() };
        return Err(SweepError::TooManyNetworks { count });
    }
    if base.seed.checked_add(replicas as u64 - 1).is_none() {
        return Err(SweepError::SeedOverflow { seed: base.seed, replicas });
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
        for replica in 0..seed_count {
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
    fn variants_last_sweep_varies_fastest() {
        let base = Config { seed: 7, batch_size: 5, ..Config::default() };
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
    fn variants_seeds_count_up_or_are_swept() {
        let seeds = |sweeps: &[Sweep], replicas| -> Vec<u64> {
            let variants = variants(&Config::default(), sweeps, replicas).unwrap();
            variants.iter().map(|variant| variant.config.seed).collect()
        };
        assert_eq!(seeds(&[], 3), [1, 2, 3]);
        assert_eq!(seeds(&[sweep("seed=9,4")], 1), [9, 4]);
        assert_eq!(seeds(&[sweep("seed=9,4"), sweep("psp_kernel_ms=5,6")], 1), [9, 4, 9, 4]);
        let named = variants(&Config::default(), &[sweep("seed=9,4")], 1).unwrap();
        assert!(
            named.iter().all(|variant| variant.combination == 0 && variant.settings.is_empty())
        );
    }

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
        let refused = |seed, sweeps: &[&str], replicas| {
            let sweeps: Vec<Sweep> = sweeps.iter().map(|text| sweep(text)).collect();
            variants(&Config { seed, ..Config::default() }, &sweeps, replicas).unwrap_err()
        };
        assert_eq!(refused(1, &[], 0), SweepError::NoReplicas);
        assert_eq!(
            refused(1, &["psp_kernel_ms=1", "psp_kernel_ms=2"], 1),
            SweepError::DuplicateKey { key: "psp_kernel_ms".into() }
        );
        assert_eq!(refused(1, &["seed=1,2"], 2), SweepError::SeedConflict { replicas: 2 });
        let error = SweepError::SeedOverflow { seed: u64::MAX, replicas: 2 };
        assert_eq!(refused(u64::MAX, &[], 2), error);
        let error = SweepError::TooManyNetworks { count: "80000".into() };
        assert_eq!(refused(1, &["psp_kernel_ms=1,2"], 40_000), error);
        assert!(matches!(
            refused(1, &["psp_kernel_ms=1,2"], usize::MAX),
            SweepError::TooManyNetworks { .. }
        ));
    }
}
