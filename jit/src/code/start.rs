//! How the code of simple generator functions begins: calls of those need no frame to make a generator.

use crate::bytecode::info::CodeFlags;
use crate::bytecode::opcode::Opcode;
use crate::cpython::code::Code;

/// What the code of a generator function does before it makes its generator.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// The cells that it takes from its closure.
    pub free_variables: u8,
    /// Whether it begins to iterate over its first argument, as generator expressions do.
    pub iterates: bool,
    /// Code units up to where the generator goes on.
    pub units: u8,
}

impl Start {
    /// What the code does, if that is no more.
    pub fn of(code: Code) -> Option<Start> {
        let is_simple = code.flags().has(CodeFlags::GENERATOR);
        is_simple.then(|| Start::in_units(&code.units())).flatten()
    }

    fn in_units(units: &[u16]) -> Option<Start> {
        let mut start = Start { free_variables: 0, iterates: false, units: 0 };
        let mut next = || {
            let unit = *units.get(usize::from(start.units))?;
            let opcode = Opcode::from_number(unit as u8)?.deopt();
            start.units = start.units.checked_add(1 + opcode.caches())?;
            Some((opcode, (unit >> 8) as u8))
        };
        let mut instr = next()?;
        if let (Opcode::CopyFreeVars, count) = instr {
            (start.free_variables, instr) = (count, next()?);
        }
        let expected = [(Opcode::LoadFast, 0), (Opcode::GetIter, 0), (Opcode::ReturnGenerator, 0)];
        start.iterates = instr.0 == Opcode::Resume;
        let is_simple = match start.iterates {
            true => expected.iter().all(|expected| next().as_ref() == Some(expected)),
            false => instr.0 == Opcode::ReturnGenerator,
        };
        is_simple.then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code units of these instructions, with empty caches.
    fn units(instrs: &[(Opcode, u16)]) -> Vec<u16> {
        let mut units = Vec::new();
        for (opcode, oparg) in instrs {
            units.push(u16::from(opcode.number()) | oparg << 8);
            units.extend(std::iter::repeat_n(0, opcode.caches().into()));
        }
        units
    }

    #[test]
    fn only_simple_starts_are_known() {
        use Opcode::{CopyFreeVars, GetIter, LoadFast, MakeCell, Resume, ReturnGenerator};
        let expression = [(CopyFreeVars, 2), (Resume, 4), (LoadFast, 0), (GetIter, 0), (ReturnGenerator, 0)];
        let all = units(&expression);
        let start = Start { free_variables: 2, iterates: true, units: all.len() as u8 };
        assert_eq!(Start::in_units(&all), Some(start));
        assert_eq!(Start::in_units(&all[..all.len() - 1]), None);
        let function = Start { free_variables: 0, iterates: false, units: 1 };
        assert_eq!(Start::in_units(&units(&[(ReturnGenerator, 0)])), Some(function));
        for instr in [(MakeCell, 0), (LoadFast, 1), (LoadFast, 0)] {
            assert_eq!(Start::in_units(&units(&[instr, (ReturnGenerator, 0)])), None);
        }
        let other = [(Resume, 4), (LoadFast, 1), (GetIter, 0), (ReturnGenerator, 0)];
        assert_eq!(Start::in_units(&units(&other)), None);
    }
}
