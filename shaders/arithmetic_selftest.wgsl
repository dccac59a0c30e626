// Applies every function that affects results to arguments made from random words: the self-test of a device.
// Twin of src/cpu/kernels/arithmetic_selftest.rs, comparable line by line.
#import bindings, exact_math, philox

@group(0) @binding(5) var<storage, read> words: array<u32>;
@group(0) @binding(6) var<storage, read_write> results: array<u32>;

// Returns a number in [0, 1), as kernels compare random words with probabilities.
fn uniform01(word: u32) -> f32 {
    return mul_rounded(f32(word >> (32u - FRACTION_BITS)), FRACTION_SCALE);
}

// Returns a float of either sign with a magnitude from `2^lowest` to almost `2^(lowest + span)`.
fn random_float(word: u32, lowest: u32, span: u32) -> f32 {
    let exponent = lowest + 127u + (word & 0xFFu) % span;
    return bitcast<f32>((word & 0x80000000u) | (exponent << 23u) | ((word >> 8u) & 0x7FFFFFu));
}

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let count = params.units;
    let index = id.x;
    if index >= count {
        return;
    }
    // Some inputs of a thread come from its neighbours' words.
    var w: array<u32, 6>;
    for (var k = 0u; k < 6u; k++) {
        w[k] = words[(index + k) % count];
    }

    let u = uniform01(w[0]);
    let argument = mul_rounded(u - 0.5, 200.0);
    let a = random_float(w[0], 0u - 16u, 32u);
    let b = random_float(w[1], 0u - 16u, 32u);
    let c = random_float(w[2], 0u - 16u, 32u);
    let wide = abs(random_float(w[0], 0u - 119u, 239u));
    let tiny = random_float(w[1], 0u - 80u, 40u);

    var filtered_input = 0.0;
    for (var k = 0u; k < constants.tap_count; k++) {
        filtered_input += mul_rounded(kernel_tap(k), random_float(words[(index + k) % count], 0u - 4u, 8u));
    }
    var decayed = tiny;
    for (var k = 0u; k < 8u; k++) {
        decayed = flush(mul_rounded(constants.decay_slow, decayed) + mul_rounded(u, tiny), SMALLEST_VOLTAGE);
    }
    let gradient = flush(mul_rounded(tiny, uniform01(w[3])), SMALLEST_GRADIENT);
    let square = mul_rounded(constants.decay_slow, mul_rounded(gradient, gradient));
    let s = sigmoid(argument);
    let random = philox(vec4<u32>(w[0], w[1], w[2], w[3]), vec2<u32>(w[4], w[5]));
    // Down to the smallest normal numbers, and mostly below the smallest weight.
    var weight = random_float(w[3], 0u - 126u, 100u);
    for (var k = 0u; k < 8u; k++) {
        weight = flush_weight(opaque(weight - mul_rounded(u, weight)) - mul_rounded(uniform01(w[4]), weight));
    }
    let less = opaque(a - mul_rounded(u, a)) - mul_rounded(uniform01(w[1]), a);
    var column = a + b;
    for (var again = w[2] % 4u; again > 0u; again--) {
        column = opaque(column) + b;
    }
    let with_uniforms = opaque(a + constants.decay_slow) - constants.decay_fast;
    let sum = opaque(a + b);
    let rounded_part = opaque(sum - a);
    let error = opaque(a - opaque(sum - rounded_part)) + opaque(b - rounded_part);

    let first = index * ARITHMETIC_RESULTS;
    results[first] = bitcast<u32>(u);
    results[first + 1u] = bitcast<u32>(a + b);
    results[first + 2u] = bitcast<u32>(mul_rounded(a, b));
    results[first + 3u] = bitcast<u32>(mul_rounded(a, b) + c);
    results[first + 4u] = bitcast<u32>(c - mul_rounded(a, b));
    results[first + 5u] = bitcast<u32>(filtered_input);
    results[first + 6u] = bitcast<u32>(decayed);
    results[first + 7u] = bitcast<u32>(flush(mul_rounded(tiny, tiny), SMALLEST_GRADIENT));
    results[first + 8u] = bitcast<u32>(flush(square, SMALLEST_MOMENT));
    results[first + 9u] = bitcast<u32>(exp_exact(argument));
    results[first + 10u] = bitcast<u32>(s);
    results[first + 11u] = bitcast<u32>(sigmoid_slope(s));
    results[first + 12u] = bitcast<u32>(recip_exact(wide));
    results[first + 13u] = bitcast<u32>(rsqrt_exact(wide));
    results[first + 14u] = bitcast<u32>(i32(mul_rounded(u, 255.0) + 0.5));
    results[first + 15u] = u32(w[0] < w[1]) | (u32(a < b) << 1u) | (u32(mul_rounded(u, s) < 0.25) << 2u);
    results[first + 16u] = random.x;
    results[first + 17u] = random.y;
    results[first + 18u] = random.z;
    results[first + 19u] = random.w;
    results[first + 20u] = bitcast<u32>(weight);
    results[first + 21u] = bitcast<u32>(less);
    results[first + 22u] = bitcast<u32>(column);
    results[first + 23u] = bitcast<u32>(with_uniforms);
    results[first + 24u] = bitcast<u32>(error);
    // Small and large arguments have different formulas.
    results[first + 25u] = bitcast<u32>(sigmoid_deviation(u - 0.5));
    if index == 0u {
        results[count * ARITHMETIC_RESULTS] = flushed_subnormals();
    }
}

// Returns a bit per operation in which the device flushes subnormal numbers to zero: the result of a product, the
// result of a difference, a factor, a compared number. Kernels have no subnormal numbers: the bits are only reported.
fn flushed_subnormals() -> u32 {
    let smallest = bitcast<f32>(0x00800000u ^ constants.opaque_zero);
    let subnormal = bitcast<f32>(0x00400000u ^ constants.opaque_zero);
    let of_product = mul_rounded(smallest, bitcast<f32>(0x3E800000u ^ constants.opaque_zero));
    let of_difference = opaque(bitcast<f32>(0x00C00000u ^ constants.opaque_zero) - smallest);
    let of_factor = mul_rounded(subnormal, bitcast<f32>(0x4B800000u ^ constants.opaque_zero));
    return u32(bitcast<u32>(of_product) != 0x00200000u)
        | (u32(bitcast<u32>(of_difference) != 0x00400000u) << 1u)
        | (u32(bitcast<u32>(of_factor) != 0x0C000000u) << 2u)
        | (u32(!(subnormal > 0.0)) << 3u);
}
