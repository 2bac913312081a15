//! What running machine code asks and reports.

use std::sync::atomic::Ordering;

use pyo3::Python;
use pyo3::prelude::*;

use super::{at_entry, monitoring, on_deopt};
use crate::code::executable::{Body, Executable};
use crate::code::{extra, install};
use crate::cpython::code::Code;
use crate::cpython::function::Function;

/// The machine code for a call of a function that has our entry. Compiles it when that is wanted.
pub fn body_for_call(function: Function) -> Option<Body> {
    install::body_of(function).or_else(|| if at_entry(function) { install::body_of(function) } else { None })
}

/// Records that the machine code of `executable` was left through its side exit number `index`.
pub fn record_deopt(executable: &mut Executable, code: Code, index: usize) {
    executable.counters().deopts.fetch_add(1, Ordering::Relaxed);
    let kind = executable.kind;
    let Some(exit) = executable.exits.get_mut(index) else { return };
    exit.taken += 1;
    let (site, reason) = (exit.site, exit.reason);
    if let Some(state) = extra::get(code) {
        state.with(|state| on_deopt(state, kind, site, reason));
    }
}

/// Records that a frame of compiled code goes on in the interpreter because somebody asked for its locals.
pub fn record_reification(code: Code) {
    let Some(state) = extra::get(code) else { return };
    state.read(|state| {
        if let Some(executable) = state.function.as_deref().or_else(|| state.loops.values().next().map(Box::as_ref)) {
            executable.counters().reifications.fetch_add(1, Ordering::Relaxed);
        }
    });
}

/// Has the interpreter report each instruction of `code`, so that a pending exception can be raised at its place.
///
/// # Errors
/// What `sys.monitoring` raised.
pub fn want_instruction_event(py: Python<'_>, code: &Bound<'_, PyAny>) -> PyResult<()> {
    monitoring::report_instructions(py, code, true)
}

/// Ends that.
///
/// # Errors
/// What `sys.monitoring` raised.
pub fn forget_instruction_event(py: Python<'_>, code: &Bound<'_, PyAny>) -> PyResult<()> {
    monitoring::report_instructions(py, code, false)
}
