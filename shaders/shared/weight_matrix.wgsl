// Columns of the kernel's array `weights`, of feed-forward or of feedback weights.
#import bindings

// Weight from presynaptic neuron `pre` to a neuron of the layer; the biases follow the last presynaptic column.
// If only some columns are bound, there is one replica.
fn weight_at(pre: u32, unit: u32) -> f32 {
    let column = replica * params.col_count + pre - params.col_offset;
    return weights[column * params.units + unit];
}
