//! Proves: each kernel's shader has a CPU twin and a case in the exactness tests. Each shader, including those of
//! `apical bench`, is valid and translates for Vulkan, Metal and DX12. Structs have the same layout on host and
//! device. Kernels use only float operations that round equally on each device: sums, comparisons, and products
//! that no compiler can fuse into a sum.
//!
//! Does not prove: that shaders compute correct results (see `exactness.rs`), or that the compilers of Metal and
//! DX12 accept the translation.

#[path = "shaders/exact_operations.rs"]
mod exact_operations;

use std::any::type_name_of_val;
use std::collections::BTreeSet;
use std::fs;
use std::mem::offset_of;
use std::path::{Path, PathBuf};

use apical::bench;
use apical::gpu::shaders;
use apical::interface::{BatchParams, Kernel, LaunchParams, ReplicaParams, RunParams, Sample};
use bytemuck::Zeroable;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Module, ScalarKind};

/// Shader of the self-test, which is not a kernel.
const SELF_TEST: &str = "arithmetic_selftest";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the names of the shaders in `folder`.
fn shaders_in(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wgsl"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

/// Returns the name and complete source of each shader.
fn sources() -> Vec<(&'static str, String)> {
    let kernels = Kernel::ALL.map(|kernel| (kernel.name(), shaders::source(kernel)));
    kernels.into_iter().chain([(SELF_TEST, shaders::arithmetic_source())]).collect()
}

/// Parses and validates a shader.
fn parse(name: &str, source: &str) -> (Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(source)));
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(source)));
    (module, info)
}

#[test]
fn shader_has_kernel_twin_and_case() {
    let kernels = Kernel::ALL.map(Kernel::name);
    let expected: BTreeSet<String> =
        kernels.into_iter().chain([SELF_TEST]).map(str::to_string).collect();
    assert_eq!(shaders_in(&root().join("shaders")), expected);

    let exactness = fs::read_to_string(root().join("tests/exactness.rs")).unwrap();
    for name in kernels {
        let case = format!("case_{name}");
        assert!(exactness.contains(&case), "no exactness test is named `{case}`");
    }
    for name in &expected {
        let twin = root().join(format!("src/cpu/kernels/{name}.rs"));
        assert!(twin.is_file(), "shaders/{name}.wgsl has no twin {}", twin.display());
    }
}

/// The roofline shaders of `apical bench` are not kernels: they have no CPU twin and their own folder.
#[test]
fn roofline_shader_is_listed_by_bench() {
    let known = bench::shaders().into_iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(shaders_in(&root().join("shaders/roofline")), known);
}

/// Returns the names that a shader's text imports.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("#import "));
    lines.flat_map(|names| names.split(", "))
}

#[test]
fn shader_imports_name_all_shared_shaders() {
    let [kernels, shared] = ["shaders", "shaders/shared"].map(|folder| root().join(folder));
    let mut imported = BTreeSet::new();
    for folder in [&kernels, &shared] {
        for name in shaders_in(folder) {
            let text = fs::read_to_string(folder.join(format!("{name}.wgsl"))).unwrap();
            imported.extend(imports(&text).map(str::to_string));
        }
    }
    assert_eq!(imported, shaders_in(&shared));
}

/// Each import, also of imported files, is in the complete source, once.
#[test]
fn source_contains_each_import_once() {
    for (name, source) in sources() {
        let text = fs::read_to_string(root().join(format!("shaders/{name}.wgsl"))).unwrap();
        let mut pending: Vec<String> = imports(&text).map(str::to_string).collect();
        assert!(!pending.is_empty(), "{name} imports nothing");
        while let Some(import) = pending.pop() {
            let path = root().join(format!("shaders/shared/{import}.wgsl"));
            let file = fs::read_to_string(&path).unwrap();
            pending.extend(imports(&file).map(str::to_string));
            let body = file.lines().filter(|line| !line.starts_with("#import "));
            let body = body.collect::<Vec<_>>().join("\n");
            assert_eq!(source.matches(&body).count(), 1, "{name}, {}", path.display());
        }
    }
}

#[test]
fn shader_translates_for_vulkan_metal_and_dx12() {
    for (name, source) in sources().into_iter().chain(bench::shaders()) {
        let (module, info) = parse(name, &source);
        let [entry] = module.entry_points.as_slice() else {
            panic!("{name} has {} entry points", module.entry_points.len());
        };
        let entry = (entry.stage, entry.name.as_str());
        let overrides = Default::default();
        let (module, info) = naga::back::pipeline_constants::process_overrides(
            &module,
            &info,
            Some(entry),
            &overrides,
        )
        .unwrap();

        let options = naga::back::spv::Options::default();
        let spirv = naga::back::spv::write_vec(&module, &info, &options, None);
        assert!(!spirv.unwrap_or_else(|error| panic!("{name}, SPIR-V: {error}")).is_empty());

        let options = naga::back::msl::Options::default();
        let pipeline = naga::back::msl::PipelineOptions::default();
        let metal = naga::back::msl::write_string(&module, &info, &options, &pipeline);
        assert!(!metal.unwrap_or_else(|error| panic!("{name}, Metal: {error}")).0.is_empty());

        let options = naga::back::hlsl::Options::default();
        let pipeline = naga::back::hlsl::PipelineOptions::default();
        let mut text = String::new();
        naga::back::hlsl::Writer::new(&mut text, &options, &pipeline)
            .write(&module, &info, None)
            .unwrap_or_else(|error| panic!("{name}, DX12: {error}"));
        assert!(!text.is_empty());
    }
}

/// A field of a struct: name, offset and size in bytes, and whether it holds floats.
type Field = (String, usize, usize, bool);

/// Lists name, size and fields of a Rust struct.
macro_rules! fields {
    ($type:ty: $($field:ident)*) => {{
        let value = <$type>::zeroed();
        let fields = vec![$((
            stringify!($field).to_string(),
            offset_of!($type, $field),
            size_of_val(&value.$field),
            type_name_of_val(&value.$field).contains("f32"),
        )),*];
        (stringify!($type), size_of::<$type>(), fields)
    }};
}

#[test]
fn struct_layouts_equal_those_of_shaders() {
    let structs: [(&str, usize, Vec<Field>); 5] = [
        fields!(RunParams: kernel_taps kernel_cumsum plateau_lead_thresholds samples_per_replica result_slots tap_count history_rows spike_words history_words
            decay_slow decay_fast gain_slow gain_fast output_decay output_basal_gain teaching_decay
            teaching_excitation teaching_inhibition neurons_per_class classes update_rule opaque_zero window_mean_rows teaching_basal_gain rate_rows
            history_steps recordings rule burst_steps),
        fields!(ReplicaParams: etas bias_etas candidate_thresholds seed one_candidate_shift one_candidate_scale two_candidate_shift two_candidate_scale phi_max
            hidden_decay hidden_basal_gain hidden_apical_gain hidden_error_gain output_error_gain beta1
            one_minus_beta1 beta2 one_minus_beta2 eps_squared weight_decay grad_clip feedback_noise_sd backprop_gain feedback_eta
            apical_bias_eta burst_apical_gain burst_slope burst_error_gain burst_teacher_gain burst_baseline burst_teacher
            burst_spike_gain event_feedback_eta),
        fields!(LaunchParams: units n_pre n_feedback population first_step step_count block_len block_start is_output
            keeps_gradient feeds_back_spikes col_offset col_count n_next feedback_is_next_layer is_last_hidden feedback_columns
            sends_rates feeds_back_rates first_next next_count),
        fields!(BatchParams: batch_size reset_state rng_split draws_spikes inv_batch_size bias_correction1
            bias_correction2 lr_scale update_index),
        fields!(Sample: image label draw_index result_slot steps_forward steps_target window_forward
            window_target inv_window_forward inv_window_target replica index forward_first forward_len target_first target_len target_offset),
    ];
    let (module, _) = parse("synaptic_input_spikes", &shaders::source(Kernel::SynapticInputSpikes));
    for (name, size, fields) in structs {
        let (_, found) = module
            .types
            .iter()
            .find(|(_, ty)| ty.name.as_deref() == Some(name))
            .unwrap_or_else(|| panic!("no shader declares {name}"));
        let naga::TypeInner::Struct { members, span } = &found.inner else {
            panic!("{name} is not a struct in the shaders");
        };
        let found: Vec<Field> = members
            .iter()
            .map(|member| {
                let inner = &module.types[member.ty].inner;
                let name = member.name.clone().unwrap();
                let size = inner.size(module.to_ctx()) as usize;
                (name, member.offset as usize, size, is_float(&module, inner))
            })
            .filter(|(name, ..)| !name.starts_with("padding"))
            .collect();
        assert_eq!(found, fields, "{name}");
        assert_eq!(*span as usize, size, "size of {name}");
        assert_eq!(size % 16, 0, "{name}: the size of a uniform must be a multiple of 16");
    }
}

fn is_float(module: &Module, inner: &naga::TypeInner) -> bool {
    match inner {
        naga::TypeInner::Array { base, .. } => is_float(module, &module.types[*base].inner),
        inner => inner.scalar_kind() == Some(ScalarKind::Float),
    }
}
