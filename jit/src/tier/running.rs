//! What machine code, and the way into it, ask and report.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use super::{coverage, failures, functions, monitoring, registry};
use crate::bytecode::opcode::CodeOffset;
use crate::code::executable::{Body, Cause, Executable};
use crate::code::state::CodeState;
use crate::code::{extra, install};
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::interp;
use crate::telemetry;

/// The machine code to run for a call of a function that has our entry. None when the call must run in the
/// interpreter: because somebody watches the code or evaluates frames instead of the interpreter (PEP 523), or because it
/// cannot be compiled; then the function loses the entry.
#[inline]
pub fn body_for_call(function: Function) -> Option<Body> {
    if install::is_watched(function.code_view()) || interp::is_hooked() {
        return None;
    }
    install::body_of(function).or_else(|| build_body(function))
}

#[cold]
fn build_body(function: Function) -> Option<Body> {
    // A mistake of ours is one more reason to go on interpreted.
    let built = panic::catch_unwind(AssertUnwindSafe(|| functions::at_entry(function)));
    if built.unwrap_or(false) { install::body_of(function) } else { None }
}

/// Reacts to events of a single code object being switched on or off: machine code calls it directly only while no
/// tool wants events of it, and frames that run it look again at their next safepoint.
pub fn local_events_changed(code: Code) {
    let Some(state) = extra::get(code) else { return };
    let is_watched = install::is_watched(code);
    // Its code may be a part of its callers' machine code.
    let callers = registry::note(state.address(), |notes| notes.callers.iter().copied().collect::<Vec<_>>());
    for caller in callers.into_iter().flatten() {
        if let Some(caller) = registry::note(caller, |notes| notes.state) {
            caller.read(look_again);
        }
    }
    state.with(|state| {
        look_again(state);
        state.cell.is_watched = is_watched.into();
        state.cell.body = match &state.function {
            Some(executable) if !is_watched => executable.body as *const () as usize,
            _ => 0,
        };
    });
}

/// Has all machine code of a code object ask at its next safepoint what tools want.
fn look_again(state: &CodeState) {
    for executable in state.function.iter().chain(state.loops.values()) {
        executable.header.expected_breaker.store(u64::MAX, Ordering::Relaxed);
    }
}

/// Records that machine code made from `owner` was left through its side exit number `index`, with a frame of `code`: of
/// another code object if that is a part of it. May take it out of use; the caller may still be in it.
pub fn record_deopt(executable: &mut Executable, owner: Code, code: Code, index: usize) {
    executable.counters().deopts.fetch_add(1, Ordering::Relaxed);
    let kind = executable.kind;
    let Some(exit) = executable.exits.get_mut(index) else {
        return;
    };
    exit.taken += 1;
    let (site, reason) = (exit.site, exit.reason);
    coverage::note_exit(exit);
    let Some(state) = extra::get(owner) else { return };
    let is_current = state.read(|state| failures::current(state, kind).is_some_and(|it| std::ptr::eq(it, executable)));
    if owner == code {
        state.with(|state| failures::on_deopt(state, kind, is_current, site, reason));
    } else if let Some(callee) = extra::get(code) {
        failures::on_deopt_of_callee(state, callee, kind, is_current, site, reason);
    }
}

/// Records that an object whose class has `version` came by at a place of `code` that expected another class.
pub fn record_class(code: Code, site: CodeOffset, version: u32) {
    if let Some(state) = extra::get(code).filter(|_| version != 0) {
        state.with(|state| {
            let seen = state.seen.entry(site).or_default();
            if !seen.contains(&version) && seen.len() < MAX_CLASSES {
                seen.push(version);
            }
        });
    }
}

/// Classes that are remembered for a place; one with more of them is not worth tests for each.
const MAX_CLASSES: usize = 8;

/// Records that a frame of `executable`, which is at the bytecode `at` of `code`, goes on in the interpreter for an observer.
pub fn record_reification(executable: &mut Executable, code: Code, at: CodeOffset, cause: Cause) {
    executable.reified[cause as usize] += 1;
    let count = executable.counters().reifications.fetch_add(1, Ordering::Relaxed) + 1;
    registry::with(|registry| *registry.reifications.entry(cause.text()).or_default() += 1);
    // The first ones tell the story; a storm must not drown all else.
    if count.is_power_of_two() {
        telemetry::reified(executable.slot, &executable.qualname, code.line(at), cause.text());
    }
}

/// Has the interpreter report each instruction of `code`, so that an exception that waits is raised at its place.
///
/// # Errors
/// What `sys.monitoring` raised.
pub fn want_instruction_event(py: Python<'_>, code: Code) -> PyResult<()> {
    monitoring::report_instructions(py, code, true)
}

/// Ends that.
///
/// # Errors
/// What `sys.monitoring` raised.
pub fn forget_instruction_event(py: Python<'_>, code: Code) -> PyResult<()> {
    monitoring::report_instructions(py, code, false)
}
