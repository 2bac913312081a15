//! What is kept for each code object, in its `co_extra` slot.

use std::collections::{HashMap, HashSet};

use super::executable::{Body, Executable};
use super::install;
use super::resume_cache::{self, Resumption};
use super::start::Start;
use crate::bytecode::info::CodeFlags;
use crate::bytecode::opcode::CodeOffset;
use crate::cpython::code::Code;
use crate::hir::builder::Refusal;
use crate::hir::types::Number;
use crate::profile::Noted;

/// The part of a code object's state that machine code reads by address. It stays at its place as long as the code
/// object lives.
#[repr(C)]
#[derive(Debug)]
pub struct CodeCell {
    /// The function executable's [`Body`], or 0 while there is none to enter.
    pub body: usize,
    /// Positional arguments that fill the parameters one to one; [`NEVER_EXACT`] when there are other parameters.
    pub exact_args: u32,
    /// Words of a frame on the data stack.
    pub framesize: u32,
    /// Home slots of a frame.
    pub nlocalsplus: u32,
    /// Whether a tool gets events of this code, which is not inlined then.
    pub is_watched: u32,
    /// What it does before it makes a generator, if it is a generator's and that is simple.
    pub start: Option<Start>,
}

/// See [`CodeCell::exact_args`].
pub const NEVER_EXACT: u32 = u32::MAX;

/// See [`CodeCell::exact_args`].
pub fn exact_arguments(code: Code) -> u32 {
    if is_plain(code) && code.keyword_only_count() == 0 { code.argument_count() } else { NEVER_EXACT }
}

/// Whether each parameter takes one argument, and a call runs the body, or makes a generator of it.
pub fn is_plain(code: Code) -> bool {
    let flags = code.flags();
    flags.has(CodeFlags::OPTIMIZED)
        && flags.has(CodeFlags::NEWLOCALS)
        && !flags.has(CodeFlags::VARARGS | CodeFlags::VARKEYWORDS)
        && !flags.has(CodeFlags::COROUTINE | CodeFlags::ASYNC_GENERATOR)
}

impl CodeCell {
    /// The cell of a code object that has no machine code.
    pub fn new(code: Code) -> CodeCell {
        CodeCell {
            body: 0,
            exact_args: exact_arguments(code),
            framesize: code.frame_size(),
            nlocalsplus: code.localsplus_count(),
            is_watched: install::is_watched(code).into(),
            start: Start::of(code),
        }
    }

    /// The machine code, if there is some to enter.
    #[inline]
    pub fn body(&self) -> Option<Body> {
        // SAFETY: it is the body of the installed executable, or 0; both have the layout of an optional function.
        unsafe { std::mem::transmute::<usize, Option<Body>>(self.body) }
    }
}

/// Where the cell of a code object's state is.
pub fn cell_address(state: std::ptr::NonNull<CodeState>) -> usize {
    state.as_ptr() as usize + std::mem::offset_of!(CodeState, cell)
}

/// The address of the state that a cell is part of.
pub fn state_of_cell(cell: usize) -> usize {
    cell - std::mem::offset_of!(CodeState, cell)
}

/// A place at which generators wait. There are few for each code object, and they are looked for at each item.
#[derive(Copy, Clone, Debug)]
pub struct Waiting {
    /// The bytecode that they go on with.
    pub at: CodeOffset,
    /// The machine code that does it, if there is some.
    pub resumption: Option<Resumption>,
    /// How often it was counted.
    pub count: u32,
    /// There will be no machine code.
    pub is_refused: bool,
}

/// Whether the places at which generators wait are counted.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub enum Counting {
    /// Only where everything is.
    #[default]
    Off,
    /// They are, since the code was found running again and again.
    On,
    /// Somebody wants machine code at once.
    AtOnce,
}

impl Counting {
    /// The same, but for `Off`.
    pub fn or_on(self) -> Counting {
        if self == Counting::Off { Counting::On } else { self }
    }
}

/// Everything known about a code object. Boxed; its address is the `co_extra` value.
pub struct CodeState {
    pub cell: CodeCell,
    /// Calls counted so far.
    pub calls: u32,
    /// Backward jumps counted so far, by loop header.
    pub jumps: HashMap<CodeOffset, u32>,
    /// The function's machine code.
    pub function: Option<Box<Executable>>,
    /// Whether there was some.
    pub was_compiled: bool,
    /// The kind of number that it returns in a register, or the last one has.
    pub returns: Option<Number>,
    /// Whether there is room for many callees in the next machine code.
    pub has_room: bool,
    /// The same for that of loops.
    pub have_loops_room: bool,
    /// The next call has the function's machine code made once more, with that room.
    pub is_to_grow: bool,
    /// Machine code that is entered in the middle of a frame, by where: that of loops at their headers, that of generators where
    /// they go on.
    pub inner: HashMap<CodeOffset, Box<Executable>>,
    /// Loops whose machine code is to be replaced the next time they jump back, and why.
    pub outdated: HashMap<CodeOffset, &'static str>,
    /// Where generators were found waiting.
    pub waiting: Vec<Waiting>,
    /// Whether those places are counted.
    pub counting: Counting,
    /// Why the code object is not compiled; final.
    pub refused: Option<Refusal>,
    /// Bytecodes whose guesses failed too often: compiled without a guess the next time.
    pub failed: HashSet<CodeOffset>,
    /// Arithmetic beside such, which does the same and is not guessed to be any luckier.
    pub doubtful: HashSet<CodeOffset>,
    /// Bytecode at which objects have died too often that may have run something.
    pub noisy: HashSet<CodeOffset>,
    /// Calls that have returned objects too often where numbers were expected.
    pub objects: HashSet<CodeOffset>,
    /// Arithmetic whose operands were something else than numbers too often.
    pub no_numbers: HashSet<CodeOffset>,
    /// Versions of the classes that came by where the class of an attribute's owner was guessed wrongly.
    pub seen: HashMap<CodeOffset, Vec<u32>>,
    /// Versions of the classes whose instances were in a local when the code was counted, by slot.
    pub in_locals: HashMap<u32, Vec<u32>>,
    /// What operands came by where the interpreter has nothing to say about them.
    pub operands: HashMap<CodeOffset, Noted>,
    /// How often the code object was compiled anew after guesses failed.
    pub recompilations: u32,
    /// Calls that the interpreter is to run before the function is compiled anew, so that it sees what there is.
    pub calls_to_watch: u32,
}

impl CodeState {
    /// The state of a code object about which nothing is known yet.
    pub fn new(code: Code) -> CodeState {
        CodeState {
            cell: CodeCell::new(code),
            calls: 0,
            jumps: HashMap::new(),
            function: None,
            was_compiled: false,
            returns: None,
            has_room: false,
            have_loops_room: false,
            is_to_grow: false,
            inner: HashMap::new(),
            outdated: HashMap::new(),
            waiting: Vec::new(),
            counting: Counting::Off,
            refused: None,
            failed: HashSet::new(),
            doubtful: HashSet::new(),
            noisy: HashSet::new(),
            objects: HashSet::new(),
            no_numbers: HashSet::new(),
            seen: HashMap::new(),
            in_locals: HashMap::new(),
            operands: HashMap::new(),
            recompilations: 0,
            calls_to_watch: 0,
        }
    }

    /// What is known of the place at which a generator waits.
    #[inline]
    pub fn waiting(&self, at: CodeOffset) -> Option<Waiting> {
        self.waiting.iter().find(|waiting| waiting.at == at).copied()
    }

    fn waiting_mut(&mut self, at: CodeOffset) -> &mut Waiting {
        let index = self.waiting.iter().position(|waiting| waiting.at == at).unwrap_or_else(|| {
            self.waiting.push(Waiting { at, resumption: None, count: 0, is_refused: false });
            self.waiting.len() - 1
        });
        &mut self.waiting[index]
    }

    /// Counts that a generator goes on there. None when there will be no machine code for it.
    pub fn count_waiting(&mut self, at: CodeOffset) -> Option<u32> {
        if self.refused.is_some() {
            return None;
        }
        let waiting = self.waiting_mut(at);
        waiting.count = waiting.count.saturating_add(1);
        (!waiting.is_refused).then_some(waiting.count)
    }

    /// How many of these places have machine code.
    pub fn compiled_places(&self) -> usize {
        self.waiting.iter().filter(|waiting| waiting.resumption.is_some()).count()
    }

    /// Notes that there will be no machine code for it.
    pub fn refuse_waiting(&mut self, at: CodeOffset) {
        self.waiting_mut(at).is_refused = true;
    }

    /// Has generators go on there in this machine code, or in the interpreter; they are counted anew.
    pub fn set_waiting(&mut self, at: CodeOffset, resumption: Option<Resumption>) {
        let waiting = self.waiting_mut(at);
        (waiting.resumption, waiting.count) = (resumption, 0);
        resume_cache::forget();
    }

    /// Has all generators go on in the interpreter, and forgets where they wait.
    pub fn forget_waiting(&mut self) {
        if !self.waiting.is_empty() {
            self.waiting.clear();
            resume_cache::forget();
        }
    }
}
