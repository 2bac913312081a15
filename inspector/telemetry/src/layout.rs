//! The layout of the page, field by field. Nothing else in the project knows these numbers.
//!
//! Everything is little-endian and every field that changes lies in a naturally aligned 64-bit word, because both sides
//! touch the page by 64-bit atomic accesses only. A page has six areas, whose places and sizes the header states:
//!
//! | area     | offset  | size                       | written by                                    |
//! |----------|---------|----------------------------|-----------------------------------------------|
//! | header   | 0       | 4096                       | the page's creator; five words change later   |
//! | counters | 4096    | 8 * number of counters     | anybody, by relaxed atomic additions          |
//! | events   | 8192    | 192 * [`EVENT_CAPACITY`]   | one record at a time, in a ring               |
//! | slots    | 204800  | 384 * [`SLOT_CAPACITY`]    | descriptions by the writer, counters by machine code |
//! | sites    | 1777664 | 704 * [`SITE_CAPACITY`]    | the writer, one record at a time              |
//! | refusals | 4661248 | 448 * [`REFUSAL_CAPACITY`] | the writer, one record at a time              |
//!
//! # Versions
//!
//! A reader refuses a page of another **major** version. A higher **minor** version may append counters, use reserved
//! bytes, add kinds and states, and make records longer: readers take the record sizes from the header, so they read newer
//! minor versions, and they take counters that an older page does not have as zero.
//!
//! Version 1 had no sites, no refusals, no parent and a shorter event ring.
//!
//! # Header
//!
//! | offset | type     | field |
//! |--------|----------|-------|
//! | 0      | [u8; 8]  | magic, [`MAGIC`]; stored last, so who sees it sees a complete header |
//! | 8      | u16      | major version |
//! | 10     | u16      | minor version |
//! | 12     | u32      | pid |
//! | 16     | u64      | start time of the process, field 22 of `/proc/PID/stat`: tells a reused pid from the writer |
//! | 24     | u64      | creation of the page, CLOCK_REALTIME in nanoseconds |
//! | 32     | u64      | creation of the page, CLOCK_MONOTONIC in nanoseconds; all other times count from here |
//! | 40     | u32      | offset of the counters |
//! | 44     | u32      | number of counters |
//! | 48     | u32      | offset of the events |
//! | 52     | u32      | size of an event record |
//! | 56     | u32      | capacity of the event ring |
//! | 60     | u32      | pid of the parent process when the page was made, or zero if it is in another pid namespace |
//! | 64     | u32      | offset of the slots |
//! | 68     | u32      | size of a slot |
//! | 72     | u32      | capacity of the slot table |
//! | 76     | u32      | reserved |
//! | 80     | u32      | offset of the sites |
//! | 84     | u32      | size of a site |
//! | 88     | u32      | capacity of the site table |
//! | 92     | u32      | reserved |
//! | 96     | u32      | offset of the refusals |
//! | 100    | u32      | size of a refusal |
//! | 104    | u32      | capacity of the refusal table |
//! | 108    | u32      | reserved |
//! | 112    | u64      | slots used so far: no slot at or above this index was ever written, but for the overflow slot. Changes |
//! | 120    | u64      | events written so far; the next goes to this number modulo the capacity. Changes |
//! | 128    | u64      | sites used so far: none at or above this index was ever written. Changes |
//! | 136    | u64      | refusals used so far, likewise. Changes |
//! | 144    | u64      | flags, bit 0: the writer has closed the page. Changes |
//! | 160    | [u8; 32] | version of Python, text |
//! | 192    | [u8; 32] | version of rjit, text |
//!
//! Texts are UTF-8, padded with zero bytes, and may fill their field.
//!
//! # Counters
//!
//! One u64 each, in the order of the `COUNTER_*` indexes below.
//!
//! # Slot
//!
//! One executable. The words from `ADDRESS` to the end are guarded by the sequence: odd while they are being written, zero
//! in a slot that was never used. The three counters are not guarded; machine code increments them by address.
//!
//! | offset | type      | field |
//! |--------|-----------|-------|
//! | 0      | u64       | sequence |
//! | 8      | u64       | entries |
//! | 16     | u64       | deopts |
//! | 24     | u64       | reifications |
//! | 32     | u64       | address of the machine code |
//! | 40     | u64       | size of the machine code in bytes |
//! | 48     | u64       | time of creation, nanoseconds since the page's creation |
//! | 56     | u64       | time it took to compile, nanoseconds |
//! | 64     | u32       | generation: how many executables had this slot before |
//! | 68     | u32       | first line of the code object |
//! | 72     | u32       | line: for a loop or a generator where it is entered, otherwise the first line |
//! | 76     | u8        | kind: 1 function, 2 loop, 3 overflow, 4 generator |
//! | 77     | u8        | state: 1 live, 2 invalidated, 3 retired |
//! | 78     | [u8; 2]   | reserved |
//! | 80     | [u8; 96]  | qualified name, text |
//! | 176    | [u8; 160] | file name, text |
//! | 336    | [u8; 48]  | reserved |
//!
//! The last slot of the table is the overflow slot: it is never given to one executable, but its counters count for all
//! executables that found the table full. Its kind is 3 as soon as there is one.
//!
//! # Site
//!
//! One place in the source where frames went on in the interpreter, with what was expected there and what was found. The
//! same place of code that was compiled anew keeps its site. The words from `FIRST` to the end are guarded by the sequence,
//! as in a slot; count, time and executable change with each frame.
//!
//! | offset | type      | field |
//! |--------|-----------|-------|
//! | 0      | u64       | sequence |
//! | 8      | u64       | count: frames that went on in the interpreter here |
//! | 16     | u64       | time of the last, nanoseconds since the page's creation |
//! | 24     | u32       | slot of the executable that was left last |
//! | 28     | u32       | its generation |
//! | 32     | u64       | time of the first, nanoseconds since the page's creation |
//! | 40     | u32       | source line, or zero for none |
//! | 44     | u8        | kind: 1 deopt, 2 reification |
//! | 45     | [u8; 3]   | reserved |
//! | 48     | [u8; 32]  | name of the bytecode instruction, text |
//! | 80     | [u8; 64]  | reason of the deopt or cause of the reification, text |
//! | 144    | [u8; 96]  | qualified name of the function whose frame it was, text |
//! | 240    | [u8; 160] | its file name, text |
//! | 400    | [u8; 64]  | what was expected, text; empty when nothing is known |
//! | 464    | [u8; 64]  | what was seen, text; empty when nothing is known |
//! | 528    | [u8; 176] | who observed: `FUNCTION FILE:LINE`, text; empty for a deopt |
//!
//! # Refusal
//!
//! Code that is not compiled, and what prevents it. The words from `FIRST` to the end are guarded by the sequence.
//!
//! | offset | type      | field |
//! |--------|-----------|-------|
//! | 0      | u64       | sequence |
//! | 8      | u64       | count: attempts that came to this end |
//! | 16     | u64       | time of the last, nanoseconds since the page's creation |
//! | 24     | u64       | time of the first, likewise |
//! | 32     | u32       | first line of the code object |
//! | 36     | u32       | line of the construct |
//! | 40     | u64       | reserved |
//! | 48     | [u8; 96]  | qualified name, text |
//! | 144    | [u8; 160] | file name, text |
//! | 304    | [u8; 144] | the construct in words, text |
//!
//! # Event
//!
//! | offset | type     | field |
//! |--------|----------|-------|
//! | 0      | u64      | number of the event plus one; zero while the record is being written |
//! | 8      | u64      | time, nanoseconds since the page's creation |
//! | 16     | u32      | slot, or `u32::MAX` for none |
//! | 20     | u32      | generation of the slot |
//! | 24     | u32      | source line, or zero for none |
//! | 28     | u8       | kind: 1 compiled, 2 refused, 3 deopt, 4 invalidated, 5 retired, 6 reified, 7 enabled, 8 disabled |
//! | 29     | [u8; 3]  | reserved |
//! | 32     | [u8; 80] | subject: the qualified name, text |
//! | 112    | [u8; 80] | reason, text |

/// The first eight bytes of a page.
pub const MAGIC: [u8; 8] = *b"RJITPAGE";
/// Readers refuse other major versions.
pub const MAJOR: u16 = 2;
/// Readers accept other minor versions.
pub const MINOR: u16 = 0;

/// Size of the header, which is one page of memory.
pub const HEADER_SIZE: usize = 4096;

pub(crate) mod header {
    pub const VERSION_AND_PID: usize = 8;
    pub const START_TICKS: usize = 16;
    pub const CREATED_REALTIME: usize = 24;
    pub const CREATED_MONOTONIC: usize = 32;
    pub const COUNTERS: usize = 40;
    pub const EVENTS: usize = 48;
    /// Followed by the parent's pid.
    pub const EVENT_CAPACITY: usize = 56;
    pub const PARENT: usize = 60;
    pub const SLOTS: usize = 64;
    pub const SLOT_CAPACITY: usize = 72;
    pub const SITES: usize = 80;
    pub const SITE_CAPACITY: usize = 88;
    pub const REFUSALS: usize = 96;
    pub const REFUSAL_CAPACITY: usize = 104;
    pub const SLOTS_USED: usize = 112;
    pub const EVENTS_WRITTEN: usize = 120;
    pub const SITES_USED: usize = 128;
    pub const REFUSALS_USED: usize = 136;
    pub const FLAGS: usize = 144;
    pub const PYTHON: usize = 160;
    pub const RJIT: usize = 192;
    pub const VERSION_TEXT: usize = 32;
    pub const FLAG_CLOSED: u64 = 1;
}

/// Offset of the counters.
pub const COUNTERS_OFFSET: usize = HEADER_SIZE;
/// Number of counters this version writes.
pub const COUNTER_COUNT: usize = 13;
/// Entries of executables that have left the table.
pub const COUNTER_ENTRIES: usize = 0;
/// Deopts of executables that have left the table.
pub const COUNTER_DEOPTS: usize = 1;
/// Reifications of executables that have left the table.
pub const COUNTER_REIFICATIONS: usize = 2;
/// Executables compiled.
pub const COUNTER_COMPILES: usize = 3;
/// Compilations refused.
pub const COUNTER_REFUSALS: usize = 4;
/// Nanoseconds spent compiling, refused compilations included.
pub const COUNTER_COMPILE_NS: usize = 5;
/// Bytes of machine code that exist now. The one counter that also falls.
pub const COUNTER_CODE_BYTES: usize = 6;
/// Hotness events that the interpreter reported and the tier evaluated.
pub const COUNTER_EVALUATIONS: usize = 7;
/// Executables invalidated because an assumption no longer held.
pub const COUNTER_INVALIDATIONS: usize = 8;
/// Executables whose machine code has been given up.
pub const COUNTER_RETIREMENTS: usize = 9;
/// Executables that found the table full.
pub const COUNTER_OVERFLOW: usize = 10;
/// Frames that went on in the interpreter at places that found the site table full.
pub const COUNTER_SITES_LOST: usize = 11;
/// Refused attempts to compile that found the refusal table full.
pub const COUNTER_REFUSALS_LOST: usize = 12;

/// Offset of the event ring.
pub const EVENTS_OFFSET: usize = 8192;
/// Size of an event record.
pub const EVENT_SIZE: usize = 192;
/// Records in the event ring.
pub const EVENT_CAPACITY: usize = 1024;

pub(crate) mod event {
    pub const NUMBER: usize = 0;
    pub const TIME: usize = 8;
    pub const SLOT: usize = 16;
    pub const GENERATION: usize = 20;
    pub const LINE: usize = 24;
    pub const KIND: usize = 28;
    pub const SUBJECT: usize = 32;
    pub const SUBJECT_SIZE: usize = 80;
    pub const REASON: usize = 112;
    pub const REASON_SIZE: usize = 80;
    pub const NO_SLOT: u32 = u32::MAX;
}

/// Offset of the slot table.
pub const SLOTS_OFFSET: usize = EVENTS_OFFSET + EVENT_CAPACITY * EVENT_SIZE;
/// Size of a slot: six cache lines, so that two executables never share one.
pub const SLOT_SIZE: usize = 384;
/// Slots in the table, the overflow slot included.
pub const SLOT_CAPACITY: usize = 4096;
/// The slot that counts for all executables that found the table full.
pub const OVERFLOW_SLOT: usize = SLOT_CAPACITY - 1;

/// Offset in a slot of the counter of entries.
pub const ENTRIES_OFFSET: usize = 8;
/// Offset in a slot of the counter of deopts.
pub const DEOPTS_OFFSET: usize = 16;
/// Offset in a slot of the counter of reifications.
pub const REIFICATIONS_OFFSET: usize = 24;

pub(crate) mod slot {
    pub const SEQUENCE: usize = 0;
    /// Where the part that the sequence guards begins.
    pub const GUARDED: usize = ADDRESS;
    pub const ADDRESS: usize = 32;
    pub const SIZE: usize = 40;
    pub const CREATED: usize = 48;
    pub const COMPILE_NS: usize = 56;
    pub const GENERATION: usize = 64;
    pub const FIRST_LINE: usize = 68;
    pub const LINE: usize = 72;
    pub const KIND: usize = 76;
    pub const STATE: usize = 77;
    pub const QUALNAME: usize = 80;
    pub const QUALNAME_SIZE: usize = 96;
    pub const FILENAME: usize = 176;
    pub const FILENAME_SIZE: usize = 160;
}

/// Offset of the site table.
pub const SITES_OFFSET: usize = SLOTS_OFFSET + SLOT_CAPACITY * SLOT_SIZE;
/// Size of a site.
pub const SITE_SIZE: usize = 704;
/// Sites in the table.
pub const SITE_CAPACITY: usize = 4096;

pub(crate) mod site {
    pub const SEQUENCE: usize = 0;
    pub const COUNT: usize = 8;
    pub const LAST: usize = 16;
    pub const SLOT: usize = 24;
    pub const GENERATION: usize = 28;
    /// Where the part that the sequence guards begins.
    pub const GUARDED: usize = FIRST;
    pub const FIRST: usize = 32;
    pub const LINE: usize = 40;
    pub const KIND: usize = 44;
    pub const OPCODE: usize = 48;
    pub const OPCODE_SIZE: usize = 32;
    pub const REASON: usize = 80;
    pub const REASON_SIZE: usize = 64;
    pub const QUALNAME: usize = 144;
    pub const QUALNAME_SIZE: usize = 96;
    pub const FILENAME: usize = 240;
    pub const FILENAME_SIZE: usize = 160;
    pub const EXPECTED: usize = 400;
    pub const EXPECTED_SIZE: usize = 64;
    pub const SEEN: usize = 464;
    pub const SEEN_SIZE: usize = 64;
    pub const OBSERVER: usize = 528;
    pub const OBSERVER_SIZE: usize = 176;
}

/// Offset of the refusal table.
pub const REFUSALS_OFFSET: usize = SITES_OFFSET + SITE_CAPACITY * SITE_SIZE;
/// Size of a refusal.
pub const REFUSAL_SIZE: usize = 448;
/// Refusals in the table.
pub const REFUSAL_CAPACITY: usize = 2048;

pub(crate) mod refusal {
    pub const SEQUENCE: usize = 0;
    pub const COUNT: usize = 8;
    pub const LAST: usize = 16;
    /// Where the part that the sequence guards begins.
    pub const GUARDED: usize = FIRST;
    pub const FIRST: usize = 24;
    pub const FIRST_LINE: usize = 32;
    pub const LINE: usize = 36;
    pub const QUALNAME: usize = 48;
    pub const QUALNAME_SIZE: usize = 96;
    pub const FILENAME: usize = 144;
    pub const FILENAME_SIZE: usize = 160;
    pub const CONSTRUCT: usize = 304;
    pub const CONSTRUCT_SIZE: usize = 144;
}

/// Size of the whole page. The file is sparse: what is never touched takes no memory.
pub const PAGE_SIZE: usize = REFUSALS_OFFSET + REFUSAL_CAPACITY * REFUSAL_SIZE;
/// Readers map nothing larger, whatever a file says of itself. Leaves newer minor versions room to grow.
pub const LARGEST_PAGE: usize = 64 << 20;

const _: () = {
    assert!(COUNTERS_OFFSET + COUNTER_COUNT * 8 <= EVENTS_OFFSET);
    assert!(SLOTS_OFFSET == 204_800 && SITES_OFFSET == 1_777_664 && REFUSALS_OFFSET == 4_661_248);
    assert!(EVENTS_OFFSET.is_multiple_of(64) && SLOTS_OFFSET.is_multiple_of(64) && SITES_OFFSET.is_multiple_of(64));
    assert!(EVENT_SIZE.is_multiple_of(64) && SLOT_SIZE.is_multiple_of(64) && SITE_SIZE.is_multiple_of(64));
    assert!(REFUSALS_OFFSET.is_multiple_of(64) && REFUSAL_SIZE.is_multiple_of(64));
    assert!(site::OBSERVER + site::OBSERVER_SIZE == SITE_SIZE);
    assert!(refusal::CONSTRUCT + refusal::CONSTRUCT_SIZE == REFUSAL_SIZE);
    assert!(slot::FILENAME + slot::FILENAME_SIZE <= SLOT_SIZE);
    assert!(event::REASON + event::REASON_SIZE == EVENT_SIZE);
    assert!(cfg!(target_endian = "little"), "the page is little-endian and written as native words");
};
