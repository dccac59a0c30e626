//! Burst-dependent learning in double precision, written from the papers' formulas, without code of the library.
//!
//! Events `e = sigma(C)`, with `C = k_D (W phi + bias)` and `phi = phi_max e` of the layer below; bursts `b = p e`.
//! Both feedback paths are summed apart: `A = phi_max (Y b + Q e)` with `Q = -p0 Y`, or with Q that learns.

const PHI_MAX: f64 = 0.2;
/// Steady-state ratio of somatic to basal voltage.
const K: f64 = 0.6 / 0.7;
/// Factor of an update.
const UPDATE: f64 = 20.0 * K;

/// Matrix `[rows][columns]`.
pub type Matrix = Vec<Vec<f64>>;

/// Parameters of the burst rule.
#[derive(Clone, Copy)]
pub struct Rule {
    pub baseline: f64,
    pub slope: f64,
    pub teacher: f64,
}

/// Source of the feedback weights after each update.
#[derive(Clone, Copy, PartialEq)]
pub enum FeedbackSource {
    Fixed,
    Transpose,
    /// The transposed update with a learning rate.
    Update(f64),
}

/// Update rule of the feed-forward weights.
#[derive(Clone, Copy, PartialEq)]
pub enum Optimizer {
    Sgd,
    /// Decay factors of both moments, and epsilon.
    Adam(f64, f64, f64),
}

/// Layer: feed-forward weights with the biases as the last column, and feedback weights from the next layer. `events`: Q
/// if it learns.
#[derive(Clone)]
pub struct Layer {
    pub weights: Matrix,
    pub feedback: Matrix,
    pub events: Option<Matrix>,
    first: Matrix,
    second: Matrix,
}

/// Network with sizes that its matrices define.
#[derive(Clone)]
pub struct Network {
    pub layers: Vec<Layer>,
    pub rule: Rule,
    pub optimizer: Optimizer,
    pub source: FeedbackSource,
    /// Learning rate.
    pub eta: f64,
    pub weight_decay: f64,
    /// Learning rate of Q.
    pub event_eta: f64,
    updates: i32,
}

/// Events and bursts of a layer for one image, and its apical voltages; none for the output.
#[derive(Clone)]
pub struct Activity {
    pub events: Vec<f64>,
    pub bursts: Vec<f64>,
    pub apical: Vec<f64>,
}

pub fn sigma(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn product(matrix: &Matrix, vector: &[f64]) -> Vec<f64> {
    let row = |row: &Vec<f64>| row.iter().zip(vector).map(|(a, b)| a * b).sum();
    matrix.iter().map(row).collect()
}

fn zeros(like: &Matrix) -> Matrix {
    like.iter().map(|row| vec![0.0; row.len()]).collect()
}

impl Layer {
    pub fn new(weights: Matrix, feedback: Matrix) -> Self {
        let moments = zeros(&weights);
        Layer { weights, feedback, events: None, first: moments.clone(), second: moments }
    }

    /// Returns Q: its own weights, or -p0 Y.
    pub fn event_feedback(&self, baseline: f64) -> Matrix {
        let cancelling = |row: &Vec<f64>| row.iter().map(|weight| -baseline * weight).collect();
        self.events.clone().unwrap_or_else(|| self.feedback.iter().map(cancelling).collect())
    }
}

impl Network {
    pub fn new(layers: Vec<Layer>, rule: Rule) -> Self {
        Network {
            layers,
            rule,
            optimizer: Optimizer::Sgd,
            source: FeedbackSource::Fixed,
            eta: 0.0,
            weight_decay: 0.0,
            event_eta: 0.0,
            updates: 0,
        }
    }

    /// Returns the events of each layer. `input`: pixels from 0 to 1.
    pub fn events(&self, input: &[f64]) -> Vec<Vec<f64>> {
        let mut all: Vec<Vec<f64>> = Vec::new();
        for layer in &self.layers {
            let below = all.last().map_or(input, Vec::as_slice);
            let mut rates: Vec<f64> = below.iter().map(|events| PHI_MAX * events).collect();
            rates.push(1.0);
            let basal = product(&layer.weights, &rates);
            all.push(basal.into_iter().map(|basal| sigma(K * basal)).collect());
        }
        all
    }

    /// Returns half the sum of the output's squared differences to the target.
    pub fn loss(&self, input: &[f64], targets: &[f64]) -> f64 {
        let events = self.events(input).pop().expect("there is an output");
        events.iter().zip(targets).map(|(events, target)| (target - events).powi(2) / 2.0).sum()
    }

    /// Replaces feedback weights by the transpose of the weights above.
    pub fn transpose_feedback(&mut self) {
        for layer in 0..self.layers.len() - 1 {
            let above = self.layers[layer + 1].weights.clone();
            for (unit, row) in self.layers[layer].feedback.iter_mut().enumerate() {
                row.iter_mut().zip(&above).for_each(|(own, above)| *own = above[unit]);
            }
        }
    }

    /// Returns the activity of each layer. `targets`: `None` without a teacher.
    pub fn activity(&self, input: &[f64], targets: Option<&[f64]>) -> Vec<Activity> {
        let Rule { baseline, slope, teacher } = self.rule;
        let mut above: Option<Activity> = None;
        let mut all = Vec::new();
        for (layer, events) in self.layers.iter().zip(self.events(input)).rev() {
            let apical: Vec<f64> = match &above {
                None => Vec::new(),
                Some(above) => {
                    let excitation = product(&layer.feedback, &above.bursts);
                    let inhibition = product(&layer.event_feedback(baseline), &above.events);
                    let sums = excitation.iter().zip(&inhibition);
                    sums.map(|(excitation, inhibition)| PHI_MAX * (excitation + inhibition))
                        .collect()
                }
            };
            let probability = |unit: usize| {
                let event = events[unit];
                match (above.is_some(), targets) {
                    (true, _) => 2.0 * baseline * sigma(slope * apical[unit] * (1.0 - event)),
                    (false, None) => baseline,
                    (false, Some(targets)) => {
                        baseline * (1.0 + teacher * (targets[unit] - event) * (1.0 - event))
                    }
                }
            };
            let bursts = (0..events.len()).map(|unit| probability(unit) * events[unit]).collect();
            let activity = Activity { events, bursts, apical };
            above = Some(activity.clone());
            all.push(activity);
        }
        all.reverse();
        all
    }

    /// Returns the gradient of each layer's weights for one image: `-P (b - p0 e) / p0` times the rates below.
    pub fn gradients(&self, input: &[f64], targets: &[f64]) -> Vec<Matrix> {
        let activity = self.activity(input, Some(targets));
        let gradient = |layer: usize| {
            let below = if layer == 0 { input } else { &activity[layer - 1].events };
            let mut rates: Vec<f64> = below.iter().map(|events| PHI_MAX * events).collect();
            rates.push(1.0);
            let Activity { events, bursts, .. } = &activity[layer];
            let errors = events.iter().zip(bursts).map(|(events, bursts)| {
                -UPDATE * (bursts - self.rule.baseline * events) / self.rule.baseline
            });
            errors.map(|error| rates.iter().map(|rate| error * rate).collect()).collect()
        };
        (0..self.layers.len()).map(gradient).collect()
    }

    /// Updates all weights from the mean gradient of a minibatch of images and their targets.
    pub fn train(&mut self, minibatch: &[(Vec<f64>, Vec<f64>)]) {
        if self.source == FeedbackSource::Transpose {
            self.transpose_feedback();
        }
        let mut means: Vec<Matrix> =
            self.layers.iter().map(|layer| zeros(&layer.weights)).collect();
        for (input, targets) in minibatch {
            for (mean, gradient) in means.iter_mut().zip(self.gradients(input, targets)) {
                for (mean, gradient) in mean.iter_mut().flatten().zip(gradient.iter().flatten()) {
                    *mean += gradient / minibatch.len() as f64;
                }
            }
        }
        let event_gradients = self.event_gradients(minibatch);
        self.updates += 1;
        if let FeedbackSource::Update(eta) = self.source {
            self.update_feedback(eta, &means);
        }
        for (layer, gradient) in self.layers.iter_mut().zip(event_gradients) {
            let events = layer.events.iter_mut().flatten().flatten();
            events.zip(gradient.iter().flatten()).for_each(|(weight, gradient)| {
                *weight -= self.event_eta * gradient;
            });
        }
        let (eta, decay, updates) = (self.eta, self.weight_decay, self.updates);
        for (layer, mean) in self.layers.iter_mut().zip(&means) {
            for (unit, row) in layer.weights.iter_mut().enumerate() {
                let bias = row.len() - 1;
                for (pre, weight) in row.iter_mut().enumerate() {
                    let gradient = mean[unit][pre];
                    if pre != bias {
                        *weight -= eta * decay * *weight;
                    }
                    *weight -= match self.optimizer {
                        Optimizer::Sgd => eta * gradient,
                        Optimizer::Adam(beta1, beta2, epsilon) => {
                            let first = &mut layer.first[unit][pre];
                            *first = beta1 * *first + (1.0 - beta1) * gradient;
                            let second = &mut layer.second[unit][pre];
                            *second = beta2 * *second + (1.0 - beta2) * gradient * gradient;
                            let first = *first / (1.0 - beta1.powi(updates));
                            let second = *second / (1.0 - beta2.powi(updates));
                            eta * first / (second + epsilon * epsilon).sqrt()
                        }
                    };
                }
            }
        }
    }

    /// Returns the mean of `A e^T` of each hidden layer, with the events e of the next layer.
    fn event_gradients(&self, minibatch: &[(Vec<f64>, Vec<f64>)]) -> Vec<Matrix> {
        let hidden = &self.layers[..self.layers.len() - 1];
        let mut means: Vec<Matrix> = hidden.iter().map(|layer| zeros(&layer.feedback)).collect();
        for (input, targets) in minibatch {
            let activity = self.activity(input, Some(targets));
            for (layer, mean) in means.iter_mut().enumerate() {
                for (row, apical) in mean.iter_mut().zip(&activity[layer].apical) {
                    for (mean, events) in row.iter_mut().zip(&activity[layer + 1].events) {
                        *mean += apical * events / minibatch.len() as f64;
                    }
                }
            }
        }
        means
    }

    /// Subtracts the transposed mean gradient of the next layer's weights from the feedback weights.
    fn update_feedback(&mut self, eta: f64, means: &[Matrix]) {
        let decay = eta * self.weight_decay;
        for (layer, mean) in self.layers.iter_mut().zip(&means[1..]) {
            for (unit, row) in layer.feedback.iter_mut().enumerate() {
                for (weight, mean) in row.iter_mut().zip(mean) {
                    *weight -= decay * *weight;
                    *weight -= eta * mean[unit];
                }
            }
        }
    }
}
