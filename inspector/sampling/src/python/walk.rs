//! The frames of a thread, read while it runs.
//!
//! The chain of frames is followed in a copy of the thread's data stack. Copying the whole stretch at once takes well under
//! a microsecond for a usual stack, where following the chain through the process would take a system call for each frame. The innermost frame is asked for
//! right before and right after the copy, in the same system call: where it differs, or the chain does not hold, the copy
//! is torn and thrown away.

use super::memory::{Memory, Part, ReadError, word_at};
use super::offsets::Offsets;

/// How often a stack that changes is read before it is given up for this time.
const ATTEMPTS: usize = 24;
/// Frames of a stack that are followed. The usual recursion limit is a thousand.
const MOST_FRAMES: usize = 20_000;
/// No more is copied at once.
const LONGEST_COPY: u64 = 1 << 20;
const PAGE: u64 = 4096;

/// `return_offset` of frames that machine code of rjit runs, and of those whose locals somebody has asked for or assigned to.
const COMPILED_MARKS: [u16; 3] = [0xC0DE, 0xC0DF, 0xC0E0];
/// `return_offset` of frames of native functions.
const NATIVE_MARK: u16 = 0xC0F0;

const OWNED_BY_THREAD: u8 = 0;
const OWNED_BY_GENERATOR: u8 = 1;
const OWNED_BY_INTERPRETER: u8 = 3;
const TAG_MASK: u64 = 3;

/// Who runs a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runner {
    /// Machine code of rjit.
    Compiled,
    /// The interpreter.
    Interpreter,
    /// A native function that shows itself as a frame.
    Native,
    /// Nobody: it separates what two runs of the interpreter loop execute, and is no function.
    Boundary,
}

/// One frame as it lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Where it lies.
    pub address: u64,
    /// Its code object.
    pub code: u64,
    /// The instruction that runs.
    pub instruction: u64,
    /// Who runs it.
    pub runner: Runner,
}

/// Why there is no stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// It changed each time it was read.
    #[error("the stack changed each time it was read")]
    Torn,
    /// The memory cannot be read at all.
    #[error(transparent)]
    Read(ReadError),
}

/// Reads the frames of a thread, innermost first.
///
/// # Errors
/// [`WalkError::Torn`] when the thread was never still for long enough.
pub fn frames(memory: &impl Memory, offsets: &Offsets, thread_state: u64) -> Result<Vec<RawFrame>, WalkError> {
    for _ in 0..ATTEMPTS {
        match attempt(memory, offsets, thread_state) {
            Ok(Some(frames)) => return Ok(frames),
            Ok(None) | Err(ReadError::Fault) => {}
            Err(error) => return Err(WalkError::Read(error)),
        }
    }
    Err(WalkError::Torn)
}

/// A stretch of memory as it was.
struct Copy {
    start: u64,
    bytes: Vec<u8>,
}

impl Copy {
    fn at(&self, address: u64, length: usize) -> Option<&[u8]> {
        let offset = usize::try_from(address.checked_sub(self.start)?).ok()?;
        self.bytes.get(offset..offset.checked_add(length)?)
    }
}

fn attempt(memory: &impl Memory, offsets: &Offsets, thread_state: u64) -> Result<Option<Vec<RawFrame>>, ReadError> {
    let field = |offset: usize| thread_state.wrapping_add(offset as u64);
    let innermost = memory.word(field(offsets.current_frame))?;
    if innermost == 0 {
        return Ok(Some(Vec::new()));
    }
    let chunk = memory.word(field(offsets.datastack_chunk))?;
    let base = memory.word(field(offsets.base_frame))?;
    let mut copy = stretch(innermost, chunk, offsets);
    let (mut before, mut after) = ([0; 8], [0; 8]);
    memory.read(&mut [
        Part { address: field(offsets.current_frame), bytes: &mut before },
        Part { address: copy.start, bytes: &mut copy.bytes },
        Part { address: field(offsets.current_frame), bytes: &mut after },
    ])?;
    if before != after || u64::from_le_bytes(before) != innermost {
        return Ok(None);
    }
    let mut copies = vec![copy];
    let found = follow(memory, offsets, innermost, &mut copies)?;
    // What was read later than the first copy belongs to the same stack only if that is still there.
    if copies.len() > 1 && memory.word(field(offsets.current_frame))? != innermost {
        return Ok(None);
    }
    // A generator's frame that is being left or entered has no caller: the chain would seem to end there.
    Ok(found.filter(|frames| frames.last().is_some_and(|outermost| outermost.address == base)))
}

/// What to copy: the chunk of the data stack up to the innermost frame, or that frame's page if it lies elsewhere.
fn stretch(innermost: u64, chunk: u64, offsets: &Offsets) -> Copy {
    let end = innermost.saturating_add(offsets.localsplus as u64);
    let start =
        if chunk != 0 && chunk < innermost && end - chunk <= LONGEST_COPY { chunk } else { innermost & !(PAGE - 1) };
    Copy { start, bytes: vec![0; (end - start) as usize] }
}

fn follow(
    memory: &impl Memory,
    offsets: &Offsets,
    innermost: u64,
    copies: &mut Vec<Copy>,
) -> Result<Option<Vec<RawFrame>>, ReadError> {
    let mut found = Vec::new();
    let mut address = innermost;
    while address != 0 {
        if found.len() == MOST_FRAMES || !address.is_multiple_of(8) {
            return Ok(None);
        }
        if copies.iter().all(|copy| copy.at(address, offsets.localsplus).is_none()) {
            let mut copy = stretch(address, 0, offsets);
            memory.read(&mut [Part { address: copy.start, bytes: &mut copy.bytes }])?;
            copies.push(copy);
        }
        let header = copies.iter().rev().find_map(|copy| copy.at(address, offsets.localsplus));
        let Some((frame, previous)) = header.and_then(|header| parse(header, address, offsets)) else {
            return Ok(None);
        };
        found.push(frame);
        address = previous;
    }
    Ok(Some(found))
}

/// A frame from its header, and its caller's address.
fn parse(header: &[u8], address: u64, offsets: &Offsets) -> Option<(RawFrame, u64)> {
    let owner = *header.get(offsets.owner)?;
    let mark = header.get(offsets.owner - 2..offsets.owner)?;
    let mark = u16::from_le_bytes(mark.try_into().ok()?);
    let runner = match owner {
        OWNED_BY_INTERPRETER => Runner::Boundary,
        OWNED_BY_THREAD | OWNED_BY_GENERATOR if COMPILED_MARKS.contains(&mark) => Runner::Compiled,
        OWNED_BY_THREAD if mark == NATIVE_MARK => Runner::Native,
        0..OWNED_BY_INTERPRETER => Runner::Interpreter,
        _ => return None,
    };
    let code = word_at(header, offsets.executable)? & !TAG_MASK;
    let instruction = word_at(header, offsets.instr_ptr)?;
    let previous = word_at(header, offsets.previous)?;
    if previous == address || (runner != Runner::Boundary && code == 0) {
        return None;
    }
    Some((RawFrame { address, code, instruction, runner }, previous))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use proptest::prelude::*;

    use super::super::memory::fake::Fake;
    use super::super::offsets::example;
    use super::*;

    const THREAD: u64 = 0x5000;
    const CHUNK: u64 = 0x7000_0000;
    const CODE: u64 = 0x10_0000;

    fn frame(memory: &Fake, address: u64, previous: u64, code: u64, mark: u16, owner: u8) {
        let offsets = example();
        memory.put(address, &[0; 88]);
        memory.put_word(address + offsets.executable as u64, code | 1);
        memory.put_word(address + offsets.previous as u64, previous);
        memory.put_word(address + offsets.instr_ptr as u64, code + 210);
        memory.put(address + offsets.owner as u64 - 2, &[mark as u8, (mark >> 8) as u8, owner]);
    }

    fn stack() -> Fake {
        let memory = Fake::default();
        memory.put(THREAD, &[0; 512]);
        memory.put(CHUNK, &[0; 0x800]);
        memory.put_word(THREAD + example().datastack_chunk as u64, CHUNK);
        memory.put_word(THREAD + example().base_frame as u64, 0x6000_1100);
        memory.put(0x6000_1000, &[0; 0x200]);
        // A boundary on the C stack, a module, a compiled function, a compiled generator on the heap, a native function.
        frame(&memory, 0x6000_1100, 0, 0, 0, 3);
        frame(&memory, CHUNK + 0x20, 0x6000_1100, CODE, 7, 0);
        frame(&memory, CHUNK + 0x100, CHUNK + 0x20, CODE + 0x100, 0xC0DE, 0);
        memory.put(0x5100_0000, &[0; 0x100]);
        frame(&memory, 0x5100_0040, CHUNK + 0x100, CODE + 0x200, 0xC0DE, 1);
        frame(&memory, CHUNK + 0x200, 0x5100_0040, CODE + 0x300, 0xC0F0, 0);
        memory.put_word(THREAD + example().current_frame as u64, CHUNK + 0x200);
        memory
    }

    fn walk(memory: &Fake) -> Result<Vec<RawFrame>, WalkError> {
        frames(memory, &example(), THREAD)
    }

    #[test]
    fn follows_the_chain_and_reads_the_marks() {
        let found = walk(&stack()).unwrap();
        let seen: Vec<_> = found.iter().map(|frame| (frame.code, frame.runner)).collect();
        let expected = [
            (CODE + 0x300, Runner::Native),
            (CODE + 0x200, Runner::Compiled),
            (CODE + 0x100, Runner::Compiled),
            (CODE, Runner::Interpreter),
            (0, Runner::Boundary),
        ];
        assert_eq!(seen, expected);
        assert_eq!(found[0].instruction, CODE + 0x300 + 210);
    }

    #[test]
    fn a_thread_without_frames_has_none() {
        let memory = stack();
        memory.put_word(THREAD + example().current_frame as u64, 0);
        assert_eq!(walk(&memory), Ok(Vec::new()));
    }

    #[test]
    fn a_stack_that_never_holds_still_is_torn() {
        let memory = stack();
        let current = THREAD + example().current_frame as u64;
        memory.on_each_part(move |bytes, read| {
            let innermost = if read % 2 == 0 { CHUNK + 0x200 } else { CHUNK + 0x100 };
            bytes.extend((current..).zip(innermost.to_le_bytes()));
        });
        assert_eq!(walk(&memory), Err(WalkError::Torn));
    }

    #[test]
    fn a_stack_that_changes_once_is_read_again() {
        let memory = stack();
        let current = THREAD + example().current_frame as u64;
        let reads = Rc::new(Cell::new(0));
        let seen = Rc::clone(&reads);
        memory.on_each_part(move |bytes, read| {
            seen.set(read);
            if read == 3 {
                bytes.extend((current..).zip((CHUNK + 0x100).to_le_bytes()));
            }
        });
        assert_eq!(walk(&memory).unwrap()[0].code, CODE + 0x100);
        assert!(reads.get() > 5, "it was not read twice");
    }

    #[test]
    fn a_chain_that_does_not_end_is_torn() {
        for (address, previous) in
            [(0x100, CHUNK + 0x200), (0x100, CHUNK + 0x100), (0x20, 0x33), (0x20, 0x9999_0000), (0x20, 0)]
        {
            let memory = stack();
            memory.put_word(CHUNK + address + example().previous as u64, previous);
            assert_eq!(walk(&memory), Err(WalkError::Torn), "{previous:#x}");
        }
        let memory = stack();
        memory.put(CHUNK + 0x100 + example().owner as u64, &[9]);
        assert_eq!(walk(&memory), Err(WalkError::Torn));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_stack_is_read(changes: Vec<(u16, u64)>) {
            let memory = stack();
            for (place, value) in changes {
                memory.put_word(CHUNK + u64::from(place % 0x300), value);
            }
            let _ = walk(&memory);
        }
    }
}
