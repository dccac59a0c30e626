//! Structs that the host writes and every kernel reads, beside the [`LaunchParams`](super::LaunchParams) of its launch.
//! `shaders/shared/layout.wgsl` declares the same; a test compares sizes and offsets with what the shader compiler
//! sees.

use bytemuck::{Pod, Zeroable};

use super::{LAYERS_MAX, Shape, window_mean};

/// What stays the same for a whole run, and is the same for all replicas.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct RunParams {
    /// `kappa(1) ..= kappa(K)`, zero behind.
    pub kernel_taps: [f32; 32],
    /// `kappa(1) + .. + kappa(k)` for `k = 0 ..= K`.
    pub kernel_cumsum: [f32; 36],
    /// Thresholds of the steps by which plateau potentials come early, see [`crate::model::plateau_timing`].
    pub plateau_lead_thresholds: [u32; 8],
    /// Lanes of each replica.
    pub samples_per_replica: u32,
    /// Results of each replica.
    pub result_slots: u32,
    /// K, or 0 for the kernel without a cut.
    pub tap_count: u32,
    /// Rows that [`super::ArrayId::SynapticInput`] keeps before the block: K - 1 past drives, or 2 traces.
    pub history_rows: u32,
    /// Words of spike counts a neuron has.
    pub spike_words: u32,
    /// How many of them are for steps before the image.
    pub history_words: u32,
    /// Uncut kernel, `gain_slow slow - gain_fast fast`: the part of the slow trace that a step leaves.
    pub decay_slow: f32,
    /// Uncut kernel: the part of the fast trace that a step leaves.
    pub decay_fast: f32,
    /// Uncut kernel: what the slow trace weighs, per ms.
    pub gain_slow: f32,
    /// Uncut kernel: what the fast trace weighs, per ms.
    pub gain_fast: f32,
    /// Output soma: `C <- decay C + input B`, with another decay, another input and a current under teaching.
    pub output_decay: f32,
    /// Output soma: what its dendrite weighs.
    pub output_basal_gain: f32,
    /// Output soma under teaching: the decay.
    pub teaching_decay: f32,
    /// Output soma under teaching: what the current adds each step to neurons of the image's class, above 0.
    pub teaching_excitation: f32,
    /// Output soma under teaching: what the current adds each step to all other neurons, below 0.
    pub teaching_inhibition: f32,
    /// Output neurons a class.
    pub neurons_per_class: u32,
    /// Classes of the data set.
    pub classes: u32,
    /// 0: plain gradient; 1: over the root of the mean square (Adam, RMSProp); 2: momentum.
    pub optimizer: u32,
    /// Zero, as the shader compiler cannot know: it keeps products from being fused into sums.
    pub opaque_zero: u32,
    /// Rows of [`super::ArrayId::WindowMeans`].
    pub window_mean_rows: u32,
    /// Output soma under teaching: what its dendrite weighs.
    pub teaching_basal_gain: f32,
    /// Rows of [`super::ArrayId::Rates`].
    pub rate_rows: u32,
    /// Steps before an image whose spikes are kept, see [`Shape::history_steps`].
    pub history_steps: u32,
    /// Zero, and never read: it fills the struct up to a multiple of 16 bytes.
    pub padding_0: u32,
}

impl RunParams {
    /// Most steps by which plateau potentials come early.
    #[inline(always)]
    pub fn max_plateau_lead(&self) -> u32 {
        (self.window_mean_rows - window_mean::ROWS as u32) / 2
    }
}

/// What stays the same for a whole run, but may differ between replicas.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct ReplicaParams {
    /// Learning rate of each layer's weights, the lowest layer first; zero behind the output's.
    pub etas: [f32; LAYERS_MAX],
    /// Learning rate of each layer's biases, in the same order.
    pub bias_etas: [f32; LAYERS_MAX],
    /// Thresholds of the number of spike candidates.
    pub candidate_thresholds: [u32; 16],
    /// The replica's seed, low word first: the key of all its draws, see [`crate::random::key`].
    pub seed: [u32; 2],
    /// Fraction of the words with one candidate, see [`crate::model::spikes::uniform_map`]: bits by which their place
    /// is shifted right.
    pub one_candidate_shift: u32,
    /// What multiplies the shifted place, so that it lies in [0, 1).
    pub one_candidate_scale: f32,
    /// Fraction of the words with two candidates: bits by which their place is shifted right.
    pub two_candidate_shift: u32,
    /// What multiplies the shifted place, so that it lies in [0, 1).
    pub two_candidate_scale: f32,
    /// Largest rate, spikes a step.
    pub phi_max: f32,
    /// Hidden soma: `C <- decay C + input B + apical A`.
    pub hidden_decay: f32,
    /// Hidden soma: what its basal voltage weighs.
    pub hidden_basal_gain: f32,
    /// Hidden soma: what its apical voltage weighs; 0 where no soma sees it.
    pub hidden_apical_gain: f32,
    /// Factor of hidden neurons' errors, see [`crate::model::neuron::hidden_error_gain`].
    pub hidden_error_gain: f32,
    /// Factor of output neurons' errors, see [`crate::model::neuron::output_error_gain`].
    pub output_error_gain: f32,
    /// Adam and momentum: the part of the first moment that an update leaves; 0 for RMSProp.
    pub beta1: f32,
    /// Adam: what the gradient weighs in the first moment, `1 - beta1`; 1 for RMSProp.
    pub one_minus_beta1: f32,
    /// Adam and RMSProp: the part of the second moment that an update leaves.
    pub beta2: f32,
    /// Adam and RMSProp: what the square of the gradient weighs in the second moment, `1 - beta2`.
    pub one_minus_beta2: f32,
    /// Adam and RMSProp: the square of epsilon, which is added under the root.
    pub eps_squared: f32,
    /// Part of a weight that goes with each minibatch, times its learning rate.
    pub weight_decay: f32,
    /// Largest magnitude of a gradient; 0: any.
    pub grad_clip: f32,
    /// Spread of the noise of feedback weights that follow the feed-forward ones.
    pub feedback_noise_sd: f32,
    /// What multiplies the errors of the layer above in backpropagation.
    pub backprop_gain: f32,
    /// Learning rate of the feedback weights; 0: they do not learn.
    pub feedback_eta: f32,
    /// Learning rate of the apical biases.
    pub apical_bias_eta: f32,
    /// Zero, and never read: it fills the struct up to a multiple of 16 bytes.
    pub padding: u32,
}

/// What one minibatch of a replica is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct BatchParams {
    /// Lanes in use: the first so many of the replica's.
    pub batch_size: u32,
    /// 1: every lane starts from a cleared state.
    pub reset_state: u32,
    /// [`crate::random::Split`] of the draws.
    pub rng_split: u32,
    /// 1: spikes are drawn; 0: they are given in [`super::ArrayId::Spikes`].
    pub draws_spikes: u32,
    /// `1 / lanes`.
    pub inv_batch_size: f32,
    /// Adam's correction `1 / (1 - beta1^t)` of the first moment in update t; 1 for other optimisers.
    pub bias_correction1: f32,
    /// Adam's correction `1 / (1 - beta2^t)` of the second moment in update t; 1 for other optimisers.
    pub bias_correction2: f32,
    /// The part of the learning rates that applies now.
    pub lr_scale: f32,
    /// Which update of the run it is, the first is 1.
    pub update_index: u32,
    /// Zero, and never read: it fills the struct up to a multiple of 16 bytes.
    pub padding: [u32; 3],
}

/// What one lane of the minibatch is shown, and for how long.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Sample {
    /// Index into [`super::ArrayId::Images`].
    pub image: u32,
    /// The image's class, from 0: the target phase teaches it.
    pub label: u32,
    /// The image's position in the run: what its random draws are for.
    pub draw_index: u32,
    /// Where in [`super::ArrayId::Results`] its result goes.
    pub result_slot: u32,
    /// Steps of the forward phase; in a test, all steps.
    pub steps_forward: u32,
    /// 0 in a test.
    pub steps_target: u32,
    /// Steps at the end of the forward phase over which averages run.
    pub window_forward: u32,
    /// Steps at the end of the target phase over which averages run; 0 in a test.
    pub window_target: u32,
    /// `1 / window_forward`.
    pub inv_window_forward: f32,
    /// `1 / window_target`; 0 in a test.
    pub inv_window_target: f32,
    /// Whose network the lane simulates.
    pub replica: u32,
    /// Index of the sample in arrays: each replica has [`Shape::samples_per_replica`] in a row.
    pub index: u32,
}

impl Sample {
    /// Steps of both phases.
    pub fn steps(&self) -> u32 {
        self.steps_forward + self.steps_target
    }

    /// The same as the lane `index` of a replica.
    pub fn of_replica(self, shape: &Shape, replica: usize, index: usize) -> Self {
        let place = (replica * shape.samples_per_replica + index) as u32;
        Sample { replica: replica as u32, index: place, ..self }
    }
}
