//! The settings of a run: a preset or a file, and over it what the command line names.
//!
//! Every setting is declared once, in [`Config`]. Its flags have the defaults of the preset `quick`,
//! for the help alone: flags that were not given are taken out before the rest is laid over the base.

use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::CliError;
use apical::config::file::{self, Assignment};
use apical::config::{Config, Preset};

#[derive(Clone, Debug, Args)]
struct SettingsSource {
    /// Settings to start from; each flag below changes one
    #[arg(long, value_enum, default_value_t)]
    preset: Preset,

    /// File of settings to start from instead, such as the config.toml of a run
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    config: Option<PathBuf>,

    /// Change one setting by its key in the file; given several times, each. A flag of its own wins over it
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Assignment>,
}

/// The settings, still to be put together.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    source: SettingsSource,
    /// The arguments, without those settings that were not given.
    explicit: ArgMatches,
}

impl Settings {
    /// Whether the command line names a setting, by its key in the file.
    pub(super) fn is_set(&self, setting: &str) -> bool {
        self.explicit.value_source(setting) == Some(ValueSource::CommandLine)
    }

    /// The file of settings to start from, if one was given.
    pub(super) fn file(&self) -> Option<&Path> {
        self.source.config.as_deref()
    }

    /// A flag of a setting that was given, or of what settings start from.
    pub(super) fn first_explicit_flag(&self) -> Option<String> {
        let ids = self.explicit.ids().map(|id| id.as_str());
        let mut given = ids.filter(|id| self.is_set(id));
        let known = Settings::augment_args(Command::new("settings"));
        let flag = given.find(|id| known.get_arguments().any(|argument| argument.get_id() == *id));
        flag.map(|id| format!("--{}", id.replace('_', "-")))
    }

    /// The base, changed by `adjust`, then by the flags that were given.
    ///
    /// # Errors
    /// When the file of settings cannot be read.
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

    /// All values of a setting that a command takes as a list; none where it was not given.
    pub(super) fn list<T>(&self, setting: &str) -> Vec<T>
    where
        T: Clone + Send + Sync + 'static,
    {
        let values = self.explicit.try_get_many(setting).ok().flatten();
        values.map_or(Vec::new(), |values| values.cloned().collect())
    }

    /// The lists of a setting that is itself a list, one each time that it was given.
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
        let command = SettingsSource::augment_args(command);
        let heading = "Settings (the defaults are those of the preset quick)";
        let command = Config::augment_args(command.next_help_heading(heading));
        command.mut_args(show_list_default)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Settings::augment_args(command)
    }
}

/// The help joins the defaults of a list with blanks; the command line takes commas.
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
        let mut given = matches.clone();
        for argument in Config::augment_args(Command::new("settings")).get_arguments() {
            let id = argument.get_id().as_str();
            if given.value_source(id) != Some(ValueSource::CommandLine) {
                // Whether it had a default at all does not matter.
                let _ = given.try_clear_id(id);
            }
        }
        Ok(Settings { source: SettingsSource::from_arg_matches(matches)?, explicit: given })
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
        CreditAssignment, Dynamics, Feedback, FeedbackWeights, Optimizer, PlateauTimes, Signal,
    };
    use apical::model::initial::Initial;
    use apical::model::phases::{Averaging, PhaseExtra};
    use apical::model::rates::Schedule;
    use apical::model::spikes::SpikeDraw;

    fn resolved(arguments: &[&str]) -> Config {
        let command = Settings::augment_args(Command::new("apical"));
        let matches = command.try_get_matches_from([&["apical"], arguments].concat()).unwrap();
        Settings::from_arg_matches(&matches).unwrap().resolve(|_| ()).unwrap()
    }

    fn table(config: &Config) -> toml::Table {
        toml::Table::try_from(config).unwrap()
    }

    /// Settings of which none is that of `quick`.
    fn unlike_quick() -> Config {
        let config = Config {
            layers: vec![30, 20, 10],
            epochs: 7,
            train_images: 1,
            test_images: 2,
            validation_images: 9,
            batch_size: 3,
            eta: vec![0.5, 0.25, 0.125],
            bias_lr_scale: vec![0.75],
            weight_decay: 0.5,
            grad_clip: 2.0,
            lr_schedule: Schedule::Step,
            warmup_images: 5,
            lr_step_epochs: 3,
            lr_step_gamma: 0.25,
            lr_final_factor: 0.125,
            optimizer: Optimizer::Sgd,
            beta1: 0.25,
            beta2: 0.75,
            optimizer_eps: 0.25,
            seed: 99,
            weight_init: Initial::Cited,
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
            plateau_timing: PlateauTimes::Random,
            g_apical: 0.6,
            spike_distribution: SpikeDraw::Bernoulli,
            phi_max: 0.25,
            psp_kernel_ms: 12,
            phase_ms: 60,
            phase_jitter: PhaseExtra::None,
            averaging_window: Averaging::From30,
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
    fn without_flags_the_base_stays() {
        assert_eq!(resolved(&[]), Config::default());
        assert_eq!(resolved(&["--preset", "paper-2"]), Preset::Paper2.config());
        let folder = tempfile::tempdir().unwrap();
        let file = file_of(&unlike_quick(), folder.path());
        assert_eq!(resolved(&["--config", &file]), unlike_quick());
    }

    /// Each flag is given the default that it has in the help: it must count although it is equal.
    #[test]
    fn each_flag_changes_its_setting_and_no_other() {
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
    fn flags_win_over_what_a_command_adjusts() {
        let command = Settings::augment_args(Command::new("apical"));
        let matches = command.try_get_matches_from(["apical", "--epochs", "6"]).unwrap();
        let settings = Settings::from_arg_matches(&matches).unwrap();
        let config = settings.resolve(|base| (base.epochs, base.batch_size) = (1, 5)).unwrap();
        assert_eq!((config.epochs, config.batch_size), (6, 5));
    }
}
