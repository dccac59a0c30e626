// Weight matrix, feed-forward or feedback. The kernel binds `weights`, [replicas, columns, units] or a range of
// columns.
#import bindings

// Returns the weight from presynaptic neuron `pre` to a neuron of the layer. The biases are the column after the last
// presynaptic neuron. If only some columns are bound, there is one replica.
fn weight_at(pre: u32, unit: u32) -> f32 {
    let column = replica * params.col_count + pre - params.col_offset;
    return weights[column * params.units + unit];
}
