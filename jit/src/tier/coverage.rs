//! What the compiler has been made to do, for tests that want to reach everything.
//!
//! Nothing is counted until somebody asks for the first time.

use std::collections::BTreeMap;

use super::registry;
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::{Opcode, OpcodeKind};
use crate::code::executable::SideExit;
use crate::hir::function::Function;
use crate::hir::names;

/// How often each thing was compiled or happened, by name; what can be is there with a zero.
#[derive(Clone)]
pub struct Coverage {
    /// Opcodes in compiled code, as they were found there.
    pub opcodes: BTreeMap<&'static str, u64>,
    /// HIR instructions that became machine code.
    pub instructions: BTreeMap<String, u64>,
    /// Side exits of machine code, by reason and opcode.
    pub exits_made: BTreeMap<String, u64>,
    /// Side exits that were taken.
    pub exits_taken: BTreeMap<String, u64>,
}

impl Coverage {
    fn new() -> Self {
        let opcodes = Opcode::ALL.iter().filter(|opcode| opcode.kind() != OpcodeKind::Instrumented);
        Coverage {
            opcodes: opcodes.map(|opcode| (opcode.name(), 0)).collect(),
            instructions: names::all().into_iter().map(|name| (name, 0)).collect(),
            exits_made: BTreeMap::new(),
            exits_taken: BTreeMap::new(),
        }
    }
}

/// The counts so far. The first time there are none: counting begins with it.
pub fn coverage() -> Coverage {
    registry::with(|registry| registry.coverage.get_or_insert_with(Coverage::new).clone())
}

/// Counts what an executable is made of.
pub fn note_compiled(info: &CodeInfo, hir: &Function, exits: &[SideExit]) {
    registry::with(|registry| {
        let Some(coverage) = &mut registry.coverage else { return };
        let callees = hir.contexts.iter().filter(|callee| callee.copy_of.is_none()).map(|callee| &*callee.code);
        for instr in std::iter::once(info).chain(callees).flat_map(|info| &info.instrs) {
            // Those that stand in for others while a tool watches are not counted.
            if let Some(count) = coverage.opcodes.get_mut(instr.raw.name()) {
                *count += 1;
            }
        }
        for name in names::of(hir) {
            *coverage.instructions.entry(name).or_default() += 1;
        }
        for exit in exits {
            *coverage.exits_made.entry(name(exit)).or_default() += 1;
        }
    });
}

/// Counts a side exit that was taken.
pub fn note_exit(exit: &SideExit) {
    registry::with(|registry| {
        if let Some(coverage) = &mut registry.coverage {
            *coverage.exits_taken.entry(name(exit)).or_default() += 1;
        }
    });
}

fn name(exit: &SideExit) -> String {
    format!("{:?} at {}", exit.reason, exit.opcode)
}
