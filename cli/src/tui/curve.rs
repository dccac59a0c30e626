//! Curve with a bounded number of points.

/// Points in order of position.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Curve {
    /// Means of equally many values, except that the last point may have fewer.
    pub(super) points: Vec<(f64, f64)>,
    /// Base-2 logarithm of the number of values per point.
    log2_values: u32,
    /// Number of values of the last point.
    last_values: u32,
}

/// Largest number of points; no screen shows more.
const MAX_POINTS: usize = 4096;

impl Curve {
    pub(super) fn push(&mut self, position: f64, value: f64) {
        match self.points.last_mut() {
            Some(last) if self.last_values < 1 << self.log2_values => {
                self.last_values += 1;
                let part = 1.0 / f64::from(self.last_values);
                *last = (last.0 + (position - last.0) * part, last.1 + (value - last.1) * part);
            }
            _ => {
                if self.points.len() >= MAX_POINTS {
                    self.merge_pairs();
                }
                self.points.push((position, value));
                self.last_values = 1;
            }
        }
    }

    /// Merges pairs of neighbouring points.
    fn merge_pairs(&mut self) {
        let mean = |pair: &[(f64, f64)]| {
            let [first, last] = [pair[0], pair[pair.len() - 1]];
            ((first.0 + last.0) / 2.0, (first.1 + last.1) / 2.0)
        };
        self.points = self.points.chunks(2).map(mean).collect();
        self.log2_values += 1;
    }

    pub(super) fn last(&self) -> Option<f64> {
        self.points.last().map(|point| point.1)
    }

    pub(super) fn min(&self) -> Option<f64> {
        self.points.iter().map(|point| point.1).reduce(f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curve_merges_points_of_equal_weight() {
        let mut curve = Curve::default();
        for position in 0..100_016 {
            curve.push(f64::from(position), f64::from(position));
        }
        // 32 values per point, 16 in the last point.
        let mean = |point: usize| 32.0 * point as f64 + if point < 3125 { 15.5 } else { 7.5 };
        assert_eq!(curve.points.len(), 3126);
        for (point, &(position, value)) in curve.points.iter().enumerate() {
            assert!((position - mean(point)).abs() < 1e-6 && (value - position).abs() < 1e-6);
        }
    }
}
