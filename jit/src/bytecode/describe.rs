//! Instructions as text, with what their arguments stand for, as `dis` shows them.

use super::decode::Instr;
use super::info::CodeInfo;
use super::opcode::{Opcode, OpcodeKind, flags};
use super::operators::{NB_SUBSCR, OPERATORS};

/// The operators of `BINARY_OP`, by its argument.
const OPERATOR_SIGNS: [&str; OPERATORS as usize] =
    ["+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^"];
/// The operators of `COMPARE_OP`, by the upper bits of its argument.
const COMPARISONS: [&str; 6] = ["<", "<=", "==", "!=", ">", ">="];

/// An instruction of `code` as text; `constants` are the texts of its constants.
pub fn describe(code: &CodeInfo, instr: &Instr, constants: &[String]) -> String {
    // What instruments an instruction is no part of the code.
    let name = match instr.raw.kind() {
        OpcodeKind::Specialized => instr.raw.name(),
        _ => instr.opcode.name(),
    };
    if instr.opcode.flags() & flags::ARG == 0 {
        return name.to_owned();
    }
    let line = format!("{name} {}", instr.oparg);
    match argument(code, instr, constants) {
        Some(argument) => format!("{line} ({argument})"),
        None => line,
    }
}

fn argument(code: &CodeInfo, instr: &Instr, constants: &[String]) -> Option<String> {
    let oparg = instr.oparg;
    let name = |index: u32| code.names.get(index as usize).map(|name| name.text.clone());
    let local = |slot: u32| code.localsplus.get(slot as usize).map(|local| local.name.clone());
    let two_locals = || Some(format!("{}, {}", local(oparg >> 4)?, local(oparg & 15)?));
    match instr.opcode {
        Opcode::LoadAttr | Opcode::LoadGlobal => name(oparg >> 1),
        Opcode::LoadSuperAttr => name(oparg >> 2),
        Opcode::LoadFastLoadFast
        | Opcode::LoadFastBorrowLoadFastBorrow
        | Opcode::StoreFastLoadFast
        | Opcode::StoreFastStoreFast => two_locals(),
        Opcode::BinaryOp if oparg == NB_SUBSCR => Some("[]".into()),
        Opcode::BinaryOp => {
            let sign = OPERATOR_SIGNS.get((oparg % OPERATORS) as usize)?;
            Some(if oparg < OPERATORS { (*sign).into() } else { format!("{sign}=") })
        }
        Opcode::CompareOp => COMPARISONS.get((oparg >> 5) as usize).map(|sign| (*sign).to_owned()),
        Opcode::IsOp => Some(if oparg == 0 { "is" } else { "is not" }.into()),
        Opcode::ContainsOp => Some(if oparg == 0 { "in" } else { "not in" }.into()),
        opcode if opcode.flags() & flags::CONST != 0 => constants.get(oparg as usize).cloned(),
        opcode if opcode.flags() & flags::NAME != 0 => name(oparg),
        opcode if opcode.flags() & (flags::LOCAL | flags::FREE) != 0 => local(oparg),
        _ => instr.jump_target().map(|target| format!("to {}", target.bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::opcode::CodeOffset;
    use super::*;
    use crate::bytecode::info::{LocalKind, LocalVar, NameRef};

    fn text(opcode: Opcode, oparg: u32) -> String {
        let local = |name: &str| LocalVar { name: name.into(), kind: LocalKind(LocalKind::LOCAL) };
        let code = CodeInfo {
            names: vec![NameRef { object: 0, text: "age".into() }],
            localsplus: vec![local("a"), local("b")],
            ..CodeInfo::default()
        };
        let instr = Instr {
            start: CodeOffset(4),
            offset: CodeOffset(4),
            opcode: opcode.deopt(),
            raw: opcode,
            oparg,
            next: CodeOffset(5),
            cache: Vec::new(),
        };
        describe(&code, &instr, &["'x'".to_owned()])
    }

    #[test]
    fn arguments_are_what_they_stand_for() {
        assert_eq!(text(Opcode::Nop, 0), "NOP");
        assert_eq!(text(Opcode::InstrumentedJumpForward, 3), "JUMP_FORWARD 3 (to 16)");
        assert_eq!(text(Opcode::LoadAttrSlot, 1), "LOAD_ATTR_SLOT 1 (age)");
        assert_eq!(text(Opcode::LoadFast, 1), "LOAD_FAST 1 (b)");
        assert_eq!(text(Opcode::LoadFastBorrowLoadFastBorrow, 16), "LOAD_FAST_BORROW_LOAD_FAST_BORROW 16 (b, a)");
        assert_eq!(text(Opcode::LoadConst, 0), "LOAD_CONST 0 ('x')");
        assert_eq!(text(Opcode::BinaryOpAddInt, 13), "BINARY_OP_ADD_INT 13 (+=)");
        assert_eq!(text(Opcode::BinaryOp, 26), "BINARY_OP 26 ([])");
        assert_eq!(text(Opcode::CompareOp, 68), "COMPARE_OP 68 (==)");
        assert_eq!(text(Opcode::JumpForward, 3), "JUMP_FORWARD 3 (to 16)");
        assert_eq!(text(Opcode::LoadConst, 7), "LOAD_CONST 7");
    }
}
