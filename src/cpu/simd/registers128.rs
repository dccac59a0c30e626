//! Instructions for registers of 128 bits: NEON on 64-bit Arm, SSE4.2 on x86-64.

#[cfg(target_arch = "aarch64")]
pub use fearless_simd::aarch64::Neon as Registers;
#[cfg(target_arch = "x86_64")]
pub use fearless_simd::x86::Sse4_2 as Registers;

/// Returns the proof that the processor has the instructions.
#[inline(always)]
pub fn registers() -> Registers {
    // SAFETY: kernels use the vectors of 128 bits only in function versions that run on processors with the
    // instructions.
    unsafe { Registers::assume_supported() }
}
