//! Width of the vectors that kernels use, chosen once per process.

use std::str::FromStr;
use std::sync::OnceLock;

use crate::interface::BackendError;

/// Environment variable that chooses the width: `avx512`, `avx2`, `sse4.2`, `neon` or `scalar`.
pub const VARIABLE: &str = "APICAL_SIMD";

/// Instructions that kernels use. No width changes a bit of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Registers of 16 numbers on x86-64 (AVX-512 F, BW, CD, DQ and VL).
    Avx512,
    /// Registers of 8 numbers on x86-64 (AVX2).
    Avx2,
    /// Registers of 4 numbers: NEON on 64-bit Arm, SSE4.2 on x86-64.
    Vectors128,
    /// Loops over arrays, compiled for the oldest processor of the target, with its vectors.
    Scalar,
}

impl Width {
    /// Every width, the widest first.
    pub const ALL: [Width; 4] = [Width::Avx512, Width::Avx2, Width::Vectors128, Width::Scalar];

    /// Returns the name that `APICAL_SIMD` takes.
    pub fn name(self) -> &'static str {
        match self {
            Width::Avx512 => "avx512",
            Width::Avx2 => "avx2",
            Width::Vectors128 if cfg!(target_arch = "aarch64") => "neon",
            Width::Vectors128 => "sse4.2",
            Width::Scalar => "scalar",
        }
    }

    /// Whether this processor has the instructions.
    pub fn is_supported(self) -> bool {
        match self {
            Width::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 => {
                Width::Avx2.is_supported()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512cd")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                    && is_x86_feature_detected!("lzcnt")
                    && is_x86_feature_detected!("popcnt")
            }
            #[cfg(target_arch = "x86_64")]
            Width::Vectors128 => {
                is_x86_feature_detected!("sse4.2")
                    && is_x86_feature_detected!("popcnt")
                    && is_x86_feature_detected!("fxsr")
                    && is_x86_feature_detected!("cmpxchg16b")
            }
            // Every 64-bit Arm processor with an operating system has NEON.
            #[cfg(not(target_arch = "x86_64"))]
            Width::Vectors128 => cfg!(target_arch = "aarch64"),
            #[cfg(not(target_arch = "x86_64"))]
            Width::Avx512 | Width::Avx2 => false,
        }
    }

    /// Returns the width that kernels use: that of `APICAL_SIMD` if it is set, otherwise the widest of this processor.
    ///
    /// # Errors
    /// Returns [`BackendError::InvalidSimd`] if the variable has another value, or a width that this processor lacks.
    pub fn choose() -> Result<Self, BackendError> {
        match std::env::var(VARIABLE) {
            Ok(name) if !name.is_empty() => name.parse(),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(Width::invalid("text that is not Unicode"))
            }
            _ => Ok(Width::widest()),
        }
    }

    /// Returns the width of all kernels of this process. An invalid `APICAL_SIMD` has been refused before, by
    /// [`Width::choose`]; here it counts as not set.
    #[inline]
    pub fn current() -> Self {
        static CURRENT: OnceLock<Width> = OnceLock::new();
        *CURRENT.get_or_init(|| Width::choose().unwrap_or_else(|_| Width::widest()))
    }

    fn widest() -> Self {
        Width::ALL.into_iter().find(|width| width.is_supported()).unwrap_or(Width::Scalar)
    }

    fn invalid(found: &str) -> BackendError {
        let supported = Width::ALL.into_iter().filter(|width| width.is_supported());
        let expected = supported.map(Width::name).collect::<Vec<_>>().join(", ");
        BackendError::InvalidSimd { variable: VARIABLE, expected, found: found.to_string() }
    }
}

impl FromStr for Width {
    type Err = BackendError;

    fn from_str(name: &str) -> Result<Self, BackendError> {
        let width = Width::ALL.into_iter().find(|width| width.name() == name);
        width.filter(|width| width.is_supported()).ok_or_else(|| Width::invalid(name))
    }
}

/// Defines a function that calls a generic one with the vectors of [`Width::current`], compiled for their instructions:
/// `pub fn NAME(ARGUMENTS) -> RESULT = GENERIC, TYPES;` calls `GENERIC::<V, TYPES>(ARGUMENTS)`. Functions that the generic
/// one calls must be inlined; closures lack the instructions.
macro_rules! simd_versions {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?
            = $generic:ident $(, $parameter:tt)*;
    )+) => {$(
        $(#[$attribute])*
        #[allow(clippy::too_many_arguments)]
        $visibility fn $name($($argument: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(
                    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt"
                )]
                #[allow(clippy::too_many_arguments)]
                fn avx512($($argument: $type),*) $(-> $result)? {
                    $generic::<$crate::cpu::simd::avx512::Avx512 $(, $parameter)*>($($argument),*)
                }

                #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
                #[allow(clippy::too_many_arguments)]
                fn avx2($($argument: $type),*) $(-> $result)? {
                    $generic::<$crate::cpu::simd::avx2::Avx2 $(, $parameter)*>($($argument),*)
                }

                // All features of the crate's functions, which are calls otherwise.
                #[target_feature(enable = "sse4.2,popcnt,fxsr,cmpxchg16b")]
                #[allow(clippy::too_many_arguments)]
                fn sse42($($argument: $type),*) $(-> $result)? {
                    $generic::<$crate::cpu::simd::vectors128::Vectors128 $(, $parameter)*>($($argument),*)
                }

                match $crate::cpu::simd::width::Width::current() {
                    // SAFETY: the processor supports the current width.
                    $crate::cpu::simd::width::Width::Avx512 => {
                        return unsafe { avx512($($argument),*) };
                    }
                    // SAFETY: as above.
                    $crate::cpu::simd::width::Width::Avx2 => {
                        return unsafe { avx2($($argument),*) };
                    }
                    // SAFETY: as above.
                    $crate::cpu::simd::width::Width::Vectors128 => {
                        return unsafe { sse42($($argument),*) };
                    }
                    $crate::cpu::simd::width::Width::Scalar => {}
                }
            }
            #[cfg(target_arch = "aarch64")]
            if $crate::cpu::simd::width::Width::current() == $crate::cpu::simd::width::Width::Vectors128 {
                return $generic::<$crate::cpu::simd::vectors128::Vectors128 $(, $parameter)*>($($argument),*);
            }
            $generic::<$crate::cpu::simd::scalar::Scalar16 $(, $parameter)*>($($argument),*)
        }
    )+};
}
pub(crate) use simd_versions;
