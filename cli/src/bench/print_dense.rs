//! Tables of the comparison of event-driven and dense synaptic input.

use super::print::{giga, percent, three_digits};
use apical::bench::{DenseComparison, RateRow};
use apical::figures::Table;

/// Returns the table of all layers and the table of all rates; none if nothing was compared.
pub fn tables(comparisons: &[DenseComparison]) -> Vec<Table> {
    if comparisons.is_empty() {
        return Vec::new();
    }
    let mut layers = Table::new(&[
        "synaptic input",
        "dense ms/minibatch",
        "dense G products/s",
        "dense % of peak",
        "dense is faster",
    ]);
    let mut rates = Table::new(&[
        "synaptic input",
        "rate %",
        "population",
        "event-driven ms/minibatch",
        "event-driven G additions/s",
        "event-driven is faster",
    ]);
    for comparison in comparisons {
        layers.push(vec![
            comparison.size.to_string(),
            three_digits(comparison.dense_ms),
            giga(comparison.products_per_second),
            percent(comparison.dense_fraction_of_peak),
            crossing(comparison),
        ]);
        for row in &comparison.rates {
            rates.push(vec![
                comparison.size.to_string(),
                three_digits(100.0 * row.rate),
                row.population.clone().unwrap_or_default(),
                row.event_ms.map_or("-".to_string(), three_digits),
                row.additions_per_second.map_or("-".to_string(), giga),
                row.dense_over_event
                    .map_or("-".to_string(), |ratio| format!("{} times", three_digits(ratio))),
            ]);
        }
    }
    vec![layers, rates]
}

/// Returns the range of rates at which the dense form is faster.
fn crossing(comparison: &DenseComparison) -> String {
    let is_dense_faster = |row: &RateRow| row.dense_over_event.map(|ratio| ratio < 1.0);
    match comparison.crossing_rate {
        Some(rate) => format!("above {} %", three_digits(100.0 * rate)),
        None => match comparison.rates.first().and_then(is_dense_faster) {
            None => "-".to_string(),
            Some(true) => "at every rate".to_string(),
            Some(false) => "at no rate".to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apical::bench::LayerSize;

    #[test]
    fn crossing_names_the_rates_of_the_dense_form() {
        let row = |ratio| RateRow {
            rate: 0.5,
            population: None,
            event_ms: None,
            additions_per_second: None,
            dense_over_event: ratio,
        };
        let comparison = |ratio, crossing_rate| DenseComparison {
            size: LayerSize { n_pre: 2, units: 3 },
            samples: 1,
            steps: 1,
            dense_ms: 1.0,
            products_per_second: 1.0,
            dense_fraction_of_peak: None,
            crossing_rate,
            rates: vec![row(ratio)],
        };
        assert_eq!(crossing(&comparison(Some(2.0), Some(0.25))), "above 25.0 %");
        assert_eq!(crossing(&comparison(Some(0.5), None)), "at every rate");
        assert_eq!(crossing(&comparison(Some(2.0), None)), "at no rate");
        assert_eq!(crossing(&comparison(None, None)), "-");
    }
}
