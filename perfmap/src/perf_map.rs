//! The sink that perf reads: `/tmp/perf-PID.map`, lines `START SIZE NAME` in hexadecimal: one for each region, or, where
//! calls were compiled in place, one for each part, whose name says who has called whom.
//!
//! CPython's own writer (`-X perf`) appends lines of the same form to the same path, which works because both
//! append each line in one `write`. Lines cannot be taken back: when memory is used again, the file names both
//! owners, and perf picks one of them.
//!
//! The file is opened for each line and closed again: a program that closes all file descriptors and opens files of its
//! own would otherwise have the line written into one of these.
//!
//! A forked child writes what it inherited from memory rather than by copying its parent's file, so each
//! writer's entries are inherited once, by that writer.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::process;

use crate::append;
use crate::error::{Reason, SinkError};
use crate::region::CodeRegion;
use crate::registry::RegionId;
use crate::sink::Sink;

pub(crate) struct PerfMap {
    directory: PathBuf,
    /// The lines of what is alive, for forked children.
    live: BTreeMap<RegionId, String>,
}

impl PerfMap {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory, live: BTreeMap::new() }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(format!("perf-{}.map", process::id()))
    }

    fn append(&self, lines: &str) -> Result<(), SinkError> {
        self.try_append(lines).map_err(|reason| SinkError { sink: "perf map", path: Some(self.path()), reason })
    }

    fn try_append(&self, lines: &str) -> Result<(), Reason> {
        append::append(&append::open(&self.path())?, lines.as_bytes())
    }
}

impl Sink for PerfMap {
    fn add(&mut self, id: RegionId, region: &CodeRegion<'_>) -> Result<(), SinkError> {
        let lines = lines_of(region);
        self.append(&lines)?;
        self.live.insert(id, lines);
        Ok(())
    }

    fn remove(&mut self, id: RegionId) -> Result<(), SinkError> {
        self.live.remove(&id);
        Ok(())
    }

    fn after_fork_child(&mut self) -> Result<(), SinkError> {
        if self.live.is_empty() {
            return Ok(());
        }
        let lines: String = self.live.values().map(String::as_str).collect();
        self.append(&lines)
    }
}

fn lines_of(region: &CodeRegion<'_>) -> String {
    // A line break within a name would be read as another entry.
    let line = |(range, name): (Range<u32>, String)| {
        format!("{:x} {:x} {name}\n", region.start + range.start as usize, range.len())
    };
    region.parts().into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> String {
        let code = &[0x90; 0x1c0];
        lines_of(&CodeRegion { start: 0x7fab_cdef_0000, code, name, source: None, unwind: None })
    }

    #[test]
    fn lines_are_in_lowercase_hexadecimal_without_prefix() {
        assert_eq!(line("py::main:/a b.py"), "7fabcdef0000 1c0 py::main:/a b.py\n");
    }

    #[test]
    fn a_name_cannot_forge_another_line() {
        assert_eq!(line("f\n0 ffff evil\r\0é"), "7fabcdef0000 1c0 f?0 ffff evil??é\n");
        assert_eq!(line(""), "7fabcdef0000 1c0 [unnamed]\n");
    }
}
