//! Finding what is worth being counted.
//!
//! Counting costs a report for each start and each jump back, as much as a small function takes. A program runs most of its
//! code a little, so nothing is reported until code was found running at several ticks ([`crate::runtime::ticker`]). Then
//! its starts and jumps are reported, in this code object alone, until it is decided what becomes of it.
//!
//! Lower thresholds than the usual ones are for programs that want to know what is compiled when: with them everything
//! is reported from its first start.

use std::collections::BTreeMap;

use pyo3::exceptions::{PyMemoryError, PyRecursionError};
use pyo3::prelude::*;

use super::{growth, monitoring, registry, switch};
use crate::bytecode::info::CodeFlags;
use crate::code::extra::StateRef;
use crate::code::install;
use crate::cpython::code::Code;
use crate::cpython::gil::GilCell;
use crate::telemetry;

/// Code is counted once it was found running at a tick, and at one more for so many code units. Ticks are four milliseconds
/// apart, which is what compiling so many takes, so a program spends no more on compiling than it has spent on running
/// the code.
const UNITS: usize = 256;

/// How far a code object has come, by the address of its state.
static FOUND: GilCell<BTreeMap<usize, Found>> = GilCell::new(BTreeMap::new());

enum Found {
    /// It ran at so many ticks.
    Running(u32),
    /// Its starts and jumps are reported.
    Counted,
}

/// Looks at the code objects that the interpreter is running. Says whether there was anything to find out.
pub fn tick(py: Python<'_>, running: impl Iterator<Item = Code>) -> bool {
    if !switch::is_sampling() {
        return false;
    }
    telemetry::count_evaluation();
    let mut undecided = growth::tick();
    for code in running {
        undecided |= seen(py, code);
    }
    undecided
}

fn seen(py: Python<'_>, code: Code) -> bool {
    // The interpreter's own frames, such as that around a call of `__init__`, have code in memory that is never written.
    if code.flags().has(CodeFlags::NO_MONITORING_EVENTS) {
        return false;
    }
    let Some(state) = registry::state(code) else { return false };
    if state.read(|state| state.refused.is_some()) || install::is_watched(code) {
        return false;
    }
    let needed = 1 + u32::try_from(code.unit_count() / UNITS).unwrap_or(u32::MAX / 2);
    let is_hot = FOUND.with(|found| match found.entry(state.address()).or_insert(Found::Running(0)) {
        Found::Running(ticks) => {
            *ticks += 1;
            Some(*ticks >= needed)
        }
        Found::Counted => None,
    });
    if is_hot == Some(true) {
        count(py, code, state);
    }
    is_hot.is_some()
}

/// Has starts and jumps of `code` reported; not while others get events, but then ticks will find it again.
pub fn count(py: Python<'_>, code: Code, state: StateRef) {
    if !switch::is_sampling() {
        return postpone(state);
    }
    if code.flags().has(CodeFlags::GENERATOR) {
        state.with(|state| state.counting = state.counting.or_on());
    }
    // Places that were switched off one by one come back only with the events that are new.
    let result = monitoring::want_counts(py, code, false).and_then(|()| monitoring::want_counts(py, code, true));
    match result {
        Ok(()) => {
            FOUND.with(|found| found.insert(state.address(), Found::Counted));
        }
        // A tick came where the stack is full, or there was no memory just then: a later tick will do.
        Err(error) if error.is_instance_of::<PyRecursionError>(py) || error.is_instance_of::<PyMemoryError>(py) => {
            postpone(state);
        }
        Err(error) => {
            // Whatever the reason, others would fail for it as well.
            switch::stop_sampling();
            telemetry::warn(format!(
                "what runs often is not seen any more, since {} could not be counted: {error}; \
                 call rjit.enable() to begin anew",
                code.qualname()
            ));
        }
    }
}

/// Stops the reports of code that is hot and cannot be compiled now. It will be found running again.
pub fn postpone(state: StateRef) {
    FOUND.with(|found| found.insert(state.address(), Found::Running(0)));
}

/// Forgets what was found about the code object of a state that is going away.
pub fn forget(address: usize) {
    FOUND.with(|found| found.remove(&address));
}

/// Begins anew: nothing is reported any more.
pub fn forget_all(py: Python<'_>) {
    for (address, found) in FOUND.with(std::mem::take) {
        let code = registry::note(address, |notes| notes.code);
        // When it fails the tool id is somebody else's by now, and so are its events.
        if let (Found::Counted, Some(code)) = (found, code) {
            let _ = monitoring::want_counts(py, code, false);
        }
    }
}
