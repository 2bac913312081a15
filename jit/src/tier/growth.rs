//! Inlining in two steps. Machine code that callees are a part of takes long to compile, and while guesses fail it is compiled again
//! and again. So at first there is room for few callees. Where some were left out, and the machine code has been in use for a while
//! without being compiled anew, it is made once more with room for many, and stays in use until then.
//!
//! Which function is called, with which namespaces, is only known at its start. So a tick closes the direct way in, and the next call,
//! which comes through the function's entry, has it compiled and opens the way again.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::build::Entry;
use super::{background, hotness, registry};
use crate::code::executable::Executable;
use crate::code::extra::StateRef;
use crate::code::state::CodeState;
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::gil::GilCell;
use crate::hir::function::Kind;

/// Calls of machine code after which it is worth while to make it once more, or ticks, if it was called at all.
const ENTRIES: u64 = 1000;
const TICKS: u32 = 10;

/// Why.
pub const WHY: &str = "room for more callees";

/// By the addresses of their states, code objects whose machine code has left callees out, and the ticks since.
static SMALL: GilCell<BTreeMap<usize, u32>> = GilCell::new(BTreeMap::new());

/// Gives loops room from the beginning where the function seems to run but once, and so has no later chance. When they are compiled anew
/// they keep it: what they had in place is not to become a call for a while.
pub fn give_room(state: &mut CodeState, kind: Kind) {
    let runs_once = state.calls <= 1 && !state.was_compiled;
    state.have_loops_room |= runs_once && matches!(kind, Kind::Loop(_));
}

/// Remembers that machine code, which was just installed, has left callees out.
pub fn note(state: StateRef) {
    SMALL.with(|small| small.insert(state.address(), 0));
}

/// Looks at such code objects. Says whether there are new ones.
pub fn tick() -> bool {
    let small = SMALL.with(|small| {
        small.values_mut().for_each(|ticks| *ticks += 1);
        small.clone()
    });
    for (address, ticks) in small {
        let state = registry::note(address, |notes| notes.state);
        let Some(state) = state.filter(|state| state.read(may_grow)) else {
            SMALL.with(|small| small.remove(&address));
            continue;
        };
        let is_ripe = is_used(state, if ticks < TICKS { ENTRIES } else { 1 });
        if is_ripe && background::orders(address) == 0 && hotness::can_order() {
            state.with(grow);
        }
    }
    SMALL.with(|small| small.values().any(|ticks| *ticks < 4 * TICKS))
}

/// Whether callees were left out, and no call has had the machine code made once more for it.
fn may_grow(state: &CodeState) -> bool {
    if state.has_room {
        return state.is_to_grow && state.function.is_some();
    }
    state.function.iter().chain(state.inner.values()).any(|executable| has_left_out(executable))
}

/// Whether machine code was entered so often.
fn is_used(state: StateRef, entries: u64) -> bool {
    let of = |executable: &Executable| executable.counters().entries.load(Ordering::Relaxed);
    let is_watched = |state: &CodeState| state.function.is_some() && state.cell.body == 0;
    state.read(|state| {
        !is_watched(state)
            && state.function.iter().chain(state.inner.values()).any(|executable| of(executable) >= entries)
    })
}

/// Has a function's next call have its machine code made once more.
pub fn want(state: &mut CodeState) {
    state.is_to_grow = true;
    state.cell.body = 0;
}

/// Has all machine code of a code object made once more: loops when they jump back.
fn grow(state: &mut CodeState) {
    state.has_room = true;
    if state.function.is_some() {
        want(state);
    }
    let small = state.inner.values().filter(|executable| has_left_out(executable));
    let loops = small.filter_map(|executable| match executable.kind {
        Kind::Loop(header) => Some((header, WHY)),
        _ => None,
    });
    state.outdated.extend(loops);
}

/// Whether callees were left out for want of room.
pub fn has_left_out(executable: &Executable) -> bool {
    executable.making.hir.left_out > 0
}

/// Called at a start of `function` through its entry: has its machine code made once more if that is due.
pub fn at_entry(code: Code, state: StateRef, function: Function) {
    if state.with(|state| std::mem::take(&mut state.is_to_grow)) {
        background::replace(code, state, Kind::Function, Entry::of_call(function), WHY);
    }
}
