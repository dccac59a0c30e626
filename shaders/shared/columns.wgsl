// Columns of the kernel's array `weights`, of feed-forward or of feedback weights.

// What a neuron that is heard weighs in a neuron of the layer; the biases stand behind the last that is heard.
// Where not all columns are bound at once, there is but one replica.
fn weight(heard: u32, unit: u32) -> f32 {
    let column = replica * part.columns + heard - part.first_column;
    return weights[part.columns_start + column * part.units + unit];
}
