//! The line table: where in the source each instruction comes from (PEP 626, PEP 657).
//!
//! Entries cover one to eight code units each, and say how far the line moved since the entry before. Columns are
//! counted in UTF-8 bytes, from 0.

use super::opcode::CodeOffset;

/// A place in the source. Parts that the compiler did not record are `None`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Location {
    /// First line.
    pub line: Option<u32>,
    /// Last line.
    pub end_line: Option<u32>,
    /// First column.
    pub column: Option<u32>,
    /// One past the last column.
    pub end_column: Option<u32>,
}

/// A range of code units from one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineEntry {
    /// First code unit.
    pub start: CodeOffset,
    /// One past the last.
    pub end: CodeOffset,
    /// The place.
    pub location: Location,
}

/// The places of a code object's instructions, in order of code units, without gaps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LineTable {
    entries: Vec<LineEntry>,
}

impl LineTable {
    /// Parses `co_linetable`. A cut-off entry at the end is left out.
    pub fn parse(table: &[u8], first_line: i32) -> Self {
        let mut entries = Vec::new();
        let mut bytes = table.iter().copied();
        let mut line = first_line;
        let mut start = 0;
        while let Some(head) = bytes.next() {
            let Some(location) = parse_location(head >> 3 & 15, &mut bytes, &mut line) else {
                break;
            };
            let end = start + u32::from(head & 7) + 1;
            entries.push(LineEntry { start: CodeOffset(start), end: CodeOffset(end), location });
            start = end;
        }
        Self { entries }
    }

    /// All entries.
    pub fn entries(&self) -> &[LineEntry] {
        &self.entries
    }

    /// Where the code unit at `offset` comes from.
    pub fn lookup(&self, offset: CodeOffset) -> Location {
        let after = self.entries.partition_point(|entry| entry.start <= offset);
        match self.entries[..after].last() {
            Some(entry) if offset < entry.end => entry.location,
            _ => Location::default(),
        }
    }

    /// The line that the code unit at `offset` comes from.
    pub fn line(&self, offset: CodeOffset) -> Option<u32> {
        self.lookup(offset).line
    }
}

fn parse_location(kind: u8, bytes: &mut impl Iterator<Item = u8>, line: &mut i32) -> Option<Location> {
    let at = |line: i32| u32::try_from(line).ok();
    Some(match kind {
        15 => Location::default(),
        14 => {
            *line = line.wrapping_add(signed_varint(bytes)?);
            let end = line.wrapping_add_unsigned(varint(bytes)?);
            let column = varint(bytes)?.checked_sub(1);
            let end_column = varint(bytes)?.checked_sub(1);
            Location { line: at(*line), end_line: at(end), column, end_column }
        }
        13 => {
            *line = line.wrapping_add(signed_varint(bytes)?);
            Location { line: at(*line), end_line: at(*line), column: None, end_column: None }
        }
        10..=12 => {
            *line = line.wrapping_add(i32::from(kind) - 10);
            let column = bytes.next()?.into();
            let end_column = bytes.next()?.into();
            Location { line: at(*line), end_line: at(*line), column: Some(column), end_column: Some(end_column) }
        }
        _ => {
            let byte = bytes.next()?;
            let column = u32::from(kind) << 3 | u32::from(byte >> 4);
            let end_column = column + u32::from(byte & 15);
            Location { line: at(*line), end_line: at(*line), column: Some(column), end_column: Some(end_column) }
        }
    })
}

/// Six bits a byte, the lowest first; bit 6 says that more follow.
fn varint(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut value = 0_u32;
    let mut shift = 0;
    loop {
        let byte = bytes.next()?;
        value |= u32::from(byte & 63).checked_shl(shift)?;
        if byte & 64 == 0 {
            return Some(value);
        }
        shift += 6;
    }
}

/// The sign is the lowest bit.
fn signed_varint(bytes: &mut impl Iterator<Item = u8>) -> Option<i32> {
    let value = varint(bytes)?;
    let magnitude = (value >> 1) as i32;
    Some(if value & 1 != 0 { magnitude.wrapping_neg() } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32, end_line: u32, column: u32, end_column: u32) -> Location {
        Location { line: Some(line), end_line: Some(end_line), column: Some(column), end_column: Some(end_column) }
    }

    const fn head(kind: u8, units: u8) -> u8 {
        0x80 | kind << 3 | (units - 1)
    }

    #[test]
    fn every_kind_of_entry() {
        let table = [
            head(15, 1),
            head(11, 2),
            4,
            9,
            head(2, 1),
            0x35,
            head(13, 8),
            (3 << 1) | 1,
            head(14, 1),
            0x40,
            2,
            1,
            0x40 | 5,
            2,
            0,
        ];
        let lines = LineTable::parse(&table, 10);
        assert_eq!(lines.lookup(CodeOffset(0)), Location::default());
        assert_eq!(lines.lookup(CodeOffset(1)), place(11, 11, 4, 9));
        assert_eq!(lines.lookup(CodeOffset(2)), place(11, 11, 4, 9));
        assert_eq!(lines.lookup(CodeOffset(3)), place(11, 11, 19, 24));
        let no_columns = Location { line: Some(8), end_line: Some(8), ..Location::default() };
        assert_eq!(lines.lookup(CodeOffset(4)), no_columns);
        assert_eq!(lines.lookup(CodeOffset(11)), no_columns);
        let long = Location { end_column: None, ..place(72, 73, 132, 0) };
        assert_eq!(lines.lookup(CodeOffset(12)), long);
        assert_eq!(lines.lookup(CodeOffset(13)), Location::default());
        assert_eq!(lines.line(CodeOffset(12)), Some(72));
    }

    #[test]
    fn cut_off() {
        assert!(LineTable::parse(&[head(11, 1), 4], 1).entries().is_empty());
    }
}
