//! Networks of sweeps: one per combination of the swept values and per seed.

use std::fmt;

use super::{Sweep, SweepError, VARIANTS_MAX, set};
use crate::config::Config;

/// Key of the setting that differs between replicas.
const SEED: &str = "seed";

/// Network of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Index of the network among all of the sweep.
    pub index: usize,
    /// Index of the combination of swept values. Networks of one combination differ in their seeds.
    pub combination: usize,
    /// Keys and values of the combination, without the seed.
    pub settings: Vec<(String, String)>,
    /// All settings of the network, including the seed.
    pub config: Config,
}

impl Variant {
    /// Returns the only network of its training.
    pub(crate) fn alone(config: Config) -> Self {
        Variant { index: 0, combination: 0, settings: Vec::new(), config }
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
            let (index, settings) = (variants.len(), settings.clone());
            variants.push(Variant { index, combination, settings, config });
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
    fn variants_refuse_conflicting_sweeps() {
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
