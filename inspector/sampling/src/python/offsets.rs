//! `_Py_DebugOffsets` (`Include/internal/pycore_debug_offsets.h`), the table that starts `_PyRuntime`.

use super::memory::word_at;

/// Size of the table in CPython 3.15.
pub const SIZE: usize = 888;

const COOKIE: &[u8; 8] = b"xdebugpy";

/// No structure of the interpreter that is read here is larger, so an offset beyond it is nonsense.
const LARGEST_OFFSET: u64 = 1 << 22;

/// Why a table is not one that can be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffsetsError {
    /// It does not begin with the cookie.
    #[error("its runtime state does not begin with a table of offsets")]
    NoTable,
    /// It was compiled for another version.
    #[error("it is Python {0}.{1}, and stacks are read of Python 3.15 only")]
    OtherVersion(u8, u8),
    /// The build has no GIL.
    #[error("it is a free-threaded build, which rjit does not run in")]
    FreeThreaded,
    /// An offset is out of all bounds.
    #[error("its table of offsets is damaged")]
    Damaged,
}

macro_rules! offsets {
    ($($(#[$doc:meta])* $name:ident: $index:literal),* $(,)?) => {
        /// The offsets that reading stacks needs, in bytes.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Offsets {
            $($(#[$doc])* pub $name: usize,)*
        }

        impl Offsets {
            fn load(table: &[u8]) -> Option<Self> {
                Some(Self {
                    $($name: word_at(table, $index * 8)
                        .filter(|&offset| offset < LARGEST_OFFSET)? as usize,)*
                })
            }
        }

        #[cfg(test)]
        pub(crate) fn store(offsets: &Offsets) -> Vec<u8> {
            let mut table = vec![0; SIZE];
            table[..8].copy_from_slice(COOKIE);
            table[8..16].copy_from_slice(&0x030f_02f0_u64.to_le_bytes());
            $(table[$index * 8..][..8].copy_from_slice(&(offsets.$name as u64).to_le_bytes());)*
            table
        }
    };
}

offsets! {
    /// In the runtime state: the first interpreter.
    interpreters_head: 5,
    /// In an interpreter: the next one.
    interpreter_next: 8,
    /// In an interpreter: its first thread state.
    threads_head: 9,
    /// In an interpreter: the state of its garbage collector.
    gc: 11,
    /// In a thread state: the next one.
    thread_next: 24,
    /// In a thread state: the innermost frame.
    current_frame: 26,
    /// In a thread state: the frame that all chains of frames end with, which is no function's.
    base_frame: 27,
    /// In a thread state: the thread as the kernel numbers it.
    native_thread_id: 31,
    /// In a thread state: the chunk of the data stack in use.
    datastack_chunk: 32,
    /// In a thread state: whether it holds the GIL.
    holds_gil: 34,
    /// In a frame: the caller's.
    previous: 40,
    /// In a frame: the code object, with tag bits.
    executable: 41,
    /// In a frame: the instruction that runs.
    instr_ptr: 42,
    /// In a frame: the locals, which follow the header.
    localsplus: 43,
    /// In a frame: who owns its memory.
    owner: 44,
    /// In a code object: the file name.
    filename: 48,
    /// In a code object: the qualified name.
    qualname: 50,
    /// In a code object: the line table.
    linetable: 51,
    /// In a code object: the first line.
    firstlineno: 52,
    /// In a code object: the bytecode.
    co_code_adaptive: 56,
    /// In an object: its type.
    ob_type: 59,
    /// In bytes: how many.
    bytes_size: 87,
    /// In bytes: the first.
    bytes_value: 88,
    /// In a text: its form.
    text_state: 90,
    /// In a text: its length in characters.
    text_length: 91,
    /// Where the characters of a text of ASCII begin.
    ascii_size: 92,
    /// Where the characters of another text begin.
    compact_size: 93,
    /// In the state of the garbage collector: whether it runs.
    collecting: 95,
}

impl Offsets {
    /// Reads the table.
    ///
    /// # Errors
    /// When it is not a table of CPython 3.15, with a GIL.
    pub fn parse(table: &[u8]) -> Result<Self, OffsetsError> {
        if !table.starts_with(COOKIE) {
            return Err(OffsetsError::NoTable);
        }
        let version = word_at(table, 8).ok_or(OffsetsError::NoTable)?;
        if version >> 16 != 0x030f {
            return Err(OffsetsError::OtherVersion((version >> 24) as u8, (version >> 16) as u8));
        }
        if word_at(table, 16) != Some(0) {
            return Err(OffsetsError::FreeThreaded);
        }
        let offsets = Self::load(table).ok_or(OffsetsError::Damaged)?;
        // The mark lies right before the owner, in the same word; see `walk`.
        if offsets.owner < 2 || offsets.localsplus > 4096 {
            return Err(OffsetsError::Damaged);
        }
        Ok(offsets)
    }
}

#[cfg(test)]
pub(crate) fn example() -> Offsets {
    Offsets {
        interpreters_head: 1000,
        interpreter_next: 16,
        threads_head: 24,
        gc: 64,
        thread_next: 8,
        current_frame: 72,
        base_frame: 80,
        native_thread_id: 184,
        datastack_chunk: 232,
        holds_gil: 44,
        previous: 8,
        executable: 0,
        instr_ptr: 56,
        localsplus: 80,
        owner: 74,
        filename: 112,
        qualname: 128,
        linetable: 136,
        firstlineno: 68,
        co_code_adaptive: 208,
        ob_type: 8,
        bytes_size: 16,
        bytes_value: 32,
        text_state: 32,
        text_length: 16,
        ascii_size: 40,
        compact_size: 56,
        collecting: 80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_was_stored() {
        let offsets = example();
        assert_eq!(Offsets::parse(&store(&offsets)), Ok(offsets));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let good = store(&example());
        let with = |at: usize, value: u64| {
            let mut table = good.clone();
            table[at..at + 8].copy_from_slice(&value.to_le_bytes());
            Offsets::parse(&table)
        };
        assert_eq!(with(0, 7), Err(OffsetsError::NoTable));
        assert_eq!(with(8, 0x030e_02f0), Err(OffsetsError::OtherVersion(3, 14)));
        assert_eq!(with(16, 1), Err(OffsetsError::FreeThreaded));
        assert_eq!(with(26 * 8, u64::MAX), Err(OffsetsError::Damaged));
        assert_eq!(with(44 * 8, 0), Err(OffsetsError::Damaged));
        assert_eq!(Offsets::parse(&good[..100]), Err(OffsetsError::Damaged));
        assert_eq!(Offsets::parse(&[]), Err(OffsetsError::NoTable));
    }
}
