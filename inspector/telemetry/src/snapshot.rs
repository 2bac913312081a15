//! What a page said at one moment: bytes in, plain data out.
//!
//! The bytes come from another process and may be anything. Whatever they are, parsing ends with data or with an error that
//! names the fault; nothing is trusted that was not checked against the length first.

use crate::layout::{self, event, header, slot};
use crate::text;

/// Why bytes are not a page that this version can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The bytes do not begin with the magic.
    #[error("it does not begin like a page of rjit")]
    NotAPage,
    /// The page has another major version than this reader.
    #[error("it has layout version {found}, and this reader knows version {known}", known = layout::MAJOR)]
    OtherVersion {
        /// The page's major version.
        found: u16,
    },
    /// The page contradicts itself or its size.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

/// Whose page this is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Minor version of the layout.
    pub minor: u16,
    /// The process that writes the page.
    pub pid: u32,
    /// When that process started, in clock ticks since boot.
    pub start_ticks: u64,
    /// When the page was made, nanoseconds since 1970.
    pub created_unix_ns: u64,
    /// When the page was made, nanoseconds of the monotonic clock.
    pub created_monotonic_ns: u64,
    /// Version of Python.
    pub python: String,
    /// Version of rjit.
    pub rjit: String,
}

impl Identity {
    /// Nanoseconds since the page was made, which is the clock of executables and events.
    pub fn age_ns(&self) -> u64 {
        monotonic_ns().saturating_sub(self.created_monotonic_ns)
    }
}

/// The counters that belong to no executable in the table. See the `COUNTER_*` constants of [`layout`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Entries of executables that have left the table.
    pub entries: u64,
    /// Deopts of executables that have left the table.
    pub deopts: u64,
    /// Reifications of executables that have left the table.
    pub reifications: u64,
    /// Executables compiled.
    pub compiles: u64,
    /// Compilations refused.
    pub refusals: u64,
    /// Nanoseconds spent compiling.
    pub compile_ns: u64,
    /// Bytes of machine code that exist now.
    pub code_bytes: u64,
    /// Hotness events evaluated.
    pub evaluations: u64,
    /// Executables invalidated.
    pub invalidations: u64,
    /// Executables retired.
    pub retirements: u64,
    /// Executables that found the table full.
    pub overflow: u64,
}

/// Sums over all executables, those that have left the table included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Entries into compiled code.
    pub entries: u64,
    /// Deopts back to the interpreter.
    pub deopts: u64,
    /// Frames completed because somebody looked.
    pub reifications: u64,
}

/// What was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A whole function, from its entry.
    Function,
    /// A loop, entered while it runs.
    Loop,
    /// Not one executable, but all that found the table full.
    Overflow,
    /// A kind that only a newer version knows.
    Unknown(u8),
}

/// Whether an executable can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is entered.
    Live,
    /// An assumption no longer holds: it is not entered any more, but frames may still run in it.
    Invalidated,
    /// Its machine code is gone.
    Retired,
    /// A state that only a newer version knows.
    Unknown(u8),
}

/// One executable of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// Index of its slot.
    pub slot: u32,
    /// How many executables had this slot before: with the slot, an identity.
    pub generation: u32,
    /// Qualified name of the code object.
    pub qualname: String,
    /// File of the code object.
    pub filename: String,
    /// First line of the code object.
    pub first_line: u32,
    /// For a loop the loop's line, otherwise the first line.
    pub line: u32,
    /// What was compiled.
    pub kind: Kind,
    /// Whether it can run.
    pub state: State,
    /// Address of the machine code.
    pub address: u64,
    /// Size of the machine code in bytes.
    pub size: u64,
    /// When it was made, nanoseconds since the page was.
    pub created_ns: u64,
    /// How long compiling it took, in nanoseconds.
    pub compile_ns: u64,
    /// Times it was entered.
    pub entries: u64,
    /// Times it went back to the interpreter because a guess failed.
    pub deopts: u64,
    /// Times one of its frames was completed.
    pub reifications: u64,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An executable was made.
    Compiled,
    /// A compilation was refused.
    Refused,
    /// Compiled code went back to the interpreter.
    Deopt,
    /// An executable was invalidated.
    Invalidated,
    /// An executable was retired.
    Retired,
    /// A frame was completed.
    Reified,
    /// The compiler was turned on.
    Enabled,
    /// The compiler was turned off.
    Disabled,
    /// A kind that only a newer version knows.
    Unknown(u8),
}

/// One event of the ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number, counted from zero without gaps.
    pub number: u64,
    /// When, in nanoseconds since the page was made.
    pub time_ns: u64,
    /// What happened.
    pub kind: EventKind,
    /// Slot and generation of the executable concerned.
    pub executable: Option<(u32, u32)>,
    /// Source line, if one is known.
    pub line: Option<u32>,
    /// Qualified name of the code concerned.
    pub subject: String,
    /// Why, in a few words.
    pub reason: String,
}

/// A whole page at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose page it is.
    pub identity: Identity,
    /// The writer has closed the page: its numbers no longer change.
    pub closed: bool,
    /// The counters of the process.
    pub counters: Counters,
    /// The executables, in the order of their slots.
    pub executables: Vec<Executable>,
    /// Slots that were being written each time they were looked at, and are missing here.
    pub torn_slots: usize,
    /// The events still in the ring, oldest first.
    pub events: Vec<Event>,
    /// Events that were written but are no longer, or not yet completely, in the ring.
    pub events_lost: u64,
}

impl Snapshot {
    /// Reads the bytes of a page.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let geometry = Geometry::parse(bytes)?;
        let (executables, torn_slots) = parse_slots(bytes, &geometry);
        let (events, events_lost) = parse_events(bytes, &geometry);
        Ok(Self {
            identity: parse_identity(bytes),
            closed: u64_at(bytes, header::FLAGS) & header::FLAG_CLOSED != 0,
            counters: parse_counters(bytes, &geometry),
            executables,
            torn_slots,
            events,
            events_lost,
        })
    }

    /// The sums over all executables.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            entries: self.counters.entries,
            deopts: self.counters.deopts,
            reifications: self.counters.reifications,
        };
        for executable in &self.executables {
            totals.entries = totals.entries.wrapping_add(executable.entries);
            totals.deopts = totals.deopts.wrapping_add(executable.deopts);
            totals.reifications = totals.reifications.wrapping_add(executable.reifications);
        }
        totals
    }
}

/// Where the areas of a page are, checked to lie in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub counters: usize,
    pub counter_count: usize,
    pub events: usize,
    pub event_size: usize,
    pub event_capacity: usize,
    pub slots: usize,
    pub slot_size: usize,
    pub slot_capacity: usize,
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
        let geometry = Self {
            counters: at(header::COUNTERS),
            counter_count: at(header::COUNTERS + 4),
            events: at(header::EVENTS),
            event_size: at(header::EVENTS + 4),
            event_capacity: at(header::EVENT_CAPACITY),
            slots: at(header::SLOTS),
            slot_size: at(header::SLOTS + 4),
            slot_capacity: at(header::SLOT_CAPACITY),
            length,
        };
        geometry.check()?;
        Ok(geometry)
    }

    /// Number of slots that were used, without the overflow slot.
    pub fn slots_used(&self, written: u64) -> usize {
        usize::try_from(written).unwrap_or(usize::MAX).min(self.overflow_slot())
    }

    /// Index of the overflow slot.
    pub fn overflow_slot(&self) -> usize {
        self.slot_capacity - 1
    }

    /// The slots worth reading.
    pub fn slots_in_use(&self, written: u64) -> impl Iterator<Item = usize> + use<> {
        (0..self.slots_used(written)).chain([self.overflow_slot()])
    }

    /// The numbers of the events that can still be in the ring.
    pub fn events_in_ring(&self, written: u64) -> std::ops::Range<u64> {
        written.saturating_sub(self.event_capacity as u64)..written
    }

    /// Offset of the record of an event.
    pub fn event_offset(&self, number: u64) -> usize {
        self.events + (number % self.event_capacity as u64) as usize * self.event_size
    }

    /// Offset of a slot.
    pub fn slot_offset(&self, index: usize) -> usize {
        self.slots + index * self.slot_size
    }

    fn check(&self) -> Result<(), ParseError> {
        let areas = [
            (self.counters, 8, self.counter_count, 8, "its counters do not fit"),
            (self.events, self.event_size, self.event_capacity, layout::EVENT_SIZE, "its events do not fit"),
            (self.slots, self.slot_size, self.slot_capacity, layout::SLOT_SIZE, "its slots do not fit"),
        ];
        for (offset, size, count, least, fault) in areas {
            let end = size.checked_mul(count).and_then(|bytes| bytes.checked_add(offset));
            let inside = offset >= layout::HEADER_SIZE && end.is_some_and(|end| end <= self.length);
            if !inside || size < least || count == 0 || !offset.is_multiple_of(8) || !size.is_multiple_of(8) {
                return Err(ParseError::Damaged(fault));
            }
        }
        Ok(())
    }
}

/// The monotonic clock in nanoseconds.
pub(crate) fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn parse_identity(bytes: &[u8]) -> Identity {
    Identity {
        minor: u16_at(bytes, header::VERSION_AND_PID + 2),
        pid: u32_at(bytes, header::VERSION_AND_PID + 4),
        start_ticks: u64_at(bytes, header::START_TICKS),
        created_unix_ns: u64_at(bytes, header::CREATED_REALTIME),
        created_monotonic_ns: u64_at(bytes, header::CREATED_MONOTONIC),
        python: text_at(bytes, header::PYTHON, header::VERSION_TEXT),
        rjit: text_at(bytes, header::RJIT, header::VERSION_TEXT),
    }
}

fn parse_counters(bytes: &[u8], geometry: &Geometry) -> Counters {
    let at = |index: usize| {
        if index < geometry.counter_count { u64_at(bytes, geometry.counters + index * 8) } else { 0 }
    };
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

fn parse_slots(bytes: &[u8], geometry: &Geometry) -> (Vec<Executable>, usize) {
    let mut executables = Vec::new();
    let mut torn = 0;
    for index in geometry.slots_in_use(u64_at(bytes, header::SLOTS_USED)) {
        let record = &bytes[geometry.slot_offset(index)..][..layout::SLOT_SIZE];
        match u64_at(record, slot::SEQUENCE) {
            0 => {}
            sequence if !sequence.is_multiple_of(2) => torn += 1,
            _ => executables.push(parse_executable(record, index as u32)),
        }
    }
    (executables, torn)
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

impl Kind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Function => 1,
            Self::Loop => 2,
            Self::Overflow => 3,
            Self::Unknown(code) => code,
        }
    }

    fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Function,
            2 => Self::Loop,
            3 => Self::Overflow,
            other => Self::Unknown(other),
        }
    }
}

impl State {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Live => 1,
            Self::Invalidated => 2,
            Self::Retired => 3,
            Self::Unknown(code) => code,
        }
    }

    fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Live,
            2 => Self::Invalidated,
            3 => Self::Retired,
            other => Self::Unknown(other),
        }
    }
}

impl EventKind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Compiled => 1,
            Self::Refused => 2,
            Self::Deopt => 3,
            Self::Invalidated => 4,
            Self::Retired => 5,
            Self::Reified => 6,
            Self::Enabled => 7,
            Self::Disabled => 8,
            Self::Unknown(code) => code,
        }
    }

    fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Compiled,
            2 => Self::Refused,
            3 => Self::Deopt,
            4 => Self::Invalidated,
            5 => Self::Retired,
            6 => Self::Reified,
            7 => Self::Enabled,
            8 => Self::Disabled,
            other => Self::Unknown(other),
        }
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
