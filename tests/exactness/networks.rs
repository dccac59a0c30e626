//! The step of whole networks against the CPU's, kernel by kernel and step by step: in every situation that sends
//! spikes and has hidden layers, in the dispatches that a device takes which ends long loops; and of small networks
//! for any size of workgroup, in one dispatch a block, and in one for every step and every row of the past.

use apical::config::Config;
use apical::interface::{ArrayId, BatchParams, Kernel, Launch, Sample, Shape};

use super::Situation;
use super::situations::situations;

/// Neurons above the input of a small network.
const SMALL: usize = 150;

#[test]
fn case_fused_step() {
    let mut kinds = Vec::new();
    each_network(|situation| {
        let Shape { taps, broadcast, replicas, .. } = situation.shape;
        kinds.push((taps, broadcast, replicas));
        situation.check_networks();
    });
    for wanted in [|taps| taps == 0, |taps| taps == 1, |taps| taps > 10] {
        assert!(kinds.iter().any(|&(taps, ..)| wanted(taps)), "{kinds:?}");
    }
    assert!(kinds.iter().any(|&(_, broadcast, _)| !broadcast), "{kinds:?}");
    assert!(kinds.iter().any(|&(.., replicas)| replicas > 1), "{kinds:?}");
}

#[test]
fn case_network_in_any_workgroup() {
    for workgroup in [8, 24, 256] {
        each_small_network(|situation| Situation { workgroup, ..situation });
    }
}

#[test]
fn case_network_in_a_dispatch_for_every_step() {
    each_small_network(|situation| Situation { max_loop_iterations: Some(1), ..situation });
}

/// As on a device that ends no loops; with so few neurons, none does.
#[test]
fn case_network_in_one_dispatch() {
    each_small_network(|situation| Situation { max_loop_iterations: Some(u64::MAX), ..situation });
}

/// A device that ends long loops must not end these: every neuron spikes as often as a count can say.
#[test]
fn case_network_where_everybody_spikes_fifteen_times() {
    let mut checked = 0;
    each_network(|situation| {
        if checked < 2 {
            situation.check_most_spikes();
            checked += 1;
        }
    });
    assert_eq!(checked, 2);
}

fn each_small_network(changed: impl Fn(Situation) -> Situation) {
    let mut checked = 0;
    each_network(|situation| {
        if situation.shape.populations[1..].iter().sum::<usize>() < SMALL {
            changed(situation).check_networks();
            checked += 1;
        }
    });
    assert!(checked > 4, "{checked} networks are small");
}

/// Runs a check in all situations in which networks can be stepped: with apical dendrites that reach the soma, where
/// these do not.
fn each_network(mut check: impl FnMut(Situation)) {
    for situation in situations() {
        let shape = &situation.shape;
        if shape.sends_rates || shape.feedback_is_rates || shape.layers() == 1 {
            continue;
        }
        let g_apical =
            |config: &Config| if config.g_apical == 0.0 { 0.05 } else { config.g_apical };
        let with_apical = |config: &Config| Config { g_apical: g_apical(config), ..config.clone() };
        let configs = situation.configs.iter().map(with_apical).collect();
        let shape = Shape { steps_apical: true, fused_steps: true, ..situation.shape };
        check(Situation { shape, configs, ..situation });
    }
}

impl Situation {
    /// The first block of an image and the next, as of a fresh and of a continued minibatch.
    fn check_networks(&self) {
        let (mut cpu, mut gpu) = self.backends();
        let shown = self.samples();
        let longest = shown.iter().map(Sample::steps).max().expect("there are samples");
        let steps = self.shape.block;
        for (update, first) in (1..).zip((0..longest).step_by(steps as usize)) {
            for fresh in [true, false] {
                let minibatches = self.minibatches(update, fresh);
                if first == 0 && self.shape.taps == 0 {
                    // What traces drive comes before, by another kernel.
                    let past = |layer| Launch {
                        kernel: Kernel::SynapticInputSpikes,
                        layer,
                        first,
                        steps: 0,
                    };
                    for launch in (1..self.shape.layers()).map(past) {
                        self.check_launch(
                            cpu.as_mut(),
                            gpu.as_mut(),
                            &minibatches,
                            &shown,
                            &launch,
                        );
                    }
                }
                let launch = Launch { kernel: Kernel::FusedStep, layer: 0, first, steps };
                self.check_launch(cpu.as_mut(), gpu.as_mut(), &minibatches, &shown, &launch);
            }
        }
    }

    fn check_most_spikes(&self) {
        let (mut cpu, mut gpu) = self.backends();
        for population in 1..=self.shape.layers() {
            let array = ArrayId::Spikes(population);
            let words = vec![u32::MAX; self.shape.len(array)];
            cpu.write(array, &words).expect("the CPU takes it");
            gpu.write(array, &words).expect("the GPU takes it");
        }
        let launch =
            Launch { kernel: Kernel::FusedStep, layer: 0, first: 0, steps: self.shape.block };
        for fresh in [true, false] {
            let minibatches = self.minibatches(1, fresh);
            let given: Vec<BatchParams> = minibatches
                .iter()
                .map(|minibatch| BatchParams { draws_spikes: 0, ..*minibatch })
                .collect();
            self.check_launch(cpu.as_mut(), gpu.as_mut(), &given, &self.samples(), &launch);
        }
    }
}
