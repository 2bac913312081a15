//! Reads the text form of the HIR, so that passes can be tested with text in and text out.
//!
//! Only the grammar is checked here: whether a function makes sense is for the verifier to say, whose own tests need
//! functions that make none. Indentation means nothing. What the printer leaves out is made up:
//!
//! - Instructions without a result, which are printed without a number, get those behind the highest in the text.
//! - Frame states that read the same are one.
//! - The kinds of a constant object and the representation of a scratch word are those of the result's type.
//! - What lowering wants to know of a direct call's target, besides its code object, is 0.

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;

use super::function::{Context, Function, Kind};
use super::inst::*;
use super::types::{Kinds, Number, Type};
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::CodeOffset;
use crate::runtime::ops::table::Helper;

/// Reads one function; the error shows the line that it does not understand.
pub fn parse(text: &str) -> Result<Function, String> {
    let (header, body) = text.trim_start().split_once('\n').ok_or("a function has a header and blocks")?;
    let mut reader = Reader { function: parse_header(header.trim_end())?, block: None };
    reader.make_room(body);
    let mut entry = None;
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        reader.line(&mut Line { rest: line }).map_err(|error| format!("{error}, in `{line}`"))?;
        entry = entry.or(reader.block);
    }
    reader.function.entry = entry.ok_or("a function has a block")?;
    Ok(reader.function)
}

fn parse_header(line: &str) -> Result<Function, String> {
    let fail = |_| format!("not a number in `{line}`");
    let (rest, scratch) = match line.rsplit_once(" scratch=") {
        Some((rest, words)) => (rest, words.parse().map_err(fail)?),
        None => (line, 0),
    };
    let (name, kind) = if let Some(name) = rest.strip_prefix("function ") {
        (name, Kind::Function)
    } else if let Some((name, offset)) = rest.strip_prefix("loop ").and_then(|rest| rest.rsplit_once(" @")) {
        (name, Kind::Loop(CodeOffset(offset.parse().map_err(fail)?)))
    } else if let Some((name, offset)) = rest.strip_prefix("generator ").and_then(|rest| rest.rsplit_once(" @")) {
        (name, Kind::Resume(CodeOffset(offset.parse().map_err(fail)?)))
    } else {
        return Err(format!("neither a function nor a loop nor a generator: `{line}`"));
    };
    Ok(Function { scratch, ..Function::new(name.to_owned(), kind) })
}

struct Reader {
    function: Function,
    /// The block that is being read; none before the first and behind a terminator.
    block: Option<Block>,
}

impl Reader {
    /// Makes every value and block that `body` mentions, so that it can do so in any order. A value that is never
    /// defined stays a parameter of no block, and a block an open one.
    fn make_room(&mut self, body: &str) {
        let highest =
            |prefix| body.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(|word| id(word, prefix)).max();
        for _ in 0..highest('v').map_or(0, |last| last + 1) {
            self.function.add_value(Inst { op: Op::Param, args: Vec::new(), state: None, ty: Type::NONE });
        }
        while highest('b').is_some_and(|last| self.function.blocks.len() <= last as usize) {
            self.function.new_block(false);
        }
    }

    fn line(&mut self, line: &mut Line) -> Result<(), String> {
        let word = line.clone().word()?;
        if id(word, 'b').is_some() {
            self.block_header(line)?;
        } else if word == "context" {
            self.context(line)?;
        } else if !self.terminator(line)? {
            self.inst(line)?;
        }
        if line.rest.is_empty() { Ok(()) } else { Err(format!("did not expect `{}`", line.rest)) }
    }

    fn context(&mut self, line: &mut Line) -> Result<(), String> {
        line.expect("context")?;
        let expected = ContextId(self.function.contexts.len() as u32 + 1);
        if line.context()? != expected {
            return Err(format!("expected {expected}"));
        }
        let (frame, resume) = (line.value()?, line.block()?);
        line.expect("from")?;
        let (caller, site, has_shim) = (line.context()?, CodeOffset(line.at()?), line.eat("above a shim"));
        let copy_of = if line.eat("copy of") { Some(line.context()?) } else { None };
        let qualname = std::mem::take(&mut line.rest).to_owned();
        let code = Arc::new(CodeInfo { qualname, ..CodeInfo::default() });
        let (address, call_line) = (0, 0);
        let context = Context { code, address, caller, site, call_line, has_shim, frame, resume, copy_of };
        self.function.add_context(context);
        Ok(())
    }

    fn block_header(&mut self, line: &mut Line) -> Result<(), String> {
        let block = line.block()?;
        self.block = Some(block);
        if line.eat("(") {
            let params = line.list(")", |line| Ok((line.value()?, line.expect(":")?, line.ty()?)))?;
            for (value, (), ty) in params {
                self.function.values[value.index()].ty = ty;
                self.function.block_mut(block).params.push(value);
            }
        }
        line.expect(":")?;
        self.function.block_mut(block).cold = line.eat("cold");
        if line.eat("in") {
            self.function.block_mut(block).context = line.context()?;
        }
        Ok(())
    }

    fn inst(&mut self, line: &mut Line) -> Result<(), String> {
        let mut name = None;
        let mut ty = Type::NONE;
        if id(line.clone().word()?, 'v').is_some() {
            name = Some(line.value()?);
            line.expect(":")?;
            ty = line.ty()?;
            line.expect("=")?;
        }
        let op = parse_op(line, ty)?;
        let mut args = Vec::new();
        while !line.rest.is_empty() && !line.rest.starts_with(';') {
            args.push(line.value()?);
        }
        let state = if line.rest.is_empty() { None } else { Some(self.state(line)?) };
        let inst = Inst { op, args, state, ty };
        let value = match name {
            Some(value) => {
                self.function.values[value.index()] = inst;
                value
            }
            None => self.function.add_value(inst),
        };
        let block = self.block.ok_or("an instruction outside of a block")?;
        self.function.block_mut(block).insts.push(value);
        Ok(())
    }

    fn state(&mut self, line: &mut Line) -> Result<StateId, String> {
        line.expect(";")?;
        line.expect("@")?;
        let offset = CodeOffset(line.number()?);
        let mut site = offset;
        if line.eat("from") {
            line.expect("@")?;
            site = CodeOffset(line.number()?);
        }
        line.expect("[")?;
        let stack = line.list("]", |line| Ok(StackEntry { owned: !line.eat("&"), value: line.value()? }))?;
        let late = if line.eat("late [") { line.list("]", Line::value)? } else { Vec::new() };
        let mut pending = Vec::new();
        if line.eat("{") {
            pending = line.list("}", |line| {
                let (object, offset) = (line.value()?, line.number()?);
                line.expect("=")?;
                Ok(Pending { object, offset, value: line.value()? })
            })?;
        }
        let context = self.block.map_or(OUTERMOST, |block| self.function.block(block).context);
        let state = FrameState { context, offset, site, stack, late, pending };
        Ok(match self.function.states.iter().position(|known| *known == state) {
            Some(index) => StateId(index as u32),
            None => self.function.add_state(state),
        })
    }

    /// Reads the line if it ends a block; says whether it did.
    fn terminator(&mut self, line: &mut Line) -> Result<bool, String> {
        let start = line.clone();
        let terminator = match line.word()? {
            "jump" => Terminator::Jump(line.edge()?),
            "branch" => {
                let (cond, then, otherwise) = (line.value()?, line.edge()?, line.other_edge()?);
                Terminator::Branch { cond, then, otherwise }
            }
            word if word.starts_with("on_error.") => {
                let kind = named(&word["on_error.".len()..], all!(ErrorKind: Null, Negative, One))?;
                let (value, error, ok) = (line.value()?, line.edge()?, line.other_edge()?);
                Terminator::OnError { value, kind, error, ok }
            }
            "return" => {
                let as_is = line.eat("as_is");
                Terminator::Return { value: line.value()?, as_is }
            }
            "return_generator" => Terminator::ReturnGenerator { state: self.state(line)? },
            "unwind" => Terminator::Unwind,
            "yield" => {
                let (value, delegates) = (line.value()?, line.eat("delegates"));
                Terminator::Yield { value, delegates, state: self.state(line)? }
            }
            "throw" => Terminator::Throw { state: self.state(line)? },
            "leave" => Terminator::Leave { state: self.state(line)? },
            "exit" => {
                let reason = named(line.word()?, &Reason::ALL)?;
                Terminator::Exit { state: self.state(line)?, reason }
            }
            "open" => Terminator::Open,
            _ => {
                *line = start;
                return Ok(false);
            }
        };
        let block = self.block.take().ok_or("a terminator outside of a block")?;
        self.function.block_mut(block).terminator = terminator;
        Ok(true)
    }
}

fn parse_op(line: &mut Line, ty: Type) -> Result<Op, String> {
    let word = line.word()?;
    if let Some((name, variant)) = word.split_once('.') {
        return Ok(match name {
            "int" => Op::Int(named(variant, IntOp::ALL)?),
            "float" => Op::Float(named(variant, FloatOp::ALL)?),
            "compare" => Op::Compare(named(variant, Cond::ALL)?),
            "float_compare" => Op::FloatCompare(named(variant, Cond::ALL)?),
            "load" => Op::Load { mem: named(variant, Mem::ALL)?, offset: line.number()? },
            "store" => Op::Store { mem: named(variant, Mem::ALL)?, offset: line.number()? },
            _ => return Err(format!("unknown operation {word}")),
        });
    }
    Ok(match word {
        "const_obj" => {
            let address = if line.eat("null") { 0 } else { line.hex()? as usize };
            Op::ConstObj { address, kinds: ty.kinds }
        }
        "const_ref" => Op::ConstRef(if line.eat("null") { NULL_REF } else { line.hex()? }),
        "const_i64" => Op::ConstI64(line.number()?),
        "const_f64" => Op::ConstF64(if line.eat("nan") { line.hex()? } else { line.number::<f64>()?.to_bits() }),
        "const_cond" => Op::ConstBool(line.number()?),

        "load_local" => Op::LoadLocal { slot: line.number()? },
        "swap_local" => Op::SwapLocal { slot: line.number()? },
        "store_int" => Op::StoreInt { slot: line.number()? },
        "store_float" => Op::StoreFloat { slot: line.number()? },
        "private_of" => Op::PrivateOf,
        "replace_int" => Op::ReplaceInt { offset: line.number()? },
        "replace_float" => Op::ReplaceFloat { offset: line.number()? },

        "borrow_ref" => Op::ToRef { borrowed: true },
        "own_ref" => Op::ToRef { borrowed: false },
        "ref_to_obj" => Op::RefToObj,
        "ref_to_owned" => Op::RefToOwned,
        "inc_ref" => Op::IncRef,
        "dec_ref" => Op::DecRef,
        "dup_ref" => Op::DupRef,
        "close_ref" => Op::CloseRef,

        "guard_type" => Op::GuardKinds { kinds: parse_kinds(line.word()?)? },
        "guard_private" => Op::GuardPrivate,
        "guard" => Op::Guard { reason: named(line.word()?, &Reason::ALL)? },
        "refine" => Op::Refine { kinds: parse_kinds(line.word()?)? },

        "unbox_int" => Op::UnboxInt,
        "unbox_number" => Op::UnboxNumber { exact: line.field("exact")? },
        "unbox_float" => Op::UnboxFloat,
        "unbox_bool" => Op::UnboxBool,
        "box_int" => Op::BoxInt,
        "box_float" => Op::BoxFloat,
        "box_bool" => Op::BoxBool,
        "box_aside" => Op::BoxAside,
        "new_unmade" => Op::NewUnmade,
        "add_unmade" => Op::AddUnmade { offset: line.number()?, is_slot: line.field("is_slot")? },

        "int_neg" => Op::IntNeg,
        "float_neg" => Op::FloatNeg,
        "float_sqrt" => Op::FloatSqrt,
        "float_abs" => Op::FloatAbs,
        "int_to_float" => Op::IntToFloat,
        "float_to_int" => Op::FloatToInt,
        "select" => Op::Select { repr: ty.repr },
        "not" => Op::Not,

        "type_of" => Op::TypeOf,
        "bits" => Op::Bits,
        "as_ref" => Op::AsRef,
        "add_addr" => Op::AddAddr,
        "shift_right" => Op::ShiftRight { by: line.number()? },
        "wrap_index" => Op::WrapIndex,

        "call" => {
            let name = line.word()?;
            let helper = Helper::from_name(name).ok_or_else(|| format!("unknown helper {name}"))?;
            let imms = if line.eat("[") { line.list("]", Line::number)? } else { Vec::new() };
            Op::Helper { helper, imms: imms.into() }
        }
        "spill_args" => Op::SpillArgs { at: line.at()? },
        "scratch_addr" => Op::ScratchAddr { at: line.at()? },
        "load_scratch" => Op::LoadScratch { at: line.at()?, repr: ty.repr },
        "call_direct" => {
            let code = line.hex()?;
            let (nargs, has_self, has_shim) = (line.field("nargs")?, line.field("has_self")?, line.field("has_shim")?);
            let number = match line.rest.starts_with("number") {
                true => {
                    let name: String = line.field("number")?;
                    let number = Number::ALL.into_iter().find(|number| number.ty().to_string() == name);
                    Some(number.ok_or_else(|| format!("unknown number {name}"))?)
                }
                false => None,
            };
            Op::CallDirect { target: target(code, nargs), has_self, has_shim, number }
        }
        "returned" => Op::Returned { repr: ty.repr },

        "can_inline" => Op::CanInline { target: target(line.hex()?, 0), has_shim: line.field("has_shim")? },
        "push_frame" => {
            let name = line.word()?;
            let upkeep = Upkeep::ALL.into_iter().find(|upkeep| format!("{upkeep:?}") == name);
            let upkeep = upkeep.ok_or_else(|| format!("unknown upkeep {name}"))?;
            let code = line.hex()?;
            let (nargs, has_self, has_shim) = (line.field("nargs")?, line.field("has_self")?, line.field("has_shim")?);
            let lazy = match line.rest.starts_with("lazy") {
                true => Some(LazyTuple {
                    slot: line.field("lazy")?,
                    len: line.field("len")?,
                    homes: line.field("homes")?,
                    lent: line.field("lent")?,
                    is_operand: line.field("is_operand")?,
                }),
                false => None,
            };
            let again = line.rest.starts_with("again") && line.field("again")?;
            Op::PushFrame { target: target(code, nargs), has_self, has_shim, upkeep, lazy, again }
        }
        "pop_frame" => Op::PopFrame { settled: line.hex()?, is_quiet: line.field("is_quiet")? },
        "unwind_frame" => Op::UnwindFrame,
        "call_native" => Op::CallNative,

        "set_line" => Op::SetLine { offset: CodeOffset(line.at()?) },
        "safepoint" => {
            let periodic = line.field("periodic")?;
            let boxes = if line.rest.starts_with("boxes") { line.field("boxes")? } else { 0 };
            let leaves = line.rest.starts_with("leaves") && line.field("leaves")?;
            Op::Safepoint { periodic, boxes, leaves }
        }
        "is_due" => Op::IsDue,
        "traceback" => Op::Traceback,
        "take_exception" => Op::TakeException { handler: CodeOffset(line.at()?) },
        "frame_globals" => Op::FrameGlobals,
        "frame_builtins" => Op::FrameBuiltins,
        _ => return Err(format!("unknown operation {word}")),
    })
}

/// What the text says of a callee.
fn target(code: u64, nargs: u32) -> CallTarget {
    let code = code as usize;
    CallTarget {
        code,
        cell: 0,
        code_units: 0,
        framesize: 0,
        nlocalsplus: 0,
        nargs,
        has_keyword_only: false,
        returns: None,
    }
}

fn parse_kinds(word: &str) -> Result<Kinds, String> {
    match word {
        "any" => return Ok(Kinds::ANY),
        "any?" => return Ok(Kinds::ANY_OR_NULL),
        "never" => return Ok(Kinds::EMPTY),
        _ => {}
    }
    word.split('|').try_fold(Kinds::EMPTY, |kinds, part| {
        let known = Kinds::NAMES.iter().find(|(_, name)| *name == part);
        known.map(|(kind, _)| kinds.union(*kind)).ok_or_else(|| format!("unknown type {part}"))
    })
}

/// The number of a value or a block.
fn id(word: &str, prefix: char) -> Option<u32> {
    word.strip_prefix(prefix)?.parse().ok()
}

/// The variant that is printed as `word`.
fn named<T: Copy + Debug>(word: &str, all: &[T]) -> Result<T, String> {
    let found = all.iter().copied().find(|variant| format!("{variant:?}") == word);
    found.ok_or_else(|| format!("unknown variant {word}"))
}

/// All variants of an enum; does not compile when one is missing.
macro_rules! all {
    ($name:ident: $($variant:ident),*) => {{
        const fn _listed(variant: $name) {
            match variant { $($name::$variant => {})* }
        }
        &[$($name::$variant),*]
    }};
}
use all;

/// What is left of a line. Words are whatever stands between spaces and punctuation.
#[derive(Clone)]
struct Line<'a> {
    rest: &'a str,
}

impl<'a> Line<'a> {
    fn word(&mut self) -> Result<&'a str, String> {
        let end = self
            .rest
            .find([' ', '(', ')', '[', ']', '{', '}', ',', ':', '=', '&', ';', '@'])
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return Err(format!("expected a word at `{rest}`"));
        }
        self.rest = rest.trim_start();
        Ok(word)
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(format!("expected `{token}` at `{}`", self.rest)) }
    }

    /// A decimal number or a truth value.
    fn number<T: FromStr>(&mut self) -> Result<T, String> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("expected a number instead of {word}"))
    }

    fn hex(&mut self) -> Result<u64, String> {
        let word = self.word()?;
        let digits = word.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        digits.ok_or_else(|| format!("expected a hexadecimal number instead of {word}"))
    }

    fn at(&mut self) -> Result<u32, String> {
        self.expect("@")?;
        self.number()
    }

    fn field<T: FromStr>(&mut self, name: &str) -> Result<T, String> {
        self.expect(name)?;
        self.expect("=")?;
        self.number()
    }

    fn value(&mut self) -> Result<Value, String> {
        let word = self.word()?;
        id(word, 'v').map(Value).ok_or_else(|| format!("expected a value instead of {word}"))
    }

    fn context(&mut self) -> Result<ContextId, String> {
        let word = self.word()?;
        id(word, 'c').map(ContextId).ok_or_else(|| format!("expected a context instead of {word}"))
    }

    fn block(&mut self) -> Result<Block, String> {
        let word = self.word()?;
        id(word, 'b').map(Block).ok_or_else(|| format!("expected a block instead of {word}"))
    }

    fn ty(&mut self) -> Result<Type, String> {
        Ok(match self.word()? {
            "ref" => Type::REF,
            "i64" => Type::I64,
            "f64" => Type::F64,
            "cond" => Type::BOOL,
            kinds => Type::obj(parse_kinds(kinds)?),
        })
    }

    fn edge(&mut self) -> Result<Edge, String> {
        let block = self.block()?;
        let args = if self.eat("(") { self.list(")", Line::value)? } else { Vec::new() };
        Ok(Edge { block, args })
    }

    fn other_edge(&mut self) -> Result<Edge, String> {
        self.expect("else")?;
        self.edge()
    }

    /// Items with commas between them, up to `end`.
    fn list<T>(&mut self, end: &str, item: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        while !self.eat(end) {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }
}
