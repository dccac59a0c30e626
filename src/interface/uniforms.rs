//! Structs that the host writes and every kernel reads, besides [`LaunchParams`](super::LaunchParams). A test compares
//! sizes and offsets with the shader compiler's.

use bytemuck::Zeroable;

use super::{LAYERS_MAX, Shape, window_mean};

shader_struct! {
    /// Constants of a run, the same for all replicas.
    pub struct RunParams {
        /// `kappa(1) ..= kappa(K)`, followed by zeros.
        pub kernel_taps: [f32; 32] = "array<vec4<f32>, 8>",
        /// `kappa(1) + .. + kappa(k)` for `k = 0 ..= K`.
        pub kernel_cumsum: [f32; 36] = "array<vec4<f32>, 9>",
        /// Thresholds of the lead of plateau potentials, see [`crate::model::plateau_timing`].
        pub plateau_lead_thresholds: [u32; 8] = "array<vec4<u32>, 2>",
        /// Number of samples per replica.
        pub samples_per_replica: u32,
        /// Number of results per replica.
        pub result_slots: u32,
        /// K, or 0 for the uncut kernel.
        pub tap_count: u32,
        /// Number of rows of [`super::ArrayId::SynapticInput`] before the block: K - 1 past steps, or 2 traces.
        pub history_rows: u32,
        /// Number of words of spike counts per neuron.
        pub spike_words: u32,
        /// Number of `spike_words` for steps before the image.
        pub history_words: u32,
        /// Uncut kernel, `gain_slow slow - gain_fast fast`: decay factor of the slow trace per step.
        pub decay_slow: f32,
        /// Uncut kernel: decay factor of the fast trace per step.
        pub decay_fast: f32,
        /// Uncut kernel: weight of the slow trace, per ms.
        pub gain_slow: f32,
        /// Uncut kernel: weight of the fast trace, per ms.
        pub gain_fast: f32,
        /// Output soma, `C <- decay C + basal_gain B + current`: decay factor without the teaching current.
        pub output_decay: f32,
        /// Output soma: gain of the dendrite without the teaching current.
        pub output_basal_gain: f32,
        /// Output soma with the teaching current: decay factor.
        pub teaching_decay: f32,
        /// Teaching current per step of neurons of the image's class, positive.
        pub teaching_excitation: f32,
        /// Teaching current per step of all other neurons, negative.
        pub teaching_inhibition: f32,
        /// Number of output neurons per class.
        pub neurons_per_class: u32,
        /// Number of classes in the data set.
        pub classes: u32,
        /// Update rule of the weights, see [`crate::model::network_model::UpdateRule`].
        pub update_rule: u32,
        /// Always zero, but not a constant for the shader compiler, see `opaque` in `exact_math.wgsl`.
        pub opaque_zero: u32,
        /// Number of rows of [`super::ArrayId::WindowMeans`].
        pub window_mean_rows: u32,
        /// Output soma with the teaching current: gain of the dendrite.
        pub teaching_basal_gain: f32,
        /// Number of rows of [`super::ArrayId::Rates`].
        pub rate_rows: u32,
        /// Number of steps before an image with stored spikes, see [`Shape::history_steps`].
        pub history_steps: u32,
        /// Number of recordings in the data set; 0 for images.
        pub recordings: u32,
        /// Learning rule, see [`crate::model::network_model::LearningRule`].
        pub rule: u32,
        /// Largest number of steps of a training image if bursts are drawn from spikes, otherwise 0.
        pub burst_steps: u32,
        /// Always zero: pads the struct to a multiple of 16 bytes.
        pub padding: [u32; 2] = "vec2<u32>",
    }
}

impl RunParams {
    /// Returns the largest lead of plateau potentials, in steps.
    #[inline(always)]
    pub fn max_plateau_lead(&self) -> u32 {
        (self.window_mean_rows - window_mean::ROWS as u32) / 2
    }
}

shader_struct! {
    /// Constants of a run that may differ between replicas.
    pub struct ReplicaParams {
        /// Learning rate of each layer's weights, the lowest layer first, followed by zeros.
        pub etas: [f32; LAYERS_MAX] = "array<f32, LAYERS_MAX>",
        /// Learning rate of each layer's biases, in the same order.
        pub bias_etas: [f32; LAYERS_MAX] = "array<f32, LAYERS_MAX>",
        /// Thresholds of random words: a word below element `k - 1` gives at least `k` spike candidates.
        pub candidate_thresholds: [u32; 16] = "array<u32, THRESHOLDS>",
        /// Seed of the replica, low word first: the key of all its draws, see [`crate::random::key`].
        pub seed: [u32; 2] = "vec2<u32>",
        /// Map of the random words with one candidate to [0, 1), see [`crate::model::spikes::uniform_map`]: right
        /// shift, bits.
        pub one_candidate_shift: u32,
        /// Map of the random words with one candidate: factor after the shift.
        pub one_candidate_scale: f32,
        /// Map of the random words with two candidates: right shift, bits.
        pub two_candidate_shift: u32,
        /// Map of the random words with two candidates: factor after the shift.
        pub two_candidate_scale: f32,
        /// Largest rate `phi_max`, spikes per ms.
        pub phi_max: f32,
        /// Hidden soma, `C <- decay C + basal_gain B + apical_gain A`: decay factor.
        pub hidden_decay: f32,
        /// Hidden soma: gain of the basal voltage.
        pub hidden_basal_gain: f32,
        /// Hidden soma: gain of the apical voltage; 0 if it does not reach the soma.
        pub hidden_apical_gain: f32,
        /// Factor of hidden neurons' errors, see [`crate::model::neuron::hidden_error_gain`].
        pub hidden_error_gain: f32,
        /// Factor of output neurons' errors, see [`crate::model::neuron::output_error_gain`].
        pub output_error_gain: f32,
        /// Adam and momentum: decay factor of the first moment per update; 0 for RMSProp.
        pub beta1: f32,
        /// Adam: weight of the gradient in the first moment, `1 - beta1`; 1 for RMSProp.
        pub one_minus_beta1: f32,
        /// Adam and RMSProp: decay factor of the second moment per update.
        pub beta2: f32,
        /// Adam and RMSProp: weight of the squared gradient in the second moment, `1 - beta2`.
        pub one_minus_beta2: f32,
        /// Adam and RMSProp: the square of epsilon, added under the root.
        pub eps_squared: f32,
        /// Weight decay per update, scaled by the learning rate.
        pub weight_decay: f32,
        /// Largest magnitude of a gradient; 0 for no limit.
        pub grad_clip: f32,
        /// Standard deviation of the noise of symmetric feedback weights.
        pub feedback_noise_sd: f32,
        /// Factor of the next layer's errors in backpropagation.
        pub backprop_gain: f32,
        /// Learning rate `eta_b` of the feedback weights; 0 for no learning.
        pub feedback_eta: f32,
        /// Learning rate of the apical biases.
        pub apical_bias_eta: f32,
        /// Apical voltage per stored error of the next layer and unit of feedback weight, see
        /// [`crate::model::bursts::apical_gain`].
        pub burst_apical_gain: f32,
        /// Slope `k` of a hidden neuron's burst probability.
        pub burst_slope: f32,
        /// Factor of hidden neurons' relative deviations of the burst rate, see
        /// [`crate::model::bursts::error_gain`].
        pub burst_error_gain: f32,
        /// As `burst_error_gain` for output neurons: times the strength of the teacher.
        pub burst_teacher_gain: f32,
        /// Baseline `p0` of the burst probability.
        pub burst_baseline: f32,
        /// Strength `s` with which the teacher changes the output's burst probability.
        pub burst_teacher: f32,
        /// Factor of `mean(b - p0 n)`, bursts and spikes per step, in the error, see
        /// [`crate::model::bursts::spike_error_gain`].
        pub burst_spike_gain: f32,
        /// Learning rate of the event feedback Q, see [`crate::model::bursts::event_feedback_eta`].
        pub event_feedback_eta: f32,
        /// Always zero: pads the struct to a multiple of 16 bytes.
        pub padding: u32,
    }
}

shader_struct! {
    /// Parameters of one minibatch of a replica.
    pub struct BatchParams {
        /// Number of samples in use: the first ones of the replica.
        pub batch_size: u32,
        /// 1 if every sample starts from a cleared state.
        pub reset_state: u32,
        /// [`crate::random::Split`] of the draws.
        pub rng_split: u32,
        /// 1 if spikes are drawn; 0 if [`super::ArrayId::Spikes`] contains them already (replay).
        pub draws_spikes: u32,
        /// `1 / batch_size`.
        pub inv_batch_size: f32,
        /// Adam's correction `1 / (1 - beta1^t)` of the first moment in update t; 1 for other optimizers.
        pub bias_correction1: f32,
        /// Adam's correction `1 / (1 - beta2^t)` of the second moment in update t; 1 for other optimizers.
        pub bias_correction2: f32,
        /// Factor of the learning rates in this minibatch.
        pub lr_scale: f32,
        /// Number of the update in the run, from 1.
        pub update_index: u32,
        /// Always zero: pads the struct to a multiple of 16 bytes.
        pub padding: [u32; 3] = "array<u32, 3>",
    }
}

shader_struct! {
    /// Sample of a minibatch: an image and its numbers of steps.
    pub struct Sample {
        /// Index of the image in [`super::ArrayId::Images`].
        pub image: u32,
        /// Class of the image, from 0, for the teaching current.
        pub label: u32,
        /// Index of the image's presentation: number of earlier presentations in the training, or in the tests, of the run.
        /// Counter of its random draws.
        pub draw_index: u32,
        /// Index in [`super::ArrayId::Classes`] and [`super::ArrayId::Losses`].
        pub result_slot: u32,
        /// Number of steps of the forward phase; in a test, all steps.
        pub steps_forward: u32,
        /// Number of steps of the target phase; 0 in a test.
        pub steps_target: u32,
        /// Number of averaged steps at the end of the forward phase.
        pub window_forward: u32,
        /// Number of averaged steps at the end of the target phase; 0 in a test.
        pub window_target: u32,
        /// `1 / window_forward`.
        pub inv_window_forward: f32,
        /// `1 / window_target`; 0 in a test.
        pub inv_window_target: f32,
        /// Index of the replica.
        pub replica: u32,
        /// Index of the sample in arrays. Each replica has [`Shape::samples_per_replica`] consecutive samples.
        pub index: u32,
        /// First step of the part of a recording that the forward phase shows; 0 for images, as the next four.
        pub forward_first: u32,
        /// Number of steps of that part, which repeats.
        pub forward_len: u32,
        /// First step of the part that the target phase shows.
        pub target_first: u32,
        /// Number of steps of that part, which repeats.
        pub target_len: u32,
        /// Step of that part at which the target phase begins.
        pub target_offset: u32,
        /// Always zero: pads the struct to a multiple of 16 bytes.
        pub padding: [u32; 3] = "array<u32, 3>",
    }
}

impl Default for Sample {
    fn default() -> Self {
        Zeroable::zeroed()
    }
}

impl Sample {
    /// Returns the number of steps of both phases.
    pub fn steps(&self) -> u32 {
        self.steps_forward + self.steps_target
    }

    /// Returns the step of the recording that a step of the sample shows. Only for recordings.
    pub fn recording_step(&self, step: u32) -> u32 {
        match step.checked_sub(self.steps_forward) {
            None => self.forward_first + step % self.forward_len,
            Some(step) => self.target_first + (step + self.target_offset) % self.target_len,
        }
    }

    /// Returns a copy for sample `index` of a replica.
    pub fn of_replica(self, shape: &Shape, replica: usize, index: usize) -> Self {
        let index = (replica * shape.samples_per_replica + index) as u32;
        Sample { replica: replica as u32, index, ..self }
    }
}
