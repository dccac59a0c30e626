//! Complete text of the shaders: constants and structs generated from Rust, the shared files that a kernel imports, and
//! the kernel's own file.

use std::f32::consts::LOG2_E;
use std::fmt::Write;

use crate::cpu::kernels::arithmetic_selftest::FUNCTIONS;
use crate::cpu::kernels::synaptic_input_spikes::UNITS_PER_THREAD;
use crate::interface::{
    BatchParams, COUNT_BITS, Kernel, LAYERS_MAX, LaunchParams, RATE_HISTORY, ReplicaParams,
    RunParams, STEPS_PER_WORD, Sample, UNITS_PER_WORD, compartment, for_each_kernel, plateau,
    spike_mask, window_mean,
};
use crate::model::network_model::{LearningRule, UpdateRule};
use crate::model::{events, exact_math, spikes};
use crate::random::{self, RngStream, Split};

/// Files that kernels import, with their names.
const SHARED: [(&str, &str); 14] = [
    ("averaging_window", include_str!("../../shaders/shared/averaging_window.wgsl")),
    ("bindings", include_str!("../../shaders/shared/bindings.wgsl")),
    ("burst_steps", include_str!("../../shaders/shared/burst_steps.wgsl")),
    ("column_sum", include_str!("../../shaders/shared/column_sum.wgsl")),
    ("exact_math", include_str!("../../shaders/shared/exact_math.wgsl")),
    ("mean_gradient", include_str!("../../shaders/shared/mean_gradient.wgsl")),
    ("neuron_step", include_str!("../../shaders/shared/neuron_step.wgsl")),
    ("philox", include_str!("../../shaders/shared/philox.wgsl")),
    ("single_neuron_sum", include_str!("../../shaders/shared/single_neuron_sum.wgsl")),
    ("spike_counts", include_str!("../../shaders/shared/spike_counts.wgsl")),
    ("spike_sampler", include_str!("../../shaders/shared/spike_sampler.wgsl")),
    ("synaptic_filter", include_str!("../../shaders/shared/synaptic_filter.wgsl")),
    ("weight_matrix", include_str!("../../shaders/shared/weight_matrix.wgsl")),
    ("window_means", include_str!("../../shaders/shared/window_means.wgsl")),
];

/// Structs that kernels read, as WGSL.
const STRUCTS: [&str; 5] =
    [RunParams::WGSL, ReplicaParams::WGSL, LaunchParams::WGSL, BatchParams::WGSL, Sample::WGSL];

/// Start of a line with the names of imported files.
const IMPORT: &str = "#import ";

/// Integer constants of the shaders.
const INTEGERS: [(&str, u32); 53] = [
    ("LAYERS_MAX", LAYERS_MAX as u32),
    ("STEPS_PER_WORD", STEPS_PER_WORD),
    ("UNITS_PER_WORD", UNITS_PER_WORD),
    ("UNITS_PER_THREAD", UNITS_PER_THREAD),
    ("RATE_HISTORY", RATE_HISTORY),
    ("COUNT_BITS", COUNT_BITS),
    ("COUNT_MASK", (1 << COUNT_BITS) - 1),
    ("COUNT_MAX", spikes::COUNT_MAX as u32),
    ("EVENT_UNIT_BITS", events::EVENT_UNIT_BITS),
    ("EVENT_UNIT_MASK", events::EVENT_UNIT_MASK),
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
    ("SPLIT_TRAINING", Split::Training as u32),
    ("STREAM_SPIKES", RngStream::Spikes as u32),
    ("STREAM_THINNING", RngStream::Thinning as u32),
    ("STREAM_LOW_HALF", RngStream::LowHalf as u32),
    ("STREAM_FEEDBACK_NOISE", RngStream::FeedbackNoise as u32),
    ("STREAM_PLATEAU_TIME", RngStream::PlateauTime as u32),
    ("STREAM_BURSTS", RngStream::Bursts as u32),
    ("STREAM_BURST_LOW_HALF", RngStream::BurstLowHalf as u32),
    ("UNIFORM_SHIFT", random::UNIFORM_SHIFT),
    ("LOW16", spikes::LOW16),
    ("PHILOX_MULTIPLIER_0", random::MULTIPLIER_0),
    ("PHILOX_MULTIPLIER_1", random::MULTIPLIER_1),
    ("PHILOX_KEY_STEP_0", random::KEY_STEP_0),
    ("PHILOX_KEY_STEP_1", random::KEY_STEP_1),
    ("PHILOX_ROUNDS", random::ROUNDS as u32),
    ("RECIPROCAL_START", exact_math::RECIPROCAL_START),
    ("RECIPROCAL_ROOT_START", exact_math::RECIPROCAL_ROOT_START),
    ("NEWTON_STEPS", exact_math::NEWTON_STEPS),
    ("ARITHMETIC_RESULTS", FUNCTIONS.len() as u32),
    ("UPDATE_GRADIENT", UpdateRule::Gradient as u32),
    ("UPDATE_ADAPTIVE", UpdateRule::Adaptive as u32),
    ("RULE_BURSTS", LearningRule::Bursts as u32),
];

/// Float constants of the shaders.
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

/// Returns the complete WGSL of a kernel.
pub fn source(kernel: Kernel) -> String {
    complete(text(kernel))
}

/// Returns the complete WGSL of the self-test.
pub fn arithmetic_source() -> String {
    complete(include_str!("../../shaders/arithmetic_selftest.wgsl"))
}

/// Returns the constants, the structs, the imported files and a kernel's own text.
fn complete(text: &str) -> String {
    let mut files = Vec::new();
    add_imports(text, &mut files);
    files.push(text);
    let lines = files.iter().flat_map(|file| file.lines());
    let lines = lines.filter(|line| !line.starts_with(IMPORT));
    let code: Vec<&str> = STRUCTS.into_iter().chain(lines).collect();
    constants() + &code.join("\n") + "\n"
}

/// Appends the files that `text` imports, each once and after its own imports.
fn add_imports(text: &str, files: &mut Vec<&str>) {
    let imports = text.lines().filter_map(|line| line.strip_prefix(IMPORT));
    for name in imports.flat_map(|names| names.split(", ")) {
        // A test checks that every import exists.
        let Some((_, file)) = SHARED.iter().find(|(other, _)| *other == name) else { continue };
        if !files.contains(file) {
            add_imports(file, files);
            files.push(file);
        }
    }
}

/// Returns the constants as WGSL.
fn constants() -> String {
    let mut text = String::new();
    for (name, value) in INTEGERS {
        // Writing to a string cannot fail.
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
