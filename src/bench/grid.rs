//! Which networks are measured: the product of a few lists of settings.

use std::fmt;

use serde::Serialize;

use super::BenchError;
use crate::config::{Config, variants};

/// What a network does while it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Minibatches of two phases and an update
    Train,
    /// Test images, as many side by side as a minibatch has
    Test,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Task::Train => "train",
            Task::Test => "test",
        })
    }
}

/// Settings of which every combination is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Sizes of the hidden layers and, last, of the output.
    pub layers: Vec<Vec<usize>>,
    /// Images a minibatch.
    pub batch_size: Vec<usize>,
    /// Networks side by side.
    pub replicas: Vec<usize>,
    /// Conductance from apical dendrite to soma, per ms.
    pub g_apical: Vec<f64>,
    /// What the networks do.
    pub tasks: Vec<Task>,
}

/// One combination; both tasks are measured on the same networks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GridPoint {
    /// Of each network, at least one; they differ in their seeds.
    pub configs: Vec<Config>,
}

impl GridPoint {
    /// What all networks share, and the seed of the first.
    pub(super) fn config(&self) -> &Config {
        &self.configs[0]
    }

    pub(super) fn replicas(&self) -> usize {
        self.configs.len()
    }
}

impl Grid {
    /// Every combination over the settings of `base`, the last list turning fastest. Where `base` has
    /// not as many learning rates as layers, its first holds for all: rates do not change the time.
    ///
    /// # Errors
    /// Returns an error if a list is empty, or there cannot be so many networks.
    pub(super) fn points(&self, base: &Config) -> Result<Vec<GridPoint>, BenchError> {
        for (list, is_empty) in [
            ("layers", self.layers.is_empty()),
            ("batch_size", self.batch_size.is_empty()),
            ("replicas", self.replicas.is_empty()),
            ("g_apical", self.g_apical.is_empty()),
            ("task", self.tasks.is_empty()),
        ] {
            if is_empty {
                return Err(BenchError::EmptyList { list });
            }
        }
        let mut points = Vec::new();
        for layers in &self.layers {
            for &batch in &self.batch_size {
                for &replicas in &self.replicas {
                    for &g_apical in &self.g_apical {
                        let layers = layers.clone();
                        let mut config =
                            Config { layers, batch_size: batch, g_apical, ..base.clone() };
                        if !config.has_valid_len(&base.eta) {
                            config.eta.truncate(1);
                        }
                        let networks = variants(&config, &[], replicas)?;
                        let configs = networks.into_iter().map(|network| network.config).collect();
                        points.push(GridPoint { configs });
                    }
                }
            }
        }
        Ok(points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Preset, SweepError};

    fn grid() -> Grid {
        Grid {
            layers: vec![vec![500, 10], vec![10]],
            batch_size: vec![1, 32],
            replicas: vec![1, 3],
            g_apical: vec![0.0, 0.05],
            tasks: vec![Task::Train],
        }
    }

    #[test]
    fn every_combination_comes_once() {
        let points = grid().points(&Preset::Paper1.config()).unwrap();
        let of = |point: &GridPoint| {
            let Config { layers, batch_size: batch, g_apical, .. } = point.config();
            (layers.len(), *batch, point.replicas(), *g_apical)
        };
        let mut expected = Vec::new();
        for layers in [2, 1] {
            for batch in [1, 32] {
                for replicas in [1, 3] {
                    expected
                        .extend([0.0, 0.05].map(|g_apical| (layers, batch, replicas, g_apical)));
                }
            }
        }
        assert_eq!(points.iter().map(of).collect::<Vec<_>>(), expected);
        for GridPoint { configs } in points {
            for (replica, config) in configs.iter().enumerate() {
                config.validate(784, 10).unwrap();
                let seed = configs[0].seed + replica as u64;
                assert_eq!(*config, Config { seed, ..configs[0].clone() });
            }
        }
    }

    #[test]
    fn grid_with_empty_list_or_invalid_count_is_refused() {
        let base = Config::default();
        for grid in [
            Grid { layers: vec![], ..grid() },
            Grid { batch_size: vec![], ..grid() },
            Grid { replicas: vec![], ..grid() },
            Grid { g_apical: vec![], ..grid() },
            Grid { tasks: vec![], ..grid() },
        ] {
            assert!(matches!(grid.points(&base), Err(BenchError::EmptyList { .. })), "{grid:?}");
        }
        let refused =
            |replicas: usize, base: &Config| match (Grid { replicas: vec![1, replicas], ..grid() })
                .points(base)
            {
                Err(BenchError::Networks(error)) => error,
                other => panic!("{replicas} replicas: {other:?}"),
            };
        assert_eq!(refused(0, &base), SweepError::NoReplicas);
        let last = Config { seed: u64::MAX, ..Config::default() };
        assert_eq!(refused(2, &last), SweepError::SeedOverflow { seed: u64::MAX, replicas: 2 });
    }
}
