use super::*;
use crate::model::events::{event_step, event_unit};

/// Bins the events `(step, pixel)` of one recording of a sensor of 1 x 8 pixels.
fn bin(events: &[(i64, usize)], options: &SpikeOptions) -> (Vec<(u32, u32)>, LeftOut) {
    let mut binner = Binner::new(UnitLayout::new([1, 1, 8], options), options);
    events.iter().for_each(|&(step, pixel)| binner.add(step, pixel));
    binner.end_recording().unwrap();
    assert_eq!(binner.starts, [0, binner.events.len() as u32]);
    let events = binner.events.iter().map(|&event| (event_step(event), event_unit(event)));
    (events.collect(), binner.left_out)
}

#[test]
fn event_on_a_border_is_in_the_later_step() {
    let us = [-1, 0, 999, 1000, 1001, 1999, 2000].map(step_of_us);
    assert_eq!(us, [-1, 0, 0, 1, 1, 1, 2]);
    let ms = [-0.001, 0.0, 0.999, 1.0, 1.001, 1.999, 2.0, -1e300, 1e300].map(step_of_ms);
    assert_eq!(ms, [-1, 0, 0, 1, 1, 1, 2, i64::MIN, i64::MAX]);
}

#[test]
fn events_are_sorted_and_counted_up_to_fifteen() {
    let mut events = vec![(3, 7), (0, 2), (3, 1), (3, 7)];
    let options = SpikeOptions::default();
    assert_eq!(bin(&events, &options).0, [(0, 2), (3, 1), (3, 7), (3, 7)]);
    events.extend([(3, 7); 20]);
    let (binned, left_out) = bin(&events, &options);
    assert_eq!((binned.len(), left_out.many), (17, 7));
    let single = SpikeOptions { single_spikes: true, ..options };
    let expected = (vec![(0, 2), (3, 1), (3, 7)], LeftOut::default());
    assert_eq!(bin(&events, &single), expected);
}

#[test]
fn events_outside_are_left_out_and_counted() {
    let last = i64::from(EVENT_STEPS_MAX) - 1;
    let events = [(-1, 0), (i64::MIN, 0), (0, 0), (last, 0), (last + 1, 0), (i64::MAX, 0)];
    let (binned, left_out) = bin(&events, &SpikeOptions::default());
    assert_eq!(binned, [(0, 0), (last as u32, 0)]);
    assert_eq!(left_out, LeftOut { before: 2, after: 2, ..LeftOut::default() });
    let range = |start, end| Some(TimeRange { start, end });
    let options =
        SpikeOptions { forward: range(10, 20), test: range(15, 30), ..Default::default() };
    let (binned, left_out) = bin(&[(9, 0), (10, 0), (29, 0), (30, 0), (-1, 0)], &options);
    assert_eq!(binned, [(10, 0), (29, 0)]);
    assert_eq!(left_out, LeftOut { before: 1, outside: 2, ..LeftOut::default() });
    assert_eq!(
        left_out.sentences(),
        [
            "1 event before time 0 left out",
            "2 events outside the parts that the phases show left out"
        ]
    );
    // Events between two parts are not shown.
    let options = SpikeOptions { forward: range(0, 5), target: range(8, 9), ..Default::default() };
    let (binned, left_out) = bin(&[(4, 0), (6, 0), (8, 0)], &options);
    assert_eq!((binned, left_out.outside), (vec![(4, 0), (8, 0)], 1));
    // Only the whole forward part shows all steps.
    let options = SpikeOptions { forward: None, test: range(15, 30), ..Default::default() };
    assert_eq!(bin(&[(9, 0)], &options).0.len(), 1);
}

#[test]
fn pooled_units_cover_squares_and_edges() {
    let options =
        |pool, merge_channels| SpikeOptions { pool, merge_channels, ..Default::default() };
    let plain = UnitLayout::new([2, 3, 5], &options(0, false));
    assert_eq!((plain.sizes(), plain.sensor_units()), ([2, 3, 5], 30));
    assert!((0..30).all(|pixel| plain.unit(pixel) == pixel));
    let pooled = UnitLayout::new([2, 3, 5], &options(2, false));
    assert_eq!(pooled.sizes(), [2, 2, 3]);
    // Rows 0 and 1, then row 2, of channel 0; then row 0 of channel 1.
    let units: Vec<usize> = (0..20).map(|pixel| pooled.unit(pixel)).collect();
    assert_eq!(units, [0, 0, 1, 1, 2, 0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 6, 7, 7, 8]);
    let merged = UnitLayout::new([2, 3, 5], &options(2, true));
    assert_eq!(merged.sizes(), [1, 2, 3]);
    assert!((0..15).all(|pixel| merged.unit(pixel + 15) == merged.unit(pixel)));
    // A sensor of one row.
    assert_eq!(UnitLayout::new([1, 1, 700], &options(3, false)).sizes(), [1, 1, 234]);
}
