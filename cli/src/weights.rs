//! Files of weights, as commands take them.

use std::path::Path;

use super::CliError;
use super::output::eprint_line;
use apical::run_dir::{SavedNetwork, weights};

/// Reads a trained network. That the file holds no checksum is told.
///
/// # Errors
/// Returns an error if the file cannot be read or is damaged.
pub(super) fn load_weights(path: &Path) -> Result<SavedNetwork, CliError> {
    let saved = weights::load(path)?;
    if !saved.is_checked {
        let path = path.display();
        eprint_line(format_args!("{path}: no checksum: damage to this file would not be noticed"));
    }
    Ok(saved)
}
