//! `apical sbatch`: prints a job script of Slurm.

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser};

use super::cli::{Cli, Command, EXIT_STOP_AFTER};
use super::output::Output;
use super::signals::SIGNAL_EXIT_BASE;
use super::{CliError, EXIT_CODES};
use apical::config::VARIANTS_MAX;

/// Print a job script of Slurm for a command, without submitting it
///
/// The job starts the command or goes on with it, saves 2 minutes before its time limit, and continues when it is
/// requeued. Example: apical sbatch --array 8 --option time=4:00:00 -- train --out runs --replicas 40 > job.sh
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct SbatchArgs {
    /// Divide the networks of train among the tasks of a job array, 1 to N
    #[arg(long, value_name = "N", value_parser = task_count())]
    array: Option<usize>,

    /// Largest number of tasks of the array at once
    #[arg(long, value_name = "N", requires = "array", value_parser = task_count())]
    at_once: Option<usize>,

    /// Let the script requeue its job. Without it, Slurm does if the exit codes 75 and 143 are in RequeueExit of
    /// slurm.conf
    #[arg(long)]
    requeue: bool,

    /// Other options of sbatch, such as time=4:00:00 or gpus=1
    #[arg(long, value_name = "NAME[=VALUE]", allow_hyphen_values = true)]
    option: Vec<String>,

    /// Command to run, with its arguments: train --out DIR .., tune .. or reproduce ..
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Time before the time limit at which the job receives SIGTERM, s.
const NOTICE_SECONDS: u32 = 120;
/// Number of SIGTERM.
const SIGTERM: u8 = 15;

fn task_count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=VARIANTS_MAX as u64)
}

pub(super) fn run(arguments: &SbatchArgs) -> Result<(), CliError> {
    let script = script(arguments)?;
    Output::default().print(script.trim_end())
}

/// Returns the script.
fn script(arguments: &SbatchArgs) -> Result<String, CliError> {
    let command = command_line(arguments)?;
    let mut script = "#!/bin/bash\n".to_string();
    let mut option = |text: &str| script.push_str(&format!("#SBATCH --{text}\n"));
    if let Some(count) = arguments.array {
        let at_once = arguments.at_once.map_or(String::new(), |most| format!("%{most}"));
        option(&format!("array=1-{count}{at_once}"));
    }
    option("requeue");
    option("open-mode=append");
    option(&format!("signal=B:TERM@{NOTICE_SECONDS}"));
    for text in &arguments.option {
        if text.contains(['\n', '\r']) {
            return Err(CliError::Usage("invalid --option: expected one line".to_string()));
        }
        option(text.trim_start_matches('-'));
    }
    let terminated = SIGNAL_EXIT_BASE + SIGTERM;
    script.push_str(&match arguments.requeue {
        false => format!(
            "# Slurm signals the batch shell, which apical replaces. After saving, it exits with code {terminated}; with\n\
             # RequeueExit={EXIT_STOP_AFTER},{terminated} in slurm.conf, Slurm then requeues the job.\n\
             exec {command}\n"
        ),
        true => format!(
            "# Bash runs a trap only between commands or during wait, so apical runs in the background.\n\
             {command} &\n\
             child=$!\n\
             trap 'kill -TERM \"$child\"' TERM\n\
             # The signal ends wait: wait until apical has saved.\n\
             while wait \"$child\"; code=$?; kill -0 \"$child\" 2> /dev/null; do :; done\n\
             case $code in\n\
             {EXIT_STOP_AFTER} | {terminated}) scontrol requeue \"$SLURM_JOB_ID\" ;;\n\
             esac\n\
             exit \"$code\"\n"
        ),
    });
    Ok(script)
}

/// Returns the command of the job, with the options that let it go on.
///
/// # Errors
/// Returns an error if the command is invalid or cannot be resumed.
fn command_line(arguments: &SbatchArgs) -> Result<String, CliError> {
    let SbatchArgs { array, command, .. } = arguments;
    let words = std::iter::once("apical").chain(command.iter().map(String::as_str));
    let parsed = Cli::try_parse_from(words.clone());
    let parsed = parsed.map_err(|error| CliError::Usage(format!("invalid command: {error}")))?;
    let usage = |message: &str| Err(CliError::Usage(message.to_string()));
    let added = match (parsed.subcommand(), array) {
        (Command::Train(train), Some(_)) if train.is_part() => {
            return usage("cannot give --part with --array, which sets it");
        }
        (Command::Train(train), _) if train.folder().is_none() => {
            return usage("cannot resume a training without a folder: add --out DIR");
        }
        (Command::Train(train), Some(_)) if !train.is_of_many() => {
            return usage("cannot divide one network: --array needs --sweep or --replicas");
        }
        (Command::Train(_), Some(_)) => "--part auto",
        (Command::Train(train), None) if !train.is_repeatable() => "--go-on",
        (Command::Train(_) | Command::Tune(_) | Command::Reproduce(_), None) => "",
        (Command::Tune(_) | Command::Reproduce(_), Some(_)) => {
            return usage("cannot divide this command: --array needs train");
        }
        _ => return usage("cannot resume this command: expected train, tune or reproduce"),
    };
    let mut line: Vec<String> = words.map(quoted).collect();
    line.extend((!added.is_empty()).then(|| added.to_string()));
    Ok(line.join(" "))
}

/// Returns a word as the shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./=:,%@+-".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(words: &str) -> Result<String, String> {
        let cli =
            Cli::try_parse_from(words.split_whitespace()).map_err(|error| error.to_string())?;
        let Command::Sbatch(arguments) = cli.subcommand() else { panic!("expected sbatch") };
        script(arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn script_of_an_array_executes_one_part() {
        let words = "apical sbatch --array 8 --at-once 2 --option time=4:00:00 --option --exclusive -- train \
                     --out runs/a;b --replicas 40";
        let expected = "\
#!/bin/bash
#SBATCH --array=1-8%2
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
#SBATCH --time=4:00:00
#SBATCH --exclusive
# Slurm signals the batch shell, which apical replaces. After saving, it exits with code 143; with
# RequeueExit=75,143 in slurm.conf, Slurm then requeues the job.
exec apical train --out 'runs/a;b' --replicas 40 --part auto
";
        assert_eq!(printed(words).unwrap(), expected);
    }

    #[test]
    fn command_of_the_script_can_be_repeated() {
        let last = |words: &str| {
            let script = printed(&format!("apical sbatch -- {words}")).unwrap();
            script.lines().last().unwrap().to_string()
        };
        assert_eq!(last("train --out run"), "exec apical train --out run --go-on");
        assert_eq!(last("train --out run --go-on"), "exec apical train --out run --go-on");
        assert_eq!(last("train --resume run"), "exec apical train --resume run");
        let tune = "tune --out found --search eta=0.1,0.2";
        assert_eq!(last(tune), format!("exec apical {tune}"));
        assert_eq!(last("reproduce all --quick"), "exec apical reproduce all --quick");
    }

    #[test]
    fn command_that_cannot_be_repeated_is_refused() {
        let refused = |words: &str, reason: &str| {
            let error = printed(&format!("apical sbatch {words}")).unwrap_err();
            assert!(error.contains(reason), "{error}\nlacks: {reason}");
        };
        refused("-- train", "without a folder: add --out DIR");
        refused("-- train --out run --epochs many", "invalid value 'many'");
        refused("-- test run", "cannot resume this command");
        refused("--array 4 -- train --out run", "--array needs --sweep or --replicas");
        refused("--array 4 -- train --out run --replicas 9 --part 1/4", "cannot give --part");
        refused("--array 4 -- tune --out found --search eta=0.1,0.2", "--array needs train");
        refused("--array 0 -- train --out run --replicas 9", "0 is not in 1..");
        refused("--at-once 2 -- train --out run", "--array");
        refused("", "COMMAND");
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("eta=0.1:0.2,0.3"), "eta=0.1:0.2,0.3");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
