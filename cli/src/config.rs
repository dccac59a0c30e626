//! `apical config`: prints settings.

use clap::Args;

use super::output::Output;
use super::settings::Settings;
use super::{CliError, EXIT_CODES};
use apical::config::to_commented_toml;

/// Print all settings as a commented TOML file for --config
///
/// Flags override --set, which overrides the file, which overrides the preset.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct ConfigArgs {
    /// Print JSON without comments
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    settings: Settings,
}

pub(super) fn run(arguments: &ConfigArgs) -> Result<(), CliError> {
    let config = arguments.settings.resolve(|_| ())?;
    let output = Output::default();
    match arguments.json {
        true => output.print_json(&config),
        false => output.print(to_commented_toml(&config)?.trim_end()),
    }
}
