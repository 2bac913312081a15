//! What is known of code, as an ELF file with DWARF in it: names, source lines, inlined calls and unwind rules.
//!
//! All addresses are final, nothing is left to relocate: debuggers read such a file where it lies in memory. The
//! descriptions of several regions are put together by laying their parts of each section side by side. To that end
//! each region is a compilation unit of its own, with a line table and call frame information of its own, and what all
//! units share (abbreviations, the strings of the producer and the directory) comes first, at the same place in every file.

mod dwarf;
mod elf;
mod lines;

use std::ops::Range;
use std::path::Path;

use gimli::constants::DW_EH_PE_absptr;
use gimli::write::{EndianVec, Result, Writer};
use gimli::{NativeEndian, Register};

use crate::eh_frame;
use crate::region::{CodeRegion, FileIndex, Source, Unwind};

/// The name and version that is noted as the producer.
const PRODUCER: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Where DWARF is written to.
type Output = EndianVec<NativeEndian>;

/// A region's parts of the sections, as ranges of some bytes.
#[derive(Clone, Debug)]
struct Part {
    start: u64,
    size: u64,
    /// With its terminator.
    name: Range<usize>,
    info: Range<usize>,
    lines: Range<usize>,
    frames: Range<usize>,
}

impl Part {
    fn size_in_file(&self) -> usize {
        self.name.len() + self.info.len() + self.lines.len() + self.frames.len()
    }
}

/// What one image takes of another, or of bytes just written.
#[derive(Clone, Copy)]
struct Piece<'a> {
    part: &'a Part,
    bytes: &'a [u8],
}

impl<'a> Piece<'a> {
    fn name(self) -> &'a [u8] {
        &self.bytes[self.part.name.clone()]
    }

    fn info(self) -> &'a [u8] {
        &self.bytes[self.part.info.clone()]
    }

    fn lines(self) -> &'a [u8] {
        &self.bytes[self.part.lines.clone()]
    }

    fn frames(self) -> &'a [u8] {
        &self.bytes[self.part.frames.clone()]
    }
}

/// An ELF file that describes regions whose machine code is elsewhere in memory.
pub(crate) struct Image {
    bytes: Box<[u8]>,
    parts: Vec<Part>,
}

impl Image {
    /// Describes one region. Relative file names count from `directory`.
    pub(crate) fn new(region: &CodeRegion<'_>, directory: &str) -> Result<Self> {
        let (part, bytes) = describe(region)?;
        Ok(Self::of(&[Piece { part: &part, bytes: &bytes }], directory))
    }

    /// Describes what the given images describe, in their order.
    pub(crate) fn join<'a>(images: impl IntoIterator<Item = &'a Image>, directory: &str) -> Self {
        let pieces: Vec<_> = images.into_iter().flat_map(Image::pieces).collect();
        Self::of(&pieces, directory)
    }

    /// Describes the same regions but for the one with this number.
    pub(crate) fn without(&self, number: usize, directory: &str) -> Self {
        let mut pieces: Vec<_> = self.pieces().collect();
        pieces.remove(number);
        Self::of(&pieces, directory)
    }

    /// The file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn of(pieces: &[Piece<'_>], directory: &str) -> Self {
        let (bytes, parts) = elf::file(pieces, directory, None);
        Self { bytes: bytes.into_boxed_slice(), parts }
    }

    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.parts.iter().map(|part| Piece { part, bytes: &self.bytes })
    }
}

/// An ELF file with the machine code of a region and all that is known of it, for tools that read files. Relative
/// file names count from `directory`.
///
/// # Errors
/// When the region's unwind rules do not fit the format.
pub fn object_file(region: &CodeRegion<'_>, directory: &Path) -> Result<Vec<u8>> {
    let (part, bytes) = describe(region)?;
    let pieces = [Piece { part: &part, bytes: &bytes }];
    Ok(elf::file(&pieces, &directory.to_string_lossy(), Some(region.code)).0)
}

/// Writes a region's parts of all sections one after the other.
fn describe(region: &CodeRegion<'_>) -> Result<(Part, Vec<u8>)> {
    let source = region.source.filter(|source| !source.files.is_empty());
    let size = region.size() as u32;
    let mut output = EndianVec::new(NativeEndian);
    write_text(&mut output, region.name)?;
    let name = 0..output.len();
    dwarf::write_unit(&mut output, region, source)?;
    let info = name.end..output.len();
    if let Some(source) = source {
        let frame_set_up = region.unwind.and_then(frame_set_up);
        lines::write_program(&mut output, source, region.start as u64, size, frame_set_up)?;
    }
    let lines = info.end..output.len();
    if let Some(unwind) = region.unwind {
        output.write(&eh_frame::entries(unwind, region.start as u64, size, DW_EH_PE_absptr)?)?;
    }
    let frames = lines.end..output.len();
    let part = Part { start: region.start as u64, size: region.size() as u64, name, info, lines, frames };
    Ok((part, output.into_vec()))
}

/// Where the stack pointer stops being what the caller is found by: behind the instructions that set the frame up.
fn frame_set_up(unwind: &Unwind) -> Option<u32> {
    use gimli::write::CallFrameInstruction::{Cfa, CfaRegister};
    let base = unwind.entry.iter().find_map(|instruction| match instruction {
        Cfa(register, _) => Some(*register),
        _ => None,
    });
    let leaves_base = |register: &Register| Some(*register) != base;
    unwind.steps.iter().find_map(|(offset, instruction)| match instruction {
        Cfa(register, _) | CfaRegister(register) if leaves_base(register) => Some(*offset),
        _ => None,
    })
}

/// Writes a text with its terminator. Within it neither that nor line breaks have a place.
fn write_text(output: &mut Output, text: &str) -> Result<()> {
    if text.contains(char::is_control) {
        let clean: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        output.write(clean.as_bytes())?;
    } else {
        output.write(text.as_bytes())?;
    }
    output.write_u8(0)
}

/// The number of a file in the line table, which counts from 1. What is not there is taken for the function's own.
fn file_number(source: &Source, FileIndex(index): FileIndex) -> u64 {
    if (index as usize) < source.files.len() { u64::from(index) + 1 } else { 1 }
}
