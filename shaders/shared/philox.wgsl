// Counter-based random numbers: the twin of src/random/mod.rs.
#import bindings

// High word of a 64-bit product, which WGSL does not have, from products of 16-bit halves.
fn mulhi_u32(a: u32, b: u32) -> u32 {
    let a_low = a & 0xFFFFu;
    let a_high = a >> 16u;
    let b_low = b & 0xFFFFu;
    let b_high = b >> 16u;
    let middle = a_high * b_low + ((a_low * b_low) >> 16u);
    let cross = a_low * b_high + (middle & 0xFFFFu);
    return a_high * b_high + (middle >> 16u) + (cross >> 16u);
}

// First word of a counter: purpose, population and the minibatch's split.
fn philox_counter0(purpose: u32, population: u32) -> u32 {
    return purpose | (population << 8u) | (minibatches[replica].rng_split << 24u);
}

// Four random words for one counter.
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var i = 0u; i < PHILOX_ROUNDS; i++) {
        c = vec4<u32>(
            mulhi_u32(c.z, PHILOX_MULTIPLIER_1) ^ c.y ^ k.x,
            c.z * PHILOX_MULTIPLIER_1,
            mulhi_u32(c.x, PHILOX_MULTIPLIER_0) ^ c.w ^ k.y,
            c.x * PHILOX_MULTIPLIER_0,
        );
        k += vec2<u32>(PHILOX_KEY_STEP_0, PHILOX_KEY_STEP_1);
    }
    return c;
}

// High half of a step's word, shifted to the high bits. The low halves of four words serve the first four
// steps of eight, the high halves the last four.
fn upper16(words: vec4<u32>, slot: u32) -> u32 {
    let word = words[slot % 4u];
    return select(word & ~LOW_HALF, word << 16u, slot < 4u);
}

// The low half of a step's word.
fn lower16(population: u32, position: u32, unit: u32, step: u32) -> u32 {
    let head = philox_counter0(STREAM_LOW_HALF, population);
    return philox(vec4<u32>(head, position, unit, step), replicas[replica].seed).x >> 16u;
}
