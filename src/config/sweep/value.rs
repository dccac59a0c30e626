//! Reads one value of a setting that is named by its key.

use clap::{Arg, Args, Command, FromArgMatches};

use super::SweepError;
use crate::config::Config;

/// Stands in a value for the comma of a list.
const LIST_SEPARATOR: char = ':';

/// Keys of all settings, in the order of the file.
pub(super) fn keys() -> Vec<String> {
    arguments().get_arguments().map(|argument| argument.get_id().to_string()).collect()
}

/// The flags of all settings: they know how each is written.
fn arguments() -> Command {
    let command = Command::new("sweep").no_binary_name(true).disable_help_flag(true);
    Config::augment_args(command)
}

/// Reads a value as the flag of the setting does.
pub(in crate::config) fn set(
    config: &mut Config,
    key: &str,
    value: &str,
) -> Result<(), SweepError> {
    let mut command = arguments();
    let is_list =
        |argument: &Arg| argument.get_id() == key && argument.get_value_delimiter().is_some();
    let listed = if command.get_arguments().any(is_list) {
        value.replace(LIST_SEPARATOR, ",")
    } else {
        value.to_string()
    };
    let flag = format!("--{}={listed}", key.replace('_', "-"));
    let read = command.try_get_matches_from_mut([flag]).and_then(|mut matches| {
        for other in keys().iter().filter(|other| *other != key) {
            // Its default does not count.
            let _ = matches.try_clear_id(other);
        }
        config.update_from_arg_matches(&matches)
    });
    read.map_err(|error| {
        let (key, value) = (key.to_string(), value.to_string());
        SweepError::Value { key, value, reason: reason(&error) }
    })
}

/// The reason alone, of what the parser of the command line would print.
fn reason(error: &clap::Error) -> String {
    let text = error.to_string();
    let reason = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    reason.split_whitespace().collect::<Vec<_>>().join(" ")
}
