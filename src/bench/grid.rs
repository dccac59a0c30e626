//! Which networks are measured: the product of a few lists of settings.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

use super::BenchError;
use crate::config::Config;

/// What a network does while it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
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
    pub batch: Vec<usize>,
    /// Networks side by side.
    pub replicas: Vec<usize>,
    /// Conductance from apical dendrite to soma, per ms.
    pub g_apical: Vec<f64>,
    pub tasks: Vec<Task>,
}

/// One combination; both tasks are measured on the same network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub config: Config,
    pub replicas: usize,
}

impl Grid {
    /// Every combination over the settings of `base`, the last list turning fastest. Where `base` has
    /// not as many learning rates as layers, its first holds for all: rates do not change the time.
    ///
    /// # Errors
    /// When a list is empty, or a number of replicas cannot be.
    pub(super) fn points(&self, base: &Config) -> Result<Vec<Point>, BenchError> {
        for (list, is_empty) in [
            ("layers", self.layers.is_empty()),
            ("batch", self.batch.is_empty()),
            ("replicas", self.replicas.is_empty()),
            ("g_apical", self.g_apical.is_empty()),
            ("task", self.tasks.is_empty()),
        ] {
            if is_empty {
                return Err(BenchError::EmptyList { list });
            }
        }
        // The place to lift where a device trains several networks side by side.
        if let Some(&replicas) = self.replicas.iter().find(|&&replicas| replicas != 1) {
            return Err(BenchError::Replicas { replicas });
        }
        let mut points = Vec::new();
        for layers in &self.layers {
            for &batch in &self.batch {
                for &replicas in &self.replicas {
                    for &g_apical in &self.g_apical {
                        let mut eta = base.eta.clone();
                        if eta.len() != layers.len() {
                            eta.truncate(1);
                        }
                        let layers = layers.clone();
                        let config = Config { layers, batch, g_apical, eta, ..base.clone() };
                        points.push(Point { config, replicas });
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
    use crate::config::Preset;

    fn grid() -> Grid {
        Grid {
            layers: vec![vec![500, 10], vec![10]],
            batch: vec![1, 32],
            replicas: vec![1],
            g_apical: vec![0.0, 0.05],
            tasks: vec![Task::Train],
        }
    }

    #[test]
    fn every_combination_comes_once() {
        let points = grid().points(&Preset::Paper1.config()).unwrap();
        let of = |point: &Point| {
            let Config { layers, batch, g_apical, .. } = &point.config;
            (layers.len(), *batch, *g_apical)
        };
        let expected = [
            (2, 1, 0.0),
            (2, 1, 0.05),
            (2, 32, 0.0),
            (2, 32, 0.05),
            (1, 1, 0.0),
            (1, 1, 0.05),
            (1, 32, 0.0),
            (1, 32, 0.05),
        ];
        assert_eq!(points.iter().map(of).collect::<Vec<_>>(), expected);
        for Point { config, .. } in points {
            config.validate(784, 10).unwrap();
        }
    }

    #[test]
    fn empty_lists_and_numbers_of_replicas_that_cannot_be_are_refused() {
        let base = Config::default();
        for grid in [
            Grid { layers: vec![], ..grid() },
            Grid { batch: vec![], ..grid() },
            Grid { replicas: vec![], ..grid() },
            Grid { g_apical: vec![], ..grid() },
            Grid { tasks: vec![], ..grid() },
        ] {
            assert!(matches!(grid.points(&base), Err(BenchError::EmptyList { .. })), "{grid:?}");
        }
        let grid = Grid { replicas: vec![1, 0], ..grid() };
        assert!(matches!(grid.points(&base), Err(BenchError::Replicas { replicas: 0 })));
    }
}
