//! The sink for `perf inject --jit`: a file `jit-PID.dump` with names, machine code, source lines and unwind rules.
//!
//! `perf inject` makes an ELF file of each function, next to the dump, and an entry in the recorded data that says from
//! when on it was there. So, unlike in a perf map, code that is gone does no harm: whatever is written later for the
//! same addresses holds from its own time on. The format has no record for code that goes away, nor one for calls that
//! were compiled in place: rows name the file and line that the code was written in, and that is all.
//!
//! The process maps the first page of the file as if it were code, and does nothing with it. `perf record` notes this
//! mapping like that of any library, which is how `perf inject` finds the file.

mod file;
mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::PathBuf;
use std::process;

use crate::error::{Reason, SinkError};
use crate::region::CodeRegion;
use crate::registry::RegionId;
use crate::sink::Sink;
use file::DumpFile;
use records::Stamp;

pub(crate) struct JitDump {
    directory: PathBuf,
    /// This process's file, once there is something to write.
    file: Option<DumpFile>,
    is_closed: bool,
    /// What is alive, for forked children.
    live: BTreeMap<RegionId, Live>,
    /// Where it begins.
    starts: BTreeSet<usize>,
}

struct Live {
    start: usize,
    records: Vec<u8>,
}

impl JitDump {
    pub(crate) fn new(directory: PathBuf) -> Self {
        // The program may change the current directory; the path that perf notes has to stay right.
        let directory = std::path::absolute(&directory).unwrap_or(directory);
        Self { directory, file: None, is_closed: false, live: BTreeMap::new(), starts: BTreeSet::new() }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(format!("jit-{}.dump", process::id()))
    }

    fn write(&mut self, records: &[u8], stamp: Stamp) -> Result<(), Reason> {
        match &self.file {
            Some(file) => file.append(records),
            None => {
                let contents = [&records::file_header(stamp)[..], records].concat();
                self.file = Some(DumpFile::create(self.path(), &contents)?);
                Ok(())
            }
        }
    }

    fn try_add(&mut self, id: RegionId, region: &CodeRegion<'_>) -> Result<(), Reason> {
        let stamp = Stamp::now();
        let behind = self.starts.range((Bound::Excluded(region.start), Bound::Unbounded)).next();
        let room = behind.map_or(usize::MAX, |next| next - region.start);
        let records = records::of_region(region, id.0, room, stamp).map_err(Reason::Encode)?;
        self.write(&records, stamp)?;
        self.starts.insert(region.start);
        self.live.insert(id, Live { start: region.start, records });
        Ok(())
    }

    fn inherit(&mut self) -> Result<(), Reason> {
        self.file = None;
        if self.live.is_empty() {
            return Ok(());
        }
        let stamp = Stamp::now();
        let mut inherited = Vec::new();
        for live in self.live.values_mut() {
            records::restamp(&mut live.records, stamp);
            inherited.extend_from_slice(&live.records);
        }
        self.write(&inherited, stamp)
    }

    fn error(&self, reason: Reason) -> SinkError {
        SinkError { sink: "jitdump", path: Some(self.path()), reason }
    }
}

impl Sink for JitDump {
    fn add(&mut self, id: RegionId, region: &CodeRegion<'_>) -> Result<(), SinkError> {
        if self.is_closed {
            return Ok(());
        }
        self.try_add(id, region).map_err(|reason| self.error(reason))
    }

    fn remove(&mut self, id: RegionId) -> Result<(), SinkError> {
        if let Some(Live { start, .. }) = self.live.remove(&id) {
            self.starts.remove(&start);
        }
        Ok(())
    }

    fn after_fork_child(&mut self) -> Result<(), SinkError> {
        if self.is_closed {
            return Ok(());
        }
        self.inherit().map_err(|reason| self.error(reason))
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.is_closed = true;
        let Some(file) = self.file.take() else { return Ok(()) };
        file.append(&records::close(Stamp::now())).map_err(|reason| self.error(reason))
    }
}
