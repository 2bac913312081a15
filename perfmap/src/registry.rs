//! The registry: all code that is alive now, and the sinks to tell about it.
//!
//! A sink keeps what it needs of each description, because a forked child has to tell about code that its parent
//! registered, and because a file that others can write to is no source to read that from.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process;

use crate::error::SinkError;
use crate::gdb::GdbInterface;
use crate::jitdump::JitDump;
use crate::perf_map::PerfMap;
use crate::region::CodeRegion;
use crate::sink::Sink;
use crate::unwind::InProcessUnwinder;

/// Names a registered region until it is unregistered; never used twice in a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionId(pub(crate) u64);

/// Which sinks a registry has.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory of the perf map, or `None` for no perf map. perf itself looks only into `/tmp`.
    pub perf_map: Option<PathBuf>,
    /// The directory of the jitdump, or `None` for no jitdump. Others must not be able to write to it, as `perf inject` puts
    /// files of its own there.
    pub jitdump: Option<PathBuf>,
    /// Whether unwinders within the process (libgcc's) shall find their way through the code.
    pub unwind: bool,
    /// Whether debuggers shall find names, lines and unwind rules of the code, now and when they attach.
    pub gdb: bool,
}

impl Default for Config {
    /// What costs next to nothing, where the tools look: all but the jitdump.
    fn default() -> Self {
        Self { perf_map: Some(PathBuf::from("/tmp")), jitdump: None, unwind: true, gdb: true }
    }
}

/// All code that is alive, and who is told about it.
///
/// Nothing here is locked. Share it under a lock of your own, and hold that lock across `fork`, as a child
/// that inherits a locked one could never tell anything.
pub struct Registry {
    sinks: Vec<Box<dyn Sink>>,
    live: BTreeSet<RegionId>,
    next_id: u64,
    pid: u32,
    warnings: Vec<SinkError>,
}

impl Registry {
    /// A registry with the given sinks. Opens nothing: a process without code leaves no files behind.
    pub fn new(config: Config) -> Self {
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        if let Some(directory) = config.perf_map {
            sinks.push(Box::new(PerfMap::new(directory)));
        }
        if let Some(directory) = config.jitdump {
            sinks.push(Box::new(JitDump::new(directory)));
        }
        if config.unwind {
            sinks.push(Box::new(InProcessUnwinder::default()));
        }
        if config.gdb {
            sinks.push(Box::new(GdbInterface::new()));
        }
        Self { sinks, live: BTreeSet::new(), next_id: 0, pid: process::id(), warnings: Vec::new() }
    }

    /// Tells every sink about new code. Look at [`take_warnings`](Self::take_warnings) afterwards.
    pub fn register(&mut self, region: &CodeRegion<'_>) -> RegionId {
        self.after_fork_child();
        let id = RegionId(self.next_id);
        self.next_id += 1;
        self.live.insert(id);
        tell(&mut self.sinks, &mut self.warnings, |sink| sink.add(id, region));
        id
    }

    /// Tells every sink that code is gone; call it before its memory is used again. A second call for the same id
    /// does nothing.
    pub fn unregister(&mut self, id: RegionId) {
        self.after_fork_child();
        if self.live.remove(&id) {
            tell(&mut self.sinks, &mut self.warnings, |sink| sink.remove(id));
        }
    }

    /// To be called in a forked child as soon as it runs: samples of inherited code are nameless until then.
    /// The other methods catch up on it if it was not called. Does nothing in the process that called it last.
    pub fn after_fork_child(&mut self) {
        let pid = process::id();
        if pid == self.pid {
            return;
        }
        self.pid = pid;
        tell(&mut self.sinks, &mut self.warnings, |sink| sink.after_fork_child());
    }

    /// Ends what is written for readers after the process. Files of such kinds get no more of what is registered from now on;
    /// whoever reads this process's memory, or the perf map, is still told.
    pub fn close(&mut self) {
        self.after_fork_child();
        tell(&mut self.sinks, &mut self.warnings, |sink| sink.close());
    }

    /// What went wrong since the last call: at most one error for each sink, which is off since then.
    pub fn take_warnings(&mut self) -> Vec<SinkError> {
        std::mem::take(&mut self.warnings)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // A child that was not told of the fork has begun no file yet, and the parent's is not its own to end.
        if process::id() == self.pid {
            self.close();
        }
    }
}

/// Passes something on to each sink, and drops those that fail.
fn tell(
    sinks: &mut Vec<Box<dyn Sink>>,
    warnings: &mut Vec<SinkError>,
    mut message: impl FnMut(&mut dyn Sink) -> Result<(), SinkError>,
) {
    sinks.retain_mut(|sink| match message(sink.as_mut()) {
        Ok(()) => true,
        Err(error) => {
            warnings.push(error);
            false
        }
    });
}
