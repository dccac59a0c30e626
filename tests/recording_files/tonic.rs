//! Comparison of binning with the frames of tonic.

use apical::dataset::spikes::{EventSet, EventTimes, SpikeDataset, SpikeOptions};

use super::spikes;

/// Times of events, µs, and units of a sensor of 2 x 3 x 4, with the frames of tonic 1.6.0:
/// `tonic.transforms.ToFrame(sensor_size=(4, 3, 2), time_window=1000, start_time=0, end_time=6000)(events)`. Without
/// `end_time` tonic drops the 8 events after 5 ms.
const TIMES: [i64; 60] = [
    0, 154, 195, 347, 480, 515, 654, 693, 696, 750, 899, 1000, 1139, 1395, 1439, 1468, 1529, 1550,
    1570, 1641, 1846, 2000, 2000, 2000, 2146, 2257, 2291, 2370, 2535, 2539, 2649, 2717, 2790, 2812,
    2866, 3013, 3030, 3077, 3605, 4058, 4064, 4194, 4202, 4219, 4228, 4415, 4578, 4608, 4635, 4692,
    4847, 4866, 5061, 5179, 5312, 5322, 5385, 5431, 5470, 5600,
];
const UNITS: [u32; 60] = [
    5, 14, 21, 0, 21, 6, 13, 11, 17, 10, 23, 3, 17, 0, 10, 18, 23, 9, 9, 20, 21, 21, 3, 7, 16, 22,
    11, 17, 5, 19, 10, 2, 18, 22, 19, 11, 20, 20, 6, 11, 0, 6, 3, 3, 23, 8, 22, 15, 9, 20, 13, 0,
    8, 11, 6, 3, 3, 19, 21, 1,
];
/// Units with events and their counts, per frame.
const FRAMES: [(&[u32], &[usize]); 6] = [
    (&[0, 5, 6, 10, 11, 13, 14, 17, 21, 23], &[1, 1, 1, 1, 1, 1, 1, 1, 2, 1]),
    (&[0, 3, 9, 10, 17, 18, 20, 21, 23], &[1, 1, 2, 1, 1, 1, 1, 1, 1]),
    (&[2, 3, 5, 7, 10, 11, 16, 17, 18, 19, 21, 22], &[1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2]),
    (&[6, 11, 20], &[1, 1, 2]),
    (&[0, 3, 6, 8, 9, 11, 13, 15, 20, 22, 23], &[2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
    (&[1, 3, 6, 8, 11, 19, 21], &[1, 2, 1, 1, 1, 1, 1]),
];

#[test]
fn binning_equals_frames_of_tonic() {
    let set = EventSet {
        times: EventTimes::Microseconds([&TIMES[..], &[0]].concat()),
        units: [&UNITS[..], &[0]].concat(),
        offsets: vec![0, 60, 61],
        labels: vec![0, 1],
    };
    let recordings = SpikeDataset {
        name: "tonic".to_string(),
        sensor: [2, 3, 4],
        training: set.clone(),
        test: set,
    };
    let dataset = recordings.bin(&SpikeOptions::default()).unwrap();
    let expected: Vec<(u32, u32)> = (0..)
        .zip(FRAMES)
        .flat_map(|(step, (units, counts))| {
            let repeated = units.iter().zip(counts);
            repeated.flat_map(move |(&unit, &count)| vec![(step, unit); count])
        })
        .collect();
    assert_eq!((expected.len(), spikes(&dataset, 0)), (60, expected));
}
