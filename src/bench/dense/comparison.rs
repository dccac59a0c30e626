//! Results of the comparison of sparse with dense synaptic input.

use serde::Serialize;

use super::layer_size::LayerSize;
use crate::bench::row::Row;

/// Synaptic input of a layer during a minibatch: event-driven, over spike rates, and dense.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DenseComparison {
    /// Layer.
    #[serde(flatten)]
    pub size: LayerSize,
    /// Number of images in the minibatch.
    pub samples: usize,
    /// Number of steps per image.
    pub steps: u32,
    /// Time of the dense matrix product, which no rate changes, ms.
    pub dense_ms: f64,
    /// Number of products of a count and a weight per second of the dense form.
    pub products_per_second: f64,
    /// `products_per_second` relative to the additions in registers of the roofline. Each product is added once.
    pub dense_fraction_of_peak: Option<f64>,
    /// Rate at which both forms take equally long, between two measured rates; `None` if one form is faster at all of
    /// them.
    pub crossing_rate: Option<f64>,
    /// Event-driven form at each rate, ascending.
    pub rates: Vec<RateRow>,
}

/// Event-driven synaptic input at one spike rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RateRow {
    /// Probability of a spike per presynaptic neuron and step.
    pub rate: f64,
    /// Population of the first measured network with this rate.
    pub population: Option<String>,
    /// Time of the kernels that sum the input, ms; `None` if the device does not measure it.
    pub event_ms: Option<f64>,
    /// Expected number of additions of weights per second.
    pub additions_per_second: Option<f64>,
    /// `dense_ms` divided by `event_ms`: above 1, the event-driven form is faster.
    pub dense_over_event: Option<f64>,
}

/// Spike rate of a presynaptic population of a measured network.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkRate {
    /// Name of the population.
    pub population: String,
    /// Mean number of spikes per neuron and step.
    pub rate: f64,
}

/// Returns the rates of the populations of a network that layers read.
pub fn network_rates(row: &Row) -> Vec<NetworkRate> {
    let hidden = &row.layers[..row.layers.len() - 1];
    let units = std::iter::once(row.inputs).chain(hidden.iter().copied());
    let rates = units.zip(&row.spikes_per_image).enumerate().map(|(index, (units, spikes))| {
        let population = match index {
            0 => "input".to_string(),
            layer => format!("layer {layer}"),
        };
        NetworkRate { population, rate: spikes / (row.steps_per_image * units as f64) }
    });
    rates.collect()
}

/// Returns the rate at which the event-driven form takes as long as the dense one, interpolated between the logarithms
/// of neighbouring rates.
pub fn crossing_rate(rates: &[RateRow]) -> Option<f64> {
    let points = rates.iter().filter_map(|row| Some((row.rate.ln(), row.dense_over_event?.ln())));
    let points: Vec<(f64, f64)> = points.collect();
    points.windows(2).find_map(|pair| {
        let [(rate, ratio), (next_rate, next_ratio)] = [pair[0], pair[1]];
        let is_between = ratio >= 0.0 && next_ratio < 0.0;
        is_between.then(|| (rate + (next_rate - rate) * ratio / (ratio - next_ratio)).exp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(times: &[(f64, f64)], dense_ms: f64) -> Vec<RateRow> {
        let row = |&(rate, event_ms): &(f64, f64)| RateRow {
            rate,
            population: None,
            event_ms: Some(event_ms),
            additions_per_second: None,
            dense_over_event: Some(dense_ms / event_ms),
        };
        times.iter().map(row).collect()
    }

    #[test]
    fn crossing_rate_lies_where_times_are_equal() {
        // The time grows with the rate: 10 ms at a rate of 0.2.
        let times = [(0.01, 0.5), (0.1, 5.0), (0.5, 25.0), (1.0, 50.0)];
        let crossing = crossing_rate(&rows(&times, 10.0)).unwrap();
        assert!((crossing - 0.2).abs() < 1e-12, "{crossing}");
        assert_eq!(crossing_rate(&rows(&times, 60.0)), None);
        assert_eq!(crossing_rate(&rows(&times, 0.1)), None);
        let untimed = RateRow { dense_over_event: None, ..rows(&times, 1.0).remove(0) };
        assert_eq!(crossing_rate(&[untimed]), None);
    }
}
