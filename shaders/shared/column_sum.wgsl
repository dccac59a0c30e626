// Sums of the weight columns of spiking neurons.
// The kernel binds `spike_mask` and `spikes` of the presynaptic population. It defines, for one neuron or four per
// thread: the types `Units` and `Sums`, `load_column` (weights from a presynaptic neuron) and `opaque_sums` (`opaque`
// of each sum).
#import bindings, spike_counts

// Adds to `sums` the columns of the spiking neurons of a population of `n_pre`, in ascending order. `step` counts from
// the first stored step of the first sample.
fn sum_columns(n_pre: u32, step: u32, units: Units, sums: Sums) -> Sums {
    let words = (n_pre + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    let first = step * SPIKE_MASK_ROWS * words;
    // Column ranges start at whole words.
    let end = (min(params.col_offset + params.col_count, n_pre) + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    var sum = sums;
    for (var word = params.col_offset / UNITS_PER_WORD; word < end; word++) {
        var ge1 = spike_mask[first + SPIKE_MASK_GE1 * words + word];
        let ge2 = spike_mask[first + SPIKE_MASK_GE2 * words + word];
        while ge1 != 0u {
            let bit = firstTrailingBit(ge1);
            ge1 &= ge1 - 1u;
            let pre = word * UNITS_PER_WORD + bit;
            let weights_of_pre = load_column(pre, units);
            sum += weights_of_pre;
            if ((ge2 >> bit) & 1u) == 1u {
                let counts = spikes[step / STEPS_PER_WORD * n_pre + pre];
                // One addition per spike. Opaque: compilers turn `a + b + b` into `fma(2, b, a)`.
                for (var n = spike_count(counts, step); n > 1u; n--) {
                    sum = opaque_sums(sum) + weights_of_pre;
                }
            }
        }
    }
    return sum;
}
