//! The functions of compiled code: which get our entry, and which lose it.
//!
//! The callbacks of the interpreter name the code object, but the entry belongs to a function, and one code object can
//! have many. The function that is starting gets the entry when its code is compiled. Functions made from compiled
//! code later get it from the function watcher. Those made before get it when they start: starts of compiled code stay
//! reported for that, which costs nothing once all of them have the entry, since it bypasses what reports them.

use super::build::{self, Entry, build, hopeless, is_function, is_running};
use super::{background, growth, invariants, registry, running, switch};
use crate::code::extra::{self, StateRef};
use crate::code::install;
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::thread::is_too_deep_to_compile;
use crate::hir::function::Kind;
use crate::runtime::entry;
use crate::telemetry;

/// What happens to a function, as the function watcher reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It was made.
    Created,
    /// Its code object is about to be replaced.
    Code,
    /// It is about to be freed.
    Dies,
}

/// Reacts to a change of a function. Defaults are no concern: our entry binds arguments as the interpreter does, with
/// the defaults of the moment.
pub fn function_changed(function: Function, change: Change) {
    match change {
        Change::Created => welcome(function),
        Change::Code => {
            install::restore(function);
            invariants::code_changes(function.as_ptr() as usize);
        }
        Change::Dies => entry::forget(function),
    }
}

/// Gives our entry to all functions that would have it, had no tool been watching calls.
pub fn welcome_all() {
    install::for_all_functions(welcome);
}

/// Gives our entry to a function of compiled code, or to any when everything is to be compiled at its first call.
fn welcome(function: Function) {
    let Some(options) = switch::options() else { return };
    let code = function.code_view();
    let compiled = match extra::get(code) {
        Some(state) => state.read(|state| match state.refused {
            Some(_) => None,
            None => Some(state.function.is_some()),
        }),
        None => Some(false),
    };
    let flags = code.flags();
    match compiled {
        Some(true) => {
            install::install(function);
        }
        Some(false) if options.is_eager() && is_function(flags) && hopeless(flags).is_none() => {
            install::install(function);
        }
        _ => {}
    }
}

/// Called by our entry when there is no machine code for `function`: compiles it, as eager functions want at their
/// first call and others after their machine code was withdrawn. When that fails, the function is given back to the
/// interpreter. Says whether there is machine code now.
pub fn at_entry(function: Function) -> bool {
    let code = function.code_view();
    telemetry::count_evaluation();
    if is_running() {
        return false;
    }
    if is_too_deep_to_compile() {
        // The interpreter calls it without using C stack once it has no entry of ours.
        install::restore(function);
        return false;
    }
    let built = match registry::state(code) {
        Some(state) if state.read(|state| state.refused.is_some()) => false,
        Some(state) if state.read(|state| state.function.is_some()) => {
            growth::at_entry(code, state, function);
            // Its tool has gone without a word, or it was to come by here.
            running::local_events_changed(code);
            true
        }
        Some(state) if switch::is_sampling() && is_to_be_watched(state) => return false,
        Some(state) if switch::is_sampling() && is_on_its_way(code, state, function) => return false,
        Some(_) if switch::is_sampling() => false,
        Some(state) if build::is_wanted(state) => build(code, state, Kind::Function, Entry::of_call(function)).is_ok(),
        _ => false,
    };
    if built {
        install::install(function);
    } else {
        install::restore(function);
    }
    built
}

/// Whether the interpreter is to run this call for what it learns by it.
fn is_to_be_watched(state: StateRef) -> bool {
    state.with(|state| {
        let is_watched = state.calls_to_watch > 0;
        state.calls_to_watch = state.calls_to_watch.saturating_sub(1);
        is_watched
    })
}

/// Whether there will be machine code, so that the function keeps its entry.
fn is_on_its_way(code: Code, state: StateRef, function: Function) -> bool {
    background::is_ordered(state, Kind::Function)
        || background::is_full()
        || background::order(code, state, Kind::Function, Entry::of_call(function)).is_ok()
}
