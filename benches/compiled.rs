//! Statistics of the kernels as real drivers compile them, for GPUs that this machine does not have.
//!
//! `cargo bench -p apical-benches --bench compiled` compiles each kernel with Mesa's RADV for several AMD families and
//! prints a Markdown table per family, or JSON with `-- --json`. Families and another version of Mesa:
//! `-- --driver FILE navi21 navi31`, with the driver's description in FILE.
//!
//! `-- --here` compiles for the device that the environment selects, of any driver that supports
//! VK_KHR_pipeline_executable_properties.

#[path = "../tests/compilers/driver.rs"]
#[expect(dead_code, reason = "the final code is for the tests")]
mod driver;
#[path = "../tests/compilers/spirv.rs"]
#[expect(dead_code, reason = "modules without contraction are for the tests")]
mod spirv;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use apical::figures::Table;
use apical::gpu::shaders;
use apical::interface::Kernel;
use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use driver::{Driver, Executable};

/// Columns of the table, each with the names that drivers give to the statistic: RADV, ANV, NVK. A column with several
/// names of one driver is their sum.
const COLUMNS: [(&str, &[&str]); 8] = [
    ("instructions", &["Instructions", "Instruction Count", "Instruction count"]),
    ("VGPRs", &["VGPRs", "Number of GPRs"]),
    ("SGPRs", &["SGPRs"]),
    ("waves", &["Subgroups per SIMD", "Max warps/SM"]),
    ("spilled", &["Spilled VGPRs", "Spilled SGPRs", "Spill count", "Spills to memory"]),
    ("cycles", &["Latency", "Cycle Count", "Static cycle count"]),
    ("LDS, bytes", &["LDS size", "LDS Size"]),
    ("code, bytes", &["Code size", "Code Size"]),
];

#[derive(Parser)]
struct Arguments {
    /// AMD families, by the names of the version of Mesa (navi31: gfx1100 in Mesa 22)
    #[arg(default_values = ["polaris10", "vega10", "navi21", "gfx1100"])]
    families: Vec<String>,

    /// Description of the RADV driver (default: that of the system)
    #[arg(long, value_name = "FILE")]
    driver: Option<PathBuf>,

    /// Print JSON with all statistics of the driver
    #[arg(long)]
    json: bool,

    /// Compile for the device that the environment selects
    #[arg(long)]
    here: bool,

    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Kernels compiled for a device.
#[derive(Serialize, Deserialize)]
struct Device {
    /// Names of the device and of the driver, with its version.
    device: String,
    kernels: Vec<Compiled>,
}

/// Compiled kernel.
#[derive(Serialize, Deserialize)]
struct Compiled {
    /// Name of the kernel, with the driver's name for the compiled form if there are several.
    kernel: String,
    /// Number of threads of a subgroup.
    subgroup_size: u32,
    statistics: Map<String, Value>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let devices = if arguments.here {
        vec![compile()?]
    } else {
        let system = || driver::RADV.map(PathBuf::from).into_iter().find(|file| file.is_file());
        let description = arguments.driver.or_else(system);
        let description = description
            .ok_or("Mesa's RADV is missing\nhint: apt-get install mesa-vulkan-drivers")?;
        let families = arguments.families.iter();
        families.map(|family| compile_for(&description, family)).collect::<Result<_, _>>()?
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&devices)?);
    } else {
        devices.iter().for_each(|device| println!("{}", section(device)));
    }
    Ok(())
}

/// Compiles the kernels for a family, in a child process because the environment selects the driver.
fn compile_for(description: &Path, family: &str) -> Result<Device, Box<dyn Error>> {
    let mut command = Command::new(env::current_exe()?);
    driver::select_radv(&mut command, description, family);
    let output = command.args(["--here", "--json"]).output()?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cannot compile for {family}: {reason}").into());
    }
    let mut devices: Vec<Device> = serde_json::from_slice(&output.stdout)?;
    devices.pop().ok_or_else(|| format!("cannot compile for {family}: no device").into())
}

/// Compiles the kernels for the device that the environment selects.
fn compile() -> Result<Device, Box<dyn Error>> {
    let driver = Driver::open()?;
    let kernels = Kernel::ALL.into_iter().flat_map(|kernel| {
        let executables = driver.statistics(&spirv::module(&shaders::source(kernel)));
        let is_single = executables.len() == 1;
        executables.into_iter().map(move |Executable { name, subgroup_size, statistics }| {
            let kernel = kernel.name().to_string();
            let kernel = if is_single { kernel } else { format!("{kernel}, {name}") };
            Compiled { kernel, subgroup_size, statistics }
        })
    });
    Ok(Device { kernels: kernels.collect(), device: driver.name.clone() })
}

/// Returns the heading and the table of a device.
fn section(device: &Device) -> String {
    let names = COLUMNS.map(|(name, _)| name);
    let mut table = Table::new(&[&["kernel", "threads"], &names[..]].concat());
    for Compiled { kernel, subgroup_size, statistics } in &device.kernels {
        let cells = COLUMNS.map(|(_, names)| {
            let values = names.iter().filter_map(|name| statistics.get(*name)?.as_u64());
            values.reduce(|sum, value| sum + value).map_or("–".to_string(), |sum| sum.to_string())
        });
        table.push([&[kernel.clone(), subgroup_size.to_string()], &cells[..]].concat());
    }
    format!("## {}\n\n{}\n", device.device, table.markdown())
}
