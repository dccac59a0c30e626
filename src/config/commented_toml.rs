//! Settings as TOML with the help text of each flag as a comment.

use std::fmt::Write;

use clap::{Args, Command};

use super::Config;

/// Returns all settings as TOML that [`parse`](super::file::parse) reads, each with its help text as a comment.
///
/// # Errors
/// Returns an error if the settings cannot be written as TOML.
pub fn to_commented_toml(config: &Config) -> Result<String, toml::ser::Error> {
    let (lines, defaults) = (toml::to_string(config)?, toml::to_string(&Config::default())?);
    let line_of = |lines: &str, key: &str| {
        let mut lines = lines.lines();
        lines.find(|line| line.split(" = ").next() == Some(key)).map(str::to_string)
    };
    let command = Config::augment_args(Command::new("settings"));
    let mut text = String::new();
    for argument in command.get_arguments() {
        let key = argument.get_id().as_str();
        let Some(line) = line_of(&lines, key) else { continue };
        let help = argument.get_long_help().or(argument.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        for line in help.lines() {
            let _ = writeln!(text, "{}", format!("# {line}").trim_end());
        }
        let choices = argument.get_possible_values();
        if !choices.is_empty() {
            let names: Vec<&str> = choices.iter().map(|choice| choice.get_name()).collect();
            let _ = writeln!(text, "# One of: {}", names.join(", "));
        }
        if let Some(default) = line_of(&defaults, key).filter(|default| *default != line) {
            let _ = writeln!(text, "# Preset quick: {default}");
        }
        let _ = writeln!(text, "{line}\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Preset;
    use crate::config::file::{Assignment, parse};

    #[test]
    fn commented_toml_parses_to_the_same_settings() {
        for preset in [Preset::Quick, Preset::Paper2] {
            let config = Config { seed: u64::MAX, eta: vec![0.1, 1e-7], ..preset.config() };
            let text = to_commented_toml(&config).unwrap();
            assert_eq!(parse(&text).unwrap(), config);
            let keys = text.lines().filter(|line| line.contains(" = ") && !line.starts_with('#'));
            assert_eq!(keys.count(), toml::to_string(&config).unwrap().lines().count());
            assert!(text.contains("# Images per minibatch"), "{text}");
        }
    }

    /// Flags, files and sweeps use the same names of values.
    #[test]
    fn flag_values_are_accepted_as_assignments() {
        let command = Config::augment_args(Command::new("settings"));
        let mut count = 0;
        for argument in command.get_arguments() {
            for choice in argument.get_possible_values() {
                let text = format!("{}={}", argument.get_id(), choice.get_name());
                text.parse::<Assignment>().unwrap();
                count += 1;
            }
        }
        assert!(count > 20, "{count}");
    }
}
