//! The instructions of the HIR.
//!
//! Most are small enough to be one or two machine instructions: a fast path of a bytecode is composed by the builder
//! from guards, loads, arithmetic and stores, so that lowering stays mechanical and every pass sees what really
//! happens. Everything that has no fast path is one [`Op::Helper`].

use super::types::{Kinds, Number, Repr, Type};
use crate::bytecode::opcode::CodeOffset;
use crate::runtime::ops::table::Helper;

macro_rules! entity {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}

entity!(
    /// An SSA value: a block parameter or the result of an instruction.
    Value, "v"
);
entity!(
    /// A basic block.
    Block, "b"
);
entity!(
    /// A frame state: what the interpreter needs to go on at a bytecode.
    StateId, "s"
);

entity!(
    /// A frame that code runs in: that of the compiled code itself, or that of a callee whose code is a part of it.
    ContextId, "c"
);

/// The frame of the compiled code itself.
pub const OUTERMOST: ContextId = ContextId(0);

/// The bits of a NULL `_PyStackRef`.
pub const NULL_REF: u64 = 1;

/// Why a guard gives up, as shown in statistics and the inspector.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Reason {
    Type,
    TypeVersion,
    KeysVersion,
    Identity,
    Missing,
    Overflow,
    ZeroDivision,
    Bounds,
    Shape,
    Callee,
    Observed,
    Memory,
    /// Not a guess: the interpreter raises an exception that leaves a loop.
    Raise,
    Layout,
    Domain,
    /// Not a guess: the interpreter has not seen yet what is executed often by now.
    Untried,
    /// Not a guess: the interpreter ran a callee whose code is a part of the caller's, or finished it.
    CalleeLeft,
    /// An object has died that may have run code by that.
    Death,
    /// The interpreter had not come here when the code was compiled, although it had often come by.
    Unreached,
    /// An operand is neither an int nor a float.
    Number,
    /// A callee has returned an object where it was expected to return a number.
    Result,
    /// Something has changed that the machine code takes for granted.
    Assumption,
}

impl Reason {
    pub const ALL: [Reason; 22] = [
        Reason::Type,
        Reason::TypeVersion,
        Reason::KeysVersion,
        Reason::Identity,
        Reason::Missing,
        Reason::Overflow,
        Reason::ZeroDivision,
        Reason::Bounds,
        Reason::Shape,
        Reason::Callee,
        Reason::Observed,
        Reason::Memory,
        Reason::Raise,
        Reason::Layout,
        Reason::Domain,
        Reason::Untried,
        Reason::CalleeLeft,
        Reason::Death,
        Reason::Unreached,
        Reason::Number,
        Reason::Result,
        Reason::Assumption,
    ];

    /// A short text for people.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Type => "guard type failed",
            Reason::TypeVersion => "guard class version failed",
            Reason::KeysVersion => "guard dict keys failed",
            Reason::Identity => "guard identity failed",
            Reason::Missing => "value missing",
            Reason::Overflow => "integer overflow",
            Reason::ZeroDivision => "division by zero",
            Reason::Bounds => "index out of range",
            Reason::Shape => "guard object shape failed",
            Reason::Callee => "guard callee failed",
            Reason::Observed => "frame observed",
            Reason::Memory => "out of memory",
            Reason::Raise => "exception leaves the loop",
            Reason::Layout => "unexpected representation",
            Reason::Domain => "argument without a result",
            Reason::Untried => "hot without a profile",
            Reason::CalleeLeft => "inlined callee left",
            Reason::Death => "finalizer may have run",
            Reason::Unreached => "not executed before",
            Reason::Number => "guard number failed",
            Reason::Result => "object returned",
            Reason::Assumption => "assumption void",
        }
    }
}

/// Binary operations on unboxed integers; those marked so leave by a side exit when the result would not fit.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum IntOp {
    /// Exits on overflow.
    Add,
    /// Exits on overflow.
    Sub,
    /// Exits on overflow.
    Mul,
    /// Python's floor division; exits when the divisor is zero or the result overflows.
    FloorDiv,
    /// Python's modulo; exits when the divisor is zero.
    Mod,
    And,
    Or,
    Xor,
    /// Exits when the count is negative or bits are lost.
    Shl,
    /// Exits when the count is negative.
    Shr,
}

/// Binary operations on doubles.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum FloatOp {
    Add,
    Sub,
    Mul,
    /// Exits when the divisor is zero.
    Div,
}

/// Comparisons, of integers (signed) and doubles (ordered, false with NaN except `Ne`).
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Cond {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
    /// Unsigned less-than, for bounds checks.
    Below,
}

/// The width and meaning of a memory access.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Mem {
    /// A `PyObject*`, possibly NULL.
    Obj,
    I64,
    F64,
    /// A double in memory is one of single precision; a store rounds.
    F32,
    /// Signed; a store keeps the low bits, as of all below.
    I32,
    U32,
    I16,
    U16,
    I8,
    U8,
}

impl Mem {
    /// By how many bits an index is shifted to the left to be an offset in bytes.
    pub fn shift(self) -> u8 {
        match self {
            Mem::Obj | Mem::I64 | Mem::F64 => 3,
            Mem::I32 | Mem::U32 | Mem::F32 => 2,
            Mem::I16 | Mem::U16 => 1,
            Mem::I8 | Mem::U8 => 0,
        }
    }

    /// Whether it is a float that is loaded and stored.
    pub fn is_float(self) -> bool {
        matches!(self, Mem::F64 | Mem::F32)
    }
}

macro_rules! all {
    ($name:ident: $($variant:ident)*) => {
        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            const fn _listed(self) {
                match self { $($name::$variant => {})* }
            }
        }
    };
}
all!(IntOp: Add Sub Mul FloorDiv Mod And Or Xor Shl Shr);
all!(FloatOp: Add Sub Mul Div);
all!(Cond: Lt Le Eq Ne Gt Ge Below);
all!(Mem: Obj I64 F64 F32 I32 U32 I16 U16 I8 U8);

/// An operation. Operands are in [`Inst::args`], in the order the comments give.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// A parameter of its block.
    Param,
    /// A `PyObject*`: a constant or name, which the running code object keeps alive, or what an inline cache names, which
    /// is there as long as the guards before it hold.
    ConstObj {
        address: usize,
        kinds: Kinds,
    },
    /// Raw stackref bits: NULL or a tagged integer.
    ConstRef(u64),
    ConstI64(i64),
    /// A double by its bits.
    ConstF64(u64),
    ConstBool(bool),

    /// The raw stackref in a local's home slot.
    LoadLocal {
        slot: u32,
    },
    /// (ref) -> old ref. Puts a stackref into the home slot and hands out what was there.
    SwapLocal {
        slot: u32,
    },

    /// (i64[, box]) -> int, borrowed from the local. Puts a number into the home slot, in place if the int there is the slot's
    /// alone, and gives up what was there otherwise. A box is the int there and the slot's alone, or NULL.
    StoreInt {
        slot: u32,
    },
    /// (f64[, box]) -> float, borrowed from the local. The same for a float.
    StoreFloat {
        slot: u32,
    },
    /// (store) -> the int that the store has put into the home slot, or NULL if it is one of those that the interpreter has once.
    PrivateOf,
    /// (base, int, i64[, index]). Puts a number where an object or an array holds the given int: in place if nobody else
    /// holds it.
    ReplaceInt {
        offset: i32,
    },
    /// (base, float, f64[, index]). The same for a float.
    ReplaceFloat {
        offset: i32,
    },

    /// (obj) -> ref. Tags the pointer as borrowed or leaves it as owned.
    ToRef {
        borrowed: bool,
    },
    /// (ref) -> obj without its tag; no reference is taken.
    RefToObj,
    /// (ref) -> obj. Takes a reference where the stackref had none; consumes the stackref.
    RefToOwned,
    /// (obj)
    IncRef,
    /// (obj)
    DecRef,
    /// (ref). Takes another reference unless the tag says that there is none.
    DupRef,
    /// (ref). Gives up the reference unless the tag says that there is none.
    CloseRef,

    /// (obj) -> the same, known to be of `kinds`. Exits otherwise.
    GuardKinds {
        kinds: Kinds,
    },
    /// (obj) -> the same, to which nobody else has a reference. Exits otherwise.
    GuardPrivate,
    /// (cond). Exits when false.
    Guard {
        reason: Reason,
    },
    /// (obj) -> the same, refined without a test.
    Refine {
        kinds: Kinds,
    },

    /// (int) -> i64. Exits when it does not fit.
    UnboxInt,
    /// (float) -> f64
    UnboxFloat,
    /// (obj) -> f64: of a float, or the nearest to an int. Exits when it is neither, or the int does not fit into 64 bits, or,
    /// if `exact`, is none that all ints up to it are doubles, too.
    UnboxNumber {
        exact: bool,
    },
    /// (bool) -> cond
    UnboxBool,
    /// (i64) -> new reference to an int
    BoxInt,
    /// (f64) -> new reference to a float
    BoxFloat,
    /// (cond) -> True or False, borrowed
    BoxBool,
    /// (i64 | f64) -> new reference to a number, where code hardly ever comes. The process ends if there is no memory for it, as where a side
    /// exit makes one.
    BoxAside,

    /// (i64, i64) -> i64
    Int(IntOp),
    /// (i64) -> i64, exits on overflow
    IntNeg,
    /// (f64, f64) -> f64
    Float(FloatOp),
    /// (f64) -> f64
    FloatNeg,
    /// (f64) -> f64, as the machine rounds it: exactly. NaN for negative operands.
    FloatSqrt,
    /// (f64) -> f64
    FloatAbs,
    /// (i64) -> f64, rounded to nearest as Python does
    IntToFloat,
    /// (f64) -> i64, without what is behind the point. The number is in the range of the result.
    FloatToInt,
    /// (cond, a, b) -> a when true, b otherwise. Both are represented as `repr` says.
    Select {
        repr: Repr,
    },
    /// (i64, i64) -> cond; also compares object addresses and stackref bits
    Compare(Cond),
    /// (f64, f64) -> cond
    FloatCompare(Cond),
    /// (cond) -> cond
    Not,

    /// (base, [index]) -> the memory at base + offset + index * size
    Load {
        offset: i32,
        mem: Mem,
    },
    /// (base, value, [index])
    Store {
        offset: i32,
        mem: Mem,
    },
    /// (obj) -> obj. The object's type.
    TypeOf,
    /// (i64 | ref, ) -> i64: reinterprets raw bits as an integer
    Bits,
    /// (i64) -> ref: reinterprets an integer as stackref bits
    AsRef,
    /// (i64 | obj, i64) -> i64. Adds without looking at overflow.
    AddAddr,
    /// (i64) -> i64. Arithmetic shift by a constant.
    ShiftRight {
        by: u8,
    },
    /// (index, size) -> i64. A negative index counts from the end.
    WrapIndex,

    /// A call to a runtime helper. `imms[i]` fills the parameters that are not values, in order.
    Helper {
        helper: Helper,
        imms: Box<[i64]>,
    },
    /// (obj..) Puts operands into consecutive words of the scratch area above the operand stack, at word `at`.
    SpillArgs {
        at: u32,
    },
    /// The address of word `at` of the scratch area.
    ScratchAddr {
        at: u32,
    },
    /// Reads word `at` of the scratch area.
    LoadScratch {
        at: u32,
        repr: Repr,
    },

    /// (class) -> new reference to an instance that is not made before something may ask for it ([`crate::hir::opt::unmade`]).
    NewUnmade,
    /// (instance, obj | i64 | f64). Gives an instance that may not be made an attribute, which takes over the reference, at an offset
    /// from its head: a slot, or among its inline values.
    AddUnmade {
        offset: i32,
        is_slot: bool,
    },

    /// (callable ref, self ref or NULL, argument refs...) -> new reference or NULL. Pushes the callee's frame, which
    /// takes over the operands, and enters its machine code; calls the general way when there is none just now.
    CallDirect {
        target: CallTarget,
        has_self: bool,
        /// Whether the interpreter has a frame of its own between the two, which counts against the recursion limit.
        has_shim: bool,
        /// The kind of number that is expected to come back in a register. The result is an i64 then: the tag of a number, or the
        /// reference.
        number: Option<Number>,
    },
    /// (i64) -> what a [`Op::CallDirect`] with a number has returned: right behind it the number, or its bits, if its result says that
    /// there is one; elsewhere the reference that a result is.
    Returned {
        repr: Repr,
    },

    /// -> cond: whether the callee's frame can be pushed and its code run here. Not while there is no machine code of the
    /// callee, as when a tool watches it, at the recursion limit, and where the data stack ends.
    CanInline {
        target: CallTarget,
        has_shim: bool,
    },
    /// Operands as for [`Op::CallDirect`], and the items of `lazy` -> address of the callee's frame, which takes them over and
    /// becomes the current one.
    PushFrame {
        target: CallTarget,
        has_self: bool,
        has_shim: bool,
        upkeep: Upkeep,
        /// An argument that is not made: NULL is among the operands for it.
        lazy: Option<LazyTuple>,
        /// Whether the same function's frame was there before, and its head is as it was.
        again: bool,
    },
    /// Pops the frame of the context, whose locals die as at a return. The home slots with a bit in `settled` have nothing to
    /// close as long as nobody has a frame object: they are unbound, or never owned their object.
    PopFrame {
        settled: u64,
        /// Whether what it closes cannot run Python code by dying.
        is_quiet: bool,
    },
    /// Pops the frame of the context, with an exception set.
    UnwindFrame,
    /// (address, words...) -> new reference or NULL. Calls a C function, whose arguments the words are.
    CallNative,

    /// Tells observers which bytecode is being executed.
    SetLine {
        offset: CodeOffset,
    },
    /// ([store][, box..]) -> status. Exits when this frame was observed, which is only looked at if the store of a number, where
    /// one is given, has given something else up than a number; with `periodic` also serves the eval breaker, which
    /// may raise. Exits as well when somebody has got a reference to one of the boxes, of which there are `boxes`. One that
    /// `leaves` comes where nothing can have run since the one before but what dying objects run, and exits if that could be
    /// noticed: behind it nothing has run.
    Safepoint {
        periodic: bool,
        boxes: u32,
        leaves: bool,
    },
    /// -> cond: whether a safepoint that serves signals has anything to do.
    IsDue,
    /// Adds this frame to the traceback of the raised exception.
    Traceback,
    /// -> new reference to the raised exception, which is cleared and goes on at `handler`
    TakeException {
        handler: CodeOffset,
    },
    /// The frame's globals or builtins dict.
    FrameGlobals,
    FrameBuiltins,
}

/// A tuple that a callee takes apart, and that nobody else gets to see: it is only made when something can ask for the home slot
/// that it would be in. Until then the frame owns the items, but for those that are lent.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct LazyTuple {
    /// The home slot.
    pub slot: u32,
    /// How many items it has.
    pub len: u32,
    /// A bit for each home slot that an item is put into, once: a light frame has no reference of its own there until the tuple is
    /// made.
    pub homes: u64,
    /// A bit for each item of which the frame has no reference, as something else has that outlives it.
    pub lent: u32,
    /// Whether the caller's operands have a reference to the tuple, too, once it is made.
    pub is_operand: bool,
}

impl LazyTuple {
    /// Whether an item is put into a home slot.
    pub fn is_home(&self, slot: u32) -> bool {
        slot < u64::BITS && self.homes >> slot & 1 != 0
    }

    /// Whether the frame has no reference to an item.
    pub fn is_lent(&self, index: usize) -> bool {
        self.lent >> index & 1 != 0
    }

    /// The operands of an [`Op::PushFrame`], and the items of the tuple that is not made, if there is one.
    pub fn split(lazy: Option<LazyTuple>, args: &[Value]) -> (&[Value], &[Value]) {
        args.split_at(args.len() - lazy.map_or(0, |lazy| lazy.len as usize))
    }
}

/// A callee known when compiling.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct CallTarget {
    /// The callee's code object.
    pub code: usize,
    /// The callee's [`crate::code::state::CodeCell`], which holds its entry point while it is compiled.
    pub cell: usize,
    /// Where the callee's bytecode starts.
    pub code_units: usize,
    /// Words of the data stack the frame needs.
    pub framesize: u32,
    /// Home slots, of which the first `nargs` are filled by the call.
    pub nlocalsplus: u32,
    pub nargs: u32,
    /// Whether the last of the arguments can only be given by name.
    pub has_keyword_only: bool,
    /// The kind of number that its machine code returns in a register, if that is known.
    pub returns: Option<Number>,
}

/// How much of what a frame means to the interpreter is done when machine code pushes it. Whoever reads memory sees no difference.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Upkeep {
    /// All of it.
    Full,
    /// What is counted (references to the code, calls for the recursion limit, words of the data stack) is counted only once
    /// something can ask for it, see [`crate::runtime::frames::settle`].
    Light,
    /// The same, and the reference to the function is not counted either.
    Lent,
}

impl Upkeep {
    pub const ALL: [Upkeep; 3] = [Upkeep::Full, Upkeep::Light, Upkeep::Lent];
}

/// How a call's arguments come to the parameters of a callee that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    pub target: CallTarget,
    /// For each parameter what it gets.
    pub sources: Vec<Source>,
    /// How many defaults the function has, if some of them are used.
    pub defaults: Option<u32>,
}

/// What a parameter gets.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// The argument of this number, the self included.
    Argument(u32),
    /// The default of this number.
    Default(u32),
}

/// How a result tells of an error.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum ErrorKind {
    /// A NULL object.
    Null,
    /// A negative status.
    Negative,
    /// The value 1: not an address, and distinct from an exhausted iterator's 0.
    One,
}

/// The end of a block.
#[derive(Clone, PartialEq, Debug)]
pub enum Terminator {
    Jump(Edge),
    /// Both ways are taken by the truth of a cond.
    Branch {
        cond: Value,
        then: Edge,
        otherwise: Edge,
    },
    /// Leaves to `error` when `value` says that an exception is set.
    OnError {
        value: Value,
        kind: ErrorKind,
        error: Edge,
        ok: Edge,
    },
    /// Returns an owned reference from the function, or an int or float for which whoever wants one makes an object.
    Return {
        value: Value,
        /// Whether it is a number of which nobody wants to be told that there is an object: the interpreter has one, or the function
        /// has the number from a callee, which would have made one.
        as_is: bool,
    },
    /// Returns a generator that the frame, with the operands of the state, becomes a part of.
    ReturnGenerator {
        state: StateId,
    },
    /// Leaves the function with the exception that is set; everything is closed already.
    Unwind,
    /// Suspends the generator whose frame it is, to go on with the state later, and gives an owned reference to whoever has
    /// resumed it. `delegates` says whether it waits for another one meanwhile.
    Yield {
        value: Value,
        delegates: bool,
        state: StateId,
    },
    /// Leaves a loop's executable with the exception that is set; the interpreter raises it at the state's bytecode.
    Throw {
        state: StateId,
    },
    /// Leaves a loop's executable where the interpreter is to go on as a matter of course.
    Leave {
        state: StateId,
    },
    /// Goes on in the interpreter because a guess failed.
    Exit {
        state: StateId,
        reason: Reason,
    },
    /// The block is still being built.
    Open,
}

/// A way into a block, with the values of its parameters.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    pub block: Block,
    pub args: Vec<Value>,
}

impl Edge {
    pub fn to(block: Block) -> Edge {
        Edge { block, args: Vec::new() }
    }
}

/// One instruction.
#[derive(Clone, PartialEq, Debug)]
pub struct Inst {
    pub op: Op,
    pub args: Vec<Value>,
    /// Where the interpreter goes on when the instruction exits.
    pub state: Option<StateId>,
    pub ty: Type,
}

/// What the interpreter finds on its operand stack at a bytecode.
#[derive(Clone, PartialEq, Debug)]
pub struct FrameState {
    /// Whose frame the interpreter goes on with.
    pub context: ContextId,
    /// The bytecode to go on with.
    pub offset: CodeOffset,
    /// The bytecode that was being executed, which may be the one before `offset`.
    pub site: CodeOffset,
    /// Deepest first.
    pub stack: Vec<StackEntry>,
    /// Objects among them that the stack is to own and that nobody has counted: whoever leaves takes a reference first.
    pub late: Vec<Value>,
    /// Fields of operands that are written when the interpreter goes on, and not before.
    pub pending: Vec<Pending>,
}

/// A word that is yet to be written into an object.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    pub object: Value,
    pub offset: i32,
    pub value: Value,
}

impl FrameState {
    /// All values that the state needs.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        let pending = self.pending.iter().flat_map(|pending| [pending.object, pending.value]);
        self.stack.iter().map(|entry| entry.value).chain(self.late.iter().copied()).chain(pending)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        let pending = self.pending.iter_mut().flat_map(|pending| [&mut pending.object, &mut pending.value]);
        self.stack.iter_mut().map(|entry| &mut entry.value).chain(&mut self.late).chain(pending)
    }
}

/// One operand on the abstract stack.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct StackEntry {
    pub value: Value,
    /// Whether the stack owns a reference to the object. Raw stackrefs say so themselves and count as owned.
    pub owned: bool,
}

impl Op {
    /// Whether the instruction does something besides computing its result, so that it must stay even when nobody
    /// reads the result.
    pub fn has_effect(&self) -> bool {
        !matches!(
            self,
            Op::Param
                | Op::ConstObj { .. }
                | Op::ConstRef(_)
                | Op::ConstI64(_)
                | Op::ConstF64(_)
                | Op::ConstBool(_)
                | Op::LoadLocal { .. }
                | Op::PrivateOf
                | Op::ToRef { .. }
                | Op::RefToObj
                | Op::Refine { .. }
                | Op::UnboxFloat
                | Op::UnboxBool
                | Op::BoxBool
                | Op::FloatNeg
                | Op::FloatSqrt
                | Op::FloatAbs
                | Op::IntToFloat
                | Op::FloatToInt
                | Op::Select { .. }
                | Op::Compare(_)
                | Op::FloatCompare(_)
                | Op::Not
                | Op::Load { .. }
                | Op::TypeOf
                | Op::Bits
                | Op::AsRef
                | Op::AddAddr
                | Op::ShiftRight { .. }
                | Op::WrapIndex
                | Op::ScratchAddr { .. }
                | Op::LoadScratch { .. }
                | Op::Returned { .. }
                | Op::FrameGlobals
                | Op::FrameBuiltins
                | Op::IsDue
        ) && !matches!(self, Op::Float(op) if *op != FloatOp::Div)
            && !matches!(self, Op::Int(IntOp::And | IntOp::Or | IntOp::Xor))
    }

    /// Whether the instruction may leave through a side exit and so needs a frame state.
    pub fn needs_state(&self) -> bool {
        match self {
            Op::GuardKinds { .. }
            | Op::GuardPrivate
            | Op::Guard { .. }
            | Op::UnboxInt
            | Op::UnboxNumber { .. }
            | Op::BoxInt
            | Op::BoxFloat
            | Op::StoreInt { .. }
            | Op::StoreFloat { .. }
            | Op::ReplaceInt { .. }
            | Op::ReplaceFloat { .. }
            | Op::IntNeg
            | Op::Safepoint { .. } => true,
            Op::Int(op) => !matches!(op, IntOp::And | IntOp::Or | IntOp::Xor),
            Op::Float(op) => *op == FloatOp::Div,
            _ => false,
        }
    }

    /// Why the instruction leaves when it does, for those that need a frame state; the likeliest reason of several.
    pub fn exit_reason(&self) -> Reason {
        match self {
            Op::Guard { reason } => *reason,
            Op::GuardPrivate => Reason::Shape,
            Op::GuardKinds { kinds: Kinds::NUMBER } | Op::UnboxNumber { .. } => Reason::Number,
            Op::UnboxInt | Op::IntNeg | Op::Int(_) => Reason::Overflow,
            Op::BoxInt
            | Op::BoxFloat
            | Op::StoreInt { .. }
            | Op::StoreFloat { .. }
            | Op::ReplaceInt { .. }
            | Op::ReplaceFloat { .. } => Reason::Memory,
            Op::Float(_) => Reason::ZeroDivision,
            Op::Safepoint { leaves: true, .. } => Reason::Death,
            Op::Safepoint { .. } => Reason::Observed,
            _ => Reason::Type,
        }
    }
}
