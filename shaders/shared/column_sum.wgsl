// Adds the weight columns of the presynaptic neurons that spike at a step, among `count`, in ascending order. The
// kernel defines `spiking` (mask of 32 neurons) and `spikes_of` (spike count of one neuron).
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
