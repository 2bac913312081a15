//! Code objects: names, file and lines, read once and kept for as long as the object is the same.

use std::collections::HashMap;
use std::sync::Arc;

use super::lines;
use super::memory::{Memory, Part, ReadError, half_at, word_at};
use super::offsets::Offsets;

/// Longer names are cut.
const LONGEST_TEXT: u64 = 1024;
/// Longer line tables are not believed. The longest function of the standard library has 30 kB.
const LONGEST_TABLE: u64 = 4 << 20;
/// So many code objects are kept; programs that have more make them all the time.
const MOST_KEPT: usize = 16_384;

const KIND_SHIFT: u32 = 2;
const KIND_MASK: u32 = 7;
const COMPACT: u32 = 1 << 5;
const ASCII: u32 = 1 << 6;

/// What is known of a code object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeInfo {
    /// Qualified name.
    pub qualname: String,
    /// File name as the compiler was given it.
    pub filename: String,
    /// First line.
    pub first_line: u32,
    line_table: Vec<u8>,
    bytecode: u64,
}

impl CodeInfo {
    /// The line of an instruction by its address; the first line where the table has none.
    pub fn line_of(&self, instruction: u64) -> u32 {
        let offset = instruction.checked_sub(self.bytecode).and_then(|offset| usize::try_from(offset).ok());
        let line = offset.and_then(|offset| lines::line_at(&self.line_table, self.first_line, offset));
        line.unwrap_or(self.first_line)
    }
}

/// What tells a code object from another one that was there before it: everything that is read of it, by address.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    filename: u64,
    qualname: u64,
    line_table: u64,
    first_line: u32,
}

/// The code objects of a process that were seen so far.
pub struct CodeCache {
    code_type: u64,
    known: HashMap<u64, (Identity, Arc<CodeInfo>)>,
}

impl CodeCache {
    /// Starts with none. `code_type` is the address of the type of code objects, `PyCode_Type`.
    pub fn new(code_type: u64) -> Self {
        Self { code_type, known: HashMap::new() }
    }

    /// The code objects at these addresses; `None` for what is none.
    ///
    /// # Errors
    /// When the memory cannot be read at all. What is wrong with one address is said by `None`.
    pub fn look_up(
        &mut self,
        memory: &impl Memory,
        offsets: &Offsets,
        addresses: &[u64],
    ) -> Result<Vec<Option<Arc<CodeInfo>>>, ReadError> {
        if self.known.len() > MOST_KEPT {
            self.known.clear();
        }
        let length = head_length(offsets);
        let mut heads = vec![vec![0; length]; addresses.len()];
        let mut parts: Vec<Part> =
            addresses.iter().zip(&mut heads).map(|(&address, bytes)| Part { address, bytes }).collect();
        let all = memory.read(&mut parts);
        if all == Err(ReadError::Fault) {
            // One address that is wrong must not hide the others.
            for (&address, bytes) in addresses.iter().zip(&mut heads) {
                if memory.read(&mut [Part { address, bytes }]).is_err() {
                    bytes.fill(0);
                }
            }
        } else {
            all?;
        }
        Ok(addresses.iter().zip(&heads).map(|(&address, head)| self.find(memory, offsets, address, head)).collect())
    }

    fn find(&mut self, memory: &impl Memory, offsets: &Offsets, address: u64, head: &[u8]) -> Option<Arc<CodeInfo>> {
        if word_at(head, offsets.ob_type)? != self.code_type {
            return None;
        }
        let identity = Identity {
            filename: word_at(head, offsets.filename)?,
            qualname: word_at(head, offsets.qualname)?,
            line_table: word_at(head, offsets.linetable)?,
            first_line: half_at(head, offsets.firstlineno)?,
        };
        if let Some((known, info)) = self.known.get(&address)
            && *known == identity
        {
            return Some(Arc::clone(info));
        }
        let info = Arc::new(CodeInfo {
            qualname: read_text(memory, offsets, identity.qualname)?,
            filename: read_text(memory, offsets, identity.filename)?,
            first_line: identity.first_line,
            line_table: read_table(memory, offsets, identity.line_table)?,
            bytecode: address + offsets.co_code_adaptive as u64,
        });
        self.known.insert(address, (identity, Arc::clone(&info)));
        Some(info)
    }
}

fn head_length(offsets: &Offsets) -> usize {
    [offsets.ob_type, offsets.filename, offsets.qualname, offsets.linetable, offsets.firstlineno]
        .into_iter()
        .max()
        .unwrap_or(0)
        + 8
}

/// Reads a `str`; only the compact form, which all names that the compiler makes have.
fn read_text(memory: &impl Memory, offsets: &Offsets, address: u64) -> Option<String> {
    let head = memory.bytes(address, offsets.text_state.max(offsets.text_length) + 8).ok()?;
    let state = half_at(&head, offsets.text_state)?;
    let length = word_at(&head, offsets.text_length)?.min(LONGEST_TEXT) as usize;
    if state & COMPACT == 0 {
        return None;
    }
    let start = if state & ASCII != 0 { offsets.ascii_size } else { offsets.compact_size };
    let width = (state >> KIND_SHIFT & KIND_MASK) as usize;
    if !matches!(width, 1 | 2 | 4) {
        return None;
    }
    let bytes = memory.bytes(address.checked_add(start as u64)?, length * width).ok()?;
    let character = |bytes: &[u8]| {
        let code = bytes.iter().rev().fold(0_u32, |code, &byte| code << 8 | u32::from(byte));
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    Some(bytes.chunks_exact(width).map(character).collect())
}

fn read_table(memory: &impl Memory, offsets: &Offsets, address: u64) -> Option<Vec<u8>> {
    let length = memory.word(address.checked_add(offsets.bytes_size as u64)?).ok()?;
    if length > LONGEST_TABLE {
        return None;
    }
    memory.bytes(address.checked_add(offsets.bytes_value as u64)?, length as usize).ok()
}

#[cfg(test)]
pub mod build {
    //! Code objects in made-up memory.

    use super::super::memory::fake::Fake;
    use super::super::offsets::example;
    use super::{ASCII, COMPACT, KIND_SHIFT};

    pub const CODE_TYPE: u64 = 0xc0de_0000;

    pub fn text(memory: &Fake, address: u64, text: &str) {
        let offsets = example();
        memory.put(address, &[0; 64]);
        memory.put_word(address + offsets.text_length as u64, text.chars().count() as u64);
        let (width, start, flag) =
            if text.is_ascii() { (1, offsets.ascii_size, ASCII) } else { (4, offsets.compact_size, 0) };
        memory.put(address + offsets.text_state as u64, &(COMPACT | flag | width << KIND_SHIFT).to_le_bytes());
        let bytes: Vec<u8> =
            text.chars().flat_map(|char| u32::from(char).to_le_bytes()[..width as usize].to_vec()).collect();
        memory.put(address + start as u64, &bytes);
    }

    /// A code object with its texts and table in the page behind it.
    pub fn code(memory: &Fake, address: u64, qualname: &str, first_line: u32, table: &[u8]) {
        let offsets = example();
        memory.put(address, &[0; 256]);
        memory.put_word(address + offsets.ob_type as u64, CODE_TYPE);
        memory.put_word(address + offsets.filename as u64, address + 0x1000);
        memory.put_word(address + offsets.qualname as u64, address + 0x2000);
        memory.put_word(address + offsets.linetable as u64, address + 0x3000);
        memory.put(address + offsets.firstlineno as u64, &first_line.to_le_bytes());
        text(memory, address + 0x1000, "/srv/app/main.py");
        text(memory, address + 0x2000, qualname);
        memory.put_word(address + 0x3000 + offsets.bytes_size as u64, table.len() as u64);
        memory.put(address + 0x3000 + offsets.bytes_value as u64, table);
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::fake::Fake;
    use super::super::offsets::example;
    use super::*;

    /// Two code units on the first line, then two on the one after.
    const TABLE: [u8; 3] = [0x80 | 10 << 3 | 1, 0x80 | 11 << 3 | 1, 0];

    fn look(cache: &mut CodeCache, memory: &Fake, addresses: &[u64]) -> Vec<Option<Arc<CodeInfo>>> {
        cache.look_up(memory, &example(), addresses).unwrap()
    }

    #[test]
    fn reads_names_and_lines() {
        let memory = Fake::default();
        build::code(&memory, 0x10_0000, "Größe.<locals>.π", 12, &TABLE);
        let mut cache = CodeCache::new(build::CODE_TYPE);
        let found = look(&mut cache, &memory, &[0x10_0000, 0x99_0000]);
        let code = found[0].as_ref().unwrap();
        assert_eq!((code.qualname.as_str(), code.filename.as_str()), ("Größe.<locals>.π", "/srv/app/main.py"));
        let start = 0x10_0000 + example().co_code_adaptive as u64;
        assert_eq!([0, 2, 4, 6, 8].map(|offset| code.line_of(start + offset)), [12, 12, 13, 13, 12]);
        assert_eq!(code.line_of(3), 12);
        assert_eq!(found[1], None);
    }

    #[test]
    fn another_object_at_the_same_address_is_read_anew() {
        let memory = Fake::default();
        build::code(&memory, 0x10_0000, "first", 1, &TABLE);
        let mut cache = CodeCache::new(build::CODE_TYPE);
        assert_eq!(look(&mut cache, &memory, &[0x10_0000])[0].as_ref().unwrap().qualname, "first");
        build::code(&memory, 0x10_0000, "second", 9, &TABLE);
        assert_eq!(look(&mut cache, &memory, &[0x10_0000])[0].as_ref().unwrap().qualname, "second");
        memory.put_word(0x10_0000 + example().ob_type as u64, 1);
        assert_eq!(look(&mut cache, &memory, &[0x10_0000])[0], None);
    }

    #[test]
    fn what_is_not_right_is_not_read() {
        let offsets = example();
        for (field, value) in [
            (0x2000 + offsets.text_state, 0_u64),
            (0x2000 + offsets.text_state, u64::from(COMPACT | 3 << KIND_SHIFT)),
            (0x3000 + offsets.bytes_size, u64::MAX),
            (offsets.qualname, 0),
        ] {
            let memory = Fake::default();
            build::code(&memory, 0x10_0000, "f", 1, &TABLE);
            memory.put_word(0x10_0000 + field as u64, value);
            assert_eq!(look(&mut CodeCache::new(build::CODE_TYPE), &memory, &[0x10_0000])[0], None, "{field:#x}");
        }
    }
}
