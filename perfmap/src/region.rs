//! What a sink is told about: a piece of machine code, where it comes from, and how to unwind it.

use std::collections::BTreeSet;
use std::ops::Range;

use gimli::Register;
use gimli::write::CallFrameInstruction;

/// A piece of machine code, ready to run.
#[derive(Clone, Copy, Debug)]
pub struct CodeRegion<'a> {
    /// Address of the first byte.
    pub start: usize,
    /// The machine code itself.
    pub code: &'a [u8],
    /// What tools shall call it.
    pub name: &'a str,
    /// Where it comes from, if anybody knows.
    pub source: Option<&'a Source>,
    /// How to find its caller; without it only those who follow frame pointers do.
    pub unwind: Option<&'a Unwind>,
}

impl CodeRegion<'_> {
    /// Length in bytes.
    pub fn size(&self) -> usize {
        self.code.len()
    }

    /// The name as a single line that is not empty.
    pub(crate) fn printable_name(&self) -> String {
        if self.name.is_empty() { "[unnamed]".into() } else { printable(self.name) }
    }

    /// The machine code by what it belongs to: the function itself, or calls that were compiled in place, as
    /// `FUNCTION->CALLEE->ITS CALLEE`.
    pub(crate) fn parts(&self) -> Vec<(Range<u32>, String)> {
        let (name, size) = (self.printable_name(), self.size() as u32);
        let calls = self.source.map_or(&[][..], |source| &source.inlined);
        let borders = calls.iter().flat_map(|call| [call.range.start, call.range.end]);
        let borders: BTreeSet<u32> = borders.filter(|border| (1..size).contains(border)).collect();
        let mut parts: Vec<(Range<u32>, String)> = Vec::new();
        let mut start = 0;
        for end in borders.into_iter().chain([size]) {
            let around = calls.iter().filter(|call| call.range.contains(&start));
            let chain = around.fold(name.clone(), |chain, call| chain + CALLS + &printable(&call.name));
            match parts.last_mut() {
                Some((range, last)) if *last == chain => range.end = end,
                _ => parts.push((start..end, chain)),
            }
            start = end;
        }
        parts
    }
}

/// What stands between the names of a function and of one that was compiled in place within it. Tools that collapse the
/// stacks of perf for flame graphs take this for two frames.
const CALLS: &str = "->";

/// A text without what would end an entry too early: line breaks, NUL.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Where machine code comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The files that the code comes from; the function's own is the first.
    pub files: Vec<String>,
    /// The line where the function begins.
    pub line: u32,
    /// What comes from where, by rising offset.
    pub rows: Vec<LineRow>,
    /// Calls of other functions that were compiled in place, the outer ones before those within them.
    pub inlined: Vec<InlinedCall>,
}

/// The source of the machine code from an offset on, up to the next row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRow {
    /// Bytes from the start of the region.
    pub offset: u32,
    /// Which of the source's files.
    pub file: FileIndex,
    /// The line; 0 where there is none.
    pub line: u32,
    /// The column, from 1 on; 0 when it is not known.
    pub column: u32,
}

/// A number in [`Source::files`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileIndex(pub u32);

/// A function that was compiled in place of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlinedCall {
    /// Its machine code, in bytes from the start of the region.
    pub range: Range<u32>,
    /// What tools shall call it.
    pub name: String,
    /// Where it is defined.
    pub file: FileIndex,
    /// The line where it begins.
    pub line: u32,
    /// Where it is called.
    pub call_file: FileIndex,
    /// The line that calls it.
    pub call_line: u32,
}

/// How to find the caller of machine code at each of its instructions, in the terms of DWARF's call frame information.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwind {
    /// The column of the return address: 16 on x86-64, 30 on AArch64.
    pub return_address: Register,
    /// What holds at the first instruction.
    pub entry: Vec<CallFrameInstruction>,
    /// What changes, by rising offset: each holds from its offset on.
    pub steps: Vec<(u32, CallFrameInstruction)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_in_place_are_parts_of_their_own() {
        let call = |range, name: &str| InlinedCall {
            range,
            name: name.into(),
            file: FileIndex(0),
            line: 1,
            call_file: FileIndex(0),
            call_line: 2,
        };
        let inlined = vec![call(8..20, "b"), call(24..32, "b"), call(12..16, "c\n")];
        let source = Source { inlined, ..Source::default() };
        let region = CodeRegion { start: 0x1000, code: &[0x90; 32], name: "a", source: Some(&source), unwind: None };
        let parts: Vec<_> = region.parts().into_iter().map(|(range, name)| (range.start, name)).collect();
        let expected = [(0, "a"), (8, "a->b"), (12, "a->b->c?"), (16, "a->b"), (20, "a"), (24, "a->b")];
        assert_eq!(parts, expected.map(|(start, name)| (start, name.to_owned())));
        assert_eq!(region.parts().last().map(|(range, _)| range.end), Some(32));
    }

    #[test]
    fn without_calls_there_is_one_part() {
        let region = CodeRegion { start: 0x1000, code: &[0x90; 32], name: "", source: None, unwind: None };
        assert_eq!(region.parts(), [(0..32, "[unnamed]".to_owned())]);
    }
}
