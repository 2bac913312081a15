//! The description of a region in DWARF 4: a compilation unit with one function in it.

use std::ops::Range;
use std::sync::LazyLock;

use gimli::constants::*;
use gimli::write::{EndianVec, Result, Writer};
use gimli::{DwAt, DwChildren, DwForm, DwLang, DwTag, NativeEndian};

use super::{Output, PRODUCER, file_number, write_text};
use crate::region::{CodeRegion, InlinedCall, Source};

const VERSION: u16 = 4;
const ADDRESS_SIZE: u8 = 8;
/// The language of the only compiler so far. gdb does not know it, and so takes names as they are and has no types.
const LANGUAGE: DwLang = DW_LANG_Python;
/// Where the unit's offset into the section of line tables is, from the start of the unit.
pub(super) const LINES_OFFSET: usize = 4 + 2 + 4 + 1 + 1;

/// The kinds of entries; the abbreviation's code is the place in [`ABBREVIATIONS`], from 1 on.
#[derive(Clone, Copy)]
enum Kind {
    Unit = 1,
    UnitWithoutSource,
    Function,
    FunctionWithCalls,
    FunctionWithoutSource,
    Inlinable,
    Inlined,
    InlinedWithCalls,
}

struct Abbreviation {
    tag: DwTag,
    children: DwChildren,
    attributes: &'static [(DwAt, DwForm)],
}

const RANGE: [(DwAt, DwForm); 2] = [(DW_AT_low_pc, DW_FORM_addr), (DW_AT_high_pc, DW_FORM_data4)];

const FUNCTION: &[(DwAt, DwForm)] = &[
    (DW_AT_external, DW_FORM_flag_present),
    (DW_AT_name, DW_FORM_string),
    (DW_AT_decl_file, DW_FORM_udata),
    (DW_AT_decl_line, DW_FORM_udata),
    RANGE[0],
    RANGE[1],
    (DW_AT_frame_base, DW_FORM_exprloc),
];

const INLINED: &[(DwAt, DwForm)] = &[
    (DW_AT_abstract_origin, DW_FORM_ref4),
    RANGE[0],
    RANGE[1],
    (DW_AT_call_file, DW_FORM_udata),
    (DW_AT_call_line, DW_FORM_udata),
];

/// In the order of [`Kind`].
const ABBREVIATIONS: &[Abbreviation] = &[
    Abbreviation {
        tag: DW_TAG_compile_unit,
        children: DW_CHILDREN_yes,
        attributes: &[
            (DW_AT_stmt_list, DW_FORM_sec_offset),
            (DW_AT_producer, DW_FORM_strp),
            (DW_AT_language, DW_FORM_data1),
            (DW_AT_name, DW_FORM_string),
            (DW_AT_comp_dir, DW_FORM_strp),
            RANGE[0],
            RANGE[1],
        ],
    },
    Abbreviation {
        tag: DW_TAG_compile_unit,
        children: DW_CHILDREN_yes,
        attributes: &[(DW_AT_producer, DW_FORM_strp), (DW_AT_language, DW_FORM_data1), RANGE[0], RANGE[1]],
    },
    Abbreviation { tag: DW_TAG_subprogram, children: DW_CHILDREN_no, attributes: FUNCTION },
    Abbreviation { tag: DW_TAG_subprogram, children: DW_CHILDREN_yes, attributes: FUNCTION },
    Abbreviation {
        tag: DW_TAG_subprogram,
        children: DW_CHILDREN_no,
        attributes: &[
            (DW_AT_external, DW_FORM_flag_present),
            (DW_AT_name, DW_FORM_string),
            RANGE[0],
            RANGE[1],
            (DW_AT_frame_base, DW_FORM_exprloc),
        ],
    },
    Abbreviation {
        tag: DW_TAG_subprogram,
        children: DW_CHILDREN_no,
        attributes: &[
            (DW_AT_name, DW_FORM_string),
            (DW_AT_decl_file, DW_FORM_udata),
            (DW_AT_decl_line, DW_FORM_udata),
            (DW_AT_inline, DW_FORM_data1),
        ],
    },
    Abbreviation { tag: DW_TAG_inlined_subroutine, children: DW_CHILDREN_no, attributes: INLINED },
    Abbreviation { tag: DW_TAG_inlined_subroutine, children: DW_CHILDREN_yes, attributes: INLINED },
];

/// The section of abbreviations, the same in all images.
pub(super) static ABBREVIATIONS_SECTION: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut output = EndianVec::new(NativeEndian);
    write_abbreviations(&mut output).expect("a vector can be written to");
    output.into_vec()
});

fn write_abbreviations(output: &mut Output) -> Result<()> {
    for (code, abbreviation) in (1..).zip(ABBREVIATIONS) {
        output.write_uleb128(code)?;
        output.write_uleb128(abbreviation.tag.0.into())?;
        output.write_u8(abbreviation.children.0)?;
        for (attribute, form) in abbreviation.attributes {
            output.write_uleb128(attribute.0.into())?;
            output.write_uleb128(form.0.into())?;
        }
        output.write(&[0, 0])?;
    }
    output.write_u8(0)
}

/// The section of strings: the producer, and behind it the directory.
pub(super) fn strings(directory: &str) -> [&[u8]; 4] {
    [PRODUCER.as_bytes(), &[0], directory.as_bytes(), &[0]]
}

/// Writes the unit for a region, whose line table is at 0 until it is known better.
pub(super) fn write_unit(output: &mut Output, region: &CodeRegion<'_>, source: Option<&Source>) -> Result<()> {
    let unit = output.len();
    output.write_u32(0)?;
    output.write_u16(VERSION)?;
    output.write_u32(0)?; // The abbreviations are the first.
    output.write_u8(ADDRESS_SIZE)?;
    let (start, size) = (region.start as u64, region.size() as u32);
    match source {
        Some(source) => {
            output.write_u8(Kind::Unit as u8)?;
            debug_assert_eq!(output.len() - unit, LINES_OFFSET);
            output.write_u32(0)?;
            write_producer(output)?;
            write_text(output, &source.files[0])?;
            output.write_u32(PRODUCER.len() as u32 + 1)?;
            write_range(output, start, size)?;
            let function = Function { unit, start, source };
            let origins = function.write_inlinable(output)?;
            function.write(output, region.name, size, &origins)?;
        }
        None => {
            output.write_u8(Kind::UnitWithoutSource as u8)?;
            write_producer(output)?;
            write_range(output, start, size)?;
            output.write_u8(Kind::FunctionWithoutSource as u8)?;
            write_text(output, region.name)?;
            write_range(output, start, size)?;
            write_frame_base(output)?;
        }
    }
    output.write_u8(0)?;
    output.write_u32_at(unit, (output.len() - unit - 4) as u32)
}

fn write_producer(output: &mut Output) -> Result<()> {
    output.write_u32(0)?;
    output.write_u8(LANGUAGE.0 as u8)
}

fn write_range(output: &mut Output, start: u64, size: u32) -> Result<()> {
    output.write_u64(start)?;
    output.write_u32(size)
}

fn write_frame_base(output: &mut Output) -> Result<()> {
    output.write(&[1, DW_OP_call_frame_cfa.0])
}

struct Function<'a> {
    /// Where the unit begins.
    unit: usize,
    start: u64,
    source: &'a Source,
}

impl Function<'_> {
    /// Writes an entry for each function that was compiled in place of a call; returns where each call's is.
    fn write_inlinable(&self, output: &mut Output) -> Result<Vec<u32>> {
        let mut origins: Vec<u32> = Vec::with_capacity(self.source.inlined.len());
        for call in &self.source.inlined {
            let is_same =
                |other: &InlinedCall| (&other.name, other.file, other.line) == (&call.name, call.file, call.line);
            let known = self.source.inlined[..origins.len()].iter().position(is_same);
            if let Some(known) = known {
                origins.push(origins[known]);
                continue;
            }
            origins.push((output.len() - self.unit) as u32);
            output.write_u8(Kind::Inlinable as u8)?;
            write_text(output, &call.name)?;
            output.write_uleb128(file_number(self.source, call.file))?;
            output.write_uleb128(call.line.into())?;
            output.write_u8(DW_INL_inlined.0)?;
        }
        Ok(origins)
    }

    fn write(&self, output: &mut Output, name: &str, size: u32, origins: &[u32]) -> Result<()> {
        let has_calls = !origins.is_empty();
        output.write_u8(if has_calls { Kind::FunctionWithCalls } else { Kind::Function } as u8)?;
        write_text(output, name)?;
        output.write_uleb128(1)?;
        output.write_uleb128(self.source.line.into())?;
        write_range(output, self.start, size)?;
        write_frame_base(output)?;
        if has_calls {
            self.write_calls(output, origins)?;
        }
        Ok(())
    }

    /// Writes the calls, each within the innermost that contains it, and what ends their parent's children.
    fn write_calls(&self, output: &mut Output, origins: &[u32]) -> Result<()> {
        let mut calls: Vec<_> = self.source.inlined.iter().zip(origins).collect();
        // What contains others comes before them; of equal ranges the outer one is the first already.
        calls.sort_by_key(|(call, _)| (call.range.start, std::cmp::Reverse(call.range.end)));
        let mut open: Vec<&Range<u32>> = Vec::new();
        for (index, (call, origin)) in calls.iter().enumerate() {
            while open.pop_if(|outer| !contains(outer, &call.range)).is_some() {
                output.write_u8(0)?;
            }
            let has_calls = calls.get(index + 1).is_some_and(|(next, _)| contains(&call.range, &next.range));
            output.write_u8(if has_calls { Kind::InlinedWithCalls } else { Kind::Inlined } as u8)?;
            output.write_u32(**origin)?;
            write_range(output, self.start + u64::from(call.range.start), call.range.end - call.range.start)?;
            output.write_uleb128(file_number(self.source, call.call_file))?;
            output.write_uleb128(call.call_line.into())?;
            if has_calls {
                open.push(&call.range);
            }
        }
        for _ in open {
            output.write_u8(0)?;
        }
        output.write_u8(0)
    }
}

fn contains(outer: &Range<u32>, inner: &Range<u32>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
