//! Translation of shaders to SPIR-V with the options that wgpu uses for Vulkan.

use std::ffi::CString;

use naga::back::pipeline_constants::process_overrides;
use naga::back::spv;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, front};

/// A compute shader in SPIR-V.
pub struct Module {
    pub words: Vec<u32>,
    /// Name of the entry point.
    pub entry: CString,
    /// Index of each binding, and whether it is a uniform buffer.
    pub bindings: Vec<(u32, bool)>,
}

/// Translates WGSL with one entry point.
pub fn module(source: &str) -> Module {
    let module = front::wgsl::parse_str(source).expect("the shader is valid");
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .expect("the shader is valid");
    let globals = module.global_variables.iter().filter_map(|(_, global)| {
        let binding = global.binding?.binding;
        Some((binding, global.space == AddressSpace::Uniform))
    });
    let bindings = globals.collect();
    let (stage, name) = (module.entry_points[0].stage, module.entry_points[0].name.clone());
    let overrides = Default::default();
    let (module, info) = process_overrides(&module, &info, Some((stage, &name)), &overrides)
        .expect("overrides have defaults");
    // No checks of bounds, loops and divisors, as in `create_shader_module_trusted`.
    let options = spv::Options {
        lang_version: (1, 3),
        force_loop_bounding: false,
        emit_int_div_checks: false,
        ..spv::Options::default()
    };
    let words = spv::write_vec(&module, &info, &options, None).expect("the shader is translated");
    let entry = CString::new(name).expect("the name has no zero byte");
    Module { words, entry, bindings }
}

const HEADER: usize = 5;
const OP_DECORATE: u32 = 71;
const OP_MEMBER_DECORATE: u32 = 72;
const NO_CONTRACTION: u32 = 42;
/// OpFAdd, OpFSub, OpFMul.
const ARITHMETIC: [u32; 3] = [129, 131, 133];

impl Module {
    /// Returns the shader with the decoration NoContraction on each sum, difference and product.
    pub fn uncontracted(&self) -> Module {
        let words = uncontracted(&self.words);
        Module { words, entry: self.entry.clone(), bindings: self.bindings.clone() }
    }
}

fn uncontracted(words: &[u32]) -> Vec<u32> {
    let (mut at, mut end_of_decorations) = (HEADER, HEADER);
    let mut decorations = Vec::new();
    while at < words.len() {
        let (opcode, length) = (words[at] & 0xFFFF, (words[at] >> 16) as usize);
        if ARITHMETIC.contains(&opcode) {
            decorations.extend([3 << 16 | OP_DECORATE, words[at + 2], NO_CONTRACTION]);
        }
        at += length;
        if [OP_DECORATE, OP_MEMBER_DECORATE].contains(&opcode) {
            end_of_decorations = at;
        }
    }
    assert!(end_of_decorations > HEADER, "the shader has no decorations");
    let (before, after) = words.split_at(end_of_decorations);
    [before, &decorations, after].concat()
}
