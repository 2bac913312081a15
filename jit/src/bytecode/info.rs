//! A code object in the compiler's own form: everything that compiling needs, read once.

use super::blocks::Blocks;
use super::decode::Instr;
use super::exceptions::ExceptionTable;
use super::lines::LineTable;
use super::opcode::CodeOffset;

/// `co_flags`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CodeFlags(pub u32);

impl CodeFlags {
    /// Locals are slots.
    pub const OPTIMIZED: u32 = 0x1;
    /// A call makes new locals.
    pub const NEWLOCALS: u32 = 0x2;
    /// Takes `*args`.
    pub const VARARGS: u32 = 0x4;
    /// Takes `**kwargs`.
    pub const VARKEYWORDS: u32 = 0x8;
    /// Defined inside a function.
    pub const NESTED: u32 = 0x10;
    /// A generator.
    pub const GENERATOR: u32 = 0x20;
    /// A coroutine.
    pub const COROUTINE: u32 = 0x80;
    /// A generator that can be awaited.
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    /// An asynchronous generator.
    pub const ASYNC_GENERATOR: u32 = 0x200;
    /// Gets no monitoring events.
    pub const NO_MONITORING_EVENTS: u32 = 0x200_0000;

    /// Whether any of `flags` is set.
    #[inline]
    pub const fn has(self, flags: u32) -> bool {
        self.0 & flags != 0
    }

    /// Whether a call makes a generator, coroutine or asynchronous generator instead of running.
    #[inline]
    pub const fn is_generator_like(self) -> bool {
        self.has(Self::GENERATOR | Self::COROUTINE | Self::ASYNC_GENERATOR)
    }
}

/// What a slot of locals holds, as bits (`_PyLocals_Kind`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LocalKind(pub u8);

impl LocalKind {
    /// A positional parameter, or `*args`.
    pub const ARG_POS: u8 = 0x02;
    /// A parameter that can be given by name, or `**kwargs`.
    pub const ARG_KW: u8 = 0x04;
    /// `*args` or `**kwargs`.
    pub const ARG_VAR: u8 = 0x08;
    /// Any parameter.
    pub const ARG: u8 = Self::ARG_POS | Self::ARG_KW | Self::ARG_VAR;
    /// Not shown by `locals()` (variables of inlined comprehensions).
    pub const HIDDEN: u8 = 0x10;
    /// A local.
    pub const LOCAL: u8 = 0x20;
    /// A cell.
    pub const CELL: u8 = 0x40;
    /// A free variable.
    pub const FREE: u8 = 0x80;

    /// Whether any of `bits` is set.
    #[inline]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    /// Whether it is a cell (of this function or of one around it).
    #[inline]
    pub const fn is_cell_or_free(self) -> bool {
        self.has(Self::CELL | Self::FREE)
    }
}

/// A slot of locals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalVar {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: LocalKind,
}

/// An entry of `co_names`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameRef {
    /// The interned string, borrowed from the code object.
    pub object: usize,
    /// Its text.
    pub text: String,
}

/// A code object. Addresses are borrowed from it: whoever keeps the value keeps the code object alive.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CodeInfo {
    /// `co_name`.
    pub name: String,
    /// `co_qualname`.
    pub qualname: String,
    /// `co_filename`.
    pub filename: String,
    /// `co_firstlineno`.
    pub first_line: u32,
    /// Positional parameters, positional-only ones included.
    pub argcount: u32,
    /// Positional-only parameters.
    pub posonly: u32,
    /// Keyword-only parameters.
    pub kwonly: u32,
    /// `co_flags`.
    pub flags: CodeFlags,
    /// Slots of locals, cells and free variables.
    pub nlocalsplus: u32,
    /// Locals.
    pub nlocals: u32,
    /// Cells.
    pub ncellvars: u32,
    /// Free variables.
    pub nfreevars: u32,
    /// Slots of the operand stack.
    pub stacksize: u32,
    /// Words of a frame.
    pub framesize: u32,
    /// The first instruction at which a frame counts as complete.
    pub first_traceable: CodeOffset,
    /// The slots.
    pub localsplus: Vec<LocalVar>,
    /// `co_names`.
    pub names: Vec<NameRef>,
    /// `co_consts`: addresses of the objects.
    pub consts: Vec<usize>,
    /// The instructions as they were when read.
    pub instrs: Vec<Instr>,
    /// The exception handlers.
    pub exceptions: ExceptionTable,
    /// Where instructions come from.
    pub lines: LineTable,
    /// Address of the code object.
    pub code: usize,
    /// Address of its first code unit.
    pub code_units: usize,
}

impl CodeInfo {
    /// Number of parameters that a frame has slots for: positional, keyword-only, `*args` and `**kwargs`.
    pub fn parameter_slots(&self) -> u32 {
        self.argcount
            + self.kwonly
            + u32::from(self.flags.has(CodeFlags::VARARGS))
            + u32::from(self.flags.has(CodeFlags::VARKEYWORDS))
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        let texts = [&self.name, &self.qualname, &self.filename].map(String::capacity).iter().sum::<usize>();
        let names = self.names.iter().map(|name| size_of::<NameRef>() + name.text.capacity()).sum::<usize>();
        let locals = self.localsplus.iter().map(|local| size_of::<LocalVar>() + local.name.capacity()).sum::<usize>();
        let instrs = self.instrs.iter().map(|instr| size_of::<Instr>() + 2 * instr.cache.capacity()).sum::<usize>();
        size_of::<Self>() + texts + names + locals + instrs + 8 * self.consts.capacity()
    }

    /// Address of the code unit at `offset`: what goes into a frame's `instr_ptr`.
    pub fn unit_address(&self, offset: CodeOffset) -> usize {
        self.code_units + offset.index() * 2
    }

    /// The instruction that starts at `offset` (or whose opcode is there), as an index.
    pub fn instr_at(&self, offset: CodeOffset) -> Option<usize> {
        let index = self.instrs.partition_point(|instr| instr.next <= offset);
        let instr = self.instrs.get(index)?;
        (instr.start <= offset && offset <= instr.offset).then_some(index)
    }

    /// Its basic blocks.
    ///
    /// # Errors
    /// A jump or handler that leads to no instruction; the offset is where it leads.
    pub fn blocks(&self) -> Result<Blocks, CodeOffset> {
        Blocks::build(&self.instrs, &self.exceptions)
    }
}
