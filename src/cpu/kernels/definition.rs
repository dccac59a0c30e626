//! Definition of a kernel: all facts about it that the CPU and the GPU backend use. [`Grid`] is for the GPU.

use crate::cpu::simd::tiled::{Tile, TileSlice};
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::cpu::spikes::tables::SpikeTables;
use crate::cpu::state::persistent::PersistentState;
use crate::cpu::state::{ReplicaState, SampleState};
use crate::interface::{
    ArrayId, BatchParams, Kernel, Launch, LaunchParams, ReplicaParams, RunParams, Sample, Shape,
    Stop,
};

/// Facts about a kernel. Each kernel's file in this folder contains one, beside its CPU function.
pub struct KernelDefinition {
    /// Equation in the notation of `docs/concepts/model.md`, as Markdown.
    pub equation: &'static str,
    /// Neurons that a launch processes.
    pub scope: Scope,
    /// Whether networks of a shape run the kernel on a layer, or a population, of its scope.
    pub runs_on: fn(&Shape, usize) -> bool,
    /// Arrays that a launch on a layer only reads, in the order of the shader's bindings.
    pub reads: fn(&Shape, usize) -> Vec<ArrayId>,
    /// Arrays that a launch on a layer changes. Their bindings follow.
    pub writes: fn(usize) -> Vec<ArrayId>,
    /// Matrix columns that a launch covers. If a GPU cannot bind all of them, each dispatch binds a range.
    pub columns: fn(&Launch) -> Columns,
    /// Number of GPU threads along x and y. Along z, one per sample, or one per replica for kernels that change
    /// weights.
    pub threads: fn(&Grid) -> [u32; 2],
    /// CPU function.
    pub cpu: CpuFunction,
}

/// Neurons that a launch processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The input, population 0.
    Input,
    /// A population: 0 the input, layer + 1 otherwise.
    Population,
    /// A layer.
    Layer,
    /// A hidden layer.
    HiddenLayer,
    /// The output layer.
    OutputLayer,
}

/// Matrix columns that a launch covers, one per presynaptic neuron, then the biases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// No columns.
    None,
    /// All columns of the layer's weights, and of their moments and gradient.
    Weights,
    /// The columns of the layer's weights without the biases. [`Columns::count`] still counts the biases: it returns the
    /// size of the whole matrix.
    Synapses,
    /// The biases of the layer's weights, their last column.
    Biases,
    /// The columns of the next layer's weights, one per neuron of the layer.
    NextWeights,
    /// All columns of the layer's feedback weights.
    Feedback,
    /// The apical biases, the last column of the layer's feedback weights.
    ApicalBiases,
}

impl Columns {
    /// Returns the number of columns of the matrix, 0 for none.
    pub fn count(self, launch: &Launch, shape: &Shape) -> usize {
        let layer = launch.layer;
        match self {
            Columns::None => 0,
            Columns::Weights | Columns::Synapses | Columns::Biases => shape.n_pre(layer) + 1,
            Columns::NextWeights => shape.units(layer) + 1,
            Columns::Feedback | Columns::ApicalBiases => shape.feedback_columns(layer),
        }
    }
}

/// Extent of a dispatch.
pub struct Grid<'a> {
    pub launch: &'a Launch,
    pub shape: &'a Shape,
    /// Number of bound columns, see [`Columns`].
    pub columns: u32,
    /// Whether any sample keeps the state of the previous image.
    pub keeps_state: bool,
}

impl Grid<'_> {
    /// Returns the number of neurons of the launch's layer.
    pub fn units(&self) -> u32 {
        self.shape.units(self.launch.layer) as u32
    }
}

/// CPU function of a kernel.
#[derive(Clone, Copy)]
pub enum CpuFunction {
    /// Runs before the samples, on all weights of a replica.
    BeforeSamples(ReplicaFunction),
    /// Runs on each sample.
    Sample(fn(&mut SampleState, &SampleContext, &PreparedLaunch)),
    /// Runs on each sample, on up to [`SampleContext::threads`] threads. Returns the number of threads used.
    SplitSample(fn(&mut SampleState, &SampleContext, &PreparedLaunch) -> usize),
    /// Advances the neurons of each sample, a group of tiles at a time.
    Neurons(NeuronFunction),
    /// Runs when [`ArrayId::SpikeMask`] is read back, since no CPU kernel reads that array.
    OnRead,
    /// Runs after all samples, on all weights of a replica.
    AfterSamples(ReplicaFunction),
}

/// Function that changes the weights of a replica.
pub type ReplicaFunction = fn(&mut ReplicaState, &ReplicaContext, &PreparedLaunch);

/// Function that advances a slice of tiles. Arguments: the launch; synaptic input, `[history + block, units]`;
/// compartments, `[5, units]`; spike counts, `[history words + words, units]`; the mask of the same spikes; somatic
/// voltages, `[burst steps, units]`, `None` unless bursts are drawn from spikes.
pub type NeuronFunction = fn(
    &StepContext,
    &mut TileSlice<f32>,
    &mut TileSlice<f32>,
    &mut TileSlice<u32>,
    SpikeMaskSlice,
    Option<TileSlice<f32>>,
);

/// A launch and its parameters.
#[derive(Clone, Copy)]
pub struct PreparedLaunch {
    pub launch: Launch,
    pub params: LaunchParams,
}

/// Parameters and shared arrays that kernels of one sample read.
#[derive(Clone, Copy)]
pub struct SampleContext<'a> {
    pub shape: &'a Shape,
    pub constants: &'a RunParams,
    pub replica: &'a ReplicaParams,
    pub spike_tables: &'a SpikeTables,
    pub minibatch: &'a BatchParams,
    pub replica_state: &'a ReplicaState,
    pub sample: &'a Sample,
    /// Pixels of the sample's image; empty for recordings.
    pub image: &'a [u8],
    /// Events of the sample's recording, packed, ascending; empty for images.
    pub recording: &'a [u32],
    /// Largest number of threads that may share the sample.
    pub threads: usize,
}

/// Parameters of a launch that advances neurons of one sample.
pub struct StepContext<'a> {
    pub constants: &'a RunParams,
    pub replica: &'a ReplicaParams,
    pub spike_tables: &'a SpikeTables,
    pub params: &'a LaunchParams,
    pub minibatch: &'a BatchParams,
    pub sample: &'a Sample,
    /// Biases, the last column of the weight matrix, `[units]`.
    pub biases: &'a [Tile<f32>],
}

/// Parameters and samples that kernels of one replica read.
pub struct ReplicaContext<'a> {
    pub shape: &'a Shape,
    /// Stop request. After it, the kernel leaves the remaining weights unchanged.
    pub stop: &'a Stop,
    pub constants: &'a RunParams,
    pub replica: &'a ReplicaParams,
    pub minibatch: &'a BatchParams,
    /// Samples in use.
    pub samples: &'a [PersistentState],
}

impl Kernel {
    /// Returns the kernel's equation in the notation of the documents, as Markdown; empty if it has none.
    pub fn equation(self) -> &'static str {
        self.definition().equation
    }

    /// Whether a launch takes a population instead of a layer.
    pub fn takes_population(self) -> bool {
        matches!(self.definition().scope, Scope::Input | Scope::Population)
    }

    /// Whether the range of a launch counts steps. Before the samples of a minibatch there are none: the range then counts
    /// neurons of the next layer.
    pub fn takes_steps(self) -> bool {
        !matches!(self.definition().cpu, CpuFunction::BeforeSamples(_))
    }

    /// Whether the kernel changes weights after all samples of a minibatch.
    pub fn is_plasticity(self) -> bool {
        matches!(self.definition().cpu, CpuFunction::AfterSamples(_))
    }

    /// Whether each sample is computed independently; if not, the kernel runs before or after all samples.
    pub fn is_per_sample(self) -> bool {
        !matches!(
            self.definition().cpu,
            CpuFunction::BeforeSamples(_) | CpuFunction::AfterSamples(_)
        )
    }
}

impl Launch {
    /// Returns the arrays that the launch only reads, in the order of its shader's bindings.
    pub fn reads(&self, shape: &Shape) -> Vec<ArrayId> {
        (self.kernel.definition().reads)(shape, self.layer)
    }

    /// Returns the arrays that the launch changes; their bindings follow the read-only arrays.
    pub fn writes(&self) -> Vec<ArrayId> {
        (self.kernel.definition().writes)(self.layer)
    }

    /// Returns the matrix columns that the launch covers.
    pub(crate) fn columns(&self) -> Columns {
        (self.kernel.definition().columns)(self)
    }
}
