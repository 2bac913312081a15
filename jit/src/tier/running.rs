//! What machine code, and the way into it, ask and report.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering;

use pyo3::prelude::*;
use rjit_telemetry::{Seen, SiteInfo, SiteKind};

use super::build::Entry;
use super::{background, coverage, failures, functions, monitoring, registry, switch};
use crate::bytecode::opcode::{CodeOffset, Opcode};
use crate::code::executable::{Body, Cause, Executable};
use crate::code::extra::StateRef;
use crate::code::state::CodeState;
use crate::code::{extra, install, resume_cache};
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::{interp, locals, typeobject};
use crate::hir::function::Kind;
use crate::profile::{Noted, Operands};
use crate::runtime::blame::Finding;
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
        resume_cache::forget();
        state.cell.body = match &state.function {
            Some(executable) if !is_watched => executable.body as *const () as usize,
            _ => 0,
        };
    });
}

/// Has all machine code of a code object ask at its next safepoint what tools want.
fn look_again(state: &CodeState) {
    for executable in state.function.iter().chain(state.inner.values()) {
        executable.header.look_again();
    }
}

/// Records that machine code made from `owner` was left through its side exit number `index`, with a frame of `code`: of
/// another code object if that is a part of it. `function` runs `owner`. What is known of the reason is `finding`. May take the machine
/// code out of use; the caller may still be in it.
pub fn record_deopt(
    executable: &Executable,
    owner: Code,
    function: Option<Function>,
    code: Code,
    index: usize,
    finding: &Finding,
) {
    executable.counters().deopts.fetch_add(1, Ordering::Relaxed);
    let kind = executable.kind;
    let Some(exit) = executable.exits.get(index) else {
        return;
    };
    exit.count();
    let (site, reason) = (exit.site, exit.reason);
    coverage::note_exit(exit);
    let Some(state) = extra::get(owner) else { return };
    let is_entered = |state: &CodeState| failures::current(state, kind).is_some_and(|it| std::ptr::eq(it, executable));
    let is_outdated = |state: &CodeState| matches!(kind, Kind::Loop(header) if state.outdated.contains_key(&header));
    let is_current =
        state.read(|state| is_entered(state) && !is_outdated(state)) && !background::is_missed(state, kind);
    let is_known = function.is_some() || matches!(kind, Kind::Loop(_));
    let left = failures::Left { kind, is_current, is_known };
    let is_to_be_replaced = if owner == code {
        state.with(|state| failures::on_deopt(state, left, site, reason, finding))
    } else {
        let callee = extra::get(code);
        callee.is_some_and(|callee| failures::on_deopt_of_callee(state, callee, left, site, reason, finding))
    };
    if let Some(function) = function.filter(|_| is_to_be_replaced) {
        background::replace(owner, state, kind, Entry::of_call(function), reason.text());
    }
}

/// Records that an object whose class has `version` came by at a place of `code` that expected another class, and that it is in these
/// locals: other places that look at them will come by it, too.
pub fn record_class(code: Code, site: CodeOffset, version: u32, slots: impl Iterator<Item = u32>) {
    if let Some(state) = extra::get(code).filter(|_| version != 0) {
        state.with(|state| {
            note(state.seen.entry(site).or_default(), version);
            for slot in slots {
                note(state.in_locals.entry(slot).or_default(), version);
            }
        });
    }
}

fn note(classes: &mut Vec<u32>, version: u32) {
    if !classes.contains(&version) && classes.len() < MAX_CLASSES {
        classes.push(version);
    }
}

/// Records the classes whose instances are in the locals of the running frame, which runs `code`: so that places where several
/// come by are known before there is machine code for the first of them only.
pub fn record_locals(code: Code, state: StateRef) {
    let found = locals::of_running_frame(code, 0);
    state.with(|state| {
        for (slot, object) in (0..).zip(found) {
            let Some(version) = typeobject::version_of_instance(object) else { continue };
            note(state.in_locals.entry(slot).or_default(), version);
        }
    });
}

/// Records what the operands at a place are that the interpreter says nothing about. When they are the same again and again the
/// machine code that has asked for it is made anew: to enter a class's function directly, or to compute with numbers in place.
pub fn record_operands(code: Code, site: CodeOffset, operands: Operands) {
    let Some((state, first)) = extra::get(code).zip(Noted::new(operands)) else { return };
    let enough = if is_patient() { ENOUGH_OPERANDS } else { FEW_OPERANDS };
    // What is compiled at its first call does not wait to be known better, and loops in it would go on interpreted: the interpreter has
    // not begun them, so it reports nothing of them.
    let is_eager = switch::options().is_some_and(|options| options.is_eager());
    let is_news = state.with(|state| {
        let noted = state.operands.entry(site).and_modify(|noted| noted.add(operands)).or_insert(first);
        // Where ints or floats alone were guessed wrongly any number may be guessed.
        let is_guessed =
            state.failed.contains(&site) && (state.no_numbers.contains(&site) || !noted.operands.are_mixed_numbers());
        let is_news = noted.count == enough && !noted.is_used && !is_guessed && !is_eager;
        noted.is_used |= is_news;
        is_news
    });
    if is_news {
        failures::make_anew(state, "operands of an operator known");
    }
}

/// After so many records of the same operands in a row they are guessed to stay, with the usual thresholds and with lower ones.
const ENOUGH_OPERANDS: u32 = 16;
const FEW_OPERANDS: u32 = 4;

/// Whether thresholds are the usual ones, so that compiling must not cost more than it gains.
pub fn is_patient() -> bool {
    switch::options().is_some_and(|options| options.is_patient())
}

/// Classes that are remembered for a place; one with more of them is not worth tests for each.
const MAX_CLASSES: usize = 8;

/// Records that a frame of `executable`, which is at the bytecode `at` of `code`, goes on in the interpreter for an observer,
/// whose call site is given if it is known.
pub fn record_reification(
    executable: &mut Executable,
    code: Code,
    at: CodeOffset,
    cause: Cause,
    observer: Option<&str>,
) {
    executable.reified[cause as usize] += 1;
    let count = executable.counters().reifications.fetch_add(1, Ordering::Relaxed) + 1;
    registry::with(|registry| *registry.reifications.entry(cause.text()).or_default() += 1);
    let (qualname, line) = (code.qualname(), code.line(at));
    if let Some(slot) = executable.slot {
        let opcode = Opcode::from_number(code.base_unit(at) as u8);
        let site = SiteInfo {
            kind: SiteKind::Reification,
            qualname: &qualname,
            filename: &code.filename(),
            line,
            reason: cause.text(),
            opcode: opcode.map_or("", Opcode::name),
            expected: None,
            seen: Seen::Nothing,
            observer,
        };
        telemetry::page().count_site(slot, &site);
    }
    // The first ones tell the story; a storm must not drown all else.
    if count.is_power_of_two() {
        let who = observer.and_then(|observer| observer.split(' ').next());
        let cause = who.map_or(cause.text().to_owned(), |who| format!("{} by {who}", cause.text()));
        telemetry::reified(executable.slot, &executable.qualname, line, &cause);
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
