//! Settings of a run: a preset or a file, overridden by `--set` and by flags.
//!
//! Each setting is declared once, in [`Config`]. The defaults of its flags are those of the preset `quick` and serve only
//! the help: flags that are not on the command line are removed before the others override the preset or file.

use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::CliError;
use apical::config::file::{self, Assignment};
use apical::config::{Config, Preset};

#[derive(Clone, Debug, Args)]
struct SettingsSource {
    /// Preset to start from; the flags below override single settings
    #[arg(long, value_enum, default_value_t)]
    preset: Preset,

    /// TOML file of settings to start from instead, such as a run's config.toml
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    config: Option<PathBuf>,

    /// Set one setting by its key in the file; may be repeated. The setting's own flag takes precedence
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Assignment>,
}

/// Settings before their sources are merged.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    source: SettingsSource,
    /// Arguments without the settings that are not on the command line.
    explicit: ArgMatches,
}

impl Settings {
    /// Whether the command line sets a setting, given by its key.
    pub(super) fn is_set(&self, setting: &str) -> bool {
        self.explicit.value_source(setting) == Some(ValueSource::CommandLine)
    }

    /// Returns the path of `--config`.
    pub(super) fn file(&self) -> Option<&Path> {
        self.source.config.as_deref()
    }

    /// Returns the first flag on the command line that affects settings other than the number of epochs.
    pub(super) fn first_flag_except_epochs(&self) -> Option<String> {
        let ids = self.explicit.ids().map(|id| id.as_str());
        let mut explicit = ids.filter(|id| *id != "epochs" && self.is_set(id));
        let known = Settings::augment_args(Command::new("settings"));
        let flag =
            explicit.find(|id| known.get_arguments().any(|argument| argument.get_id() == *id));
        flag.map(|id| format!("--{}", id.replace('_', "-")))
    }

    /// Merges preset or file, `adjust`, `--set` and flags, in this order.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub(super) fn resolve(&self, adjust: impl FnOnce(&mut Config)) -> Result<Config, CliError> {
        let mut config = match &self.source.config {
            Some(path) => read(path.clone())?,
            None => self.source.preset.config(),
        };
        adjust(&mut config);
        for assignment in &self.source.set {
            assignment.apply(&mut config)?;
        }
        config
            .update_from_arg_matches(&self.explicit)
            .map_err(|error| CliError::Usage(error.to_string()))?;
        Ok(config)
    }

    /// Returns all values of a setting that a command takes as a list; empty if it is not set.
    pub(super) fn list<T>(&self, setting: &str) -> Vec<T>
    where
        T: Clone + Send + Sync + 'static,
    {
        let values = self.explicit.try_get_many(setting).ok().flatten();
        values.map_or(Vec::new(), |values| values.cloned().collect())
    }

    /// Returns one list per occurrence of the flag of a list setting.
    pub(super) fn occurrences<T>(&self, setting: &str) -> Vec<Vec<T>>
    where
        T: Clone + Send + Sync + 'static,
    {
        let occurrences = self.explicit.try_get_occurrences(setting).ok().flatten();
        let occurrences = occurrences.map(|lists| lists.map(|list| list.cloned().collect()));
        occurrences.map_or(Vec::new(), Iterator::collect)
    }
}

fn read(path: PathBuf) -> Result<Config, CliError> {
    match apical::files::read_text(&path) {
        Ok(text) => file::parse(&text)
            .map_err(|source| CliError::ConfigText { path, source: Box::new(source) }),
        Err(source) => Err(CliError::ConfigFile { path, source }),
    }
}

impl Args for Settings {
    fn augment_args(command: Command) -> Command {
        let heading = "Settings (the defaults are those of the preset quick)";
        let command = SettingsSource::augment_args(command.next_help_heading(heading));
        let command = Config::augment_args(command);
        command.mut_args(show_list_default)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Settings::augment_args(command)
    }
}

/// Shows the defaults of a list separated by commas, as the command line takes them, instead of spaces.
fn show_list_default(argument: Arg) -> Arg {
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if defaults.len() < 2 {
        return argument;
    }
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let help = format!("{help} [default: {}]", defaults.join(","));
    argument.help(help).hide_default_value(true)
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut explicit = matches.clone();
        for argument in Config::augment_args(Command::new("settings")).get_arguments() {
            let id = argument.get_id().as_str();
            if explicit.value_source(id) != Some(ValueSource::CommandLine) {
                // Ignore arguments without a default.
                let _ = explicit.try_clear_id(id);
            }
        }
        Ok(Settings { source: SettingsSource::from_arg_matches(matches)?, explicit })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Settings::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apical::config::{
        CreditAssignment, Dynamics, EventFeedback, Feedback, FeedbackWeights, LearningRule,
        Optimizer, PlateauTiming, Signal,
    };
    use apical::model::lr_schedule::LrSchedule;
    use apical::model::phases::{AveragingWindow, PhaseJitter};
    use apical::model::spikes::SpikeDistribution;
    use apical::model::weight_init::WeightInit;

    fn resolved(arguments: &[&str]) -> Config {
        let command = Settings::augment_args(Command::new("apical"));
        let matches = command.try_get_matches_from([&["apical"], arguments].concat()).unwrap();
        Settings::from_arg_matches(&matches).unwrap().resolve(|_| ()).unwrap()
    }

    fn table(config: &Config) -> toml::Table {
        toml::Table::try_from(config).unwrap()
    }

    /// Returns settings that all differ from those of `quick`.
    fn unlike_quick() -> Config {
        let config = Config {
            layers: vec![30, 20, 10],
            epochs: 11,
            train_images: 1,
            test_images: 2,
            validation_images: 9,
            batch_size: 3,
            eta: vec![0.5, 0.25, 0.125],
            bias_lr_scale: vec![0.75],
            weight_decay: 0.5,
            grad_clip: 2.0,
            lr_schedule: LrSchedule::Step,
            warmup_images: 5,
            lr_step_epochs: 3,
            lr_step_gamma: 0.25,
            lr_final_factor: 0.125,
            optimizer: Optimizer::Sgd,
            beta1: 0.25,
            beta2: 0.75,
            optimizer_eps: 0.25,
            seed: 99,
            weight_init: WeightInit::PaperCommit,
            rule: LearningRule::Bursts,
            burst_baseline: 0.25,
            burst_slope: 2.0,
            burst_teacher: 0.5,
            event_feedback: EventFeedback::Homeostatic,
            event_feedback_lr: 0.25,
            feedback: Feedback::Layerwise,
            credit_assignment: CreditAssignment::Backpropagation,
            feedback_weights: FeedbackWeights::Symmetric,
            feedback_noise_sd: 0.125,
            feedback_sparsity: 0.5,
            feedback_gain: 3.0,
            feedback_lr: 0.5,
            apical_bias_sd: 0.25,
            apical_bias_lr_scale: 2.0,
            dynamics: Dynamics::SteadyState,
            signal: Signal::Rates,
            feedback_signal: Signal::Rates,
            plateau_timing: PlateauTiming::Random,
            g_apical: 0.6,
            spike_distribution: SpikeDistribution::Poisson,
            phi_max: 0.25,
            psp_kernel_ms: 12,
            phase_ms: 60,
            phase_jitter: PhaseJitter::None,
            averaging_window: AveragingWindow::From30,
            test_ms: 500,
            test_average_from_ms: 40,
            weight_stats_every: 3,
            eval_every: 11,
            eval_images: 12,
        };
        let quick = table(&Config::default());
        for (setting, value) in table(&config) {
            assert_ne!(value, quick[&setting], "{setting}");
        }
        config
    }

    fn file_of(config: &Config, folder: &Path) -> String {
        let path = folder.join("settings.toml");
        std::fs::write(&path, toml::to_string(config).unwrap()).unwrap();
        path.to_str().unwrap().to_string()
    }

    #[test]
    fn resolve_without_flags_keeps_preset_or_file() {
        assert_eq!(resolved(&[]), Config::default());
        assert_eq!(resolved(&["--preset", "paper-2"]), Preset::Paper2.config());
        let folder = tempfile::tempdir().unwrap();
        let file = file_of(&unlike_quick(), folder.path());
        assert_eq!(resolved(&["--config", &file]), unlike_quick());
    }

    /// A flag counts even if its value is the default shown in the help.
    #[test]
    fn each_flag_sets_only_its_setting() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_of(&unlike_quick(), folder.path());
        let quick = table(&Config::default());
        let command = Config::augment_args(Command::new("settings"));
        let mut left = table(&unlike_quick());
        for argument in command.get_arguments() {
            let setting = argument.get_id().as_str();
            let flag = format!("--{}", argument.get_long().unwrap());
            assert_eq!(flag, format!("--{}", setting.replace('_', "-")));
            let defaults: Vec<&str> =
                argument.get_default_values().iter().map(|value| value.to_str().unwrap()).collect();
            let config = resolved(&["--config", &file, &flag, &defaults.join(",")]);
            let mut expected = table(&unlike_quick());
            expected.insert(setting.to_string(), quick[setting].clone());
            assert_eq!(table(&config), expected, "{flag}");
            left.remove(setting);
        }
        assert!(left.is_empty(), "settings without a flag: {left:?}");
    }

    #[test]
    fn flags_override_adjustments_of_commands() {
        let command = Settings::augment_args(Command::new("apical"));
        let matches = command.try_get_matches_from(["apical", "--epochs", "6"]).unwrap();
        let settings = Settings::from_arg_matches(&matches).unwrap();
        let config = settings.resolve(|base| (base.epochs, base.batch_size) = (1, 5)).unwrap();
        assert_eq!((config.epochs, config.batch_size), (6, 5));
    }
}
