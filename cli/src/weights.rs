//! Loading of trained networks.

use std::path::Path;

use super::CliError;
use super::output::eprint_line;
use apical::run_dir::{SavedNetwork, weights};

/// Loads a trained network. Prints a note if the file has no checksum.
///
/// # Errors
/// Returns an error if the file cannot be read or is damaged.
pub(super) fn load_weights(path: &Path) -> Result<SavedNetwork, CliError> {
    let saved = weights::load(path)?;
    if !saved.is_checked {
        let path = path.display();
        eprint_line(format_args!("{path}: cannot check for damage: the file has no checksum"));
    }
    Ok(saved)
}
