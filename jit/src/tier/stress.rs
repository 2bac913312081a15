//! Machine code taken out of use for no reason, under `RJIT_STRESS=invalidate`.

use super::registry;
use super::retire::withdraw_all;
use crate::bytecode::opcode::CodeOffset;
use crate::cpython::code::Code;
use crate::cpython::gil::GilCell;
use crate::hir::function::Kind;

/// Invalidations that hit all machine code there is. Later ones hit that of one code object: a program of many functions
/// would do nothing but compile.
const TOTAL: usize = 8;
/// Invalidations of one code object after which its machine code is withdrawn at the powers of two only.
const EACH: usize = 4;

static SO_FAR: GilCell<usize> = GilCell::new(0);

/// What a safepoint has to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Invalidation {
    /// It has had its turn.
    Over,
    /// The frame has to leave.
    Leave,
    /// The frame has to leave, and its code was taken out of use.
    Withdrawn,
}

/// The turn of a safepoint of `code` between `site` and `next`, which it has once, over all recompilations: otherwise
/// none behind a function's first would ever be reached.
pub fn invalidate_in_turn(code: Code, kind: Kind, site: CodeOffset, next: CodeOffset) -> Invalidation {
    let Some(state) = registry::state(code) else { return Invalidation::Over };
    let turn = registry::note(state.address(), |notes| {
        notes.invalidated.insert((kind, site, next)).then_some(notes.invalidated.len())
    });
    let Some(turn) = turn.flatten() else { return Invalidation::Over };
    if turn > EACH && !turn.is_power_of_two() {
        return Invalidation::Leave;
    }
    let so_far = SO_FAR.with(|so_far| {
        *so_far += 1;
        *so_far
    });
    let victims = if so_far <= TOTAL { registry::all() } else { vec![(code, state)] };
    for (_, state) in victims {
        state.with(|state| withdraw_all(state, "stress"));
    }
    Invalidation::Withdrawn
}
