//! A curve that grows, and never has more points than a screen shows.

/// Points in the order of their places.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Curve {
    /// Each the mean of as many values as any other; the last one of those that there are.
    pub(super) points: Vec<(f64, f64)>,
    /// Values of a point: 2 to this power.
    log2_values: u32,
    /// Values of the last point.
    last_values: u32,
}

/// Most points of a curve: no screen shows more.
const MAX_POINTS: usize = 4096;

impl Curve {
    pub(super) fn push(&mut self, place: f64, value: f64) {
        match self.points.last_mut() {
            Some(last) if self.last_values < 1 << self.log2_values => {
                self.last_values += 1;
                let part = 1.0 / f64::from(self.last_values);
                *last = (last.0 + (place - last.0) * part, last.1 + (value - last.1) * part);
            }
            _ => {
                if self.points.len() >= MAX_POINTS {
                    self.merge_pairs();
                }
                self.points.push((place, value));
                self.last_values = 1;
            }
        }
    }

    /// Two neighbours become one.
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
    fn points_of_a_long_curve_are_means_of_as_many_values() {
        let mut curve = Curve::default();
        for place in 0..100_016 {
            curve.push(f64::from(place), f64::from(place));
        }
        // 32 values a point, 16 of the last.
        let mean = |point: usize| 32.0 * point as f64 + if point < 3125 { 15.5 } else { 7.5 };
        assert_eq!(curve.points.len(), 3126);
        for (point, &(place, value)) in curve.points.iter().enumerate() {
            assert!((place - mean(point)).abs() < 1e-6 && (value - place).abs() < 1e-6);
        }
    }
}
