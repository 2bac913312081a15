//! The line table of a code object (`Objects/locations.md` in CPython): from instructions to lines.
//!
//! Each entry begins with a byte whose top bit is set, which says its form and how many code units it covers; the bytes that
//! follow have that bit clear.

const FORM_ONE_LINE: u8 = 10;
const FORM_NO_COLUMNS: u8 = 13;
const FORM_LONG: u8 = 14;
const FORM_NONE: u8 = 15;

/// Bytes of a code unit.
const UNIT: usize = 2;

/// The line of the instruction at `offset`, in bytes from the start of the bytecode. `None` when the table gives it none, or
/// has nothing there.
pub fn line_at(table: &[u8], first_line: u32, offset: usize) -> Option<u32> {
    let mut line = i64::from(first_line);
    let mut end = 0;
    let mut rest = table;
    while let Some((&start, tail)) = rest.split_first() {
        if start & 0x80 == 0 {
            return None;
        }
        let length = tail.iter().position(|&byte| byte & 0x80 != 0).unwrap_or(tail.len());
        let (body, next) = tail.split_at(length);
        let form = start >> 3 & 15;
        line += match form {
            FORM_NO_COLUMNS | FORM_LONG => signed(body)?,
            FORM_ONE_LINE..FORM_NO_COLUMNS => i64::from(form - FORM_ONE_LINE),
            _ => 0,
        };
        end += (usize::from(start & 7) + 1) * UNIT;
        if offset < end {
            return if form == FORM_NONE { None } else { u32::try_from(line).ok() };
        }
        rest = next;
    }
    None
}

/// The number that bytes begin with: six bits a byte, lowest first, and bit 6 says that there is more. Its lowest bit is the sign.
fn signed(bytes: &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 63) << (6 * index);
        if byte & 64 == 0 {
            let magnitude = (number >> 1).cast_signed();
            return Some(if number & 1 == 0 { magnitude } else { -magnitude });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(form: u8, units: u8, body: &[u8]) -> Vec<u8> {
        [&[0x80 | form << 3 | (units - 1)], body].concat()
    }

    #[test]
    fn every_form_moves_the_line() {
        let table = [
            entry(15, 1, &[]),
            entry(0, 2, &[0x12]),
            entry(11, 1, &[4, 9]),
            entry(13, 3, &[0b11]),
            entry(14, 1, &[0x48, 1, 0, 1, 5]),
            entry(5, 1, &[0]),
        ]
        .concat();
        let lines: Vec<_> = (0..10).map(|unit| line_at(&table, 7, unit * 2)).collect();
        let expected = [None, Some(7), Some(7), Some(8), Some(7), Some(7), Some(7), Some(43), Some(43), None];
        assert_eq!(lines, expected);
        assert_eq!(line_at(&table, 7, 3), Some(7), "an odd address is inside of its code unit");
    }

    #[test]
    fn nonsense_has_no_lines() {
        assert_eq!(line_at(&[], 1, 0), None);
        assert_eq!(line_at(&[0x12], 1, 0), None);
        assert_eq!(line_at(&entry(13, 1, &[]), 1, 0), None);
        assert_eq!(line_at(&entry(13, 1, &[0b111]), 1, 0), None, "a line below zero");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(table: Vec<u8>, first_line: u32, offset in 0_usize..5000) {
            line_at(&table, first_line, offset);
        }
    }
}
