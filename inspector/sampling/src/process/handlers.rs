//! The parts of the interpreter's loop.
//!
//! The function that has the loop's name is mostly a small part of it. Where the compiler can, the loop is one function for each
//! instruction, and these jump to each other; otherwise it is one large function that the compiler has split. Either way most of
//! the time is spent in functions that have no symbols in a stripped interpreter. But there is a table by opcode of what
//! to jump to: of many functions, or of many places in one.

use std::collections::HashSet;

use super::elf::Image;
use super::maps::Mapping;
use crate::python::memory::Memory;

/// The function that runs the interpreter's loop.
pub const LOOP: &str = "_PyEval_EvalFrameDefault";

/// There are as many opcodes.
const OPCODES: usize = 256;
/// Fewer different handlers than that are another table.
const FEWEST_HANDLERS: usize = 128;
/// Larger parts of a file are not searched.
const LARGEST_PART: u64 = 64 << 20;

/// Where the functions begin that handle instructions; nothing if there is no table.
pub fn find(memory: &impl Memory, parts: &[&Mapping], image: &Image, bias: u64) -> HashSet<u64> {
    let mut found = HashSet::new();
    let code: Vec<(u64, u64)> =
        parts.iter().filter(|part| part.executable).map(|part| (part.start, part.end)).collect();
    let is_code = |address: u64| code.iter().any(|&(start, end)| (start..end).contains(&address));
    for part in parts.iter().filter(|part| !part.executable && part.end - part.start <= LARGEST_PART) {
        let Ok(bytes) = memory.bytes(part.start, (part.end - part.start) as usize) else {
            continue;
        };
        let words: Vec<u64> = bytes
            .chunks_exact(8)
            .map(|word| word.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte)))
            .collect();
        for run in words.split(|&word| !is_code(word)).filter(|run| run.len() >= OPCODES) {
            let functions: Vec<(u64, Option<u64>)> =
                run.iter().map(|&address| (address, image.start_of(address.wrapping_sub(bias)))).collect();
            let begins = |&(address, start): &(u64, Option<u64>)| start == Some(address.wrapping_sub(bias));
            let of_functions = functions.split(|entry| !begins(entry));
            let of_places = functions.chunk_by(|one, next| one.1 == next.1);
            for table in of_functions.chain(of_places).filter(|table| table.len() >= OPCODES) {
                let different: HashSet<u64> = table.iter().map(|entry| entry.0).collect();
                if different.len() >= FEWEST_HANDLERS {
                    found.extend(table.iter().filter_map(|entry| entry.1).map(|start| start.wrapping_add(bias)));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::memory::fake::Fake;

    #[test]
    fn finds_the_table() {
        const BIAS: u64 = 0x1_0000_0000;
        let starts: Vec<u64> = (0..300).map(|index| 0x1000 + index * 0x20).collect();
        let image = Image::with_starts(starts.clone());
        let mapping =
            |start, end, executable| Mapping { start, end, offset: 0, executable, inode: 1, path: "/p".into() };
        let (code, data) = (mapping(BIAS + 0x1000, BIAS + 0x8000, true), mapping(BIAS + 0x9000, BIAS + 0xb000, false));
        let memory = Fake::default();
        memory.put(data.start, &vec![0; 0x2000]);
        for index in 0..OPCODES as u64 {
            memory.put_word(data.start + 0x800 + index * 8, BIAS + 0x1000 + index.min(200) * 0x20);
            memory.put_word(data.start + 0x1008 + index * 8, BIAS + 0x1000 + index % 3 * 0x20);
            memory.put_word(data.start + 0x1810 + index % 255 * 8, BIAS + 0x1004 + index * 0x20);
        }
        let found = find(&memory, &[&code, &data], &image, BIAS);
        assert_eq!(found.len(), 201);
        assert!(found.contains(&(BIAS + 0x1000 + 200 * 0x20)));
        memory.put_word(data.start + 0x900, 7);
        assert!(find(&memory, &[&code, &data], &image, BIAS).is_empty());

        // One large function behind the others, and places in it.
        for index in 0..OPCODES as u64 {
            memory.put_word(data.start + 0x800 + index * 8, BIAS + 0x4000 + index % 130 * 4);
        }
        let found = find(&memory, &[&code, &data], &image, BIAS);
        assert_eq!(found, HashSet::from([BIAS + 0x1000 + 299 * 0x20]));
    }
}
