//! `apical reproduce`: runs the paper's experiments.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, RangedU64ValueParser};

use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate, time_left};
use super::shared_args::{SimulationArgs, StopArgs};
use super::{CliError, EXIT_CODES, run_data, signals};
use apical::cpu::Threads;
use apical::experiments::{EXPERIMENTS, Experiment, ExperimentError, Study, StudyEvent};
use apical::figures::{
    ExperimentResult, FigureError, claims_table, ensure_same_data, folder_name, save_html_page,
};
use apical::run_dir::FolderLock;

/// Reproduce the paper's experiments and compare the results with the paper
///
/// Each experiment writes a folder with its figure (SVG, PNG), the figure's data (CSV), settings and findings
/// (result.json). report.html shows all experiments, reproduction.md lists the findings. Networks are trained as in the
/// paper, some for several experiments. Repeating the command resumes a stopped one. A folder holds experiments on one
/// data set, quick results (NAME-quick) beside those of full length (NAME). Finished trainings are the lines of
/// trainings/trials.jsonl: experiments that need only their errors (fig6b, fig6s, fig8, fig9b, bursts) resume from this
/// file alone, without the networks beside it, and fig7a from the angles in trainings/angles.jsonl. The experiment bursts
/// is not of the paper.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct ReproduceArgs {
    /// Experiments, or all
    #[arg(value_parser = names(), required_unless_present = "list", value_name = "EXPERIMENT")]
    experiments: Vec<String>,

    /// List the experiments
    #[arg(long, conflicts_with = "experiments")]
    list: bool,

    /// Use fewer images, at most eight epochs and two seeds
    #[arg(long)]
    quick: bool,

    /// Train nothing: write the results of the finished trainings in --out, also if seeds or conditions are missing
    #[arg(long)]
    finished_only: bool,

    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "reproduction")]
    out: PathBuf,

    /// Number of networks per condition, with seeds from 1 [default: 5; with --quick 2]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1000))]
    seeds: Option<u64>,

    /// Largest number of networks trained in parallel [default: number of threads]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    parallel: Option<usize>,

    /// Print the findings of all experiments as one JSON array
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    stop: StopArgs,

    #[command(flatten)]
    simulation: SimulationArgs,
}

/// Name of all experiments.
const ALL: &str = "all";
/// Folder of the trained networks.
const TRAININGS: &str = "trainings";

fn names() -> PossibleValuesParser {
    let names = EXPERIMENTS.iter().map(|experiment| experiment.name);
    PossibleValuesParser::new(names.chain([ALL]))
}

pub(super) fn run(arguments: &ReproduceArgs) -> Result<(), CliError> {
    let reproduced = reproduce(arguments);
    if reproduced.as_ref().is_err_and(CliError::is_stopped) {
        eprint_line("repeat the command to resume");
    }
    reproduced
}

fn reproduce(arguments: &ReproduceArgs) -> Result<(), CliError> {
    arguments.stop.start();
    let output = Output::default();
    if arguments.list {
        return list(&output, arguments.json);
    }
    let is_wanted = |experiment: &&Experiment| {
        let mut names = arguments.experiments.iter();
        names.any(|name| name == experiment.name || name == ALL)
    };
    let wanted: Vec<&Experiment> = EXPERIMENTS.iter().filter(is_wanted).collect();
    if arguments.finished_only {
        ensure_from_errors(&wanted)?;
        if !arguments.out.is_dir() {
            return Err(FigureError::NoFolder { folder: arguments.out.clone() }.into());
        }
    }
    let device_options = arguments.simulation.machine.device_options()?;
    let dataset = arguments.simulation.data.open()?;
    run_data::print_dataset(&dataset, &arguments.simulation.data, None);
    let seeds = arguments.seeds.unwrap_or(if arguments.quick { 2 } else { 5 });
    let parallel =
        arguments.parallel.unwrap_or_else(|| Threads::choose(device_options.threads).count);

    let lock = FolderLock::acquire(&arguments.out)?;
    lock.warning().into_iter().for_each(eprint_line);
    for experiment in &wanted {
        let folder = folder_name(experiment.name, arguments.quick);
        lock.remove_partials(&arguments.out.join(folder))?;
    }
    let mut listener = StudyPrinter::new();
    let mut listen = |event: StudyEvent| listener.on_event(event);
    let _held = signals::defer(true)?;
    let folder = arguments.out.join(TRAININGS);
    let quick = arguments.quick;
    let mut study =
        Study::new(quick, seeds, dataset, device_options, parallel, &folder, &mut listen)?;
    study.finished_only = arguments.finished_only;
    ensure_same_data(&arguments.out, &study.data)?;
    study.warnings().for_each(eprint_line);
    let mut results = Vec::new();
    for experiment in wanted {
        let result = experiment.run(&mut study, &arguments.out);
        let result = match result {
            Err(error @ ExperimentError::NoTrainings) => {
                eprint_line(format_args!("{}: skipped: {error}", experiment.name));
                continue;
            }
            Err(error @ ExperimentError::Interrupted) => {
                save_finished(&arguments.out)?;
                return Err(error.into());
            }
            result => result?,
        };
        eprint_line(format_args!("{}: {:.0} s", result.name, result.seconds));
        if !result.missing.is_empty() {
            let missing = result.missing.join("; ");
            eprint_line(format_args!("{}: unfinished: {missing}", result.name));
        }
        if !arguments.json {
            print(&output, &result)?;
        }
        results.push(result);
    }
    if results.is_empty() {
        return Err(ExperimentError::NoTrainings.into());
    }
    let [page, _] = save_html_page(&arguments.out)?;
    eprint_line(format_args!("written: {}", page.display()));
    if arguments.json {
        return output.print_json(&results);
    }
    Ok(())
}

/// Writes the report on the finished trainings of an interrupted experiment, if there are any.
fn save_finished(folder: &Path) -> Result<(), CliError> {
    match save_html_page(folder) {
        Ok(_) | Err(FigureError::NoResults { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Refuses experiments that need more than the errors of finished trainings.
fn ensure_from_errors(wanted: &[&Experiment]) -> Result<(), CliError> {
    let Some(other) = wanted.iter().find(|experiment| !experiment.from_errors) else {
        return Ok(());
    };
    let known: Vec<&str> =
        EXPERIMENTS.iter().filter(|one| one.from_errors).map(|one| one.name).collect();
    Err(CliError::Usage(format!(
        "cannot use --finished-only with {}, which needs networks or recordings\nhint: it works with {}",
        other.name,
        known.join(", ")
    )))
}

/// Prints the progress of the current experiment.
struct StudyPrinter {
    progress: Progress,
    experiment: &'static str,
    /// Current work with its time estimate.
    current: Option<(String, TimeEstimate)>,
}

impl StudyPrinter {
    fn new() -> Self {
        StudyPrinter { progress: Progress::new(), experiment: "", current: None }
    }

    fn on_event(&mut self, event: StudyEvent) -> ControlFlow<()> {
        let (what, done, total) = match event {
            StudyEvent::Started { experiment } => {
                self.experiment = experiment;
                self.current = None;
                return ControlFlow::Continue(());
            }
            StudyEvent::Progress { what, done, total } => (what, done, total),
        };
        let (_, estimate) = match self.current.take() {
            Some(current) if current.0 == what => self.current.insert(current),
            _ => {
                // The first report follows work that was done before this clock starts, or in resumed trainings.
                let mut estimate = TimeEstimate::start(total as f64);
                estimate.resume_at(done as f64);
                self.current.insert((what.to_string(), estimate))
            }
        };
        let left = time_left(estimate.left(done as f64));
        let title = format!("{}: {what}", self.experiment);
        self.progress.update(title, done as usize, total as usize, left);
        match signals::token().is_requested() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

fn list(output: &Output, json: bool) -> Result<(), CliError> {
    if json {
        let listed: Vec<_> = EXPERIMENTS
            .iter()
            .map(|experiment| {
                let Experiment { name, figure, title, about, .. } = experiment;
                serde_json::json!({ "name": name, "figure": figure, "title": title, "about": about })
            })
            .collect();
        return output.print_json(&listed);
    }
    for Experiment { name, figure, title, .. } in &EXPERIMENTS {
        output.print(format_args!("{name:<8} {figure:<24} {title}"))?;
    }
    Ok(())
}

/// Prints the findings as a table.
fn print(output: &Output, result: &ExperimentResult) -> Result<(), CliError> {
    let ExperimentResult { name, figure, title, .. } = result;
    let table = claims_table(std::slice::from_ref(result)).aligned();
    output.print(format_args!("{name}: {title} ({figure})\n{table}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_progress_has_no_estimate_of_time() {
        let mut printer = StudyPrinter::new();
        let _ = printer.on_event(StudyEvent::Started { experiment: "bursts" });
        let event = StudyEvent::Progress { what: "training images", done: 768, total: 196_000 };
        let _ = printer.on_event(event);
        let Some((_, estimate)) = printer.current else { panic!("expected an estimate") };
        assert_eq!(estimate.left(768.0), None);
        assert!(estimate.left(1536.0).is_some());
    }
}
