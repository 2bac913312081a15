//! The page that a process running rjit writes and `rjit-inspect` reads.
//!
//! What the compiler does has to be visible from outside without stopping the process and without a system call in
//! compiled code. So the process keeps its numbers in a memory-mapped file, private to its user, and anybody of the same
//! user may map that file and read along. This crate is both sides, so that one place alone knows the layout:
//!
//! - [`Page`] is the writer: it creates the file, hands out addresses that machine code increments, and removes the file.
//! - [`PageView`] is the reader: it finds, checks and maps the page of a process; [`list`] finds all of them.
//! - [`Snapshot`] is what a page said at one moment, as plain data.
//! - [`details`] asks a live process for what is too much for its page, and [`DetailsServer`] answers.
//!
//! [`layout`] documents every field of the page.

mod copy;
mod details;
mod files;
pub mod layout;
mod mapping;
mod parse;
mod process;
mod reader;
mod snapshot;
mod text;
mod writer;

pub use details::{CodeRange, Details, DetailsError, DetailsServer, Exit, Guard, Inlined, Missing, Row, details};
pub use process::{command_line, is_alive, start_ticks};
pub use reader::{Listing, OpenError, PageView, list};
pub use snapshot::{
    Counters, Event, EventKind, Executable, Identity, Kind, ParseError, Refused, Site, SiteKind, Snapshot, State,
    Totals,
};
pub use writer::{
    CreateError, ExecutableInfo, GlobalCounters, Page, RefusalInfo, Reservation, Seen, SiteId, SiteInfo, SlotCounters,
    SlotId, Subject, own_directory,
};
