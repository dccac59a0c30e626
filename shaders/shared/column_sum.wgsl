// Sums of the weight columns of spiking neurons. The kernel binds `spike_mask` and `spikes` of the presynaptic population.
// It defines the types `Units` and `Sums`, of one neuron or four, and the functions `column`, the weights from a
// presynaptic neuron, and `opaque_sums`.
#import bindings, spike_counts

// Adds to `sums` the columns of the neurons that spike at a step, among `count`, in ascending order. `step` is counted from
// the first stored step of the first sample.
fn sum_columns(count: u32, step: u32, units: Units, sums: Sums) -> Sums {
    let words = (count + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    let first = step * SPIKE_MASK_ROWS * words;
    // Columns are bound in whole words.
    let end = (min(params.col_offset + params.col_count, count) + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    var sum = sums;
    for (var word = params.col_offset / UNITS_PER_WORD; word < end; word++) {
        var left = spike_mask[first + SPIKE_MASK_GE1 * words + word];
        let more = spike_mask[first + SPIKE_MASK_GE2 * words + word];
        while left != 0u {
            let bit = firstTrailingBit(left);
            left &= left - 1u;
            let neuron = word * UNITS_PER_WORD + bit;
            let weights_of = column(neuron, units);
            sum += weights_of;
            if ((more >> bit) & 1u) == 1u {
                let counts = spikes[step / STEPS_PER_WORD * count + neuron];
                // A neuron that spikes twice adds its column twice. Opaque: compilers turn `a + b + b` into `fma(2, b, a)`.
                for (var n = spike_count(counts, step); n > 1u; n--) {
                    sum = opaque_sums(sum) + weights_of;
                }
            }
        }
    }
    return sum;
}
