//! Proves: Mesa's RADV compiles each kernel for an AMD GPU without fused multiply-add instructions, although it fuses
//! a control shader. It writes the same code if SPIR-V forbids fusing by the decoration NoContraction on each sum,
//! difference and product. No kernel spills registers. No GPU is needed: the driver compiles for an absent one.
//!
//! Does not prove: that such a GPU computes the CPU's bits (run `apical compare` on it).

#[path = "compilers/driver.rs"]
mod driver;
#[path = "compilers/spirv.rs"]
mod spirv;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use apical::gpu::shaders;
use apical::interface::Kernel;
use driver::{Driver, Executable};

use crate::support::harness::not_run;

/// Prefixes of fused instructions, which round a product and a sum only once.
const FUSED: [&str; 7] = ["v_fma", "v_fmac", "v_pk_fma", "v_mad_", "v_mac_", "v_dot", "s_fmac"];
/// Prefixes of integer instructions among [`FUSED`].
const INTEGER: [&str; 3] = ["v_mad_u", "v_mad_i", "v_mad_co"];

/// A product and a sum that a compiler may fuse.
const CONTROL: &str = "
    @group(0) @binding(0) var<storage, read_write> values: array<vec3<f32>>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        let value = values[id.x];
        values[id.x].x = value.x * value.y + value.z;
    }";

/// Returns the lines of code with a fused instruction.
fn fused(code: &str) -> Vec<&str> {
    let is_fused = |line: &&str| {
        line.split_whitespace().any(|word| {
            FUSED.iter().any(|name| word.starts_with(name))
                && !INTEGER.iter().any(|name| word.starts_with(name))
        })
    };
    code.lines().filter(is_fused).collect()
}

#[test]
fn fused_finds_only_float_instructions() {
    for line in [
        "v_fma_f32 v0, v1, v2, v3",
        "\tv_fmac_f32_e32 v0, v1, v2",
        "v_pk_fma_f32 v0",
        "v_mad_f32 v0",
        "v_fmaak_f32 v0",
        "v_fma_mix_f32 v0",
        "v_mac_legacy_f32 v0",
        "  v_fmamk_f32 v1",
    ] {
        assert_eq!(fused(line), [line]);
    }
    for line in ["v_mul_f32 v0, v1, v2", "v_mad_u64_u32 v0, v1", "v_add_f32 v0", "v_mad_u32_u24 v0"]
    {
        assert_eq!(fused(line), [""; 0]);
    }
}

/// Environment variable of the child process, which uses RADV.
const CHILD: &str = "APICAL_TEST_COMPILER";

/// The environment selects the driver, so the test runs itself again in a child process.
#[test]
fn radv_fuses_and_spills_nothing() {
    if env::var_os(CHILD).is_some() {
        return compile_all();
    }
    let test = "radv_fuses_and_spills_nothing";
    let Some(description) = driver::RADV.into_iter().map(Path::new).find(|path| path.is_file())
    else {
        return not_run(test, "Mesa's RADV is missing: install mesa-vulkan-drivers");
    };
    let (_, path) = module_path!().split_once("::").expect("the test is in a module of the binary");
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command.args(["--exact", &format!("{path}::{test}"), "--nocapture"]).env(CHILD, "");
    driver::select_radv(&mut command, description, "navi21");
    let output = command.output().expect("this program starts");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if let Some((_, reason)) = text.split_once("cannot compile: ") {
        return not_run(test, reason.lines().next().unwrap_or_default());
    }
    let status = output.status;
    assert!(status.success() && text.contains("1 passed"), "{status}\n{text}");
}

fn compile_all() {
    let driver = match Driver::open() {
        Ok(driver) => driver,
        Err(reason) => return println!("cannot compile: {reason}"),
    };
    let module = spirv::module(CONTROL);
    let code = driver.compile(&module);
    assert!(!fused(&code).is_empty(), "the control shader is not fused:\n{code}");
    let strict = driver.compile(&module.uncontracted());
    assert!(
        fused(&strict).is_empty(),
        "the control shader is fused despite NoContraction:\n{strict}"
    );
    let kernels = Kernel::ALL.map(|kernel| (kernel.name(), shaders::source(kernel)));
    let sources =
        kernels.into_iter().chain([("arithmetic_selftest", shaders::arithmetic_source())]);
    for (name, source) in sources {
        let module = spirv::module(&source);
        for Executable { name: form, subgroup_size, statistics } in driver.statistics(&module) {
            for spilled in ["Spilled VGPRs", "Spilled SGPRs"] {
                let place = format!("{name} on {}, {form}, {subgroup_size} threads", driver.name);
                assert_eq!(statistics[spilled], 0, "{spilled}: {place}");
            }
        }
        let code = driver.compile(&module);
        assert!(code.contains("s_endpgm"), "{name}: not a GPU's code:\n{code}");
        assert_eq!(fused(&code), [""; 0], "{name}");
        let strict = driver.compile(&module.uncontracted());
        if code != strict {
            let folder = env::temp_dir();
            for (kind, text) in [("free", &code), ("strict", &strict)] {
                fs::write(folder.join(format!("{name}-{kind}.s")), text)
                    .expect("the file is written");
            }
            panic!("{name}: NoContraction changes the code; both are in {}", folder.display());
        }
    }
}
