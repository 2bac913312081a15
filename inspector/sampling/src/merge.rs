//! One stack out of two: the native call chain that the kernel noted, and the Python frames that were read right after.
//!
//! In the chain, machine code of rjit and runs of the interpreter's loop stand for Python frames: machine code for its own and for
//! those inlined into it, a run of the loop for all frames up to the boundary that it has pushed. Both stacks are walked from their
//! outer ends, where nothing changes while a sample is taken. Where they no longer agree the inner Python frames are of a
//! later moment, and are not shown: from there on the chain alone says what ran.

use std::collections::VecDeque;

use crate::code_map::{CodeMap, MachineCode};
use crate::process::handlers::LOOP;
use crate::process::symbols::Symbol;
use crate::sampler::{SampleFrame, Share};
use crate::stack::{Frame, FrameKind, PythonStack};

/// What the native functions between Python frames begin with if they only pass calls on.
const PASSING: [&str; 16] = [
    "_PyEval_",
    "PyEval_",
    "PyObject_Call",
    "_PyObject_Call",
    "_PyObject_MakeTpCall",
    "PyObject_Vectorcall",
    "_PyObject_Vectorcall",
    "_PyFunction_Vectorcall",
    "PyVectorcall_",
    "_PyVectorcall_",
    "_PyObject_FastCall",
    "_PyFunction_",
    "_PyStack_",
    "_Py_VectorCall_",
    "_Py_call_instrumentation",
    "_rjit::",
];

/// What leads to a thread's first Python frame: a chain that has none of it at its outer end is cut off.
const ROOTS: [&str; 4] = ["Py_BytesMain", "Py_RunMain", "main", "_start"];

/// How many entries at the outer end of a chain may be one of them.
const ROOT_DEPTH: usize = 6;

/// What functions of the garbage collector begin with.
const COLLECTOR: [&str; 7] = ["gc_", "_PyGC_", "PyGC_", "_Py_RunGC", "deduce_unreachable", "visit_", "subtract_refs"];

/// One entry of the native chain, with what is known of its address.
#[derive(Clone, Debug)]
enum Native<'a> {
    Compiled(&'a MachineCode, u64),
    /// A run of the interpreter's loop.
    Loop,
    /// What the loop calls for an instruction, where the loop itself follows.
    Handler,
    Function(String, String),
    Unnamed(String),
    Unknown,
}

/// Puts a sample together. Gives its frames, innermost first, and what the time goes to.
pub(crate) fn merge(
    chain: &[u64],
    in_kernel: bool,
    python: Option<&PythonStack>,
    code: &CodeMap,
    mut symbol: impl FnMut(u64) -> Option<Symbol>,
) -> (Vec<SampleFrame>, Share) {
    let natives = classify(chain, code, &mut symbol);
    let share = share(&natives, in_kernel, python);
    let mut merger =
        Merger { python: outer_first(python, &natives), code, known: python.is_some(), frames: Vec::new() };
    let innermost = natives.len().saturating_sub(1);
    for (index, native) in natives.iter().rev().enumerate() {
        let next_compiled = natives.iter().rev().skip(index + 1).find_map(|native| match native {
            Native::Compiled(code, _) => Some(*code),
            _ => None,
        });
        merger.take(native, next_compiled, index == innermost);
    }
    let mut frames = merger.frames;
    frames.reverse();
    trim(&mut frames);
    if share == Share::Gc && frames.first().is_none_or(|frame| frame.kind != FrameKind::Native) {
        frames.insert(0, native_frame("garbage collection".into(), String::new()));
    }
    (frames, share)
}

fn classify<'a>(chain: &[u64], code: &'a CodeMap, symbol: &mut impl FnMut(u64) -> Option<Symbol>) -> Vec<Native<'a>> {
    let mut natives: Vec<Native> = chain
        .iter()
        .enumerate()
        .map(|(index, &address)| {
            // All but the innermost are where a call returns to, which may already be another function.
            let address = if index == 0 { address } else { address.saturating_sub(1) };
            if let Some(found) = code.find(address) {
                return Native::Compiled(found, address);
            }
            match symbol(address) {
                Some(Symbol { handler: true, .. }) => Native::Handler,
                Some(Symbol { function: Some(name), .. }) if name.starts_with(LOOP) => Native::Loop,
                Some(Symbol { function: Some(name), module, .. }) => Native::Function(name, module),
                Some(Symbol { function: None, module, .. }) => Native::Unnamed(module),
                None => Native::Unknown,
            }
        })
        .collect();
    // Handlers that jump to each other leave no trace of the function that entered the first one.
    for index in 0..natives.len() {
        if matches!(natives[index], Native::Handler) && !matches!(natives.get(index + 1), Some(Native::Loop)) {
            natives[index] = Native::Loop;
        }
    }
    natives
}

fn share(natives: &[Native], in_kernel: bool, python: Option<&PythonStack>) -> Share {
    let collects = |native: &&Native| matches!(native, Native::Function(name, _) if COLLECTOR.iter().any(|prefix| name.starts_with(prefix)));
    let above =
        natives.iter().take_while(|native| !matches!(native, Native::Compiled(..) | Native::Loop | Native::Handler));
    let in_native = above.clone().next().is_some();
    // Most of the collector's functions have no names in a stripped interpreter, but it says itself when it is at work.
    if above.clone().any(|native| collects(&native)) || (in_native && python.is_some_and(|python| python.collecting)) {
        return Share::Gc;
    }
    match natives.first() {
        _ if in_kernel => Share::Native,
        Some(Native::Compiled(..)) => Share::Compiled,
        Some(Native::Loop | Native::Handler) => Share::Interpreted,
        _ => Share::Native,
    }
}

/// The Python frames, outermost first. If the chain is cut off, as the kernel does with very long ones, the frames that belong to
/// what is missing come out right away.
fn outer_first(python: Option<&PythonStack>, natives: &[Native]) -> VecDeque<Option<Frame>> {
    let mut frames: VecDeque<Option<Frame>> =
        python.map(|python| python.frames.iter().rev().cloned().collect()).unwrap_or_default();
    let is_root = |native: &Native| match native {
        Native::Function(name, module) => ROOTS.contains(&name.as_str()) || module.starts_with("libc"),
        Native::Unnamed(module) => module.starts_with("libc"),
        _ => false,
    };
    if natives.iter().rev().take(ROOT_DEPTH).any(is_root) {
        return frames;
    }
    let loops = natives.iter().filter(|native| matches!(native, Native::Loop)).count();
    let runs = |frames: &VecDeque<Option<Frame>>| {
        let interpreted =
            |frame: &Option<Frame>| frame.as_ref().is_some_and(|frame| frame.kind == FrameKind::Interpreted);
        frames.iter().zip(frames.iter().skip(1)).filter(|(one, next)| one.is_none() && interpreted(next)).count()
    };
    let mut missing = runs(&frames).saturating_sub(loops);
    if loops == 0 {
        missing = 0;
    }
    while missing > 0 {
        frames.pop_front();
        while frames.front().is_some_and(Option::is_some) {
            frames.pop_front();
        }
        missing = runs(&frames).saturating_sub(loops);
    }
    frames
}

struct Merger<'a> {
    python: VecDeque<Option<Frame>>,
    code: &'a CodeMap,
    /// Whether both stacks have agreed so far.
    known: bool,
    /// Outermost first.
    frames: Vec<SampleFrame>,
}

impl Merger<'_> {
    fn take(&mut self, native: &Native, next_compiled: Option<&MachineCode>, innermost: bool) {
        match native {
            Native::Compiled(code, address) => self.compiled(code, *address, next_compiled, innermost),
            Native::Loop => self.interpreted(),
            Native::Handler => {}
            Native::Function(..) | Native::Unnamed(_) if innermost && self.is_run_pending() => {
                // The innermost function need not have noted its caller, and if that was a handler it is on no chain.
                self.interpreted();
                self.function(native, true);
            }
            Native::Function(..) | Native::Unnamed(_) | Native::Unknown => self.function(native, innermost),
        }
    }

    fn function(&mut self, native: &Native, innermost: bool) {
        match native {
            Native::Function(name, module) => {
                let passing = PASSING.iter().any(|prefix| name.starts_with(prefix));
                if innermost || !passing {
                    self.frames.push(native_frame(name.clone(), module.clone()));
                }
            }
            Native::Unnamed(module) => {
                if innermost {
                    self.frames.push(native_frame(format!("[{module}]"), module.clone()));
                }
            }
            _ => {
                if innermost {
                    self.frames.push(native_frame("[unknown]".into(), String::new()));
                }
            }
        }
    }

    /// Whether the next Python frames are a run of the interpreter's loop.
    fn is_run_pending(&self) -> bool {
        let mut next = self.python.iter().skip_while(|frame| frame.is_none());
        let behind_boundary = matches!(self.python.front(), Some(None));
        self.known
            && behind_boundary
            && matches!(next.next(), Some(Some(frame)) if frame.kind == FrameKind::Interpreted)
    }

    /// The Python frames of one run of the interpreter's loop.
    fn interpreted(&mut self) {
        let before = self.frames.len();
        if self.known {
            self.skip_boundaries();
            while let Some(Some(frame)) = self.python.front() {
                if frame.kind == FrameKind::Compiled {
                    break;
                }
                let frame = self.python.pop_front().flatten();
                self.frames.extend(frame.map(|frame| SampleFrame::from_python(frame, None, None)));
            }
            // A loop that machine code has taken over is a run of its own without frames.
            let taken_over = self.python.front().is_some_and(Option::is_some);
            if self.frames.len() > before || taken_over {
                return;
            }
            self.known = false;
        }
        self.frames.push(SampleFrame {
            function: "[interpreter]".into(),
            file: String::new(),
            line: 0,
            kind: FrameKind::Interpreted,
            executable: None,
            address: None,
        });
    }

    /// The Python frames of one activation of machine code: its own, then those of what was inlined.
    fn compiled(&mut self, code: &MachineCode, address: u64, next: Option<&MachineCode>, innermost: bool) {
        let places = self.code.places(address);
        let address = innermost.then_some(address);
        let mut from_python = Vec::new();
        if self.known {
            let same = |frame: &Frame, function: &str| frame.kind == FrameKind::Compiled && frame.function == function;
            let own =
                |frame: &Frame| same(frame, &code.place.function) && frame.file.ends_with(file_name(&code.place.file));
            self.unnoticed_runs(own);
            self.skip_boundaries();
            if matches!(self.python.front(), Some(Some(frame)) if own(frame)) {
                let inlined = match places.len() {
                    0 => self.guess_inlined(next),
                    count => {
                        let inner = self.python.iter().skip(1).zip(places[..count - 1].iter().rev());
                        inner
                            .take_while(|(frame, place)| matches!(frame, Some(frame) if same(frame, &place.function)))
                            .count()
                    }
                };
                from_python.extend(self.python.drain(..=inlined).flatten());
            } else {
                self.known = false;
            }
        }
        let count = if places.is_empty() { from_python.len().max(1) } else { places.len() };
        for index in 0..count {
            // What the address says is more exact than where the frame was a moment later.
            let known = places.len().checked_sub(index + 1).map(|place| places[place].clone());
            let place = known.or_else(|| {
                let frame = from_python.get(index)?;
                Some(crate::code_map::Place {
                    function: frame.function.clone(),
                    file: frame.file.clone(),
                    line: frame.line,
                })
            });
            let place = place.unwrap_or_else(|| code.place.clone());
            let last = index + 1 == count;
            self.frames.push(SampleFrame {
                function: place.function,
                file: place.file,
                line: place.line,
                kind: if index == 0 { FrameKind::Compiled } else { FrameKind::Inlined },
                executable: Some(code.executable),
                address: if last { address } else { None },
            });
        }
        // A native function that shows itself as a frame is called from here.
        while let Some(Some(frame)) = self.python.front()
            && self.known
            && frame.kind == FrameKind::Native
        {
            let frame = self.python.pop_front().flatten();
            self.frames.extend(frame.map(|frame| SampleFrame::from_python(frame, None, None)));
        }
    }

    /// Frames of the interpreter before a frame that machine code is known to run: those of handlers that the chain does not show as
    /// such, because they are in a part of their own or call without noting it.
    fn unnoticed_runs(&mut self, own: impl Fn(&Frame) -> bool) {
        let first =
            self.python.iter().position(|frame| frame.as_ref().is_some_and(|frame| frame.kind == FrameKind::Compiled));
        if let Some(first) = first
            && self.python[first].as_ref().is_some_and(own)
        {
            let frames = self.python.drain(..first).flatten();
            self.frames.extend(frames.map(|frame| SampleFrame::from_python(frame, None, None)));
        }
    }

    /// How many of the frames behind the next one were inlined into it, where ranges do not say. Only what cannot be anything
    /// else counts: frames before that of the next machine code in the chain, or of functions without machine code.
    fn guess_inlined(&self, next: Option<&MachineCode>) -> usize {
        let inner = || {
            self.python.iter().skip(1).map_while(Option::as_ref).take_while(|frame| frame.kind == FrameKind::Compiled)
        };
        match next {
            Some(next) => inner().position(|frame| frame.function == next.place.function).unwrap_or(0),
            None => inner().take_while(|frame| !self.code.has_function(&frame.function)).count(),
        }
    }

    fn skip_boundaries(&mut self) {
        while matches!(self.python.front(), Some(None)) {
            self.python.pop_front();
        }
    }
}

/// Takes off the native functions that lead to the first Python frame: how the program was started says nothing.
fn trim(frames: &mut Vec<SampleFrame>) {
    if let Some(outermost) = frames.iter().rposition(|frame| frame.kind != FrameKind::Native) {
        frames.truncate(outermost + 1);
    }
    frames.dedup_by(|a, b| a.kind == FrameKind::Native && a.function.starts_with('[') && a == b);
}

fn native_frame(function: String, module: String) -> SampleFrame {
    SampleFrame { function, file: module, line: 0, kind: FrameKind::Native, executable: None, address: None }
}

/// The last part of a path: long ones are cut at their start in the page.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code_map::Range;
    use crate::code_map::build::{code, place};

    const LOOP_AT: u64 = 0x100;
    const HANDLER: u64 = 0x200;
    const DICT: u64 = 0x300;
    const CALL: u64 = 0x400;
    const MAIN: u64 = 0x500;
    const COLLECT: u64 = 0x600;
    const OUTER: u64 = 0x1000;
    const INNER: u64 = 0x2000;

    fn symbol(address: u64) -> Option<Symbol> {
        let function = match address & !0xff {
            LOOP_AT => Some(LOOP),
            HANDLER => None,
            DICT => Some("dict_lookup"),
            CALL => Some("PyObject_Vectorcall"),
            MAIN => Some("main"),
            COLLECT => Some("gc_collect_main"),
            _ => return None,
        };
        let handler = address & !0xff == HANDLER;
        Some(Symbol { function: function.map(String::from), module: "python".into(), handler })
    }

    fn map() -> CodeMap {
        let mut map = CodeMap::default();
        map.insert(code(OUTER, 0x100, (0, 0), "outer"));
        map.insert(code(INNER, 0x100, (1, 0), "inner"));
        map
    }

    /// Frames from their short forms, innermost first: a letter for the kind, then the function; `|` is a boundary.
    fn python(frames: &[&str]) -> PythonStack {
        let frame = |text: &&str| {
            let kind = match text.as_bytes()[0] {
                b'c' => FrameKind::Compiled,
                b'i' => FrameKind::Interpreted,
                b'n' => FrameKind::Native,
                _ => return None,
            };
            Some(Frame { function: text[2..].into(), file: "/srv/app/main.py".into(), line: 99, kind })
        };
        PythonStack { frames: frames.iter().map(frame).collect(), collecting: false }
    }

    fn merged(chain: &[u64], frames: &[&str], code: &CodeMap) -> (Vec<String>, Share) {
        let stack = python(frames);
        let chain: Vec<u64> = chain.iter().enumerate().map(|(index, address)| address + u64::from(index > 0)).collect();
        let (frames, share) = merge(&chain, false, (!frames.is_empty()).then_some(&stack), code, symbol);
        let letter = |kind| match kind {
            FrameKind::Compiled => 'c',
            FrameKind::Interpreted => 'i',
            FrameKind::Inlined => 'l',
            FrameKind::Native => 'n',
        };
        (frames.iter().map(|frame| format!("{} {}", letter(frame.kind), frame.function)).collect(), share)
    }

    #[test]
    fn machine_code_between_runs_of_the_interpreter() {
        let chain = [DICT, INNER, OUTER, CALL, HANDLER, LOOP_AT, MAIN];
        let (frames, share) = merged(&chain, &["c inner", "c outer", "i run", "i <module>", "|", "|"], &map());
        assert_eq!(frames, ["n dict_lookup", "c inner", "c outer", "i run", "i <module>"]);
        assert_eq!(share, Share::Native);
        let (_, share) = merged(&chain[1..], &["c inner", "c outer", "i <module>", "|"], &map());
        assert_eq!(share, Share::Compiled);
        let (frames, share) = merged(&[HANDLER, LOOP_AT, DICT, INNER], &["i key", "|", "c inner", "|"], &map());
        assert_eq!(
            (frames.as_slice(), share),
            (&["i key".into(), "n dict_lookup".into(), "c inner".into()][..], Share::Interpreted)
        );
    }

    #[test]
    fn what_was_inlined_is_found_with_and_without_ranges() {
        let stack = ["c leaf", "c middle", "c outer", "i <module>", "|"];
        let expected = ["l leaf", "l middle", "c outer", "i <module>"];
        assert_eq!(merged(&[OUTER + 4, LOOP_AT], &stack, &map()).0, expected);
        let mut map = map();
        let places = vec![place("leaf", 3), place("middle", 4), place("outer", 5)];
        map.set_ranges((0, 0), vec![Range { start: OUTER, end: OUTER + 8, places }]);
        assert_eq!(merged(&[OUTER + 4, LOOP_AT], &stack, &map).0, expected);
        assert_eq!(merged(&[OUTER + 4, LOOP_AT], &[], &map).0, ["l leaf", "l middle", "c outer", "i [interpreter]"]);
        let (frames, _) = merge(&[OUTER + 4], false, None, &map, symbol);
        assert_eq!((frames[0].line, frames[0].address), (3, Some(OUTER + 4)));
        assert_eq!((frames[2].line, frames[2].address), (5, None));
        let stack = ["c inner", "c middle", "c outer", "i <module>", "|"];
        assert_eq!(
            merged(&[INNER, OUTER + 20, LOOP_AT], &stack, &map).0,
            ["c inner", "l middle", "c outer", "i <module>"]
        );
    }

    #[test]
    fn frames_of_a_later_moment_are_not_shown() {
        let (frames, share) = merged(&[INNER, OUTER, LOOP_AT], &["c other", "c outer", "i <module>", "|"], &map());
        assert_eq!((frames, share), (vec!["c inner".into(), "c outer".into(), "i <module>".into()], Share::Compiled));
        assert_eq!(
            merged(&[OUTER, LOOP_AT], &["c inner", "c outer", "i <module>", "|"], &map()).0,
            ["c outer", "i <module>"]
        );
        let (frames, _) = merged(&[INNER, DICT, MAIN], &["c inner", "i run", "i <module>", "|", "|"], &map());
        assert_eq!(frames, ["c inner", "i run", "i <module>"], "a part of a handler that has no name");
        let (frames, _) = merged(&[LOOP_AT, INNER, LOOP_AT], &["c other", "i <module>", "|"], &map());
        assert_eq!(frames, ["i [interpreter]", "c inner", "i <module>"]);
    }

    #[test]
    fn handlers_that_jump_to_each_other() {
        let stack = ["i second", "|", "c inner", "i first", "i <module>", "|", "|"];
        let chain = [HANDLER, CALL, INNER, CALL, HANDLER, MAIN];
        let expected = ["i second", "c inner", "i first", "i <module>"];
        assert_eq!(merged(&chain, &stack, &map()), (expected.map(String::from).into(), Share::Interpreted));
        let (frames, share) = merged(&[DICT, CALL, INNER, CALL, HANDLER, MAIN], &stack, &map());
        assert_eq!((frames[0].as_str(), frames[1].as_str(), share), ("n dict_lookup", "i second", Share::Native));
        assert_eq!(frames[2..], expected[1..]);
        assert_eq!(merged(&[HANDLER, HANDLER, MAIN], &["i g", "|", "i f", "|"], &map()).0, ["i g", "i f"]);
    }

    #[test]
    fn a_chain_that_is_cut_off_is_aligned_at_its_end() {
        let stack = ["c inner", "i second", "|", "i first", "|", "i <module>", "|"];
        assert_eq!(merged(&[INNER, LOOP_AT], &stack, &map()).0, ["c inner", "i second"]);
    }

    #[test]
    fn the_collector_is_told_from_other_native_code() {
        assert_eq!(merged(&[COLLECT, LOOP_AT], &["i <module>", "|"], &map()).1, Share::Gc);
        let mut stack = python(&["i <module>", "|"]);
        stack.collecting = true;
        let (frames, share) = merge(&[0x7_0000, HANDLER + 1, LOOP_AT + 1], false, Some(&stack), &map(), symbol);
        assert_eq!(share, Share::Gc);
        assert_eq!(frames.len(), 2);
        assert_eq!(merge(&[HANDLER, LOOP_AT + 1], false, Some(&stack), &map(), symbol).1, Share::Interpreted);
    }

    #[test]
    fn a_loop_that_was_taken_over_has_its_frame_once() {
        let mut map = map();
        map.insert(code(0x3000, 0x100, (2, 0), "<module>"));
        let (frames, share) = merged(&[0x3000, CALL, HANDLER, LOOP_AT, MAIN], &["c <module>", "|"], &map);
        assert_eq!((frames.as_slice(), share), (&["c <module>".into()][..], Share::Compiled));
    }

    #[test]
    fn native_threads_keep_their_functions() {
        assert_eq!(merged(&[DICT, MAIN], &[], &map()).0, ["n dict_lookup", "n main"]);
        assert_eq!(merge(&[], true, None, &map(), symbol), (Vec::new(), Share::Native));
    }
}
