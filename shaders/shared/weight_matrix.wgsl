// Columns of the kernel's array `weights`, of feed-forward or of feedback weights.

// What a neuron that is pre weighs in a neuron of the layer; the biases stand behind the last that is pre.
// Where not all columns are bound at once, there is but one replica.
fn weight_at(pre: u32, unit: u32) -> f32 {
    let column = replica * params.col_count + pre - params.col_offset;
    return weights[params.weights_offset + column * params.units + unit];
}
