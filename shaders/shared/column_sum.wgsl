// Adds the columns of the neurons that spike at a step, of `count` that are heard, in ascending order. The kernel
// tells who does: `spiking` of 32 neurons at once, and `spikes_of` one of these, how often.
fn sum_columns(count: u32, unit: u32, before: f32) -> f32 {
    let words = (count + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    // Columns are bound in whole words.
    let end = min(words, (params.col_offset + params.col_count + UNITS_PER_WORD - 1u) / UNITS_PER_WORD);
    var sum = before;
    for (var word = params.col_offset / UNITS_PER_WORD; word < end; word++) {
        var left = spike_mask_word(word);
        while left != 0u {
            let neuron = word * UNITS_PER_WORD + firstTrailingBit(left);
            left &= left - 1u;
            let of_neuron = weight_at(neuron, unit);
            sum += of_neuron;
            // A neuron that spikes twice adds its column twice. Opaque: compilers turn `a + b + b` into `fma(2, b, a)`.
            for (var again = spike_count_of(neuron); again > 1u; again--) {
                sum = opaque(sum) + of_neuron;
            }
        }
    }
    return sum;
}
