//! `apical completions` and `apical man`: shell completions and manual pages.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::output::{Output, eprint_line};
use super::{Cli, CliError};

/// Print a shell completion script
///
/// Example: apical completions bash > ~/.local/share/bash-completion/completions/apical
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    shell: Shell,
}

/// Print the manual page, or write the pages of all commands
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Folder for the pages of all commands (apical.1, apical-train.1, ..), such as ~/.local/share/man/man1
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn completions(arguments: &CompletionsArgs) -> Result<(), CliError> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "apical", &mut text);
    Output::default().print(String::from_utf8_lossy(&text).trim_end())
}

pub(super) fn man(arguments: &ManArgs) -> Result<(), CliError> {
    let Some(folder) = &arguments.out else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut text).map_err(CliError::Output)?;
        return Output::default().print(String::from_utf8_lossy(&text).trim_end());
    };
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|source| CliError::ManPages { folder: folder.clone(), source })?;
    eprint_line(format_args!("written: {}", folder.display()));
    Ok(())
}
