//! `apical train` of many networks.

use std::ops::ControlFlow;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use serde_json::{Map, Value};

use super::CliError;
use super::output::{Output, tell};
use super::progress::{Estimate, Progress, time_left};
use super::train::{Finished, Plan, TrainArgs, announce_device};
use crate::config::{Sweep, VARIANTS_MAX, Variant, variants};
use crate::evaluate::Spread;
use crate::record::replicas::{
    CombinationResult, ReplicaResult, Results, in_words, swept_settings,
};
use crate::record::{ImageShape, ReplicaRuns};
use crate::schedule::Device;
use crate::train::{Event, ReplicaEvent, Replicas, ReplicasSummary};

/// How many networks, and in what they differ.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Many networks (each as if it trained alone)")]
pub(super) struct ReplicaArgs {
    /// Networks to train side by side, with the seeds SEED, SEED + 1 and so on; of a sweep, so many of
    /// each combination
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = replica_count())]
    replicas: usize,

    /// Train a network for each of these values of a setting, a key of config.toml (any but layers);
    /// given several times, for each combination. A list, as one learning rate for each layer, is
    /// written with colons: eta=0.2:0.1,0.4:0.2. A sweep of seed stands for --replicas
    #[arg(long, value_name = "KEY=V1,V2,..")]
    sweep: Vec<Sweep>,
}

fn replica_count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=VARIANTS_MAX as u64)
}

impl ReplicaArgs {
    pub(super) fn are_many(&self) -> bool {
        self.replicas > 1 || !self.sweep.is_empty()
    }
}

pub(super) fn run(arguments: &TrainArgs) -> Result<(), CliError> {
    let ReplicaArgs { replicas, sweep } = &arguments.networks;
    if let Some(Sweep { key, .. }) = sweep.iter().find(|s| arguments.settings.names(&s.key)) {
        let flag = key.replace('_', "-");
        let message = format!("{key} is given by --{flag} and swept: leave out one of them");
        return Err(CliError::Usage(message));
    }
    let config = arguments.settings.resolve(|_| ())?;
    let variants = variants(&config, sweep, *replicas)?;
    let selection = arguments.machine.selection()?;
    let dataset = arguments.data.open()?;
    let images = ImageShape::of(&dataset);
    let plans: Vec<Plan> =
        variants.iter().map(|variant| Plan::new(&variant.config, &dataset)).collect();
    let training = Replicas::new(&variants, dataset, &selection)?;
    // Before the first image, so that no hour of training ends at a full or forbidden folder.
    let runs = match &arguments.out {
        Some(folder) => Some(ReplicaRuns::create(folder, &variants)?),
        None => None,
    };
    announce(&plans, training.device());
    let mut listener = Listener {
        runs,
        output: Output::default(),
        json: arguments.json,
        progress: Progress::new(),
        estimate: Estimate::start(plans.iter().map(|plan| plan.work(plan.epochs, 0)).sum()),
        variants: &variants,
        plans: &plans,
        images,
        device: training.device().clone(),
        wave: Vec::new(),
        is_last_wave: true,
        finished_work: 0.0,
        tests: Vec::new(),
        results: Vec::new(),
        train_errors: vec![f64::NAN; variants.len()],
    };
    let mut failure = None;
    let summary = training.run(&mut |event| match listener.hear(event) {
        Ok(flow) => flow,
        Err(error) => {
            failure.get_or_insert(error);
            ControlFlow::Break(())
        }
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    listener.finish(&summary)?;
    match &arguments.out {
        Some(folder) if !arguments.json => {
            Output::default().print(format_args!("written     {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn announce(plans: &[Plan], device: &Device) {
    let Plan { network, dataset, .. } = &plans[0];
    let images = match plans.iter().all(|plan| *plan == plans[0]) {
        true => format!(": {} each", plans[0].images()),
        false => String::new(),
    };
    tell(format_args!("training {} x {network} on {dataset}{images}", plans.len()));
    announce_device(device);
}

/// Tells everyone what happens.
struct Listener<'a> {
    runs: Option<ReplicaRuns>,
    output: Output,
    json: bool,
    progress: Progress,
    estimate: Estimate,
    variants: &'a [Variant],
    plans: &'a [Plan],
    images: ImageShape,
    device: Device,
    /// Networks that train now.
    wave: Vec<usize>,
    is_last_wave: bool,
    /// Work of the waves before.
    finished_work: f64,
    /// What the networks of the wave were heard of a test that is told once all were.
    tests: Vec<Event>,
    results: Vec<ReplicaResult>,
    /// Of each network's last epoch.
    train_errors: Vec<f64>,
}

/// A line of a network's metrics among those of others.
#[derive(Serialize)]
struct OfReplica<'a, T> {
    replica: usize,
    #[serde(flatten)]
    line: &'a T,
}

/// The last line of a network's metrics, with what sets it apart.
#[derive(Serialize)]
struct FinishedReplica<'a> {
    #[serde(flatten)]
    finished: &'a Finished<'a>,
    seed: u64,
    settings: &'a Map<String, Value>,
}

/// The last line of all.
#[derive(Serialize)]
struct FinishedAll<'a> {
    event: &'static str,
    networks: usize,
    seconds: f64,
    combinations: &'a [CombinationResult],
}

impl Listener<'_> {
    fn hear(&mut self, event: ReplicaEvent) -> Result<ControlFlow<()>, CliError> {
        match event {
            ReplicaEvent::Wave { wave, of_waves, replicas, obstacle, device } => {
                self.device = device.clone();
                self.wave = replicas.to_vec();
                self.is_last_wave = wave == of_waves;
                if of_waves > 1 {
                    self.show_wave(wave, of_waves, obstacle);
                }
            }
            ReplicaEvent::Progress { progress } => self.show_progress(progress),
            ReplicaEvent::Of { replica, event } => {
                if let Event::Epoch { train_error, .. } = event {
                    self.train_errors[replica] = *train_error;
                }
                self.record(replica, event, event)?;
                self.tests.push(event.clone());
                if self.tests.len() == self.wave.len() {
                    let tests = std::mem::take(&mut self.tests);
                    self.show_tests(&tests);
                }
            }
            ReplicaEvent::Trained { replica, network, summary } => {
                let plan = &self.plans[replica];
                self.finished_work += plan.work(plan.epochs, 0);
                let device = self.device.clone();
                let finished = Finished::new(summary, network, &device);
                let config = &self.variants[replica].config;
                let settings = swept_settings(&self.variants[replica])?;
                // The weights first: they are what the time was spent on. The result is told even where
                // they cannot be written.
                let run = self.runs.as_ref().map(|runs| runs.run(replica));
                let saved = run.map(|run| run.save(network, config, &self.images)).transpose();
                let line =
                    FinishedReplica { finished: &finished, seed: config.seed, settings: &settings };
                self.record(replica, &finished, &line)?;
                self.results.push(ReplicaResult {
                    replica,
                    seed: config.seed,
                    settings,
                    test_error: finished.test_error,
                    train_error: self.train_errors[replica],
                    weights_sha256: finished.weights_sha256,
                });
                saved?;
            }
        }
        // Who stopped reading wants no more, unless there are files to be written.
        let is_wanted = self.runs.is_some() || !self.output.is_closed();
        Ok(if is_wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }

    /// Puts a line into the network's metrics, and `printed` where lines of JSON are wanted.
    fn record(
        &mut self,
        replica: usize,
        line: &impl Serialize,
        printed: &impl Serialize,
    ) -> Result<(), CliError> {
        if let Some(runs) = &self.runs {
            runs.run(replica).metrics.append(line)?;
        }
        if self.json {
            let Listener { progress, output, .. } = self;
            progress.aside(|| output.print_json(&OfReplica { replica, line: printed }))?;
        }
        Ok(())
    }

    fn show_wave(&self, wave: usize, of_waves: usize, obstacle: Option<&str>) {
        let (here, all) = (self.wave.len(), self.variants.len());
        let why = match obstacle {
            Some(obstacle) => format!(": more do not fit, {obstacle}"),
            None => ", those whose arrays have one shape".to_string(),
        };
        self.progress.tell(format_args!(
            "wave {wave}/{of_waves}: {here} of {all} networks train side by side{why}"
        ));
    }

    /// Work that all networks will have done when those of the wave have done so much.
    fn left(&self, epochs: u32, images: usize) -> String {
        let of_wave: f64 =
            self.wave.iter().map(|&replica| self.plans[replica].work(epochs, images)).sum();
        time_left(self.estimate.left(self.finished_work + of_wave))
    }

    fn show_progress(&mut self, progress: &Event) {
        if let &Event::Progress { epoch, images, of_images, train_error, images_per_second } =
            progress
        {
            let (networks, of) = (self.wave.len(), self.plans[self.wave[0]].epochs);
            let message = format!(
                "{networks} networks, {images_per_second:.0} images/s, training error \
                 {train_error:.2} %, {}",
                self.left(epoch - 1, images)
            );
            self.progress.advance(format_args!("epoch {epoch}/{of}"), images, of_images, message);
        }
    }

    /// One line for the tests of all networks of the wave.
    fn show_tests(&self, tests: &[Event]) {
        let networks = tests.len();
        let of = self.plans[self.wave[0]].epochs;
        let spread = |value: &dyn Fn(&Event) -> f64| {
            let Spread { mean, sd, .. } = Spread::of(&tests.iter().map(value).collect::<Vec<_>>());
            match sd {
                Some(sd) => format!("{mean:.2} % (sd {sd:.2})"),
                None => format!("{mean:.2} %"),
            }
        };
        let test_error = spread(&|event| match *event {
            Event::QuickTest { test_error, .. } | Event::Epoch { test_error, .. } => test_error,
            Event::Progress { train_error, .. } => train_error,
        });
        match tests[0] {
            Event::QuickTest { epoch, images, test_images, .. } => {
                self.progress.tell(format_args!(
                    "epoch {epoch}/{of}, {images} images, {networks} networks: test error \
                     {test_error} of the first {test_images} test images"
                ));
            }
            Event::Epoch { epoch, images_per_second, .. } => {
                let train_error = spread(&|event| match *event {
                    Event::Epoch { train_error, .. } => train_error,
                    _ => f64::NAN,
                });
                let left = match self.left(epoch, 0) {
                    left if epoch < of || !self.is_last_wave => format!(", {left}"),
                    _ => String::new(),
                };
                self.progress.tell(format_args!(
                    "epoch {epoch}/{of}, {networks} networks: training error {train_error}, test \
                     error {test_error}, {:.0} images/s{left}",
                    images_per_second * networks as f64,
                ));
            }
            Event::Progress { .. } => {}
        }
    }

    fn finish(mut self, summary: &ReplicasSummary) -> Result<(), CliError> {
        self.progress.clear();
        self.results.sort_by_key(|result| result.replica);
        let results = Results::new(self.variants, std::mem::take(&mut self.results));
        // As with the weights: the result is told even where it cannot be written.
        let saved = self.runs.as_ref().map(|runs| runs.save_summary(&results)).transpose();
        if self.json {
            self.output.print_json(&FinishedAll {
                event: "summary",
                networks: results.replicas.len(),
                seconds: summary.seconds,
                combinations: &results.combinations,
            })?;
        } else {
            let Device { backend, name, .. } = &self.device;
            self.output.print(format_args!(
                "{}\n\n{}\n\n\
                 time        {:.1} s\n\
                 backend     {backend}\n\
                 device      {name}",
                table_of_networks(&results.replicas),
                table_of_combinations(&results.combinations),
                summary.seconds,
            ))?;
        }
        saved?;
        Ok(())
    }
}

fn table_of_networks(replicas: &[ReplicaResult]) -> String {
    let lines = replicas.iter().map(|result| {
        let ReplicaResult { replica, seed, settings, test_error, weights_sha256, .. } = result;
        let mut line = vec![replica.to_string(), seed.to_string()];
        line.extend(settings.values().map(in_words));
        line.extend([format!("{test_error:.2}"), weights_sha256.clone()]);
        line
    });
    let settings = replicas.first().map(|result| &result.settings);
    table(&["network", "seed"], settings, &["test error %", "weights sha256"], lines)
}

fn table_of_combinations(combinations: &[CombinationResult]) -> String {
    let lines = combinations.iter().map(|result| {
        let CombinationResult { settings, networks, test_error, .. } = result;
        let Spread { mean, sd, sem } = test_error;
        let mut line: Vec<String> = settings.values().map(in_words).collect();
        let number = |value: &Option<f64>| value.map_or("-".into(), |value| format!("{value:.3}"));
        line.extend([networks.to_string(), format!("{mean:.3}"), number(sd), number(sem)]);
        line
    });
    let settings = combinations.first().map(|result| &result.settings);
    table(&[], settings, &["networks", "mean test error %", "sd", "SEM"], lines)
}

/// Columns as wide as their widest entry, with the swept settings between the others.
fn table(
    before: &[&str],
    settings: Option<&Map<String, Value>>,
    behind: &[&str],
    lines: impl Iterator<Item = Vec<String>>,
) -> String {
    let keys = settings.into_iter().flat_map(|settings| settings.keys().map(String::as_str));
    let header = before.iter().copied().chain(keys).chain(behind.iter().copied());
    let mut rows = vec![header.map(str::to_string).collect::<Vec<_>>()];
    rows.extend(lines);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let entries = row.iter().zip(&widths).map(|(entry, width)| format!("{entry:>width$}"));
        entries.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
