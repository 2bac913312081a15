//! From code units to instructions.
//!
//! A code unit is an opcode in the low byte and an argument in the high one. `EXTENDED_ARG` prefixes widen the
//! argument of the instruction behind them, and inline caches follow it; both are folded into one [`Instr`].

use std::fmt;

use super::opcode::{CodeOffset, Opcode, OpcodeKind};

/// An instruction with its prefixes and caches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instr {
    /// Where the first `EXTENDED_ARG` is, or the instruction itself without any. Jumps land here.
    pub start: CodeOffset,
    /// Where the opcode is.
    pub offset: CodeOffset,
    /// What to do, without specialization and instrumentation.
    pub opcode: Opcode,
    /// The opcode as it was found.
    pub raw: Opcode,
    /// The argument, prefixes included.
    pub oparg: u32,
    /// Where the next instruction starts, behind the caches.
    pub next: CodeOffset,
    /// The inline cache entries as they were found; the first is the counter.
    pub cache: Vec<u16>,
}

impl Instr {
    /// Cache entry `index`.
    pub fn cache_u16(&self, index: usize) -> u16 {
        self.cache[index]
    }

    /// Cache entries `index` and the next as one number.
    pub fn cache_u32(&self, index: usize) -> u32 {
        u32::from(self.cache[index]) | u32::from(self.cache[index + 1]) << 16
    }

    /// Cache entry `index` and the three next as one number; object addresses are kept so.
    pub fn cache_u64(&self, index: usize) -> u64 {
        u64::from(self.cache_u32(index)) | u64::from(self.cache_u32(index + 2)) << 32
    }

    /// The instruction that runs after a jump, or that a failed iteration goes on with.
    ///
    /// An exhausted `FOR_ITER` skips the `END_FOR` that its argument points to.
    pub fn jump_target(&self) -> Option<CodeOffset> {
        let next = self.next.0;
        match self.opcode {
            Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt => next.checked_sub(self.oparg).map(CodeOffset),
            Opcode::ForIter => Some(CodeOffset(next + self.oparg + 1)),
            Opcode::JumpForward
            | Opcode::PopJumpIfFalse
            | Opcode::PopJumpIfTrue
            | Opcode::PopJumpIfNone
            | Opcode::PopJumpIfNotNone
            | Opcode::Send => Some(CodeOffset(next + self.oparg)),
            _ => None,
        }
    }

    /// Whether the next instruction can run after this one without a jump.
    pub fn falls_through(&self) -> bool {
        !matches!(
            self.opcode,
            Opcode::JumpBackward
                | Opcode::JumpBackwardNoInterrupt
                | Opcode::JumpForward
                | Opcode::ReturnValue
                | Opcode::RaiseVarargs
                | Opcode::Reraise
                | Opcode::InterpreterExit
        )
    }
}

impl fmt::Display for Instr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>4} {}", self.offset, self.raw)?;
        if self.opcode.has_arg() {
            write!(f, " {}", self.oparg)?;
        }
        Ok(())
    }
}

/// Why bytecode could not be decoded. Each kind means that it is not CPython 3.15's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// An opcode with no meaning.
    UnknownOpcode {
        /// Where it is.
        offset: CodeOffset,
        /// The opcode.
        number: u8,
    },
    /// An instruction whose caches, or a prefix whose instruction, would lie beyond the end.
    Truncated {
        /// Where it starts.
        offset: CodeOffset,
    },
    /// The interpreter itself named an instrumented opcode as the one behind instrumentation.
    StillInstrumented {
        /// Where it is.
        offset: CodeOffset,
        /// What it named.
        opcode: Opcode,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOpcode { offset, number } => {
                write!(f, "unknown opcode {number} at code unit {offset}: not CPython 3.15 bytecode")
            }
            Self::Truncated { offset } => {
                write!(f, "the instruction at code unit {offset} is cut off")
            }
            Self::StillInstrumented { offset, opcode } => {
                write!(f, "no instruction found behind {opcode} at code unit {offset}")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// Decodes `units`.
///
/// `base_unit` gives the code unit without instrumentation at an offset; it is asked only where one is found, since
/// for events and executors the interpreter alone knows what they hide.
pub fn decode(units: &[u16], base_unit: impl Fn(CodeOffset) -> u16) -> Result<Vec<Instr>, DecodeError> {
    let mut instrs = Vec::with_capacity(units.len() / 2);
    let mut at = 0;
    while at < units.len() {
        let start = CodeOffset(at as u32);
        let mut oparg = 0_u32;
        let (offset, raw, opcode) = loop {
            let unit = *units.get(at).ok_or(DecodeError::Truncated { offset: start })?;
            let offset = CodeOffset(at as u32);
            let raw = opcode_of(unit, offset)?;
            let (opcode, arg) = resolve(raw, unit, offset, &base_unit)?;
            oparg = oparg << 8 | u32::from(arg);
            at += 1;
            if opcode != Opcode::ExtendedArg {
                break (offset, raw, opcode);
            }
        };
        let end = at + usize::from(opcode.caches());
        let cache = units.get(at..end).ok_or(DecodeError::Truncated { offset: start })?.to_vec();
        at = end;
        instrs.push(Instr { start, offset, opcode, raw, oparg, next: CodeOffset(end as u32), cache });
    }
    Ok(instrs)
}

fn opcode_of(unit: u16, offset: CodeOffset) -> Result<Opcode, DecodeError> {
    let number = unit as u8;
    Opcode::from_number(number).ok_or(DecodeError::UnknownOpcode { offset, number })
}

fn resolve(
    raw: Opcode,
    unit: u16,
    offset: CodeOffset,
    base_unit: impl Fn(CodeOffset) -> u16,
) -> Result<(Opcode, u8), DecodeError> {
    if !raw.hides_instruction() {
        return Ok((raw.deopt(), (unit >> 8) as u8));
    }
    let unit = base_unit(offset);
    let opcode = opcode_of(unit, offset)?.deopt();
    if opcode.kind() == OpcodeKind::Instrumented {
        return Err(DecodeError::StillInstrumented { offset, opcode });
    }
    Ok((opcode, (unit >> 8) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(opcode: Opcode, arg: u8) -> u16 {
        u16::from(opcode.number()) | u16::from(arg) << 8
    }

    fn none(_: CodeOffset) -> u16 {
        unreachable!("no instrumentation in this test")
    }

    #[test]
    fn folds_prefixes_and_caches() {
        let units = [
            unit(Opcode::Resume, 0),
            7,
            unit(Opcode::ExtendedArg, 1),
            unit(Opcode::ExtendedArg, 2),
            unit(Opcode::LoadGlobalModule, 3),
            0x1111,
            0x2222,
            0x3333,
            0x4444,
            unit(Opcode::ReturnValue, 0),
        ];
        let instrs = decode(&units, none).unwrap();
        assert_eq!(instrs.len(), 3);
        let load = &instrs[1];
        assert_eq!((load.start, load.offset, load.next), (CodeOffset(2), CodeOffset(4), CodeOffset(9)));
        assert_eq!((load.opcode, load.raw), (Opcode::LoadGlobal, Opcode::LoadGlobalModule));
        assert_eq!(load.oparg, 0x0001_0203);
        assert_eq!(load.cache_u16(1), 0x2222);
        assert_eq!(load.cache_u32(1), 0x3333_2222);
        assert_eq!(load.cache_u64(0), 0x4444_3333_2222_1111);
        assert_eq!(instrs[2].oparg, 0);
    }

    #[test]
    fn looks_behind_line_events() {
        let units =
            [unit(Opcode::InstrumentedLine, 9), unit(Opcode::InstrumentedInstruction, 0), unit(Opcode::PopTop, 0)];
        let behind = [unit(Opcode::ExtendedArg, 1), unit(Opcode::LoadConst, 2)];
        let instrs = decode(&units, |offset| behind[offset.index()]).unwrap();
        assert_eq!(instrs[0].opcode, Opcode::LoadConst);
        assert_eq!(instrs[0].raw, Opcode::InstrumentedInstruction);
        assert_eq!((instrs[0].start, instrs[0].oparg), (CodeOffset(0), 0x102));
        assert_eq!(instrs[1].opcode, Opcode::PopTop);
    }

    #[test]
    fn instrumented_opcodes_need_no_lookup() {
        let instrs = decode(&[unit(Opcode::InstrumentedReturnValue, 0)], none).unwrap();
        assert_eq!(instrs[0].opcode, Opcode::ReturnValue);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let number = Opcode::Resume.number() - 1;
        assert_eq!(
            decode(&[u16::from(number)], none),
            Err(DecodeError::UnknownOpcode { offset: CodeOffset(0), number })
        );
        let cut = Err(DecodeError::Truncated { offset: CodeOffset(0) });
        assert_eq!(decode(&[unit(Opcode::ExtendedArg, 1)], none), cut);
        assert_eq!(decode(&[unit(Opcode::BinaryOp, 0), 0], none), cut);
        assert_eq!(
            decode(&[unit(Opcode::EnterExecutor, 0)], |_| unit(Opcode::EnterExecutor, 0)),
            Err(DecodeError::StillInstrumented { offset: CodeOffset(0), opcode: Opcode::EnterExecutor })
        );
    }

    #[test]
    fn targets() {
        let jump = |opcode: Opcode, oparg, next| Instr {
            start: CodeOffset(0),
            offset: CodeOffset(0),
            opcode,
            raw: opcode,
            oparg,
            next: CodeOffset(next),
            cache: vec![],
        };
        assert_eq!(jump(Opcode::JumpBackward, 10, 12).jump_target(), Some(CodeOffset(2)));
        assert_eq!(jump(Opcode::JumpBackward, 13, 12).jump_target(), None);
        assert_eq!(jump(Opcode::JumpForward, 10, 12).jump_target(), Some(CodeOffset(22)));
        assert_eq!(jump(Opcode::ForIter, 10, 12).jump_target(), Some(CodeOffset(23)));
        assert_eq!(jump(Opcode::LoadConst, 10, 12).jump_target(), None);
    }
}
