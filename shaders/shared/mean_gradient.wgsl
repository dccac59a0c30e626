// Mean gradient of a weight over a minibatch.
// The kernel defines `presynaptic_mean`, the mean activity of a column's neuron in a sample (1 for the biases), and
// `error_of`, the error of a neuron in a sample.
#import bindings, exact_math

// Returns the mean of `error * presynaptic mean` over the samples of the minibatch.
fn mean_gradient(column: u32, unit: u32) -> f32 {
    let first = replica * constants.samples_per_replica;
    var sum = 0.0;
    for (var sample = first; sample < first + minibatches[replica].batch_size; sample++) {
        let presynaptic = presynaptic_mean(sample, column);
        if presynaptic != 0.0 {
            sum += mul_rounded(presynaptic, error_of(sample, unit));
        }
    }
    return mul_rounded(sum, minibatches[replica].inv_batch_size);
}

// Returns the learning rate of the current minibatch.
fn scaled_eta(eta: f32) -> f32 {
    return flush(mul_rounded(eta, minibatches[replica].lr_scale), SMALLEST_GRADIENT);
}
