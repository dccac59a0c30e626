//! The step of whole networks, see [`Kernel::FusedStep`]: what parameterises it, and where it fits.

use bytemuck::Zeroable;

use super::adapter::AdapterInfo;
use super::shared_buffers::SharedBuffer;
use crate::interface::{
    ArrayId, COUNT_MASK, FUSED_MASK_WORDS, Kernel, LAYERS_MAX, Launch, LaunchParams,
    STEPS_PER_WORD, Shape, UNITS_PER_WORD, compartment,
};
use crate::model::exact_math::NEWTON_STEPS;
use crate::model::spikes::COUNT_MAX;
use crate::random;

/// DispatchTable that the kernel reads: one for each layer, and one for its apical dendrites.
pub const FUSED_PARAMS: usize = 2 * LAYERS_MAX;

/// Rounds of loops after which Mesa's software device ends those of a thread, all of a dispatch together.
pub const MAX_LOOP_ITERATIONS: u64 = 65_535;

/// Most threads of its workgroup, which steps a whole network, unless other kernels have more.
const MAX_THREADS: u32 = 256;

/// Number of threads of its workgroup, a multiple of other kernels' `workgroup`: one for each neuron of the widest
/// layer, at most `MAX_THREADS` and the device's limit. More would only wait at every barrier.
pub fn threads(shape: &Shape, workgroup: u32, info: &AdapterInfo) -> u32 {
    let widest = (0..shape.layers()).map(|layer| shape.units(layer)).max().unwrap_or(1);
    let needed = u32::try_from(widest).unwrap_or(u32::MAX).div_ceil(workgroup);
    let most = info.max_workgroup_threads.min(MAX_THREADS) / workgroup;
    workgroup * needed.min(most).max(1)
}

/// Bytes that its workgroup shares: who spikes, a bit and a count for each neuron, in two halves.
const SHARED_BYTES: u32 =
    2 * (1 + UNITS_PER_WORD / STEPS_PER_WORD) * (FUSED_MASK_WORDS * size_of::<u32>()) as u32;

/// Whether a device steps networks of this shape in one launch: its driver compiles the kernel in seconds, it binds
/// what their layers share, a workgroup keeps who spikes, and no step takes a thread too many rounds.
pub fn supports_fused(shape: &Shape, info: &AdapterInfo) -> bool {
    // GL drivers were seen to compile this kernel for minutes.
    if info.backend == wgpu::Backend::Gl.to_str() {
        return false;
    }
    // Kernels count words in 32 bits.
    let most = info.max_binding.min(info.max_buffer).min(4 * u64::from(u32::MAX));
    SharedBuffer::ALL.iter().all(|group| group.offsets(shape).1 <= most)
        && shape.mask_words_total() <= FUSED_MASK_WORDS
        && SHARED_BYTES <= info.max_workgroup_storage
        && (!info.is_software
            || loop_iterations(shape, threads(shape, info.workgroup(), info))
                <= MAX_LOOP_ITERATIONS)
}

/// The parts of the steps of all layers, and from [`LAYERS_MAX`] on those of apical dendrites.
pub fn layer_params(shape: &Shape) -> Vec<LaunchParams> {
    let offsets = SharedBuffer::ALL.iter().flat_map(|group| group.offsets(shape).0);
    let offsets: Vec<(ArrayId, u64)> = offsets.collect();
    let start = |array| {
        let place = offsets.iter().find(|(other, _)| *other == array);
        place.map_or(0, |(_, byte)| (byte / 4) as u32)
    };
    let bits = |population: usize| {
        (1..population).map(|below| shape.mask_words(below) as u32).sum::<u32>()
    };
    let part =
        |kernel, layer| LaunchParams::new(&Launch { kernel, layer, first: 0, steps: 1 }, shape);
    let of_layer = |layer: usize| LaunchParams {
        weights_offset: start(ArrayId::Weights(layer)),
        synaptic_input_offset: start(ArrayId::SynapticInput(layer)),
        compartments_offset: start(ArrayId::Compartments(layer)),
        spikes_offset: start(ArrayId::Spikes(layer + 1)),
        mask_offset: bits(layer + 1),
        pre_mask_offset: bits(layer),
        ..part(if shape.is_output(layer) { Kernel::OutputStep } else { Kernel::HiddenStep }, layer)
    };
    let of_apical = |layer: usize| LaunchParams {
        weights_offset: start(ArrayId::Feedback(layer)),
        synaptic_input_offset: start(ArrayId::ApicalInput(layer)),
        compartments_offset: start(ArrayId::Compartments(layer)),
        pre_mask_offset: bits(shape.feedback_population(layer)),
        ..part(Kernel::ApicalStepSpikes, layer)
    };
    let mut parts: Vec<LaunchParams> = (0..shape.layers()).map(of_layer).collect();
    parts.resize(LAYERS_MAX, LaunchParams::zeroed());
    parts.extend((0..shape.layers() - 1).map(of_apical));
    parts.resize(FUSED_PARAMS, LaunchParams::zeroed());
    parts
}

/// The most rounds of loops that a thread of the kernel goes through at a step, of so many threads: where every
/// neuron spikes as often as a count can say, and a round more for each loop, in which it ends.
pub fn loop_iterations(shape: &Shape, threads: u32) -> u64 {
    let looped = |rounds: u64| rounds + 1;
    let taps = looped(u64::from(shape.taps));
    let history = looped(u64::from(shape.history_rows()));
    let sum = |heard: usize| {
        let words = heard.div_ceil(UNITS_PER_WORD as usize) as u64;
        looped(words) + words + heard as u64 * looped(u64::from(COUNT_MASK))
    };
    let random_words = looped(random::ROUNDS as u64);
    let candidates = COUNT_MAX as u64;
    let draw = 2 * random_words + looped(candidates) + candidates.div_ceil(4) * random_words;
    let neuron = looped(compartment::ROWS as u64)
        + looped(1)
        + taps
        + looped(u64::from(NEWTON_STEPS))
        + draw
        + history;
    let apical = |sources: usize| 2 * history + taps + sum(sources);
    let own = |units: usize| (units as u64).div_ceil(u64::from(threads));
    let of_layer = |layer: usize| {
        let below = if layer == 0 { 0 } else { sum(shape.n_pre(layer)) };
        let apical = if shape.is_output(layer) { 0 } else { apical(shape.n_feedback(layer)) };
        // One round of the loop over layers, and one over units, for neurons and for apical dendrites.
        let units = own(shape.units(layer));
        units * (below + neuron + apical) + 2 * looped(looped(units))
    };
    let counts = looped(u64::from(UNITS_PER_WORD / STEPS_PER_WORD));
    let forget = looped(own(shape.mask_words_total()) * looped(counts));
    (0..shape.layers()).map(of_layer).sum::<u64>() + forget + looped(looped(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::adapter::DeviceKind;
    use crate::gpu::check_limits;
    use crate::interface::BackendError;

    fn info(is_software: bool) -> AdapterInfo {
        AdapterInfo {
            index: 0,
            name: "some GPU".to_string(),
            backend: "vulkan".to_string(),
            driver: String::new(),
            driver_info: String::new(),
            kind: if is_software { DeviceKind::Software } else { DeviceKind::Discrete },
            is_software,
            max_binding: 1 << 27,
            max_buffer: 1 << 28,
            max_workgroup_storage: 1 << 14,
            max_workgroup_threads: 256,
            max_workgroups: 65535,
        }
    }

    fn shape(populations: Vec<usize>) -> Shape {
        Shape {
            broadcast: false,
            has_apical_biases: true,
            replicas: 2,
            samples_per_replica: 3,
            steps_apical: true,
            fused_steps: true,
            ..Shape::minimal(populations)
        }
    }

    #[test]
    fn parts_tell_where_the_arrays_of_each_layer_begin() {
        let shape = shape(vec![20, 70, 33, 10]);
        let parts = layer_params(&shape);
        let start = |group: SharedBuffer, array| {
            let (offsets, _) = group.offsets(&shape);
            let place =
                offsets.iter().find(|(other, _)| *other == array).expect("it is of the group");
            (place.1 / 4) as u32
        };
        for layer in 0..3 {
            let (part, apical) = (&parts[layer], &parts[LAYERS_MAX + layer]);
            assert_eq!(part.weights_offset, start(SharedBuffer::Weights, ArrayId::Weights(layer)));
            assert_eq!(part.spikes_offset, start(SharedBuffer::Spikes, ArrayId::Spikes(layer + 1)));
            assert_eq!(part.units as usize, shape.units(layer));
            if layer < 2 {
                assert_eq!(
                    apical.weights_offset,
                    start(SharedBuffer::Weights, ArrayId::Feedback(layer))
                );
                assert_eq!(
                    apical.synaptic_input_offset,
                    start(SharedBuffer::SynapticInputs, ArrayId::ApicalInput(layer))
                );
                assert_eq!(apical.compartments_offset, part.compartments_offset);
                assert_eq!(apical.col_count as usize, shape.feedback_columns(layer));
            }
        }
        // Words of 32 of the 70, 33 and 10 neurons; of the input no bits are kept here.
        assert_eq!([0, 1, 2].map(|layer| parts[layer].mask_offset), [0, 3, 5]);
        assert_eq!([1, 2].map(|layer| parts[layer].pre_mask_offset), [0, 3]);
        assert_eq!([0, 1].map(|layer| parts[LAYERS_MAX + layer].pre_mask_offset), [3, 5]);
    }

    #[test]
    fn arrays_that_share_a_buffer_do_not_overlap() {
        let shape = shape(vec![20, 7, 3, 10]);
        for group in SharedBuffer::ALL {
            let (offsets, bytes) = group.offsets(&shape);
            let starts: Vec<u64> = offsets.iter().map(|&(_, start)| start).collect();
            assert!(starts.iter().all(|start| start.is_multiple_of(256)), "{starts:?}");
            let ends = starts.iter().skip(1).chain([&bytes]);
            for ((array, start), end) in offsets.iter().zip(ends) {
                assert!(start + shape.bytes_of(*array) <= *end, "{array}");
            }
        }
    }

    #[test]
    fn networks_are_stepped_whole_where_a_device_holds_them() {
        let fits = |populations, info: &AdapterInfo| supports_fused(&shape(populations), info);
        assert!(fits(vec![784, 500, 100, 10], &info(false)));
        assert!(fits(vec![784, 500, 100, 10], &info(true)));
        // Of 8,192 neurons the bits are kept, of whole words.
        assert!(fits(vec![1, 8160, 32], &info(false)));
        assert!(!fits(vec![1, 8160, 33], &info(false)));
        // A neuron that hears 5,000, each of which spikes fifteen times, goes through 75,000 rounds.
        assert!(!fits(vec![1, 5000, 10], &info(true)));
        let gl = AdapterInfo { backend: "gl".to_string(), ..info(false) };
        assert!(!fits(vec![784, 500, 100, 10], &gl));
        let small = AdapterInfo { max_binding: 1 << 20, ..info(false) };
        assert!(fits(vec![1, 200, 10], &small));
        assert!(!fits(vec![1, 500, 500, 10], &small), "weights of 2 MB");
        let narrow = AdapterInfo { max_workgroup_storage: SHARED_BYTES - 1, ..info(false) };
        assert!(!fits(vec![1, 200, 10], &narrow));
        // Every device of WebGPU shares so much.
        assert!(SHARED_BYTES <= wgpu::Limits::default().max_compute_workgroup_storage_size);
        // What does not fit is refused: the shader's indices are trusted.
        let error = check_limits(&info(false), &shape(vec![1, 8160, 33])).unwrap_err();
        assert!(matches!(error, BackendError::FusedStepTooLarge { .. }), "{error}");
    }

    #[test]
    fn network_kernel_has_a_thread_for_each_neuron_of_the_widest_layer() {
        let of = |populations, workgroup| threads(&shape(populations), workgroup, &info(true));
        assert_eq!(of(vec![784, 10], 64), 64);
        assert_eq!(of(vec![784, 64, 10], 64), 64);
        assert_eq!(of(vec![784, 65, 10], 64), 128);
        assert_eq!(of(vec![784, 5000, 10], 64), 256);
        assert_eq!(of(vec![784, 21, 10], 8), 24);
        assert_eq!(of(vec![784, 5000, 10], 8), 256);
        assert_eq!(of(vec![784, 5000, 10], 96), 192, "the device takes 256");
        assert_eq!(of(vec![784, 5000, 10], 256), 256);
    }

    #[test]
    fn a_step_is_as_long_as_its_longest_loops() {
        let rounds = |populations, threads| loop_iterations(&shape(populations), threads);
        // Each neuron that is heard may spike fifteen times, and each such loop ends in a round more.
        let more = rounds(vec![1, 332, 10], 512) - rounds(vec![1, 300, 10], 512);
        assert_eq!(more, 2 + 32 * 16);
        assert!(rounds(vec![784, 500, 10], 64) > rounds(vec![784, 500, 10], 256));
        assert_eq!(rounds(vec![784, 500, 10], 512), rounds(vec![9, 500, 10], 512));
    }
}
