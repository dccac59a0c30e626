//! Settings of a run, one field each: its doc comment is the help of its flag.

use serde::{Deserialize, Serialize};

use super::{
    CreditAssignment, Dynamics, EventFeedback, Feedback, FeedbackWeights, LearningRule, Optimizer,
    PlateauTiming, Signal, list,
};
use crate::model::lr_schedule::LrSchedule;
use crate::model::phases::{AveragingWindow, PhaseJitter};
use crate::model::spikes::SpikeDistribution;
use crate::model::weight_init::WeightInit;

/// All settings of a run. `Config::default()` is the preset `quick`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Layer sizes: the hidden layers, then the output (a multiple of the number of classes)
    #[cfg_attr(feature = "clap", arg(long, value_delimiter = ',', value_name = "N,..", default_values_t = Config::default().layers))]
    #[serde(deserialize_with = "list::one_or_many")]
    pub layers: Vec<usize>,

    /// Number of passes over the training images
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().epochs))]
    pub epochs: u32,

    /// Number of training images (0: all): the first N, or a proportional share of each class if the set is sorted
    /// by class
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().train_images))]
    pub train_images: usize,

    /// Number of validation images evaluated instead of the test set (0: none): of the data set's own validation set the
    /// first N, otherwise the last N training images, which are held out; or a proportional share of each class if the
    /// set is sorted by class
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().validation_images))]
    pub validation_images: usize,

    /// Number of test images (0: all): the first N, or a proportional share of each class if the set is sorted by
    /// class
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().test_images))]
    pub test_images: usize,

    /// Images per minibatch; an update uses the mean of their gradients
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().batch_size))]
    pub batch_size: usize,

    /// Learning rate: one value for all layers, two for the hidden layers and the output, or one per layer (output
    /// last)
    #[cfg_attr(feature = "clap", arg(long, value_delimiter = ',', value_name = "RATE,..", default_values_t = Config::default().eta))]
    #[serde(deserialize_with = "list::one_or_many")]
    pub eta: Vec<f64>,

    /// Learning rate of the biases relative to --eta: one value, two, or one per layer
    #[cfg_attr(feature = "clap", arg(long, value_delimiter = ',', value_name = "X,..", default_values_t = Config::default().bias_lr_scale))]
    #[serde(deserialize_with = "list::one_or_many")]
    pub bias_lr_scale: Vec<f64>,

    /// Weight decay per update, scaled by the learning rate; not applied to biases
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().weight_decay))]
    pub weight_decay: f64,

    /// Largest magnitude of a synapse's gradient; larger gradients are clipped (0: no limit)
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().grad_clip))]
    pub grad_clip: f64,

    /// Learning-rate schedule (paper: constant)
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().lr_schedule))]
    pub lr_schedule: LrSchedule,

    /// Images over which the learning rate first rises linearly from 0 (0: none)
    #[cfg_attr(feature = "clap", arg(long, value_name = "IMAGES", default_value_t = Config::default().warmup_images))]
    pub warmup_images: u64,

    /// Step schedule: epochs between two steps
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().lr_step_epochs))]
    pub lr_step_epochs: u32,

    /// Step schedule: factor of the learning rate at each step
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().lr_step_gamma))]
    pub lr_step_gamma: f64,

    /// Cosine schedule: learning rate at the end, as a fraction of --eta
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().lr_final_factor))]
    pub lr_final_factor: f64,

    /// Rule by which gradients change weights (paper: sgd)
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().optimizer))]
    pub optimizer: Optimizer,

    /// Decay factor per update of Adam's running mean, or momentum's running sum, of the gradient
    #[cfg_attr(feature = "clap", arg(long, value_name = "BETA", default_value_t = Config::default().beta1))]
    pub beta1: f64,

    /// Decay factor per update of Adam's and RMSprop's running mean of the squared gradient
    #[cfg_attr(feature = "clap", arg(long, value_name = "BETA", default_value_t = Config::default().beta2))]
    pub beta2: f64,

    /// Epsilon of Adam and RMSprop: its square is added to the mean squared gradient before the root is taken
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().optimizer_eps))]
    pub optimizer_eps: f64,

    /// Seed of all random numbers
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().seed))]
    pub seed: u64,

    /// Distribution of the initial weights
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().weight_init))]
    pub weight_init: WeightInit,

    /// Learning rule. Bursts require --feedback layerwise and ignore --apical-bias-lr-scale. They are drawn from spikes;
    /// with rates (--signal rates or --dynamics steady-state) they are rates, whatever --feedback-signal is
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().rule))]
    pub rule: LearningRule,

    /// Bursts: baseline of the burst probability, reached without an error
    #[cfg_attr(feature = "clap", arg(long, value_name = "P", default_value_t = Config::default().burst_baseline))]
    pub burst_baseline: f64,

    /// Bursts: slope of a hidden neuron's burst probability with the apical voltage
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().burst_slope))]
    pub burst_slope: f64,

    /// Bursts: strength with which the teacher changes the output's burst probability (0: none, only with
    /// --event-feedback homeostatic)
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().burst_teacher))]
    pub burst_teacher: f64,

    /// Bursts: second feedback path Q, of the next layer's events
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().event_feedback))]
    pub event_feedback: EventFeedback,

    /// Homeostatic event feedback: learning rate of Q by plain gradient descent
    #[cfg_attr(feature = "clap", arg(long, value_name = "RATE", default_value_t = Config::default().event_feedback_lr))]
    pub event_feedback_lr: f64,

    /// Population that feeds back to the apical dendrites. With --g-apical 0, layerwise feedback trains only the
    /// highest hidden layer: the spikes of hidden neurons then do not depend on the class
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().feedback))]
    pub feedback: Feedback,

    /// Source of the hidden layers' errors
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().credit_assignment))]
    pub credit_assignment: CreditAssignment,

    /// Kind of feedback weights
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().feedback_weights))]
    pub feedback_weights: FeedbackWeights,

    /// Symmetric feedback: standard deviation of the noise added to each transposed weight matrix, redrawn after
    /// each update (paper: 0.05)
    #[cfg_attr(feature = "clap", arg(long, value_name = "SD", default_value_t = Config::default().feedback_noise_sd))]
    pub feedback_noise_sd: f64,

    /// Fraction of each hidden layer's feedback weights that is zero (paper's sparse feedback: 0.8)
    #[cfg_attr(feature = "clap", arg(long, value_name = "PART", default_value_t = Config::default().feedback_sparsity))]
    pub feedback_sparsity: f64,

    /// Factor of all feedback weights (paper's sparse feedback: 5)
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().feedback_gain))]
    pub feedback_gain: f64,

    /// Learning rate of the feedback weights by plain gradient descent (0: fixed, as in the paper). They learn to
    /// invert the feed-forward function; with bursts they receive the transposed update of the feed-forward weights
    #[cfg_attr(feature = "clap", arg(long, value_name = "RATE", default_value_t = Config::default().feedback_lr))]
    pub feedback_lr: f64,

    /// Standard deviation of the initial apical biases (paper: 0)
    #[cfg_attr(feature = "clap", arg(long, value_name = "SD", default_value_t = Config::default().apical_bias_sd))]
    pub apical_bias_sd: f64,

    /// Learning rate of the apical biases relative to --feedback-lr
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().apical_bias_lr_scale))]
    pub apical_bias_lr_scale: f64,

    /// How voltages are computed. Steady states ignore --signal, --feedback-signal, --psp-kernel-ms and the lengths
    /// and averaging windows of phases and tests, and require --g-apical 0
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().dynamics))]
    pub dynamics: Dynamics,

    /// Signal that the input and the neurons send to the layer above; the synaptic kernel (--psp-kernel-ms) does
    /// not filter rates
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().signal))]
    pub signal: Signal,

    /// Signal that the apical dendrites receive; the synaptic kernel (--psp-kernel-ms) does not filter rates
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().feedback_signal))]
    pub feedback_signal: Signal,

    /// Time of the plateau potentials in a phase
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().plateau_timing))]
    pub plateau_timing: PlateauTiming,

    /// Conductance from the apical dendrite to the soma (per ms); the paper studies 0, 0.05 and 0.6
    #[cfg_attr(feature = "clap", arg(long, value_name = "G", default_value_t = Config::default().g_apical))]
    pub g_apical: f64,

    /// Distribution of the number of spikes in one step
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().spike_distribution))]
    pub spike_distribution: SpikeDistribution,

    /// Largest firing rate (spikes per ms)
    #[cfg_attr(feature = "clap", arg(long, value_name = "RATE", default_value_t = Config::default().phi_max))]
    pub phi_max: f64,

    /// Length at which the synaptic kernel is cut (ms); 0: uncut, as in the paper's text
    #[cfg_attr(feature = "clap", arg(long, value_name = "K", default_value_t = Config::default().psp_kernel_ms))]
    pub psp_kernel_ms: usize,

    /// Fixed part of the length of a training phase (ms)
    #[cfg_attr(feature = "clap", arg(long, value_name = "MS", default_value_t = Config::default().phase_ms))]
    pub phase_ms: u32,

    /// Random part of the length of a training phase
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().phase_jitter))]
    pub phase_jitter: PhaseJitter,

    /// Window at the end of a training phase over which voltages are averaged
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().averaging_window))]
    pub averaging_window: AveragingWindow,

    /// Length of the forward phase of a test image (ms); the paper's code: 250, its text: 500
    #[cfg_attr(feature = "clap", arg(long, value_name = "MS", default_value_t = Config::default().test_ms))]
    pub test_ms: u32,

    /// Start of the window of a test image over which the output is averaged (ms)
    #[cfg_attr(feature = "clap", arg(long, value_name = "MS", default_value_t = Config::default().test_average_from_ms))]
    pub test_average_from_ms: u32,

    /// Epochs between two records of each layer's weight statistics: mean, standard deviation, largest magnitude, and
    /// the angle of feedback weights to symmetric ones (0: none)
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().weight_stats_every))]
    pub weight_stats_every: u32,

    /// Training images between partial evaluations during an epoch (0: none)
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().eval_every))]
    pub eval_every: usize,

    /// Number of test images of a partial evaluation, the first of the test set
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().eval_images))]
    pub eval_images: usize,
}
