// Functions of `+ - *`, comparisons and integer operations alone. Twin of src/model/exact_math.rs, comparable line by
// line.
#import bindings

// Returns `x` through an operation that compilers cannot see through. So they do not fuse or reorder the operations
// before it with those after it.
fn opaque(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ constants.opaque_zero);
}

// Returns `opaque` of each component.
fn opaque4(x: vec4<f32>) -> vec4<f32> {
    return bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) ^ vec4<u32>(constants.opaque_zero));
}

// Returns `a * b`, rounded before any addition. Every product that feeds a sum uses this function.
fn mul_rounded(a: f32, b: f32) -> f32 {
    return opaque(a * b);
}

// Returns `x`, or zero if its magnitude is below `smallest`.
fn flush(x: f32, smallest: f32) -> f32 {
    return select(0.0, x, abs(x) >= smallest);
}

// Returns a weight, or zero if its magnitude is below `SMALLEST_WEIGHT`. NaN stays NaN: the function compares bits,
// since compilers may assume that there is no NaN.
fn flush_weight(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let is_kept = (bits & 0x7FFFFFFFu) >= bitcast<u32>(SMALLEST_WEIGHT);
    return bitcast<f32>(select(0u, bits, is_kept));
}

// Returns `e^x`, with x clamped to `ARGUMENT_LIMIT`. The built-in `exp` differs between devices.
fn exp_exact(argument: f32) -> f32 {
    var x = select(ARGUMENT_LIMIT, argument, argument < ARGUMENT_LIMIT);
    x = select(-ARGUMENT_LIMIT, x, x > -ARGUMENT_LIMIT);
    let binary = mul_rounded(x, LOG2_E);
    // The sum is positive, so that truncation equals the floor.
    let biased = i32(binary + 127.5);
    let f = binary - f32(biased - 127);
    return mul_rounded(bitcast<f32>(u32(biased) << 23u), exp2_minus_1(f) + 1.0);
}

// Returns `2^f - 1` for `|f| <= 1/2`.
fn exp2_minus_1(f: f32) -> f32 {
    var p = EXP_COEFFICIENT_0;
    p = mul_rounded(p, f) + EXP_COEFFICIENT_1;
    p = mul_rounded(p, f) + EXP_COEFFICIENT_2;
    p = mul_rounded(p, f) + EXP_COEFFICIENT_3;
    p = mul_rounded(p, f) + EXP_COEFFICIENT_4;
    return mul_rounded(p, f);
}

// Returns `1 / x` for positive normal `x` up to 1e37.
fn recip_exact(x: f32) -> f32 {
    var y = bitcast<f32>(RECIPROCAL_START - bitcast<u32>(x));
    for (var i = 0u; i < NEWTON_STEPS; i++) {
        y = mul_rounded(y, 2.0 - mul_rounded(x, y));
    }
    return y;
}

// Returns `1 / sqrt(x)` for positive normal `x`.
fn rsqrt_exact(x: f32) -> f32 {
    let half = mul_rounded(0.5, x);
    var y = bitcast<f32>(RECIPROCAL_ROOT_START - (bitcast<u32>(x) >> 1u));
    for (var i = 0u; i < NEWTON_STEPS; i++) {
        y = mul_rounded(y, 1.5 - mul_rounded(mul_rounded(half, y), y));
    }
    return y;
}

// Returns the logistic function of `x`.
fn sigmoid(x: f32) -> f32 {
    return recip_exact(1.0 + exp_exact(-x));
}

// Returns `2 sigmoid(x) - 1`, exactly 0 at 0.
fn sigmoid_deviation(x: f32) -> f32 {
    // `tanh(x / 2) = t / (t + 2)` with `t = e^x - 1`.
    let t = exp_minus_1(x);
    return mul_rounded(t, recip_exact(t + 2.0));
}

// Returns `e^x - 1`, with x clamped to `ARGUMENT_LIMIT`.
fn exp_minus_1(argument: f32) -> f32 {
    var x = select(ARGUMENT_LIMIT, argument, argument < ARGUMENT_LIMIT);
    x = select(-ARGUMENT_LIMIT, x, x > -ARGUMENT_LIMIT);
    let f = mul_rounded(x, LOG2_E);
    // Without an integer part, there is no 1 to cancel.
    if abs(f) < 0.5 {
        return exp2_minus_1(f);
    }
    return exp_exact(argument) - 1.0;
}

// Returns the slope of the logistic function where its value is `s`.
fn sigmoid_slope(s: f32) -> f32 {
    return mul_rounded(s, 1.0 - s);
}
