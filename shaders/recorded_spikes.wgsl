// Copies the input's spikes from a recording, whose steps repeat if a phase is longer.
// One thread per 32 units, word of steps and sample.
#import bindings

// starts of the recordings, [images + 1], then packed events, ascending in each recording
@group(0) @binding(5) var<storage, read> images: array<u32>;
// [samples, history words + words, units]
@group(0) @binding(6) var<storage, read_write> spikes: array<u32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let first_unit = id.x * UNITS_PER_WORD;
    let word = params.first_step / STEPS_PER_WORD + id.y;
    let sample = samples[id.z];
    replica = sample.replica;
    let steps = end_step(sample);
    if first_unit >= params.units || word * STEPS_PER_WORD >= steps || minibatches[replica].draws_spikes == 0u {
        return;
    }
    let end_unit = min(first_unit + UNITS_PER_WORD, params.units);
    let row = (sample.index * constants.spike_words + constants.history_words + word) * params.units;
    for (var unit = first_unit; unit < end_unit; unit++) {
        spikes[row + unit] = 0u;
    }
    let events = constants.recordings + 1u;
    let start = events + images[sample.image];
    let end = events + images[sample.image + 1u];
    for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
        let step = word * STEPS_PER_WORD + slot;
        if step < steps {
            let shown = recording_step(sample, step) << EVENT_UNIT_BITS;
            var event = first_event(start, end, shown + first_unit);
            while event < end && images[event] < shown + end_unit {
                spikes[row + (images[event] & EVENT_UNIT_MASK)] += 1u << (slot * COUNT_BITS);
                event++;
            }
        }
    }
}

// Returns the step of the recording that a step of the sample shows.
fn recording_step(sample: Sample, step: u32) -> u32 {
    if step < sample.steps_forward {
        return sample.forward_first + step % sample.forward_len;
    }
    return sample.target_first + (step - sample.steps_forward + sample.target_offset) % sample.target_len;
}

// Returns the index of the first event from index `start` on that is at least `least`, or `end`.
fn first_event(start: u32, end: u32, least: u32) -> u32 {
    var low = start;
    var high = end;
    while low < high {
        let middle = low + (high - low) / 2u;
        if images[middle] < least {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}
