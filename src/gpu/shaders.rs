//! The text of the shaders, and what comes before it: the constants that both sides need, generated
//! from Rust so that none is typed twice.

use std::f32::consts::LOG2_E;
use std::fmt::Write;

use crate::cpu::kernels::arithmetic_selftest::FUNCTIONS;
use crate::cpu::kernels::synaptic_input_spikes::UNITS_PER_THREAD;
use crate::interface::{
    COUNT_BITS, Kernel, LAYERS_MAX, RATE_HISTORY, STEPS_PER_WORD, UNITS_PER_WORD, compartment,
    for_each_kernel, plateau, result, spike_mask, window_mean,
};
use crate::model::{exact_math, spikes};
use crate::random::{self, RngStream, Split};

/// What every kernel's text comes behind, in this order.
const COMMON: [&str; 3] = [
    include_str!("../../shaders/shared/types.wgsl"),
    include_str!("../../shaders/shared/exact_math.wgsl"),
    include_str!("../../shaders/shared/philox.wgsl"),
];

/// What only kernels come behind that work on one layer a launch.
const PART: &str = include_str!("../../shaders/shared/launch_params.wgsl");

/// What only kernels that read single columns come behind: it works on the kernel's `weights`.
const COLUMNS: &str = include_str!("../../shaders/shared/weight_matrix.wgsl");

/// What only kernels that sum columns one neuron at a time come behind: these tell who spikes.
const SUM: &str = include_str!("../../shaders/shared/column_sum.wgsl");

/// What only kernels that step a dendrite come behind: it works on the kernel's `drive`.
const FILTER: &str = include_str!("../../shaders/shared/synaptic_filter.wgsl");

/// What only kernels that step a soma come behind: it works on the kernel's `spikes`.
const NEURON: &str = include_str!("../../shaders/shared/spike_generation.wgsl");

/// The steps of hidden neurons, of output neurons and of apical dendrites: they work on the kernel's `drive`,
/// `compartments` and, where they draw, `spikes`.
const HIDDEN: &str = include_str!("../../shaders/shared/hidden_neuron.wgsl");
const OUTPUT: &str = include_str!("../../shaders/shared/output_neuron.wgsl");
const APICAL: &str = include_str!("../../shaders/shared/apical_dendrite.wgsl");

/// What only kernels come behind that sum the columns of spiking feedback neurons: it works on the kernel's `raster`
/// and `spikes`.
const FEEDBACK_SPIKES: &str = include_str!("../../shaders/shared/feedback_spikes.wgsl");

/// What only kernels that average over the windows of the phases come behind.
const RESPONSE: &str = include_str!("../../shaders/shared/averaging_window.wgsl");

/// The self-test of [`super::self_test`].
const ARITHMETIC: &str = include_str!("../../shaders/arithmetic_selftest.wgsl");

const INTEGERS: [(&str, u32); 49] = [
    ("LAYERS_MAX", LAYERS_MAX as u32),
    ("STEPS_PER_WORD", STEPS_PER_WORD),
    ("UNITS_PER_WORD", UNITS_PER_WORD),
    ("UNITS_PER_THREAD", UNITS_PER_THREAD),
    ("RATE_HISTORY", RATE_HISTORY),
    ("COUNT_BITS", COUNT_BITS),
    ("COUNT_MASK", (1 << COUNT_BITS) - 1),
    ("COUNT_MAX", spikes::COUNT_MAX as u32),
    ("LEVELS", spikes::PIXEL_LEVELS as u32),
    ("THRESHOLDS", spikes::THRESHOLDS as u32),
    ("FRACTION_BITS", spikes::FRACTION_BITS),
    ("SPIKE_MASK_GE1", spike_mask::GE1 as u32),
    ("SPIKE_MASK_GE2", spike_mask::GE2 as u32),
    ("SPIKE_MASK_ROWS", spike_mask::ROWS as u32),
    ("COMPARTMENT_BASAL", compartment::BASAL as u32),
    ("COMPARTMENT_APICAL", compartment::APICAL as u32),
    ("COMPARTMENT_SOMA", compartment::SOMA as u32),
    ("COMPARTMENT_MEAN_SOMA", compartment::MEAN_SOMA as u32),
    ("COMPARTMENT_MEAN_RATE", compartment::MEAN_RATE as u32),
    ("COMPARTMENT_ROWS", compartment::ROWS as u32),
    ("WINDOW_MEAN_FORWARD", window_mean::FORWARD as u32),
    ("WINDOW_MEAN_FEEDBACK_FORWARD", window_mean::FEEDBACK_FORWARD as u32),
    ("WINDOW_MEAN_FEEDBACK_TARGET", window_mean::FEEDBACK_TARGET as u32),
    ("WINDOW_MEAN_SLOW", window_mean::SLOW as u32),
    ("WINDOW_MEAN_FAST", window_mean::FAST as u32),
    ("WINDOW_MEAN_ROWS", window_mean::ROWS as u32),
    ("PLATEAU_FORWARD", plateau::FORWARD as u32),
    ("PLATEAU_TARGET", plateau::TARGET as u32),
    ("PLATEAU_ROWS", plateau::ROWS as u32),
    ("RESULT_CLASS", result::CLASS as u32),
    ("RESULT_LOSS", result::LOSS as u32),
    ("RESULT_ROWS", result::ROWS as u32),
    ("SPLIT_TRAINING", Split::Training as u32),
    ("STREAM_SPIKES", RngStream::Spikes as u32),
    ("STREAM_THINNING", RngStream::Thinning as u32),
    ("STREAM_LOW_HALF", RngStream::LowHalf as u32),
    ("STREAM_FEEDBACK_NOISE", RngStream::FeedbackNoise as u32),
    ("STREAM_PLATEAU_TIME", RngStream::PlateauTime as u32),
    ("UNIFORM_SHIFT", random::UNIFORM_SHIFT),
    ("LOW_HALF", spikes::LOW16),
    ("PHILOX_MULTIPLIER_0", random::MULTIPLIER_0),
    ("PHILOX_MULTIPLIER_1", random::MULTIPLIER_1),
    ("PHILOX_KEY_STEP_0", random::KEY_STEP_0),
    ("PHILOX_KEY_STEP_1", random::KEY_STEP_1),
    ("PHILOX_ROUNDS", random::ROUNDS as u32),
    ("RECIPROCAL_START", exact_math::RECIPROCAL_START),
    ("RECIPROCAL_ROOT_START", exact_math::RECIPROCAL_ROOT_START),
    ("NEWTON_STEPS", exact_math::NEWTON_STEPS),
    ("ARITHMETIC_RESULTS", FUNCTIONS.len() as u32),
];

const FLOATS: [(&str, f32); 13] = [
    ("ARGUMENT_LIMIT", exact_math::ARGUMENT_LIMIT),
    ("SMALLEST_VOLTAGE", exact_math::SMALLEST_VOLTAGE),
    ("SMALLEST_GRADIENT", exact_math::SMALLEST_GRADIENT),
    ("SMALLEST_WEIGHT", exact_math::SMALLEST_WEIGHT),
    ("SMALLEST_MOMENT", exact_math::SMALLEST_MOMENT),
    ("FRACTION_SCALE", 1.0 / (1 << spikes::FRACTION_BITS) as f32),
    ("UNIFORM_SCALE", random::UNIFORM_SCALE),
    ("LOG2_E", LOG2_E),
    ("EXP_COEFFICIENT_0", exact_math::EXP_COEFFICIENTS[0]),
    ("EXP_COEFFICIENT_1", exact_math::EXP_COEFFICIENTS[1]),
    ("EXP_COEFFICIENT_2", exact_math::EXP_COEFFICIENTS[2]),
    ("EXP_COEFFICIENT_3", exact_math::EXP_COEFFICIENTS[3]),
    ("EXP_COEFFICIENT_4", exact_math::EXP_COEFFICIENTS[4]),
];

/// The complete WGSL of a kernel.
pub fn source(kernel: Kernel) -> String {
    let parts: &[&str] = match kernel {
        Kernel::HiddenStep => &[PART, COLUMNS, FILTER, NEURON, HIDDEN],
        Kernel::OutputStep => &[PART, COLUMNS, FILTER, NEURON, OUTPUT],
        Kernel::ApicalStepSpikes => &[PART, COLUMNS, SUM, FILTER, APICAL, FEEDBACK_SPIKES],
        Kernel::ApicalHistory => &[PART, COLUMNS, SUM, FEEDBACK_SPIKES],
        Kernel::ApicalStepRates => &[PART, COLUMNS],
        Kernel::WindowMeanSpikes | Kernel::WindowMeanRates | Kernel::Plateau => &[PART, RESPONSE],
        _ => &[PART],
    };
    complete(&[parts, &[text(kernel)]].concat())
}

/// The complete WGSL of the self-test.
pub fn arithmetic_source() -> String {
    complete(&[PART, ARITHMETIC])
}

fn complete(parts: &[&str]) -> String {
    [&[prelude().as_str()], COMMON.as_slice(), parts].concat().join("\n")
}

/// The shared constants as WGSL.
pub fn prelude() -> String {
    let mut text = String::new();
    for (name, value) in INTEGERS {
        // Writing to a string does not fail.
        let _ = writeln!(text, "const {name}: u32 = {value}u;");
    }
    for (name, value) in FLOATS {
        // Rust's shortest form of a float reads back as the same float.
        let _ = writeln!(text, "const {name}: f32 = {value:?}f;");
    }
    text
}

macro_rules! texts {
    ($($(#[$doc:meta])* $kernel:ident $file:ident,)*) => {
        /// Returns the text of the kernel's file.
        fn text(kernel: Kernel) -> &'static str {
            match kernel {
                $(Kernel::$kernel => {
                    include_str!(concat!("../../shaders/", stringify!($file), ".wgsl"))
                })*
            }
        }
    };
}
for_each_kernel!(texts);
