//! Dashboard of `apical train --tui`. Shows the events of a training and controls it by keys. A separate thread draws and
//! reads keys, so that a long test or a pause does not block it.

mod curve;
mod draw;
mod keys;
mod screen;
mod state;

use std::env;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::CliError;
use super::progress::TimeEstimate;
use super::signals;
use super::train::TrainingSize;
use super::train::listener::{CONTINUE, Flow, Listener};
use super::train::results::FinishedNetwork;
use apical::config::Config;
use apical::network::Network;
use apical::run_dir::{ImageSpec, weights};
use apical::train::{Event, TrainerControl, Training};
use keys::KeyAction;
use screen::Screen;
pub(super) use screen::{has_terminal, restore as restore_terminal};
use state::{RunSummary, State, Status};

/// Time between two checks for signals while waiting.
const SIGNAL_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Time between two snapshots of the weights.
const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(2);

/// Dashboard, shown until it is dropped.
pub(super) struct Dashboard {
    shared: Arc<Shared>,
    requests: Arc<TrainerControl>,
    size: TrainingSize,
    estimate: TimeEstimate,
    last_snapshot: Instant,
    /// Folder for saved weights.
    folder: Option<PathBuf>,
    config: Config,
    /// Dropped last, so that no other field uses a closed screen; `None` after the training.
    screen: Option<Screen>,
}

/// State shared by the training and the screen.
struct Shared {
    state: Mutex<State>,
    /// Notified when a key is pressed.
    key_pressed: Condvar,
    requests: Arc<TrainerControl>,
}

impl Shared {
    /// Locks the state. Ignores poisoning, because the state is only displayed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_if_changed(&self, version: Option<u64>) -> Option<State> {
        let state = self.state();
        (Some(state.version) != version).then(|| state.clone())
    }

    fn apply(&self, action: KeyAction) {
        let mut state = self.state();
        state.apply(action);
        if state.status == Status::Stopping {
            if state.save_requested {
                // The network is sent before the training ends.
                self.requests.request_networks();
            }
            signals::token().request();
        }
        drop(state);
        self.key_pressed.notify_all();
    }

    /// Shows a new message about signals.
    fn poll_signals(&self) {
        let notice = signals::last_notice();
        let mut state = self.state();
        if !notice.is_empty() && state.signal_notice != notice {
            state.status = Status::Stopping;
            state.signal_notice.clone_from(&notice);
            state.set_message(notice);
            drop(state);
            self.key_pressed.notify_all();
        }
    }

    /// Waits while the training is paused and nothing else is requested. Polls for signals, which do not wake it.
    fn wait_while_paused(&self) {
        let mut state = self.state();
        while matches!(state.status, Status::Pausing | Status::Paused)
            && !state.save_requested
            && !state.test_requested
            && !signals::token().is_requested()
        {
            if state.status == Status::Pausing {
                state.status = Status::Paused;
                state.version += 1;
            }
            let waited = self.key_pressed.wait_timeout(state, SIGNAL_POLL_INTERVAL);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Checks that the dashboard can be shown.
///
/// # Errors
/// Returns an error if there are many networks, standard error is not a terminal, or JSON would be printed on the same
/// terminal.
pub(super) fn ensure_usable(are_many: bool, prints_json: bool) -> Result<(), CliError> {
    let refuse = |reason: &str| Err(CliError::Usage(format!("cannot use --tui {reason}")));
    if are_many {
        return refuse("with many networks; hint: use --tensorboard");
    }
    if !io::stderr().is_terminal() {
        return refuse("because standard error is not a terminal");
    }
    if prints_json && io::stdout().is_terminal() {
        return refuse(
            "with --json on the same terminal; hint: redirect standard output to a file",
        );
    }
    Ok(())
}

impl Dashboard {
    /// Opens the dashboard. `folder`: folder of the run, if any.
    ///
    /// # Errors
    /// Returns an error if the terminal cannot be set up.
    pub(super) fn open(
        size: &TrainingSize,
        training: &Training,
        config: &Config,
        images: ImageSpec,
        folder: Option<PathBuf>,
        estimate: TimeEstimate,
    ) -> Result<Self, CliError> {
        let config = config.clone();
        let device = training.device();
        let (backend, name) = (device.backend, &device.name);
        let run = RunSummary {
            title: format!("{} on {}, {backend}, {name}", size.network, size.dataset),
            epochs: size.epochs,
            total_images: size.images,
            eval_set: size.eval_set,
            images,
            feedback: config.feedback,
            can_save: folder.is_some(),
            has_true_colour: has_true_colour(),
        };
        let mut state = State::new(run);
        state.set_network(Arc::new(training.networks()[0].clone()));
        let requests = training.control();
        requests.request_networks_after_epochs();
        let (state, pressed) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { state, key_pressed: pressed, requests: requests.clone() });
        let screen = Screen::open(shared.clone()).map_err(CliError::Terminal)?;
        Ok(Dashboard {
            shared,
            requests,
            estimate,
            size: size.clone(),
            last_snapshot: Instant::now(),
            folder,
            config,
            screen: Some(screen),
        })
    }

    fn estimate(&self, epoch: u32, images: usize) {
        self.shared.state().left = self.estimate.left(self.size.work(epoch - 1, images));
    }

    /// Saves a network if requested. Shows an error without stopping the training.
    fn save(&self, epoch: u32, images: usize, network: &Network) {
        let mut state = self.shared.state();
        let (Some(folder), true) = (&self.folder, state.save_requested) else { return };
        state.save_requested = false;
        let name = format!("weights-epoch-{epoch}-image-{images}.safetensors");
        let path = folder.join(name);
        let saved = weights::save(&path, network, &self.config, &state.run.images);
        state.set_message(match saved {
            Ok(()) => format!("written {}", path.display()),
            Err(error) => error.to_string(),
        });
    }
}

impl Listener for Dashboard {
    /// Shows an event, then pauses, saves or stops as requested by keys.
    fn on_event(&mut self, event: &Event) -> Flow {
        self.shared.state().on_event(event);
        if let Event::GroupStarted { .. } = event {
            // A stop here would come before the first image, and without a checkpoint.
            return CONTINUE;
        }
        match event {
            Event::Progress { epoch, images, .. } => self.estimate(*epoch, *images),
            Event::Epoch { epoch, .. } => self.estimate(epoch + 1, 0),
            Event::Network { epoch, images, network, .. } => self.save(*epoch, *images, network),
            Event::TestProgress { .. }
            | Event::PartialEval { .. }
            | Event::RequestedEval { .. }
            | Event::Weights { .. }
            | Event::Checkpoint { .. }
            | Event::GroupStarted { .. }
            | Event::Finished { .. } => {}
        }
        let start = Instant::now();
        self.shared.wait_while_paused();
        self.estimate.pause(start.elapsed());
        let (save_requested, test_requested, stops) = {
            let mut state = self.shared.state();
            let test_requested = std::mem::take(&mut state.test_requested);
            (state.save_requested, test_requested, state.status == Status::Stopping)
        };
        if test_requested {
            self.requests.request_eval();
        }
        if save_requested || self.last_snapshot.elapsed() >= SNAPSHOT_INTERVAL {
            self.requests.request_networks();
            self.last_snapshot = Instant::now();
        }
        if stops && !save_requested { Ok(ControlFlow::Break(())) } else { CONTINUE }
    }

    /// Closes the dashboard, so that the result is printed on the normal screen.
    fn on_trained(&mut self, _: &FinishedNetwork) -> Flow {
        self.screen = None;
        CONTINUE
    }
}

/// Whether the terminal reports 24-bit colour.
fn has_true_colour() -> bool {
    env::var("COLORTERM").is_ok_and(|value| value == "truecolor" || value == "24bit")
}
