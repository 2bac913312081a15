//! The source of machine code, in the terms of native tools: files, lines and columns.

use rjit_perfmap::{FileIndex, InlinedCall, LineRow, Source};

use super::making::Place;
use crate::bytecode::info::CodeInfo;
use crate::hir::function::Function;
use crate::hir::inst::ContextId;

/// What native tools call the machine code, as CPython names functions under `-X perf`.
pub fn perf_name(qualname: &str, filename: &str) -> String {
    format!("py::{qualname}:{filename}")
}

/// The source of `size` bytes of machine code, of which `bytecodes` says what belongs to which instruction of `info`, or of the
/// callees that are a part of `hir`. What belongs to none, such as registers that are saved on the way to the next
/// instruction, comes from where the machine code before it does: whoever goes through it line by line must not be led
/// astray. The prologue comes from the function's first line.
pub fn source(info: &CodeInfo, hir: &Function, bytecodes: &[(u32, u32, Place)], size: u32) -> Source {
    let mut source = Source { files: vec![info.filename.clone()], line: info.first_line, ..Source::default() };
    if size > 0 && bytecodes.first().is_none_or(|(start, ..)| *start > 0) {
        begin(&mut source.rows, LineRow { offset: 0, file: FileIndex(0), line: info.first_line, column: 0 });
    }
    for &(offset, _, (context, site)) in bytecodes {
        let code = code_of(info, hir, context);
        let place = code.lines.lookup(site);
        let file = file_index(&mut source.files, &code.filename);
        // Tools count columns from 1.
        let (line, column) = (place.line.unwrap_or(0), place.column.map_or(0, |column| column + 1));
        begin(&mut source.rows, LineRow { offset, file, line, column });
    }
    source.inlined = inlined(info, hir, bytecodes, size, &mut source.files);
    source
}

/// The calls whose callees are a part of the machine code: those that are around others come first.
fn inlined(
    info: &CodeInfo,
    hir: &Function,
    bytecodes: &[(u32, u32, Place)],
    size: u32,
    files: &mut Vec<String>,
) -> Vec<InlinedCall> {
    let mut calls: Vec<(usize, ContextId, InlinedCall)> = Vec::new();
    // Those that the machine code is in, the outermost first, and where it came to be.
    let mut open: Vec<(ContextId, u32)> = Vec::new();
    let ends = bytecodes.iter().skip(1).map(|(start, ..)| *start).chain([size]);
    for (&(start, _, (context, _)), end) in bytecodes.iter().zip(ends) {
        let chain = chain_of(hir, context);
        let common = open.iter().zip(&chain).take_while(|((known, _), id)| known == *id).count();
        open.truncate(common);
        open.extend(chain[common..].iter().map(|id| (*id, start)));
        for (depth, &(id, start)) in open.iter().enumerate() {
            let known = calls.iter_mut().rev().find(|(_, known, call)| *known == id && call.range.start == start);
            if let Some((.., call)) = known {
                call.range.end = end;
                continue;
            }
            let (code, callee) = (code_of(info, hir, id), hir.callee(id).expect("the chain consists of callees"));
            let caller = code_of(info, hir, callee.caller);
            let call = InlinedCall {
                range: start..end,
                name: perf_name(&code.qualname, &code.filename),
                file: file_index(files, &code.filename),
                line: code.first_line,
                call_file: file_index(files, &caller.filename),
                call_line: callee.call_line,
            };
            calls.push((depth, id, call));
        }
    }
    calls.sort_by_key(|(depth, _, call)| (*depth, call.range.start));
    calls.into_iter().map(|(.., call)| call).collect()
}

/// The callees that a frame belongs to, from the outermost in.
fn chain_of(hir: &Function, mut context: ContextId) -> Vec<ContextId> {
    let mut chain = Vec::new();
    while let Some(callee) = hir.callee(context) {
        chain.insert(0, context);
        context = callee.caller;
    }
    chain
}

fn code_of<'a>(info: &'a CodeInfo, hir: &'a Function, context: ContextId) -> &'a CodeInfo {
    hir.callee(context).map_or(info, |callee| &callee.code)
}

fn file_index(files: &mut Vec<String>, name: &str) -> FileIndex {
    let known = files.iter().position(|file| file == name);
    FileIndex(known.unwrap_or_else(|| {
        files.push(name.to_owned());
        files.len() - 1
    }) as u32)
}

fn begin(rows: &mut Vec<LineRow>, row: LineRow) {
    if rows.last().is_none_or(|last| (last.file, last.line, last.column) != (row.file, row.line, row.column)) {
        rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::lines::LineTable;
    use crate::bytecode::opcode::CodeOffset;
    use crate::hir::function::{Context, Kind};
    use crate::hir::inst::{Block, OUTERMOST, Value};

    #[test]
    fn rows_cover_everything_and_equal_neighbours_are_one() {
        // Line 11 columns 4 to 9, twice; line 12 likewise; no place.
        let table = [0x80 | 11 << 3, 4, 9, 0x80 | 10 << 3, 4, 9, 0x80 | 11 << 3, 4, 9, 0x80 | 15 << 3];
        let lines = LineTable::parse(&table, 10);
        let info = CodeInfo { filename: "a.py".into(), first_line: 10, lines, ..CodeInfo::default() };
        let bytecodes = [(8, 12, 0), (12, 20, 1), (24, 30, 2), (30, 31, 3)];
        let hir = Function::new("f".into(), Kind::Function);
        let bytecodes = bytecodes.map(|(start, end, site)| (start, end, (OUTERMOST, CodeOffset(site))));
        let source = source(&info, &hir, &bytecodes, 40);
        assert_eq!((source.files, source.line), (vec!["a.py".to_owned()], 10));
        let rows: Vec<_> = source.rows.iter().map(|row| (row.offset, row.line, row.column)).collect();
        assert_eq!(rows, [(0, 10, 0), (8, 11, 5), (24, 12, 5), (30, 0, 0)]);
    }

    #[test]
    fn without_bytecodes_all_is_the_first_line() {
        let info = CodeInfo { first_line: 7, ..CodeInfo::default() };
        let hir = Function::new("f".into(), Kind::Function);
        let rows = source(&info, &hir, &[], 4).rows;
        assert_eq!(rows, [LineRow { offset: 0, file: FileIndex(0), line: 7, column: 0 }]);
    }

    #[test]
    fn callees_within_it_have_their_places() {
        let code = |name: &str, line: u32| {
            let (qualname, filename) = (name.to_owned(), format!("{name}.py"));
            CodeInfo { qualname, filename, first_line: line, ..CodeInfo::default() }
        };
        let mut hir = Function::new("f".into(), Kind::Function);
        for (caller, name, call_line) in [(0, "outer", 11), (1, "inner", 21), (0, "other", 11)] {
            hir.add_context(Context {
                code: code(name, 20).into(),
                address: 0,
                caller: ContextId(caller),
                site: CodeOffset(0),
                call_line,
                has_shim: false,
                frame: Value(0),
                resume: Block(0),
                copy_of: None,
            });
        }
        let bytecodes = [(0, 4, 0), (4, 8, 1), (8, 12, 2), (12, 16, 1), (16, 20, 3), (20, 24, 0), (24, 28, 1)];
        let bytecodes = bytecodes.map(|(start, end, context)| (start, end, (ContextId(context), CodeOffset(0))));
        let source = source(&code("f", 10), &hir, &bytecodes, 30);
        let calls: Vec<_> =
            source.inlined.iter().map(|call| (call.range.clone(), call.name.as_str(), call.call_line)).collect();
        let expected = [
            (4..16, "py::outer:outer.py", 11),
            (16..20, "py::other:other.py", 11),
            (24..30, "py::outer:outer.py", 11),
            (8..12, "py::inner:inner.py", 21),
        ];
        assert_eq!(calls, expected);
        assert_eq!(source.files, ["f.py", "outer.py", "inner.py", "other.py"]);
    }
}
