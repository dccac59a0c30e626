//! `apical report`: writes the page of experiments.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::{CliError, EXIT_CODES};
use apical::figures::save_html_page;

/// Write one HTML page for a folder of experiments
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct ReportArgs {
    /// Folder written by 'apical reproduce'
    folder: PathBuf,
}

pub(super) fn run(arguments: &ReportArgs) -> Result<(), CliError> {
    let [page, table] = save_html_page(&arguments.folder)?;
    let output = Output::default();
    output.print(page.display())?;
    output.print(table.display())
}
