//! Grid of the measured networks: the product of some lists of settings.

use std::fmt;

use serde::Serialize;

use super::error::BenchError;
use crate::config::{Config, variants};

/// Measured task of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Minibatches of two phases and an update
    Train,
    /// Test images, a minibatch in parallel
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

/// Varied settings; every combination is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchGrid {
    /// Layer sizes: the hidden layers, then the output.
    pub layers: Vec<Vec<usize>>,
    /// Numbers of images per minibatch.
    pub batch_size: Vec<usize>,
    /// Numbers of networks in parallel.
    pub replicas: Vec<usize>,
    /// Conductances from apical dendrite to soma, per ms.
    pub g_apical: Vec<f64>,
    /// Tasks of the networks.
    pub tasks: Vec<Task>,
}

/// One combination of settings. All tasks are measured on the same networks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GridPoint {
    /// Settings of each network, at least one. They differ in their seeds.
    pub configs: Vec<Config>,
}

impl GridPoint {
    /// Returns the shared settings, with the seed of the first network.
    pub(super) fn config(&self) -> &Config {
        &self.configs[0]
    }

    /// Returns the number of networks in parallel.
    pub(super) fn replicas(&self) -> usize {
        self.configs.len()
    }
}

impl BenchGrid {
    /// Returns every combination over the settings of `base`; the last list varies fastest. If the learning rates of
    /// `base` do not fit the layers, the first one is used for all, since rates do not change the time.
    ///
    /// # Errors
    /// Returns an error if a list is empty, or a number of networks is invalid.
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

    fn grid() -> BenchGrid {
        BenchGrid {
            layers: vec![vec![500, 10], vec![10]],
            batch_size: vec![1, 32],
            replicas: vec![1, 3],
            g_apical: vec![0.0, 0.05],
            tasks: vec![Task::Train],
        }
    }

    #[test]
    fn points_contain_each_combination_once() {
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
            BenchGrid { layers: vec![], ..grid() },
            BenchGrid { batch_size: vec![], ..grid() },
            BenchGrid { replicas: vec![], ..grid() },
            BenchGrid { g_apical: vec![], ..grid() },
            BenchGrid { tasks: vec![], ..grid() },
        ] {
            assert!(matches!(grid.points(&base), Err(BenchError::EmptyList { .. })), "{grid:?}");
        }
        let refused = |replicas: usize, base: &Config| match (BenchGrid {
            replicas: vec![1, replicas],
            ..grid()
        })
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
