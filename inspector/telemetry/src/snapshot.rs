//! What a page said at one moment, as plain data.

use serde::{Deserialize, Serialize};

use crate::layout;

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Minor version of the layout.
    pub minor: u16,
    /// The process that writes the page.
    pub pid: u32,
    /// Its parent process when the page was made, if it was in the same pid namespace.
    pub parent_pid: Option<u32>,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Entries into compiled code.
    pub entries: u64,
    /// Deopts back to the interpreter.
    pub deopts: u64,
    /// Frames completed because somebody looked.
    pub reifications: u64,
}

/// What was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A whole function, from its entry.
    Function,
    /// A loop, entered while it runs.
    Loop,
    /// Not one executable, but all that found the table full.
    Overflow,
    /// A generator, entered where it goes on.
    Generator,
    /// A kind that only a newer version knows.
    Unknown(u8),
}

/// Whether an executable can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What made frames go on in the interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SiteKind {
    /// A guess of the compiler failed.
    Deopt,
    /// Somebody looked at the frame or changed it.
    Reification,
    /// A kind that only a newer version knows.
    Unknown(u8),
}

/// A place in the source where frames went on in the interpreter, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// What it was.
    pub kind: SiteKind,
    /// Slot of the executable that was left last.
    pub slot: u32,
    /// Generation of that slot.
    pub generation: u32,
    /// Qualified name of the function whose frame it was: of the callee where that is a part of the executable.
    pub qualname: String,
    /// File of that function.
    pub filename: String,
    /// Source line, zero when there is none.
    pub line: u32,
    /// Reason of the deopt or cause of the reification, in words.
    pub reason: String,
    /// Name of the bytecode instruction.
    pub opcode: String,
    /// What the guess expected.
    pub expected: Option<String>,
    /// What there was instead; of values that change, the last.
    pub seen: Option<String>,
    /// Who looked, as `FUNCTION FILE:LINE`.
    pub observer: Option<String>,
    /// How many frames went on in the interpreter here.
    pub count: u64,
    /// When the first did, nanoseconds since the page was made.
    pub first_ns: u64,
    /// When the last did, likewise.
    pub last_ns: u64,
}

/// Code that is not compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Qualified name of the code object.
    pub qualname: String,
    /// File of the code object.
    pub filename: String,
    /// First line of the code object.
    pub first_line: u32,
    /// Line of what prevents compiling.
    pub line: u32,
    /// What prevents it, in words.
    pub construct: String,
    /// Attempts that came to this end.
    pub count: u64,
    /// When the first was, nanoseconds since the page was made.
    pub first_ns: u64,
    /// When the last was, likewise.
    pub last_ns: u64,
}

/// A whole page at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Whose page it is.
    pub identity: Identity,
    /// The writer has closed the page: its numbers no longer change.
    pub closed: bool,
    /// The counters of the process.
    pub counters: Counters,
    /// The executables, in the order of their slots.
    pub executables: Vec<Executable>,
    /// Slots, sites and refusals that were being written each time they were looked at, and are missing here.
    pub torn_slots: usize,
    /// The places where frames went on in the interpreter, in the order in which they came up.
    pub sites: Vec<Site>,
    /// Frames that went on in the interpreter at places that found the table full.
    pub sites_lost: u64,
    /// The code that is not compiled, in the order in which it came up.
    pub refused: Vec<Refused>,
    /// Attempts to compile that found the table of refusals full.
    pub refused_lost: u64,
    /// The events still in the ring, oldest first.
    pub events: Vec<Event>,
    /// Events that were written but are no longer, or not yet completely, in the ring.
    pub events_lost: u64,
}

impl Snapshot {
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

/// The monotonic clock in nanoseconds.
pub(crate) fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

impl Kind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Function => 1,
            Self::Loop => 2,
            Self::Overflow => 3,
            Self::Generator => 4,
            Self::Unknown(code) => code,
        }
    }

    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Function,
            2 => Self::Loop,
            3 => Self::Overflow,
            4 => Self::Generator,
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

    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Live,
            2 => Self::Invalidated,
            3 => Self::Retired,
            other => Self::Unknown(other),
        }
    }
}

impl SiteKind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Deopt => 1,
            Self::Reification => 2,
            Self::Unknown(code) => code,
        }
    }

    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Deopt,
            2 => Self::Reification,
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

    pub(crate) fn from_code(code: u8) -> Self {
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
