//! Images as independent readers see them: names, lines, inlined calls, unwind rules.

use std::collections::BTreeMap;
use std::path::Path;

use addr2line::Context;
use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};
use framehop::{ExplicitModuleSectionInfo, FrameAddress, Module, Unwinder};
use gimli::write::CallFrameInstruction::{Cfa, CfaOffset, CfaRegister, Offset};
use gimli::{EndianSlice, LittleEndian, X86_64};
use object::{Object, ObjectSection, ObjectSymbol};
use rjit_perfmap::{CodeRegion, FileIndex, InlinedCall, LineRow, Source, Unwind, object_file};

const START: usize = 0x7f12_3456_7000;
const NAME: &str = "py::f:/a b/é.py";

fn row(offset: u32, file: u32, line: u32, column: u32) -> LineRow {
    LineRow { offset, file: FileIndex(file), line, column }
}

fn call(range: std::ops::Range<u32>, name: &str, file: u32, line: u32, call_file: u32, call_line: u32) -> InlinedCall {
    let (file, call_file) = (FileIndex(file), FileIndex(call_file));
    InlinedCall { range, name: name.into(), file, line, call_file, call_line }
}

fn unwind() -> Unwind {
    Unwind {
        return_address: X86_64::RA,
        entry: vec![Cfa(X86_64::RSP, 8), Offset(X86_64::RA, -8)],
        steps: vec![
            (1, CfaOffset(16)),
            (1, Offset(X86_64::RBP, -16)),
            (4, CfaRegister(X86_64::RBP)),
            (0x7f, Cfa(X86_64::RSP, 8)),
        ],
    }
}

fn source() -> Source {
    Source {
        files: vec!["/a b/é.py".into(), "other.py".into()],
        line: 10,
        rows: vec![
            row(8, 0, 11, 5),
            row(16, 0, 400, 9), // Too far for an opcode of its own.
            row(24, 1, 3, 1),   // g, inlined
            row(32, 1, 7, 0),   // h, inlined into g
            row(40, 1, 4, 1),   // g
            row(48, 0, 12, 70),
            row(64, 0, 9, 1), // Backwards.
            row(72, 1, 3, 1), // Another call of g, and of h at once.
            row(80, 0, 0, 0),
            row(88, 0, 13, 1),
        ],
        inlined: vec![
            call(24..48, "py::g:other.py", 1, 2, 0, 400),
            call(72..80, "py::g:other.py", 1, 2, 0, 9),
            call(32..40, "py::h:other.py", 1, 6, 1, 3),
            call(72..80, "py::h:other.py", 1, 6, 1, 3),
        ],
    }
}

fn file(source: Option<&Source>, unwind: Option<&Unwind>) -> Vec<u8> {
    let code = &[0x90; 0x80];
    let region = CodeRegion { start: START, code, name: NAME, source, unwind };
    object_file(&region, Path::new("/work dir")).unwrap()
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

fn context<'a>(file: &object::File<'a>) -> Context<Slice<'a>> {
    let section = |id: gimli::SectionId| {
        let data = file.section_by_name(id.name()).map_or(&[][..], |section| section.data().unwrap());
        Ok::<_, gimli::Error>(EndianSlice::new(data, LittleEndian))
    };
    Context::from_dwarf(gimli::Dwarf::load(section).unwrap()).unwrap()
}

/// The functions at an offset, the innermost first, as `name file:line:column`, with 0 for what is not known.
fn frames(context: &Context<Slice<'_>>, offset: u32) -> Vec<String> {
    let mut found = context.find_frames(START as u64 + u64::from(offset)).skip_all_loads().unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = found.next().unwrap() {
        let name = frame.function.map_or("?".into(), |function| function.raw_name().unwrap().into_owned());
        let place = frame.location.map_or("?".into(), |at| {
            format!("{}:{}:{}", at.file.unwrap_or("?"), at.line.unwrap_or(0), at.column.unwrap_or(0))
        });
        frames.push(format!("{name} {place}"));
    }
    frames
}

#[test]
fn the_symbol_and_the_code_are_there() {
    let bytes = file(Some(&source()), None);
    let file = object::File::parse(&*bytes).unwrap();
    let symbols: Vec<_> = file.symbols().collect();
    let [symbol] = &symbols[..] else { panic!("{} symbols", symbols.len()) };
    assert_eq!(symbol.name(), Ok(NAME));
    assert_eq!((symbol.address(), symbol.size()), (START as u64, 0x80));
    assert_eq!(symbol.kind(), object::SymbolKind::Text);
    let text = file.section_by_index(symbol.section_index().unwrap()).unwrap();
    assert_eq!((text.name(), text.address(), text.size()), (Ok(".text"), START as u64, 0x80));
    assert_eq!(text.data().unwrap(), [0x90; 0x80]);
}

#[test]
fn each_offset_has_its_line() {
    let bytes = file(Some(&source()), Some(&unwind()));
    let file = object::File::parse(&*bytes).unwrap();
    let context = context(&file);
    let own = |line: u32, column: &str| format!("{NAME} /a b/é.py:{line}:{column}");
    let g = |line: u32| format!("py::g:other.py /work dir/other.py:{line}:1");
    let h = |column: &str| format!("py::h:other.py /work dir/other.py:{column}");
    let expected: BTreeMap<u32, Vec<String>> = [
        (0, vec![own(10, "0")]),
        (8, vec![own(11, "5")]),
        (16, vec![own(400, "9")]),
        (24, vec![g(3), own(400, "0")]),
        (32, vec![h("7:0"), g(3).replace(":1", ":0"), own(400, "0")]),
        (40, vec![g(4), own(400, "0")]),
        (48, vec![own(12, "70")]),
        (64, vec![own(9, "1")]),
        (72, vec![h("3:1"), g(3).replace(":1", ":0"), own(9, "0")]),
        (80, vec![own(0, "0")]),
        (88, vec![own(13, "1")]),
    ]
    .into();
    for offset in 0..0x80 {
        let (_, expected) = expected.range(..=offset).next_back().unwrap();
        assert_eq!(frames(&context, offset), *expected, "at {offset}");
    }
    assert_eq!(frames(&context, 0x80), [""; 0]);
}

#[test]
fn a_row_is_where_the_frame_is_set_up() {
    let bytes = file(Some(&source()), Some(&unwind()));
    let file = object::File::parse(&*bytes).unwrap();
    let lines = file.section_by_name(".debug_line").unwrap().data().unwrap();
    let lines = gimli::DebugLine::new(lines, LittleEndian);
    let program = lines.program(gimli::DebugLineOffset(0), 8, None, None).unwrap();
    let mut rows = program.rows();
    let mut seen = Vec::new();
    while let Some((_, row)) = rows.next_row().unwrap() {
        assert!(row.is_stmt());
        seen.push((row.address() - START as u64, row.prologue_end(), row.end_sequence()));
    }
    let offsets: Vec<_> = seen.iter().map(|row| row.0).collect();
    assert_eq!(offsets, [0, 4, 8, 16, 24, 32, 40, 48, 64, 72, 80, 88, 0x80]);
    assert_eq!(seen.iter().position(|row| row.1), Some(1));
    assert_eq!(seen.iter().position(|row| row.2), Some(seen.len() - 1));
}

#[test]
fn a_function_from_nowhere_still_has_a_name() {
    for source in [None, Some(&Source::default())] {
        let bytes = file(source, Some(&unwind()));
        let file = object::File::parse(&*bytes).unwrap();
        assert_eq!(frames(&context(&file), 0x40), [format!("{NAME} ?")]);
    }
}

#[test]
fn texts_cannot_break_the_format() {
    let mut source = source();
    source.files[0] = "evil\0\n.py".into();
    source.rows = vec![row(0, 7, u32::MAX, u32::MAX), row(0x7f, 0, 1, 0), row(0x80, 0, 2, 0), row(u32::MAX, 0, 3, 0)];
    source.inlined[0].name = "in\0ner".into();
    let region = CodeRegion { start: START, code: &[0xC3; 0x80], name: "out\0er", source: Some(&source), unwind: None };
    let bytes = object_file(&region, Path::new("/")).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let context = context(&file);
    assert_eq!(frames(&context, 0x10), [format!("out?er /evil??.py:{}:{}", u32::MAX, u32::MAX)]);
    assert_eq!(frames(&context, 0x7f), ["out?er /evil??.py:1:0"]);
    assert_eq!(frames(&context, 0x18)[0], format!("in?ner /evil??.py:{}:{}", u32::MAX, u32::MAX));
}

#[test]
fn callers_are_found_from_each_instruction() {
    let bytes = file(None, Some(&unwind()));
    let file = object::File::parse(&*bytes).unwrap();
    let frames = file.section_by_name(".eh_frame").unwrap();
    let section = ExplicitModuleSectionInfo {
        base_svma: START as u64,
        text_svma: Some(START as u64..START as u64 + 0x80),
        eh_frame_svma: Some(0..frames.size()),
        eh_frame: Some(frames.data().unwrap().to_vec()),
        ..Default::default()
    };
    let mut unwinder = UnwinderX86_64::new();
    let range = START as u64..START as u64 + 0x80;
    unwinder.add_module(Module::new("image".into(), range, START as u64, section));
    // The stack from 0x1000 on: what was pushed last, the caller's frame pointer, the return address.
    let stack = [7, 0xBBB, 0xAAA];
    let mut read = |address: u64| stack.get((address as usize).wrapping_sub(0x1000) / 8).copied().ok_or(());
    for (offset, sp, bp) in [(0, 0x1010, 0xBBB), (1, 0x1008, 0xCCC), (4, 0x1000, 0x1008), (0x7f, 0x1010, 0xBBB)] {
        let mut cache = CacheX86_64::new();
        let pc = START as u64 + offset;
        let mut registers = UnwindRegsX86_64::new(pc, sp, bp);
        let caller =
            unwinder.unwind_frame(FrameAddress::from_instruction_pointer(pc), &mut registers, &mut cache, &mut read);
        assert_eq!(caller, Ok(Some(0xAAA)), "at {offset}");
        assert_eq!((registers.sp(), registers.bp()), (0x1018, 0xBBB), "at {offset}");
    }
}
