//! Tells the outside world about machine code made at run time. Knows nothing of Python.
//!
//! Profilers and debuggers find symbols in files; code that a JIT compiler makes is in no file. Each such tool
//! has a way of its own to be told. A [`Registry`] takes one description of a piece of code, a [`CodeRegion`],
//! and hands it to one *sink* for each way:
//!
//! - the perf map (`/tmp/perf-PID.map`): names, for perf and others;
//! - the jitdump (`jit-PID.dump`): names, machine code, source lines and unwind rules, for `perf inject`;
//! - unwinders within the process (libgcc's);
//! - the interface of gdb, which lldb uses, too.
//!
//! [`object_file`] makes a file of the same description, for tools that read files.
//!
//! Whatever goes wrong while telling (a full disk, somebody else's file in the way) never fails the program that
//! is being told about: the sink concerned reports once through [`Registry::take_warnings`] and is off from then on.
//!
//! ```
//! use rjit_perfmap::{CodeRegion, Config, Registry};
//!
//! let directory = tempfile::tempdir().unwrap();
//! let map = Some(directory.path().into());
//! let mut registry = Registry::new(Config { perf_map: map, jitdump: None, unwind: false, gdb: false });
//! let code = &[0xC3];
//! let id = registry.register(&CodeRegion { start: 0x7f00_0000, code, name: "fib", source: None, unwind: None });
//! for warning in registry.take_warnings() {
//!     eprintln!("{warning}");
//! }
//! registry.unregister(id);
//! ```

mod append;
mod eh_frame;
mod error;
mod gdb;
mod image;
mod jitdump;
mod kinds;
mod perf_map;
mod region;
mod registry;
mod sink;
mod unwind;

pub use error::{Reason, SinkError};
pub use gimli;
pub use image::object_file;
pub use kinds::{Kinds, UnknownKind};
pub use region::{CodeRegion, FileIndex, InlinedCall, LineRow, Source, Unwind};
pub use registry::{Config, RegionId, Registry};
