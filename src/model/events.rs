//! Events of recordings, packed into one word each: the step in the high half, the unit in the low half. So the events
//! of a recording that are sorted by step, then by unit, ascend.

/// Number of bits of a unit.
pub const EVENT_UNIT_BITS: u32 = 16;
/// Mask of the unit.
pub const EVENT_UNIT_MASK: u32 = (1 << EVENT_UNIT_BITS) - 1;
/// Largest number of units.
pub const EVENT_UNITS_MAX: usize = 1 << EVENT_UNIT_BITS;
/// Largest number of steps. One less than the half word has values, so that the end of every step fits into a word.
pub const EVENT_STEPS_MAX: u32 = (1 << (u32::BITS - EVENT_UNIT_BITS)) - 1;

/// Packs an event. `step`: below [`EVENT_STEPS_MAX`]; `unit`: below [`EVENT_UNITS_MAX`].
#[inline(always)]
pub fn pack_event(step: u32, unit: u32) -> u32 {
    step << EVENT_UNIT_BITS | unit
}

/// Returns the step of an event.
#[inline(always)]
pub fn event_step(event: u32) -> u32 {
    event >> EVENT_UNIT_BITS
}

/// Returns the unit of an event.
#[inline(always)]
pub fn event_unit(event: u32) -> u32 {
    event & EVENT_UNIT_MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_events_sort_by_step_then_unit() {
        let last = pack_event(EVENT_STEPS_MAX - 1, EVENT_UNITS_MAX as u32 - 1);
        assert_eq!((event_step(last), event_unit(last)), (65534, 65535));
        assert!(pack_event(1, 0) > pack_event(0, 65535));
        assert!(pack_event(1, 2) > pack_event(1, 1));
        // The end of the last step fits into a word.
        assert_eq!(pack_event(EVENT_STEPS_MAX - 1, 0).checked_add(1 << 16), Some(0xFFFF_0000));
    }
}
