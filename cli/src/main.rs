//! The program `apical`: prepares its process, then runs the command.

use std::process::ExitCode;

/// Disables Mesa's device selection layer, which prints spurious errors without a desktop session.
fn silence_mesa_layer() {
    if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread exists yet that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// Makes all threads share one malloc arena if the address space is limited (`ulimit -v`). The GNU C library reserves
/// 64 MiB of addresses per thread, which arrays need.
fn limit_malloc_arenas() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if apical::memory::has_address_limit() {
        // SAFETY: no other thread exists yet that could allocate.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    }
}

fn main() -> ExitCode {
    silence_mesa_layer();
    limit_malloc_arenas();
    ExitCode::from(apical_cli::run(std::env::args_os()))
}
