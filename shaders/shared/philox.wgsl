// Counter-based random numbers, Philox4x32-10 (Salmon et al. 2011). Twin of src/random/mod.rs.
#import bindings

// Returns the high word of a 64-bit product. WGSL has no 64-bit integers: the products are of 16-bit halves.
fn mulhi_u32(a: u32, b: u32) -> u32 {
    let a_low = a & 0xFFFFu;
    let a_high = a >> 16u;
    let b_low = b & 0xFFFFu;
    let b_high = b >> 16u;
    let middle = a_high * b_low + ((a_low * b_low) >> 16u);
    let cross = a_low * b_high + (middle & 0xFFFFu);
    return a_high * b_high + (middle >> 16u) + (cross >> 16u);
}

// Returns the first word of a counter, from the random stream, the population and the minibatch's split.
fn philox_counter0(stream: u32, population: u32) -> u32 {
    return stream | (population << 8u) | (minibatches[replica].rng_split << 24u);
}

// Returns four random words of a counter.
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

// Returns the high half of a step's random word, in the high bits. Of eight steps, the first four use the low halves of
// `words`, the last four the high halves.
fn halfword(words: vec4<u32>, slot: u32) -> u32 {
    let word = words[slot % 4u];
    return select(word & ~LOW16, word << 16u, slot < 4u);
}

// Returns the low half of a step's random word.
fn lower16(population: u32, draw_index: u32, unit: u32, step: u32) -> u32 {
    let counter0 = philox_counter0(STREAM_LOW_HALF, population);
    return philox(vec4<u32>(counter0, draw_index, unit, step), replicas[replica].seed).x >> 16u;
}
