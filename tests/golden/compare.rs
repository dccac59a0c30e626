//! Comparison of a backend's arrays with those of a trace.

use std::ops::Range;

use apical::config::{Config, Feedback::Broadcast, FeedbackWeights::Symmetric, PlateauTiming};
use apical::interface::{ArrayId, Backend, compartment, plateau, window_mean};
use apical::model::exact_math::sigmoid;
use apical::model::network_model::FeedbackRule;
use apical::model::plateau_timing::plateau_lead;
use apical::network::Network;

use super::trace::Trace;
use crate::support;

/// Maximum difference due to single precision, relative to max(1, expected). A difference of 1e-4 is a bug.
const TOLERANCE: f64 = 1e-5;

impl Trace<'_> {
    /// Compares values with rows `rows` of an array.
    pub fn check(&self, name: &str, rows: Range<usize>, values: &[f64]) {
        self.check_sums(name, rows, values, 1.0);
    }

    /// Compares values that depend on symmetric feedback weights. These are products of the weights of all higher
    /// layers: large terms cancel, so a difference is relative to the largest value.
    fn check_fed_back(&self, name: &str, rows: Range<usize>, values: &[f64], config: &Config) {
        let largest = values.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()));
        let is_product = config.feedback_weights == Symmetric;
        self.check_sums(name, rows, values, if is_product { largest } else { 1.0 });
    }

    fn check_sums(&self, name: &str, rows: Range<usize>, values: &[f64], scale: f64) {
        let expected = self.floats(name);
        let columns = values.len() / rows.len();
        let expected = &expected[rows.start * columns..rows.end * columns];
        for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
            let difference = (value - expected).abs() / expected.abs().max(scale);
            assert!(
                difference < TOLERANCE,
                "{}: {name}, row {}, column {}: {value}, expected {expected}",
                self.name,
                rows.start + index / columns,
                index % columns,
            );
        }
    }

    /// Compares values with rows `rows` of an array, if the file has it.
    fn check_if_present(&self, name: &str, rows: Range<usize>, values: &[f64]) {
        if self.has(name) {
            self.check(name, rows, values);
        }
    }

    /// Compares voltages and rates after one step of an image.
    pub fn check_voltages(
        &self,
        backend: &mut dyn Backend,
        image: usize,
        m: usize,
        step: usize,
        config: &Config,
    ) {
        let units = config.layers[m];
        let voltages = support::floats(backend, ArrayId::Compartments(m));
        let row = |row: usize| double(&voltages[row * units..][..units]);
        let rates = voltages[compartment::SOMA * units..][..units].iter();
        let rates: Vec<f64> = rates.map(|&c| config.phi_max * f64::from(sigmoid(c))).collect();
        let rows = step..step + 1;
        if m + 1 < config.layers.len() {
            let apical = row(compartment::APICAL);
            self.check_fed_back(&format!("ex{image}_A{m}"), rows.clone(), &apical, config);
        }
        self.check(&format!("ex{image}_B{m}"), rows.clone(), &row(compartment::BASAL));
        self.check(&format!("ex{image}_C{m}"), rows.clone(), &row(compartment::SOMA));
        self.check(&format!("ex{image}_lam{m}"), rows, &rates);
    }

    /// Compares averages and plateau potentials of one image. `before`: the network before its update.
    pub fn check_averages(
        &self,
        backend: &mut dyn Backend,
        image: usize,
        config: &Config,
        before: &Network,
    ) {
        let last = config.layers.len() - 1;
        let rows = image..image + 1;
        let mut read = |array: ArrayId, row: usize, units: usize| {
            double(&support::floats(backend, array)[row * units..][..units])
        };
        for m in 0..=last {
            let units = config.layers[m];
            let n_pre = if m == 0 { self.pixels() } else { config.layers[m - 1] };
            let means = read(ArrayId::Compartments(m), compartment::MEAN_SOMA, units);
            self.check(&format!("Cf_mean{m}"), rows.clone(), &means);
            let means = read(ArrayId::WindowMeans(m), window_mean::FORWARD, n_pre);
            self.check(&format!("psp_mean{m}"), rows.clone(), &means);
            if m == last {
                let rates = read(ArrayId::Compartments(m), compartment::MEAN_RATE, units);
                self.check("lam_t_mean", rows.clone(), &rates);
                continue;
            }
            for (name, row) in [("alpha_f", plateau::FORWARD), ("alpha_t", plateau::TARGET)] {
                let plateaus = read(ArrayId::Plateaus(m), row, units);
                self.check(&format!("{name}{m}"), rows.clone(), &plateaus);
            }
            let leads = self.leads(image, m, config);
            let layer = &before.layers[m];
            let means =
                ArrayId::WindowMeans(if config.feedback == Broadcast { last + 1 } else { m + 2 });
            // Mean feedback of a window that ends `lead` steps before the forward phase's end.
            let mut received = |lead: u32| match lead {
                0 => read(means, window_mean::FEEDBACK_FORWARD, layer.n_feedback),
                steps => read(means, window_mean::ROWS + steps as usize - 1, layer.n_feedback),
            };
            self.check_if_present(&format!("psp_fb_mean{m}"), rows.clone(), &received(0));
            let weights = layer.feedback_rows();
            let apical = (0..units).map(|unit| {
                let weights = &weights[unit * layer.n_feedback..][..layer.n_feedback];
                let products = weights.iter().zip(received(leads[0][unit]));
                let bias = layer.apical_biases.get(unit).map_or(0.0, |&bias| f64::from(bias));
                products.map(|(&weight, mean)| f64::from(weight) * mean).sum::<f64>() + bias
            });
            let apical: Vec<f64> = apical.collect();
            let name = format!("Af_mean{m}");
            if self.has(&name) {
                self.check_fed_back(&name, rows.clone(), &apical, config);
            }
        }
    }

    /// Returns the leads of a layer's plateau potentials in both phases, [units], steps; asserts those of the file.
    fn leads(&self, image: usize, m: usize, config: &Config) -> [Vec<u32>; 2] {
        let units = config.layers[m];
        if config.plateau_timing == PlateauTiming::Synchronous {
            return [vec![0; units], vec![0; units]];
        }
        [("early_f", 0), ("early_t", 1)].map(|(name, phase)| {
            let expected = &self.bytes(&format!("{name}{m}"))[image * units..][..units];
            let drawn = (0..units).map(|unit| {
                plateau_lead(config.seed, m as u32 + 1, image as u32, unit as u32)[phase]
            });
            let drawn: Vec<u32> = drawn.collect();
            let expected: Vec<u32> = expected.iter().map(|&steps| steps.into()).collect();
            assert_eq!(
                drawn, expected,
                "{}: seed {} draws other leads than {name}{m}",
                self.name, config.seed
            );
            drawn
        })
    }

    /// Compares weights, and feedback weights and apical biases if they learn. `when`: `_init` or `_afterN`.
    pub fn check_network(&self, network: &Network, config: &Config, when: &str) {
        for (m, layer) in network.layers.iter().enumerate() {
            let rows = 0..layer.units;
            self.check(&format!("W{m}{when}"), rows.clone(), &double(&layer.weight_rows()));
            self.check(&format!("b{m}{when}"), 0..1, &double(layer.biases()));
            if layer.n_feedback == 0 {
                continue;
            }
            let feedback = double(&layer.feedback_rows());
            let changes = config.network_model().feedback_rule != FeedbackRule::Fixed;
            let name = if when == "_init" { format!("Y{m}") } else { format!("Y{m}{when}") };
            // Traces without options have no feedback weights after images.
            if changes || self.has(&name) {
                self.check_fed_back(&name, rows, &feedback, config);
            }
            let name = format!("c{m}{when}");
            if !layer.apical_biases.is_empty() || self.has(&name) {
                self.check(&name, 0..1, &double(&layer.apical_biases));
            }
        }
    }
}

pub fn double(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}
