//! From the bytes of a page to a [`Snapshot`].
//!
//! The bytes come from another process and may be anything. Whatever they are, parsing ends with data or with an error that
//! names the fault; nothing is trusted that was not checked against the length first.

use crate::layout::{self, event, header, refusal, site, slot};
use crate::snapshot::{
    Counters, Event, EventKind, Executable, Identity, Kind, ParseError, Refused, Site, SiteKind, Snapshot, State,
};
use crate::text;

impl Snapshot {
    /// Reads the bytes of a page.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let geometry = Geometry::parse(bytes)?;
        let (executables, torn_slots) = parse_slots(bytes, &geometry);
        let sites_in_use = geometry.sites.in_use(u64_at(bytes, header::SITES_USED));
        let (sites, torn_sites) = parse_records(bytes, &geometry.sites, sites_in_use, layout::SITE_SIZE, parse_site);
        let refused_in_use = geometry.refusals.in_use(u64_at(bytes, header::REFUSALS_USED));
        let (refused, torn_refused) =
            parse_records(bytes, &geometry.refusals, refused_in_use, layout::REFUSAL_SIZE, parse_refused);
        let (events, events_lost) = parse_events(bytes, &geometry);
        Ok(Self {
            identity: parse_identity(bytes),
            closed: u64_at(bytes, header::FLAGS) & header::FLAG_CLOSED != 0,
            counters: parse_counters(bytes, &geometry),
            executables,
            torn_slots: torn_slots + torn_sites + torn_refused,
            sites,
            sites_lost: counter_at(bytes, &geometry, layout::COUNTER_SITES_LOST),
            refused,
            refused_lost: counter_at(bytes, &geometry, layout::COUNTER_REFUSALS_LOST),
            events,
            events_lost,
        })
    }
}

/// Records of one size, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub offset: usize,
    pub size: usize,
    pub capacity: usize,
}

impl Area {
    /// Offset of a record.
    pub fn at(&self, index: usize) -> usize {
        self.offset + index * self.size
    }

    /// The records worth reading, of which so many were written.
    pub fn in_use(&self, written: u64) -> std::ops::Range<usize> {
        0..usize::try_from(written).unwrap_or(usize::MAX).min(self.capacity)
    }
}

/// Where the areas of a page are, checked to lie in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub counters: Area,
    pub events: Area,
    pub slots: Area,
    pub sites: Area,
    pub refusals: Area,
    length: usize,
}

impl Geometry {
    /// Reads the geometry from bytes that are a whole page.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::of_header(bytes, bytes.len())
    }

    /// Reads the geometry from a header, for a page of `length` bytes.
    pub fn of_header(bytes: &[u8], length: usize) -> Result<Self, ParseError> {
        if bytes.len() < layout::HEADER_SIZE || length < layout::HEADER_SIZE {
            return Err(if bytes.starts_with(&layout::MAGIC) {
                ParseError::Damaged("it ends within its header")
            } else {
                ParseError::NotAPage
            });
        }
        if !bytes.starts_with(&layout::MAGIC) {
            return Err(ParseError::NotAPage);
        }
        let found = u16_at(bytes, header::VERSION_AND_PID);
        if found != layout::MAJOR {
            return Err(ParseError::OtherVersion { found });
        }
        let at = |offset| u32_at(bytes, offset) as usize;
        let area = |place, capacity| Area { offset: at(place), size: at(place + 4), capacity: at(capacity) };
        let geometry = Self {
            counters: Area { offset: at(header::COUNTERS), size: 8, capacity: at(header::COUNTERS + 4) },
            events: area(header::EVENTS, header::EVENT_CAPACITY),
            slots: area(header::SLOTS, header::SLOT_CAPACITY),
            sites: area(header::SITES, header::SITE_CAPACITY),
            refusals: area(header::REFUSALS, header::REFUSAL_CAPACITY),
            length,
        };
        geometry.check()?;
        Ok(geometry)
    }

    /// Index of the overflow slot.
    pub fn overflow_slot(&self) -> usize {
        self.slots.capacity - 1
    }

    /// The slots worth reading.
    pub fn slots_in_use(&self, written: u64) -> impl Iterator<Item = usize> + use<> {
        let overflow = self.overflow_slot();
        self.slots.in_use(written).filter(move |index| *index != overflow).chain([overflow])
    }

    /// The numbers of the events that can still be in the ring.
    pub fn events_in_ring(&self, written: u64) -> std::ops::Range<u64> {
        written.saturating_sub(self.events.capacity as u64)..written
    }

    /// Offset of the record of an event.
    pub fn event_offset(&self, number: u64) -> usize {
        self.events.at((number % self.events.capacity as u64) as usize)
    }

    fn check(&self) -> Result<(), ParseError> {
        let areas = [
            (self.counters, 8, "its counters do not fit"),
            (self.events, layout::EVENT_SIZE, "its events do not fit"),
            (self.slots, layout::SLOT_SIZE, "its slots do not fit"),
            (self.sites, layout::SITE_SIZE, "its sites do not fit"),
            (self.refusals, layout::REFUSAL_SIZE, "its refusals do not fit"),
        ];
        for (Area { offset, size, capacity }, least, fault) in areas {
            let end = size.checked_mul(capacity).and_then(|bytes| bytes.checked_add(offset));
            let inside = offset >= layout::HEADER_SIZE && end.is_some_and(|end| end <= self.length);
            if !inside || size < least || capacity == 0 || !offset.is_multiple_of(8) || !size.is_multiple_of(8) {
                return Err(ParseError::Damaged(fault));
            }
        }
        Ok(())
    }
}

fn parse_identity(bytes: &[u8]) -> Identity {
    Identity {
        minor: u16_at(bytes, header::VERSION_AND_PID + 2),
        pid: u32_at(bytes, header::VERSION_AND_PID + 4),
        parent_pid: Some(u32_at(bytes, header::PARENT)).filter(|&pid| pid != 0),
        start_ticks: u64_at(bytes, header::START_TICKS),
        created_unix_ns: u64_at(bytes, header::CREATED_REALTIME),
        created_monotonic_ns: u64_at(bytes, header::CREATED_MONOTONIC),
        python: text_at(bytes, header::PYTHON, header::VERSION_TEXT),
        rjit: text_at(bytes, header::RJIT, header::VERSION_TEXT),
    }
}

fn parse_counters(bytes: &[u8], geometry: &Geometry) -> Counters {
    let at = |index| counter_at(bytes, geometry, index);
    Counters {
        entries: at(layout::COUNTER_ENTRIES),
        deopts: at(layout::COUNTER_DEOPTS),
        reifications: at(layout::COUNTER_REIFICATIONS),
        compiles: at(layout::COUNTER_COMPILES),
        refusals: at(layout::COUNTER_REFUSALS),
        compile_ns: at(layout::COUNTER_COMPILE_NS),
        code_bytes: at(layout::COUNTER_CODE_BYTES),
        evaluations: at(layout::COUNTER_EVALUATIONS),
        invalidations: at(layout::COUNTER_INVALIDATIONS),
        retirements: at(layout::COUNTER_RETIREMENTS),
        overflow: at(layout::COUNTER_OVERFLOW),
    }
}

fn counter_at(bytes: &[u8], geometry: &Geometry, index: usize) -> u64 {
    if index < geometry.counters.capacity { u64_at(bytes, geometry.counters.at(index)) } else { 0 }
}

fn parse_slots(bytes: &[u8], geometry: &Geometry) -> (Vec<Executable>, usize) {
    let in_use = geometry.slots_in_use(u64_at(bytes, header::SLOTS_USED));
    parse_records(bytes, &geometry.slots, in_use, layout::SLOT_SIZE, parse_executable)
}

/// The records of a table that are complete, and how many are not. A sequence comes first in each.
fn parse_records<T>(
    bytes: &[u8],
    area: &Area,
    in_use: impl Iterator<Item = usize>,
    size: usize,
    parse: impl Fn(&[u8], u32) -> T,
) -> (Vec<T>, usize) {
    let mut found = Vec::new();
    let mut torn = 0;
    for index in in_use {
        let record = &bytes[area.at(index)..][..size];
        match u64_at(record, slot::SEQUENCE) {
            0 => {}
            sequence if !sequence.is_multiple_of(2) => torn += 1,
            _ => found.push(parse(record, index as u32)),
        }
    }
    (found, torn)
}

fn parse_site(record: &[u8], _: u32) -> Site {
    let some = |offset, size| Some(text_at(record, offset, size)).filter(|text| !text.is_empty());
    Site {
        kind: SiteKind::from_code(record[site::KIND]),
        slot: u32_at(record, site::SLOT),
        generation: u32_at(record, site::GENERATION),
        qualname: text_at(record, site::QUALNAME, site::QUALNAME_SIZE),
        filename: text_at(record, site::FILENAME, site::FILENAME_SIZE),
        line: u32_at(record, site::LINE),
        reason: text_at(record, site::REASON, site::REASON_SIZE),
        opcode: text_at(record, site::OPCODE, site::OPCODE_SIZE),
        expected: some(site::EXPECTED, site::EXPECTED_SIZE),
        seen: some(site::SEEN, site::SEEN_SIZE),
        observer: some(site::OBSERVER, site::OBSERVER_SIZE),
        count: u64_at(record, site::COUNT),
        first_ns: u64_at(record, site::FIRST),
        last_ns: u64_at(record, site::LAST),
    }
}

fn parse_refused(record: &[u8], _: u32) -> Refused {
    Refused {
        qualname: text_at(record, refusal::QUALNAME, refusal::QUALNAME_SIZE),
        filename: text_at(record, refusal::FILENAME, refusal::FILENAME_SIZE),
        first_line: u32_at(record, refusal::FIRST_LINE),
        line: u32_at(record, refusal::LINE),
        construct: text_at(record, refusal::CONSTRUCT, refusal::CONSTRUCT_SIZE),
        count: u64_at(record, refusal::COUNT),
        first_ns: u64_at(record, refusal::FIRST),
        last_ns: u64_at(record, refusal::LAST),
    }
}

fn parse_executable(record: &[u8], index: u32) -> Executable {
    Executable {
        slot: index,
        generation: u32_at(record, slot::GENERATION),
        qualname: text_at(record, slot::QUALNAME, slot::QUALNAME_SIZE),
        filename: text_at(record, slot::FILENAME, slot::FILENAME_SIZE),
        first_line: u32_at(record, slot::FIRST_LINE),
        line: u32_at(record, slot::LINE),
        kind: Kind::from_code(record[slot::KIND]),
        state: State::from_code(record[slot::STATE]),
        address: u64_at(record, slot::ADDRESS),
        size: u64_at(record, slot::SIZE),
        created_ns: u64_at(record, slot::CREATED),
        compile_ns: u64_at(record, slot::COMPILE_NS),
        entries: u64_at(record, layout::ENTRIES_OFFSET),
        deopts: u64_at(record, layout::DEOPTS_OFFSET),
        reifications: u64_at(record, layout::REIFICATIONS_OFFSET),
    }
}

fn parse_events(bytes: &[u8], geometry: &Geometry) -> (Vec<Event>, u64) {
    let written = u64_at(bytes, header::EVENTS_WRITTEN);
    let mut events = Vec::new();
    for number in geometry.events_in_ring(written) {
        let record = &bytes[geometry.event_offset(number)..][..layout::EVENT_SIZE];
        if u64_at(record, event::NUMBER) == number.wrapping_add(1) {
            events.push(parse_event(record, number));
        }
    }
    let lost = written - events.len() as u64;
    (events, lost)
}

fn parse_event(record: &[u8], number: u64) -> Event {
    let slot = u32_at(record, event::SLOT);
    let line = u32_at(record, event::LINE);
    Event {
        number,
        time_ns: u64_at(record, event::TIME),
        kind: EventKind::from_code(record[event::KIND]),
        executable: (slot != event::NO_SLOT).then(|| (slot, u32_at(record, event::GENERATION))),
        line: (line != 0).then_some(line),
        subject: text_at(record, event::SUBJECT, event::SUBJECT_SIZE),
        reason: text_at(record, event::REASON, event::REASON_SIZE),
    }
}

fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    *bytes[offset..].first_chunk().expect("the geometry was checked against the length")
}

fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(bytes_at(bytes, offset))
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes_at(bytes, offset))
}

fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(bytes_at(bytes, offset))
}

fn text_at(bytes: &[u8], offset: usize, size: usize) -> String {
    text::load(&bytes[offset..][..size])
}
