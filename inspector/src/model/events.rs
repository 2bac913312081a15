//! The events seen so far. The page keeps the last few hundred; while somebody looks, more are remembered.

use std::collections::VecDeque;

use rjit_telemetry::{Event, Snapshot};

/// Events that are remembered.
const LENGTH: usize = 10_000;

/// All events seen, oldest first.
#[derive(Clone, Debug, Default)]
pub struct EventLog {
    events: VecDeque<Event>,
    /// Events that nobody has seen: they left the ring before a look, or this log because it is full.
    pub lost: u64,
}

impl EventLog {
    /// Adds what is new.
    pub fn take_in(&mut self, snapshot: &Snapshot) {
        let next = self.events.back().map_or(0, |event| event.number + 1);
        self.events.extend(snapshot.events.iter().filter(|event| event.number >= next).cloned());
        let surplus = self.events.len().saturating_sub(LENGTH);
        self.events.drain(..surplus);
        let written = self.events.back().map_or(snapshot.events_lost, |event| event.number + 1);
        self.lost = written.saturating_sub(self.events.len() as u64);
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.events.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn numbered(numbers: std::ops::Range<u64>) -> Snapshot {
        let mut snapshot = sample::snapshot();
        let event = snapshot.events[0].clone();
        snapshot.events_lost = numbers.start;
        snapshot.events = numbers.map(|number| Event { number, ..event.clone() }).collect();
        snapshot
    }

    #[test]
    fn events_outlive_the_ring() {
        let mut log = EventLog::default();
        log.take_in(&numbered(4..9));
        log.take_in(&numbered(7..12));
        log.take_in(&numbered(7..12));
        assert_eq!(log.iter().map(|event| event.number).collect::<Vec<_>>(), (4..12).collect::<Vec<_>>());
        assert_eq!(log.lost, 4);
        log.take_in(&numbered(20..22));
        assert_eq!((log.iter().len(), log.lost), (10, 12));
    }

    #[test]
    fn the_log_is_limited() {
        let mut log = EventLog::default();
        log.take_in(&numbered(0..LENGTH as u64 + 7));
        assert_eq!((log.iter().len(), log.lost), (LENGTH, 7));
    }
}
