//! The exception table: which handler an exception at an instruction goes to.
//!
//! Entries are four numbers each: start, length, target (in code units), and the depth to cut the operand stack to
//! with a bit that asks for the raising instruction's offset to be pushed. The compiler has resolved nesting
//! already: ranges do not overlap, so the one entry that covers an instruction is the innermost handler.

use super::opcode::CodeOffset;

/// A range of instructions and its handler.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExceptionEntry {
    /// First instruction of the range.
    pub start: CodeOffset,
    /// One past the last.
    pub end: CodeOffset,
    /// The handler.
    pub target: CodeOffset,
    /// Entries that stay on the operand stack.
    pub depth: u32,
    /// Whether the offset of the raising instruction is pushed before the exception.
    pub lasti: bool,
}

/// The handlers of a code object, by where their ranges start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExceptionTable {
    entries: Vec<ExceptionEntry>,
}

impl ExceptionTable {
    /// Parses `co_exceptiontable`. A cut-off entry at the end is left out.
    pub fn parse(table: &[u8]) -> Self {
        let mut entries = Vec::new();
        let mut bytes = table.iter().copied();
        while let Some(entry) = parse_entry(&mut bytes) {
            entries.push(entry);
        }
        Self { entries }
    }

    /// All entries.
    pub fn entries(&self) -> &[ExceptionEntry] {
        &self.entries
    }

    /// The handler for an exception at `offset`.
    pub fn lookup(&self, offset: CodeOffset) -> Option<&ExceptionEntry> {
        let after = self.entries.partition_point(|entry| entry.start <= offset);
        self.entries[..after].last().filter(|entry| offset < entry.end)
    }
}

fn parse_entry(bytes: &mut impl Iterator<Item = u8>) -> Option<ExceptionEntry> {
    let start = varint(bytes)?;
    let length = varint(bytes)?;
    let target = varint(bytes)?;
    let depth_lasti = varint(bytes)?;
    Some(ExceptionEntry {
        start: CodeOffset(start),
        end: CodeOffset(start.checked_add(length)?),
        target: CodeOffset(target),
        depth: depth_lasti >> 1,
        lasti: depth_lasti & 1 != 0,
    })
}

/// Six bits a byte, the highest first; bit 6 says that more follow (bit 7 marks the start of an entry).
fn varint(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut value = 0_u32;
    loop {
        let byte = bytes.next()?;
        value = value << 6 | u32::from(byte & 63);
        if byte & 64 == 0 {
            return Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn entry(start: u32, end: u32, target: u32, depth: u32, lasti: bool) -> ExceptionEntry {
        ExceptionEntry { start: CodeOffset(start), end: CodeOffset(end), target: CodeOffset(target), depth, lasti }
    }

    #[test]
    fn parses_wide_numbers() {
        // 200 = 3 * 64 + 8
        let table = [0x80 | 0x40 | 3, 8, 5, 0x40 | 1, 0, (2 << 1) | 1];
        assert_eq!(ExceptionTable::parse(&table).entries(), [entry(200, 205, 64, 2, true)]);
    }

    #[test]
    fn looks_up_the_covering_range() {
        let table = ExceptionTable::parse(&[0x80 | 4, 3, 20, 0, 0x80 | 7, 2, 30, 2]);
        assert_eq!(table.entries().len(), 2);
        let target = |offset| table.lookup(CodeOffset(offset)).map(|e| e.target.0);
        assert_eq!(target(3), None);
        assert_eq!(target(4), Some(20));
        assert_eq!(target(6), Some(20));
        assert_eq!(target(7), Some(30));
        assert_eq!(target(8), Some(30));
        assert_eq!(target(9), None);
        assert_eq!(table.lookup(CodeOffset(7)).unwrap().depth, 1);
    }

    #[test]
    fn empty_and_cut_off() {
        assert_eq!(ExceptionTable::parse(&[]).lookup(CodeOffset(0)), None);
        assert!(ExceptionTable::parse(&[0x84, 3, 20]).entries().is_empty());
    }
}
