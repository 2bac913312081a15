//! Taking machine code out of use.
//!
//! Code that must not be entered any more may still be running, in this thread's callers or in other threads. It waits
//! in the graveyard until no compiled code runs at all.

use std::sync::atomic::Ordering;

use super::registry;
use crate::code::executable::Executable;
use crate::code::state::CodeState;
use crate::hir::function::Kind;
use crate::runtime::entry;
use crate::telemetry;

/// Puts an executable that is not entered any more into the graveyard.
pub fn retire(executable: Box<Executable>, reason: &str) {
    executable.header.withdraw();
    telemetry::withdrawn(&executable, reason);
    registry::with(|registry| registry.graveyard.push(executable));
}

/// Takes the machine code of `kind` out of use. Frames that run it go on, but for long loops, which go on in the interpreter.
pub fn withdraw(state: &mut CodeState, kind: Kind, reason: &str) {
    let executable = match kind {
        Kind::Function => {
            state.cell.body = 0;
            state.function.take()
        }
        Kind::Loop(header) => {
            state.outdated.remove(&header);
            state.inner.remove(&header)
        }
        Kind::Resume(at) => {
            state.set_waiting(at, None);
            state.inner.remove(&at)
        }
    };
    if let Some(executable) = executable {
        retire(executable, reason);
    }
}

/// Takes the machine code of all places at which generators go on out of use.
pub fn withdraw_resumptions(state: &mut CodeState, reason: &str) {
    let places: Vec<_> = state.waiting.iter().map(|waiting| Kind::Resume(waiting.at)).collect();
    for place in places {
        withdraw(state, place, reason);
    }
}

/// Takes all machine code of a code object out of use.
pub fn withdraw_all(state: &mut CodeState, reason: &str) {
    withdraw(state, Kind::Function, reason);
    state.forget_waiting();
    state.outdated.clear();
    for (_, executable) in state.inner.drain() {
        retire(executable, reason);
    }
}

/// Frees the graveyard if no compiled code runs.
#[inline]
pub fn sweep() {
    if entry::ACTIVE.load(Ordering::Relaxed) != 0 {
        return;
    }
    let dead = registry::with(|registry| {
        registry.lost.clear();
        std::mem::take(&mut registry.graveyard)
    });
    for mut executable in dead {
        telemetry::retired(&mut executable);
    }
}
