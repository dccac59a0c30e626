//! Warnings about recordings without spikes in the steps that the rule averages.

use super::samples::{Presentation, SampleBuilder};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::dataset::spikes::{RecordingPart, Recordings};
use crate::interface::Sample;
use crate::model::events::event_step;
use crate::text::plural;

/// Steps at the end of a phase, as the phase shows them.
struct Window {
    phase: &'static str,
    /// Part of the recording that the phase shows.
    part: RecordingPart,
    /// Step of the part at which the window begins.
    first: u32,
    /// Number of steps of the window.
    len: u32,
    /// Number of steps of the phase.
    steps: u32,
}

impl Window {
    fn new(
        phase: &'static str,
        [first, len, offset]: [u32; 3],
        [steps, window]: [u32; 2],
    ) -> Window {
        let part = RecordingPart { first, len };
        let begin = u64::from(offset) + u64::from(steps - window);
        Window { phase, part, first: (begin % u64::from(len)) as u32, len: window, steps }
    }

    /// Returns whether the window shows a spike of a recording.
    fn shows_spike(&self, recordings: &Recordings, index: usize) -> bool {
        let RecordingPart { first, len } = self.part;
        // Steps from the window's first one on, in the part that repeats.
        let ahead = |step: u32| (step - first + len - self.first) % len;
        recordings
            .events_of_part(index, self.part)
            .iter()
            .any(|&event| ahead(event_step(event)) < self.len)
    }
}

/// Returns a warning per phase that ends without a spike of some recordings, for phases of the shortest length: their
/// input is silent in the steps that the rule averages. Also warns of a target part that the rule does not show. No
/// warnings for images.
pub fn silent_window_warnings(config: &Config, dataset: &Dataset) -> Vec<String> {
    let Some(recordings) = dataset.recordings() else { return Vec::new() };
    let samples = SampleBuilder::of_dataset(config, dataset);
    let any = Presentation { index: 0, label: 0, draw_index: 0, result_slot: 0 };
    let training = samples.shortest_training(&any);
    let test = samples.test(&any);
    let forward = |phase, sample: Sample| {
        let part = [sample.forward_first, sample.forward_len, 0];
        Window::new(phase, part, [sample.steps_forward, sample.window_forward])
    };
    let target = |sample: Sample| {
        let part = [sample.target_first, sample.target_len, sample.target_offset];
        Window::new("target phase", part, [sample.steps_target, sample.window_target])
    };
    let trained = 0..dataset.training_count;
    let tested = trained.end..trained.end + dataset.test_count;
    let mut windows = vec![(forward("forward phase", training), "training", trained.clone())];
    let mut warnings = Vec::new();
    if training.steps_target > 0 {
        windows.push((target(training), "training", trained));
    }
    if training.steps_target == 0 && recordings.parts.target.is_some() {
        let (name, rule) = (&dataset.name, "the rule has no target phase");
        warnings.push(format!("{name}: the target part of recordings is not shown: {rule}"));
    }
    windows.push((forward("test", test), "test", tested));
    for (window, set, indices) in windows {
        let total = indices.len();
        let silent = indices.filter(|&index| !window.shows_spike(recordings, index)).count();
        if silent > 0 {
            warnings.push(format!(
                "{}: {}: {silent} of {} have no spike in the last {} of {} ms, over which averages run",
                dataset.name,
                window.phase,
                plural(total, &format!("{set} recording")),
                window.len,
                window.steps
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LearningRule;
    use crate::dataset::spikes::{EventSet, EventTimes, SpikeDataset, SpikeOptions, TimeRange};
    use crate::model::phases::PhaseJitter;

    /// Returns the warnings for two training recordings with one spike each, at these times, ms.
    fn warnings(times: [f64; 2], options: SpikeOptions) -> Vec<String> {
        warnings_of_rule(LearningRule::Phases, times, options)
    }

    fn warnings_of_rule(rule: LearningRule, times: [f64; 2], options: SpikeOptions) -> Vec<String> {
        let set = EventSet {
            times: EventTimes::Milliseconds(times.to_vec()),
            units: vec![0, 0],
            offsets: vec![0, 1, 2],
            labels: vec![0, 1],
        };
        let name = "own".to_string();
        let set = SpikeDataset { name, sensor: [1, 1, 1], training: set.clone(), test: set };
        let config = Config {
            rule,
            phase_ms: 50,
            phase_jitter: PhaseJitter::None,
            test_ms: 100,
            test_average_from_ms: 60,
            ..Config::default()
        };
        silent_window_warnings(&config, &set.bin(&options).expect("the events are valid"))
    }

    fn parts(forward: [u32; 2], target: Option<[u32; 2]>) -> SpikeOptions {
        let range = |[start, end]: [u32; 2]| TimeRange { start, end };
        let (forward, target) = (Some(range(forward)), target.map(range));
        SpikeOptions { forward, target, ..SpikeOptions::default() }
    }

    #[test]
    fn window_without_a_spike_is_a_warning() {
        // The forward phase averages the steps 30 to 49, the target phase 80 to 99, a test 60 to 99.
        let warned = warnings([30.0, 99.0], parts([0, 100], None));
        assert_eq!(
            warned,
            [
                "own: forward phase: 1 of 2 training recordings have no spike in the last 20 of 50 ms, over which \
                 averages run",
                "own: target phase: 1 of 2 training recordings have no spike in the last 20 of 50 ms, over which \
                 averages run",
                "own: test: 1 of 2 test recordings have no spike in the last 40 of 100 ms, over which averages \
                 run",
            ]
        );
        // Parts that repeat: the steps 30 to 49 of a part of 40 steps are its steps 30 to 39 and 0 to 9.
        assert_eq!(warnings([9.0, 30.0], parts([0, 40], Some([0, 40]))), [""; 0]);
        assert_eq!(warnings([10.0, 29.0], parts([0, 40], Some([0, 40]))).len(), 2);
        // The whole window lies in each repetition of a part that is shorter.
        assert_eq!(warnings([3.0, 4.0], parts([0, 5], None)), [""; 0]);
    }

    #[test]
    fn target_part_without_a_target_phase_is_a_warning() {
        let bursts = |options| warnings_of_rule(LearningRule::Bursts, [3.0, 4.0], options);
        let expected =
            "own: the target part of recordings is not shown: the rule has no target phase";
        assert_eq!(bursts(parts([0, 5], Some([0, 5]))), [expected]);
        assert_eq!(bursts(parts([0, 5], None)), [""; 0]);
    }
}
