//! Limit of the bursts drawn from spikes on a software GPU. Mesa's ends all loops of a thread after 65,535 rounds,
//! without an error.

use crate::config::Config;
use crate::gpu::adapter::AdapterInfo;
use crate::interface::{BackendError, Shape};
use crate::model::spikes::{COUNT_MAX, SpikeDistribution};

/// Number of rounds of all loops of a thread on Mesa's software device.
const ROUNDS_MAX: u64 = 65_535;

/// Checks that a software GPU draws the bursts of the longest training image.
///
/// # Errors
/// Returns [`BackendError::TooManyRounds`] if a thread may need too many rounds.
pub(super) fn check_burst_loops(
    info: &AdapterInfo,
    config: &Config,
    shape: &Shape,
) -> Result<(), BackendError> {
    if info.is_software && burst_rounds(config, shape) > ROUNDS_MAX {
        let device = info.name.clone();
        return Err(BackendError::TooManyRounds { device, most: ROUNDS_MAX });
    }
    Ok(())
}

/// Returns the largest number of rounds of a thread that draws bursts: per step with bursts, one for the step, one per
/// tap of the synaptic kernel, and one per spike.
fn burst_rounds(config: &Config, shape: &Shape) -> u64 {
    let taps = u64::from(shape.taps);
    let steps = u64::from(shape.burst_steps);
    let spikes = match config.spike_distribution {
        SpikeDistribution::Poisson => COUNT_MAX as u64,
        SpikeDistribution::Bernoulli => 1,
    };
    let drawn = match taps {
        0 => steps,
        _ => {
            let window = config.timing().averaging_window.length(shape.burst_steps);
            let reach = (shape.layers() as u64 - 1) * (taps - 1);
            steps.min(u64::from(window) + reach)
        }
    };
    drawn * (1 + taps + spikes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::adapter::DeviceKind;
    use crate::model::phases::AveragingWindow;

    #[test]
    fn burst_rounds_count_steps_taps_and_spikes() {
        let averaging_window = AveragingWindow::From30;
        let spike_distribution = SpikeDistribution::Poisson;
        let config = Config { averaging_window, spike_distribution, ..Config::default() };
        let shape =
            |burst_steps, taps| Shape { burst_steps, taps, ..Shape::minimal(vec![12, 9, 9, 10]) };
        assert_eq!(burst_rounds(&config, &shape(1030, 20)), 1030 * 36);
        assert_eq!(burst_rounds(&config, &shape(1030, 10)), (1000 + 18) * 26);
        assert_eq!(burst_rounds(&config, &shape(1030, 0)), 1030 * 16);
        let bernoulli = Config { spike_distribution: SpikeDistribution::Bernoulli, ..config };
        assert_eq!(burst_rounds(&bernoulli, &shape(1030, 10)), (1000 + 18) * 12);
        let last20 = Config { averaging_window: AveragingWindow::Last20, ..bernoulli };
        assert_eq!(burst_rounds(&last20, &shape(1030, 10)), (20 + 18) * 12);
        assert_eq!(burst_rounds(&last20, &shape(0, 10)), 0);
    }

    #[test]
    fn long_bursts_are_refused_by_software_gpus() {
        let info = |kind| AdapterInfo {
            index: 0,
            name: "llvmpipe".to_string(),
            backend: "vulkan".to_string(),
            driver: String::new(),
            driver_info: String::new(),
            kind,
            is_software: kind == DeviceKind::Software,
            max_binding: 1 << 27,
            max_buffer: 1 << 28,
            max_workgroup_storage: 1 << 15,
            max_workgroup_threads: 256,
            max_workgroups: 65_535,
        };
        let config = Config {
            averaging_window: AveragingWindow::From30,
            spike_distribution: SpikeDistribution::Poisson,
            ..Config::default()
        };
        let check = |kind, burst_steps| {
            let shape = Shape { burst_steps, ..Shape::minimal(vec![12, 10]) };
            check_burst_loops(&info(kind), &config, &shape)
        };
        assert!(check(DeviceKind::Software, 30 + ROUNDS_MAX as u32 / 26).is_ok());
        let too_long = 31 + ROUNDS_MAX as u32 / 26;
        assert!(check(DeviceKind::Discrete, too_long).is_ok());
        let error = check(DeviceKind::Software, too_long).unwrap_err().to_string();
        let expected = "cannot draw bursts in so long a phase on the software GPU 'llvmpipe': such a device may end \
                        loops after 65535 rounds, without an error";
        assert_eq!(error, expected);
    }
}
