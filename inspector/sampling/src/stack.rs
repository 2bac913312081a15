//! The Python stacks of a live process.

use std::collections::HashSet;
use std::io;

use serde::{Deserialize, Serialize};

use crate::kernel::memory::ProcessMemory;
use crate::process::tasks::{self, ThreadState};
use crate::process::{maps, symbols};
use crate::python::code::CodeCache;
use crate::python::memory::{Memory, Part, ReadError, half_at, word_at};
use crate::python::offsets::{self, Offsets, OffsetsError};
use crate::python::walk::{self, RawFrame, Runner, WalkError};

/// Thread states that are followed; a list that is longer is damaged, or was torn.
const MOST_THREADS: usize = 8192;
const MOST_INTERPRETERS: usize = 256;

/// Who runs a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameKind {
    /// Machine code of its own.
    Compiled,
    /// The interpreter.
    Interpreted,
    /// Machine code of the caller, into which it was inlined.
    Inlined,
    /// A native function.
    Native,
}

/// One frame of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Qualified name of the function.
    pub function: String,
    /// File name as the compiler was given it.
    pub file: String,
    /// The line that runs.
    pub line: u32,
    /// Who runs it.
    pub kind: FrameKind,
}

/// The stack of one thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadStack {
    /// The thread as the kernel numbers it.
    pub tid: u32,
    /// Its name.
    pub name: String,
    /// What it does, as the kernel sees it.
    pub state: ThreadState,
    /// Whether it holds the interpreter's lock.
    pub holds_gil: bool,
    /// Whether it is the one that runs the garbage collector: the lock is its, and a collection is under way.
    pub collecting: bool,
    /// The stack changed each time it was read, so there are no frames to show.
    pub torn: bool,
    /// The frames, innermost first.
    pub frames: Vec<Frame>,
}

/// Why stacks cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// There is no such process, or not any more.
    #[error("there is no process {pid} any more")]
    Gone {
        /// The process asked for.
        pid: u32,
    },
    /// The kernel does not let us.
    #[error(
        "the memory of process {pid} must not be read: run as root, or allow it for processes of the same user with \
         `sudo sysctl kernel.yama.ptrace_scope=0` (in a container, give it the capability SYS_PTRACE)"
    )]
    Forbidden {
        /// The process asked for.
        pid: u32,
    },
    /// There is no interpreter in it.
    #[error("process {pid} has no Python in it that could be found")]
    NotPython {
        /// The process asked for.
        pid: u32,
    },
    /// The interpreter is another one than rjit runs in.
    #[error("the Python of process {pid} cannot be looked into: {why}")]
    OtherPython {
        /// The process asked for.
        pid: u32,
        /// What is different.
        why: OffsetsError,
    },
    /// What was read contradicts itself each time.
    #[error("the list of threads of process {pid} changes faster than it can be read")]
    Torn {
        /// The process asked for.
        pid: u32,
    },
    /// Something else failed.
    #[error("process {pid} cannot be looked into: {source}")]
    Io {
        /// The process asked for.
        pid: u32,
        /// What the system said.
        source: io::Error,
    },
}

/// A stack whose code objects were looked up, with the boundaries between runs of the interpreter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PythonStack {
    /// The frames, innermost first; `None` is a boundary.
    pub frames: Vec<Option<Frame>>,
    /// Whether the garbage collector runs on this thread.
    pub collecting: bool,
}

/// Where a thread's Python state lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadPlace {
    pub tid: u32,
    pub state: u64,
    pub interpreter: u64,
    pub holds_gil: bool,
}

/// Reads the stacks of a process.
pub struct StackReader<M = ProcessMemory> {
    pid: u32,
    memory: M,
    offsets: Offsets,
    runtime: u64,
    codes: CodeCache,
}

impl StackReader {
    /// Finds the interpreter in a process.
    ///
    /// # Errors
    /// When there is none of the version that rjit runs in, or the kernel does not let us look.
    pub fn attach(pid: u32) -> Result<Self, StackError> {
        let mappings = maps::mappings(pid).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StackError::Gone { pid },
            io::ErrorKind::PermissionDenied => StackError::Forbidden { pid },
            _ if source.raw_os_error() == Some(libc::ESRCH) => StackError::Gone { pid },
            _ => StackError::Io { pid, source },
        })?;
        let found = symbols::find_objects(pid, &mappings, &["_PyRuntime", "PyCode_Type"]);
        let Some([runtime, code_type]) = found.as_deref() else {
            return Err(StackError::NotPython { pid });
        };
        let (runtime, code_type) = (*runtime, *code_type);
        Self::new(pid, ProcessMemory::new(pid), runtime, code_type)
    }
}

impl<M: Memory> StackReader<M> {
    fn new(pid: u32, memory: M, runtime: u64, code_type: u64) -> Result<Self, StackError> {
        let table = memory.bytes(runtime, offsets::SIZE).map_err(|error| refuse(pid, error))?;
        let offsets = Offsets::parse(&table).map_err(|why| StackError::OtherPython { pid, why })?;
        Ok(Self { pid, memory, offsets, runtime, codes: CodeCache::new(code_type) })
    }

    /// The process that is looked into.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The stacks of all threads that have a Python state, by thread number.
    ///
    /// # Errors
    /// When the process is gone. A single stack that cannot be read is marked as torn.
    pub fn threads(&mut self) -> Result<Vec<ThreadStack>, StackError> {
        let mut found = Vec::new();
        for place in self.places()? {
            // A thread that has just ended may still be in the list.
            let Some(task) = tasks::task(self.pid, place.tid) else {
                continue;
            };
            let stack = match self.stack(&place) {
                Err(StackError::Torn { .. }) => None,
                other => Some(other?),
            };
            let torn = stack.is_none();
            let PythonStack { frames, collecting } = stack.unwrap_or_default();
            found.push(ThreadStack {
                tid: place.tid,
                name: task.name,
                state: task.state,
                holds_gil: place.holds_gil,
                collecting,
                torn,
                frames: frames.into_iter().flatten().collect(),
            });
        }
        found.sort_by_key(|thread| thread.tid);
        Ok(found)
    }

    /// The Python states of all threads.
    pub(crate) fn places(&self) -> Result<Vec<ThreadPlace>, StackError> {
        const ATTEMPTS: usize = 8;
        for _ in 0..ATTEMPTS {
            match self.try_places() {
                Ok(Some(places)) => return Ok(places),
                Ok(None) | Err(ReadError::Fault) => {}
                Err(error) => return Err(refuse(self.pid, error)),
            }
        }
        Err(StackError::Torn { pid: self.pid })
    }

    fn try_places(&self) -> Result<Option<Vec<ThreadPlace>>, ReadError> {
        let offsets = &self.offsets;
        let length =
            [offsets.thread_next, offsets.native_thread_id, offsets.holds_gil].into_iter().max().unwrap_or(0) + 8;
        let mut found: Vec<ThreadPlace> = Vec::new();
        let mut seen = HashSet::new();
        let mut interpreters = 0;
        let mut interpreter = self.memory.word(self.runtime + offsets.interpreters_head as u64)?;
        while interpreter != 0 {
            interpreters += 1;
            if interpreters > MOST_INTERPRETERS {
                return Ok(None);
            }
            let mut state = self.memory.word(interpreter.wrapping_add(offsets.threads_head as u64))?;
            while state != 0 {
                if found.len() == MOST_THREADS || !seen.insert(state) {
                    return Ok(None);
                }
                let head = self.memory.bytes(state, length)?;
                let fields = word_at(&head, offsets.native_thread_id)
                    .zip(half_at(&head, offsets.holds_gil))
                    .zip(word_at(&head, offsets.thread_next));
                let Some(((tid, holds_gil), next)) = fields else {
                    return Ok(None);
                };
                // A state that no thread has been bound to yet has none.
                if let Ok(tid @ 1..) = u32::try_from(tid) {
                    found.push(ThreadPlace { tid, state, interpreter, holds_gil: holds_gil != 0 });
                }
                state = next;
            }
            interpreter = self.memory.word(interpreter.wrapping_add(offsets.interpreter_next as u64))?;
        }
        Ok(Some(found))
    }

    /// The stack of a thread.
    pub(crate) fn stack(&mut self, place: &ThreadPlace) -> Result<PythonStack, StackError> {
        const ATTEMPTS: usize = 4;
        for _ in 0..ATTEMPTS {
            let raw = match walk::frames(&self.memory, &self.offsets, place.state) {
                Ok(raw) => raw,
                Err(WalkError::Torn) => break,
                Err(WalkError::Read(error)) => return Err(refuse(self.pid, error)),
            };
            let collecting = place.holds_gil && self.is_collecting(place.interpreter);
            match self.name(&raw) {
                Ok(Some(frames)) => return Ok(PythonStack { frames, collecting }),
                Ok(None) => {}
                Err(error) => return Err(refuse(self.pid, error)),
            }
        }
        Err(StackError::Torn { pid: self.pid })
    }

    /// Names the frames. `None` if one of them has no code object by now.
    fn name(&mut self, raw: &[RawFrame]) -> Result<Option<Vec<Option<Frame>>>, ReadError> {
        let functions = || raw.iter().filter(|frame| frame.runner != Runner::Boundary);
        let mut addresses: Vec<u64> = functions().map(|frame| frame.code).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let codes = self.codes.look_up(&self.memory, &self.offsets, &addresses)?;
        let mut named = Vec::with_capacity(raw.len());
        for frame in raw {
            let kind = match frame.runner {
                Runner::Boundary => {
                    named.push(None);
                    continue;
                }
                Runner::Compiled => FrameKind::Compiled,
                Runner::Interpreter => FrameKind::Interpreted,
                Runner::Native => FrameKind::Native,
            };
            let code = addresses.binary_search(&frame.code).ok().and_then(|index| codes[index].as_ref());
            let Some(code) = code else {
                return Ok(None);
            };
            named.push(Some(Frame {
                function: code.qualname.clone(),
                file: code.filename.clone(),
                line: code.line_of(frame.instruction),
                kind,
            }));
        }
        Ok(Some(named))
    }

    fn is_collecting(&self, interpreter: u64) -> bool {
        let mut flag = [0; 4];
        let address = interpreter.wrapping_add((self.offsets.gc + self.offsets.collecting) as u64);
        self.memory.read(&mut [Part { address, bytes: &mut flag }]).is_ok() && flag != [0; 4]
    }
}

fn refuse(pid: u32, error: ReadError) -> StackError {
    match error {
        ReadError::Gone => StackError::Gone { pid },
        ReadError::Forbidden => StackError::Forbidden { pid },
        ReadError::Fault => StackError::Torn { pid },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::code::build;
    use crate::python::memory::fake::Fake;

    const RUNTIME: u64 = 0x1000_0000;
    const INTERPRETER: u64 = 0x2000_0000;
    const CHUNK: u64 = 0x7000_0000;
    const CODE: u64 = 0x10_0000;

    /// A process whose only thread, this one, runs two functions.
    fn process() -> Fake {
        let offsets = offsets::example();
        let memory = Fake::default();
        memory.put(RUNTIME, &[0; 2048]);
        memory.put(RUNTIME, &offsets::store(&offsets));
        memory.put_word(RUNTIME + offsets.interpreters_head as u64, INTERPRETER);
        memory.put(INTERPRETER, &[0; 512]);
        let thread = 0x3000_0000;
        memory.put_word(INTERPRETER + offsets.threads_head as u64, thread);
        memory.put(thread, &[0; 512]);
        memory.put_word(thread + offsets.native_thread_id as u64, u64::from(std::process::id()));
        memory.put(thread + offsets.holds_gil as u64, &[1]);
        memory.put_word(thread + offsets.datastack_chunk as u64, CHUNK);
        memory.put_word(thread + offsets.current_frame as u64, CHUNK + 0x100);
        memory.put_word(thread + offsets.base_frame as u64, CHUNK + 0x180);
        memory.put(CHUNK, &[0; 0x200]);
        memory.put(CHUNK + 0x180 + offsets.owner as u64, &[3]);
        for (address, previous, code, mark) in
            [(0x20, CHUNK + 0x180, CODE, 0_u16), (0x100, CHUNK + 0x20, CODE + 0x1_0000, 0xC0DE)]
        {
            memory.put_word(CHUNK + address + offsets.executable as u64, code);
            memory.put_word(CHUNK + address + offsets.previous as u64, previous);
            memory.put_word(CHUNK + address + offsets.instr_ptr as u64, code + offsets.co_code_adaptive as u64);
            memory.put(CHUNK + address + offsets.owner as u64 - 2, &mark.to_le_bytes());
        }
        let table = [0x80 | 11 << 3 | 7, 0];
        build::code(&memory, CODE, "<module>", 1, &table);
        build::code(&memory, CODE + 0x1_0000, "work", 20, &table);
        memory
    }

    fn reader(memory: Fake) -> StackReader<Fake> {
        StackReader::new(std::process::id(), memory, RUNTIME, build::CODE_TYPE).unwrap()
    }

    #[test]
    fn threads_have_their_frames() {
        let memory = process();
        memory.put(INTERPRETER + (offsets::example().gc + offsets::example().collecting) as u64, &[1]);
        let threads = reader(memory).threads().unwrap();
        assert_eq!(threads.len(), 1);
        let thread = &threads[0];
        assert_eq!(thread.tid, std::process::id());
        assert!(thread.holds_gil && thread.collecting && !thread.torn);
        let frame = |function: &str, line, kind| Frame {
            function: function.into(),
            file: "/srv/app/main.py".into(),
            line,
            kind,
        };
        assert_eq!(
            thread.frames,
            [frame("work", 21, FrameKind::Compiled), frame("<module>", 2, FrameKind::Interpreted)]
        );
    }

    #[test]
    fn a_frame_without_code_is_never_shown() {
        let memory = process();
        memory.put_word(CODE + offsets::example().ob_type as u64, 7);
        let threads = reader(memory).threads().unwrap();
        assert!(threads[0].torn);
        assert!(threads[0].frames.is_empty());
    }

    #[test]
    fn a_list_of_threads_without_end_is_torn() {
        let memory = process();
        let thread = 0x3000_0000;
        memory.put_word(thread + offsets::example().thread_next as u64, thread);
        assert!(matches!(reader(memory).threads(), Err(StackError::Torn { .. })));
    }

    #[test]
    fn other_interpreters_are_refused() {
        let memory = process();
        memory.put(RUNTIME + 8, &0x030e_00f0_u64.to_le_bytes());
        let refused = StackReader::new(1, memory, RUNTIME, build::CODE_TYPE);
        assert!(matches!(refused, Err(StackError::OtherPython { why: OffsetsError::OtherVersion(3, 14), .. })));
    }

    #[test]
    fn processes_without_python_are_told() {
        assert!(matches!(StackReader::attach(std::process::id()), Err(StackError::NotPython { .. })));
        assert!(matches!(StackReader::attach(u32::MAX >> 2), Err(StackError::Gone { .. })));
    }
}
