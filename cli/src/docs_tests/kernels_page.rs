//! Page of kernels and equations: each kernel with its equation, and each equation of the model with its files.

use std::collections::BTreeSet;
use std::fs;

use apical::interface::Kernel;

use super::{check_generated, root};

/// Files that compute an equation of the model.
struct Equation {
    /// Heading in docs/concepts/model.md, as links write it.
    section: &'static str,
    /// Quantity, with its symbol.
    quantity: &'static str,
    /// Files of `src/` that compute constants or tables, or the whole quantity, on the host for both backends.
    host: &'static [&'static str],
    /// Files of `src/` that run on the CPU.
    cpu: &'static [&'static str],
    /// Files of `shaders/` that run on a GPU.
    gpu: &'static [&'static str],
}

/// Shorthand for [`Equation`], to write one per line or two.
const fn equation(
    section: &'static str,
    quantity: &'static str,
    host: &'static [&'static str],
    cpu: &'static [&'static str],
    gpu: &'static [&'static str],
) -> Equation {
    Equation { section, quantity, host, cpu, gpu }
}

const STEP: &str = "one-step";
const PHASES: &str = "phases-and-plateau-potentials";
const LEARNING: &str = "learning";
const OPTIONS: &str = "options-of-the-paper";
const BURSTS: &str = "bursts-in-place-of-phases";

/// Equations in the order of docs/concepts/model.md.
#[rustfmt::skip]
const EQUATIONS: &[Equation] = &[
    equation(STEP, "input spikes `n`", &["model/spikes"], &["cpu/kernels/encode_spikes", "cpu/kernels/recorded_spikes"], &["encode_spikes", "recorded_spikes"]),
    equation(STEP, "synaptic input `W n`", &[],
        &["cpu/kernels/synaptic_input_spikes", "cpu/spikes/list", "cpu/spikes/mask"],
        &["synaptic_input_spikes", "pack_spike_mask", "shared/column_sum", "shared/single_neuron_sum", "shared/weight_matrix"]),
    equation(STEP, "synaptic filter `κ * (W n)`", &["model/synaptic_filter"],
        &["cpu/kernels/synaptic_filter"], &["shared/synaptic_filter"]),
    equation(STEP, "basal voltage `B`", &[], &["cpu/kernels/neuron_step"], &["shared/neuron_step"]),
    equation(STEP, "apical voltage `A`, per step", &[],
        &["cpu/kernels/apical_history", "cpu/kernels/apical_step_spikes"], &["apical_history", "apical_step_spikes"]),
    equation(STEP, "hidden soma `C`", &["model/neuron", "plan/constants"],
        &["cpu/kernels/hidden_step", "cpu/kernels/neuron_step"], &["hidden_step", "shared/neuron_step"]),
    equation(STEP, "output soma `C`, current `I`", &["model/neuron", "plan/constants"],
        &["cpu/kernels/output_step", "cpu/kernels/neuron_step"], &["output_step", "shared/neuron_step"]),
    equation(STEP, "spikes `n` of a rate `φ`", &["model/spikes"],
        &["cpu/kernels/spike_sampler", "cpu/spikes/tables"], &["shared/spike_sampler"]),
    equation(STEP, "random words, for all draws", &[], &["random/mod", "cpu/simd/mod"], &["shared/philox"]),
    equation(STEP, "logistic function `σ`", &[], &["model/exact_math"], &["shared/exact_math"]),
    equation(PHASES, "lengths of phases", &["model/phases", "plan/samples"], &[], &[]),
    equation(PHASES, "means `C_f`, `φ_t`", &["model/phases", "plan/samples"],
        &["cpu/kernels/neuron_step", "cpu/kernels/averaging_window"], &["shared/neuron_step"]),
    equation(PHASES, "means `s_f`, `s_fb`", &["model/phases", "plan/samples"],
        &["cpu/kernels/window_mean_spikes", "cpu/kernels/averaging_window"],
        &["window_mean_spikes", "shared/averaging_window", "shared/window_means", "shared/spike_counts"]),
    equation(PHASES, "means `A_f`, `A_t`; plateau potentials `α_f`, `α_t`", &["model/plateau_timing"],
        &["cpu/kernels/plateau"], &["plateau"]),
    equation(LEARNING, "errors `P E`", &["model/neuron"], &["cpu/kernels/local_error"], &["local_error"]),
    equation(LEARNING, "updates of `W`, `b`", &["model/lr_schedule", "plan/samples"],
        &["cpu/kernels/weight_update", "cpu/kernels/mean_gradient"], &["weight_update", "shared/mean_gradient"]),
    equation(LEARNING, "loss `L1` of the output", &[], &["cpu/kernels/classify"], &["classify"]),
    equation(LEARNING, "loss `L0` of a hidden layer", &["monitor/losses"], &[], &[]),
    equation(OPTIONS, "symmetric feedback `Y`", &[], &["cpu/kernels/symmetric_feedback"], &["symmetric_feedback"]),
    equation(OPTIONS, "sparse feedback `Y`", &["network/mod"], &[], &[]),
    equation(OPTIONS, "learned feedback `Y`", &[],
        &["cpu/kernels/feedback_update", "cpu/kernels/mean_gradient"], &["feedback_update", "shared/mean_gradient"]),
    equation(OPTIONS, "errors by exact backpropagation", &["model/neuron"],
        &["cpu/kernels/backprop_error"], &["backprop_error"]),
    equation(OPTIONS, "rates `φ` in place of spikes", &["model/spikes"],
        &["cpu/kernels/encode_rates", "cpu/kernels/synaptic_input_rates", "cpu/kernels/emit_rates", "cpu/kernels/apical_step_rates", "cpu/kernels/window_mean_rates"],
        &["encode_rates", "synaptic_input_rates", "emit_rates", "apical_step_rates", "window_mean_rates"]),
    equation(OPTIONS, "steady states", &["model/neuron", "plan/constants"], &[], &[]),
    equation(BURSTS, "apical voltage `A` of bursts", &["model/bursts"],
        &["cpu/kernels/apical_bursts", "cpu/kernels/apical_input_bursts", "cpu/kernels/burst_steps"],
        &["apical_bursts", "apical_input_bursts", "shared/burst_steps"]),
    equation(BURSTS, "apical voltage `A` with homeostatic `Q`", &["model/bursts"],
        &["cpu/kernels/apical_events", "cpu/kernels/apical_input_events", "cpu/kernels/apical_mean"],
        &["apical_events", "apical_input_events", "apical_mean"]),
    equation(BURSTS, "burst probability `p`, errors `P E`", &["model/bursts"],
        &["cpu/kernels/burst_error", "cpu/kernels/draw_bursts", "cpu/kernels/burst_sampler"], &["burst_error", "draw_bursts"]),
    equation(BURSTS, "transposed update of `Y`", &[],
        &["cpu/kernels/transposed_update", "cpu/kernels/mean_gradient"], &["transposed_update", "shared/mean_gradient"]),
    equation(BURSTS, "update of homeostatic `Q`", &["model/bursts"],
        &["cpu/kernels/event_feedback_update", "cpu/kernels/mean_gradient"], &["event_feedback_update", "shared/mean_gradient"]),
    equation("initial-weights", "initial `W`, `b`, `Y`", &["model/weight_init", "network/mod"], &[], &[]),
    equation("testing", "lengths of tests; class", &["plan/samples"], &["cpu/kernels/classify"], &["classify"]),
];

/// Returns links to files of a folder.
fn links(files: &[&str], folder: &str, extension: &str) -> String {
    let link = |file: &&str| {
        let path = format!("{folder}/{file}.{extension}");
        assert!(root().join(&path).is_file(), "no file {path}");
        let text = file.trim_start_matches("cpu/kernels/").trim_end_matches("/mod");
        format!("[`{text}`](../../{path})")
    };
    files.iter().map(link).collect::<Vec<_>>().join(", ")
}

#[test]
fn docs_kernels_page_is_current() {
    let kernels = Kernel::ALL.map(|kernel| {
        let (name, summary, equation) = (kernel.name(), kernel.summary(), kernel.equation());
        format!("| [`{name}`](../../src/cpu/kernels/{name}.rs) | {summary} | {equation} |\n")
    });
    let equations = EQUATIONS.iter().map(|equation| {
        let Equation { section, quantity, host, cpu, gpu } = equation;
        let (host, cpu) = (links(host, "src", "rs"), links(cpu, "src", "rs"));
        let gpu = links(gpu, "shaders", "wgsl");
        format!("| [{quantity}](../concepts/model.md#{section}) | {host} | {cpu} | {gpu} |\n")
    });
    let text = format!(
        "# Kernels and equations\n\nThe kernels in the order of a minibatch. `src/cpu/kernels/NAME.rs` holds a kernel's \
         definition and its CPU function, `shaders/NAME.wgsl` its shader. The equations are those of \
         [the model](../concepts/model.md). The errors `E` are stored with the factor P of the update.\n\n\
         | kernel | task | equation |\n|---|---|---|\n{}\n\
         ## Files of each equation\n\nIn the order of the model. The host computes constants and tables in double \
         precision, for both backends. A kernel that shares code with others has several files.\n\n\
         | quantity | host, `src/` | CPU, `src/`, kernels in `src/cpu/kernels/` | GPU, `shaders/` |\n|---|---|---|---|\n{}",
        kernels.concat(),
        equations.collect::<String>()
    );
    check_generated("docs/reference/kernels.md", &text);
}

/// Each kernel and each file of `shaders/shared/` computes an equation, except the declarations in `bindings.wgsl`.
#[test]
fn docs_equations_name_all_kernels() {
    let named = |files: fn(&Equation) -> &[&str]| -> BTreeSet<&str> {
        EQUATIONS.iter().flat_map(files).copied().collect()
    };
    let (cpu, gpu) = (named(|equation| equation.cpu), named(|equation| equation.gpu));
    for kernel in Kernel::ALL {
        let name = kernel.name();
        assert!(gpu.contains(name), "{name}.wgsl");
        // The CPU backend packs masks in `spikes/mask.rs`.
        let is_named =
            kernel == Kernel::PackSpikeMask || cpu.contains(&*format!("cpu/kernels/{name}"));
        assert!(is_named, "{name}.rs");
    }
    for entry in fs::read_dir(root().join("shaders/shared")).expect("shared shaders") {
        let path = entry.expect("an entry").path();
        let name = format!("shared/{}", path.file_stem().expect("a name").to_str().expect("text"));
        assert!(name == "shared/bindings" || gpu.contains(&*name), "{name}.wgsl");
    }
}
