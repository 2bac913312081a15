//! Opcodes and what is known about each of them without running anything.
//!
//! The interpreter rewrites its bytecode: it *specializes* instructions to what they see, and *instruments* them
//! for monitoring. Both keep the instruction's size and argument, so most of the compiler looks at the base opcode,
//! and only the profile at the one that was found.

use std::fmt;

pub use super::opcode_table::Opcode;

/// Position in a code object's bytecode, counted in code units (two bytes).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CodeOffset(pub u32);

impl CodeOffset {
    /// The offset as an index.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The offset in bytes, as `f_lasti` and `dis` have it.
    #[inline]
    pub const fn bytes(self) -> u32 {
        self.0 * 2
    }
}

impl fmt::Display for CodeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How an opcode relates to the instruction that the compiler emitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpcodeKind {
    /// Emitted by the compiler.
    Base,
    /// Put there by the interpreter for what it saw.
    Specialized,
    /// Put there for monitoring or for CPython's own JIT.
    Instrumented,
}

/// Properties of opcodes, a bit each.
pub mod flags {
    /// Nothing of the below.
    pub const NONE: u16 = 0;
    /// The argument means something.
    pub const ARG: u16 = 1 << 0;
    /// Reads a constant.
    pub const CONST: u16 = 1 << 1;
    /// Uses a name.
    pub const NAME: u16 = 1 << 2;
    /// Jumps.
    pub const JUMP: u16 = 1 << 3;
    /// Uses a cell or free variable.
    pub const FREE: u16 = 1 << 4;
    /// Uses a local.
    pub const LOCAL: u16 = 1 << 5;
    /// Looks at the eval breaker.
    pub const EVAL_BREAK: u16 = 1 << 6;
    /// May go back to the base opcode.
    pub const DEOPT: u16 = 1 << 7;
    /// May raise.
    pub const ERROR: u16 = 1 << 8;
    /// May run arbitrary code.
    pub const ESCAPES: u16 = 1 << 9;
    /// Has a guard that may fail.
    pub const EXIT: u16 = 1 << 10;
    /// Computes from its operands alone.
    pub const PURE: u16 = 1 << 11;
}

pub(super) struct Row {
    pub name: &'static str,
    pub kind: OpcodeKind,
    pub base: Opcode,
    pub caches: u8,
    pub flags: u16,
}

macro_rules! opcodes {
    ($($variant:ident = $number:literal, $name:literal, $kind:ident, $base:ident, $caches:literal, $flags:expr;)*) => {
        /// An opcode, with CPython's number.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Opcode {
            $(#[doc = concat!("`", $name, "`.")] $variant = $number,)*
        }

        impl Opcode {
            /// All opcodes, by number.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The opcode with this number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            pub(super) const fn row(self) -> &'static super::opcode::Row {
                use super::opcode::{OpcodeKind, Row};
                match self {
                    $(Self::$variant => &Row {
                        name: $name,
                        kind: OpcodeKind::$kind,
                        base: Self::$base,
                        caches: $caches,
                        flags: $flags,
                    },)*
                }
            }
        }
    };
}
pub(super) use opcodes;

impl Opcode {
    /// The name that `dis` shows.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// How it relates to the instruction that the compiler emitted.
    pub const fn kind(self) -> OpcodeKind {
        self.row().kind
    }

    /// The opcode without specialization or instrumentation. Opcodes that hide an instruction only the interpreter
    /// knows are returned as they are; see [`Self::hides_instruction`].
    pub const fn deopt(self) -> Self {
        self.row().base
    }

    /// Whether the instruction behind it can only be had from the interpreter.
    pub const fn hides_instruction(self) -> bool {
        matches!(self, Self::InstrumentedLine | Self::InstrumentedInstruction | Self::EnterExecutor | Self::TraceRecord)
    }

    /// Whether the instruction, when it fails, leaves its operands on the stack, to be closed when the frame is unwound.
    /// Others close them at once, so before the exception's traceback entry and event. Of the forms that the interpreter
    /// specializes, the unspecialized one counts. (`ERROR_NO_POP` in CPython's `Python/bytecodes.c`.)
    pub const fn keeps_operands_on_error(self) -> bool {
        matches!(
            self.deopt(),
            Self::BinaryOp
                | Self::CallIntrinsic1
                | Self::CallIntrinsic2
                | Self::CheckExcMatch
                | Self::ContainsOp
                | Self::DictMerge
                | Self::DictUpdate
                | Self::ListExtend
                | Self::LoadFromDictOrDeref
                | Self::LoadSpecial
                | Self::MatchClass
                | Self::SetUpdate
                | Self::UnaryInvert
                | Self::UnaryNegative
        )
    }

    /// Number of inline cache entries (code units) behind the instruction.
    pub const fn caches(self) -> u8 {
        self.row().caches
    }

    /// Its properties, bits of [`flags`].
    pub const fn flags(self) -> u16 {
        self.row().flags
    }

    /// Whether its argument means something.
    pub const fn has_arg(self) -> bool {
        self.flags() & flags::ARG != 0
    }

    /// Whether it may raise.
    pub const fn may_raise(self) -> bool {
        self.flags() & flags::ERROR != 0
    }

    /// Whether it may run arbitrary code.
    pub const fn may_escape(self) -> bool {
        self.flags() & flags::ESCAPES != 0
    }

    /// Whether it jumps.
    pub const fn is_jump(self) -> bool {
        self.flags() & flags::JUMP != 0
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        for &opcode in Opcode::ALL {
            assert_eq!(Opcode::from_number(opcode.number()), Some(opcode));
        }
        assert_eq!(Opcode::from_number(Opcode::Resume.number() - 1), None);
    }

    #[test]
    fn variants_keep_the_size_of_their_base() {
        for &opcode in Opcode::ALL {
            assert_eq!(opcode.caches(), opcode.deopt().caches(), "{opcode}");
            assert_eq!(opcode.deopt().deopt(), opcode.deopt(), "{opcode}");
        }
    }

    #[test]
    fn only_hidden_instructions_stay_instrumented() {
        for &opcode in Opcode::ALL {
            let stays = opcode.deopt().kind() == OpcodeKind::Instrumented;
            assert_eq!(stays, opcode.hides_instruction(), "{opcode}");
        }
    }

    #[test]
    fn known_rows() {
        assert_eq!(Opcode::BinaryOpAddInt.deopt(), Opcode::BinaryOp);
        assert_eq!(Opcode::BinaryOp.caches(), 5);
        assert_eq!(Opcode::InstrumentedResume.deopt(), Opcode::Resume);
        assert_eq!(Opcode::LoadAttr.caches(), 9);
        assert!(Opcode::LoadConst.has_arg() && !Opcode::PopTop.has_arg());
    }
}
