//! Device of a run: the choice of a backend, and how many networks it holds.

mod fit;
mod select;

use serde::Serialize;

pub use fit::{Fit, check_cpu, check_gpu, max_replicas};
pub use select::{BackendPair, OpenBackend, open, open_both};

use crate::interface::{Shape, Stop};

/// Kind of backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum BackendKind {
    /// A real GPU where there is one, otherwise the CPU
    #[default]
    Auto,
    /// A GPU, a software one if there is no other
    Gpu,
    /// The CPU
    Cpu,
}

/// How networks go through their steps where the apical voltage reaches the soma: each then needs the feedback of
/// the step before. See [`Shape::fused_steps`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum StepMode {
    /// Networks on a real GPU, launches on any other device
    #[default]
    Auto,
    /// One launch for each kernel and step
    PerKernel,
    /// One launch for all layers and a block of steps, if the device holds it and is not reached through GL
    Fused,
}

/// Options for the device. No option changes a bit of the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceOptions {
    /// The kind of device.
    pub backend: BackendKind,
    /// Index or part of the name of the GPU.
    pub device: Option<String>,
    /// Threads of the CPU backend, see [`Threads::choose`](crate::cpu::Threads::choose); 0: as many as CPUs.
    pub threads: usize,
    /// Bytes that arrays may take; without it, what is free.
    pub memory: Option<u64>,
    /// The arrays of each lane can be read and written, see [`Shape::per_sample_access`].
    pub per_sample_access: bool,
    /// Neurons go step by step, and apical voltages are stepped even where no soma sees them.
    pub steps_apical: bool,
    /// How networks go through steps that hang on each other.
    pub step_mode: StepMode,
    /// Ends trainings, tests and recordings early if it is requested.
    pub stop: Stop,
}

impl DeviceOptions {
    /// A shape with what is asked to be kept.
    fn apply_to(&self, shape: Shape) -> Shape {
        let steps_apical = shape.steps_apical || self.steps_apical;
        let fused_steps = shape.fused_steps && !self.steps_apical;
        Shape { per_sample_access: self.per_sample_access, steps_apical, fused_steps, ..shape }
    }
}

/// Device of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// `cpu` or `gpu`.
    pub backend: &'static str,
    /// Of a GPU its name and how it is reached, as in `NAME (vulkan)`; of the CPU its threads, as in `8 threads`.
    pub name: String,
    /// Why it is this one, where that needs saying.
    #[serde(skip)]
    pub note: Option<String>,
}
