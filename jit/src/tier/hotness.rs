//! What the interpreter reports, and what is made of it.
//!
//! A start of a function or a backward jump is counted until it is decided what becomes of the code; then the answer
//! is to report it no more. `sys.monitoring.restart_events()`, called by any tool, brings reports back: the decision
//! is on record, so they are answered at once.

use super::build::{Entry, build, hopeless, is_function, is_running};
use super::{background, patience, registry, retire, running, sampling, switch};
use crate::bytecode::opcode::CodeOffset;
use crate::code::executable::Executable;
use crate::code::extra::StateRef;
use crate::code::install;
use crate::compile::Namespaces;
use crate::config::Options;
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::thread::is_too_deep_to_compile;
use crate::hir::function::Kind;
use crate::runtime::entry;
use crate::telemetry;

/// Starts of functions that have our entry already, after which starts of their code are reported no more. Some ways
/// of calling do not look at the entry, and would pay for a report each time.
pub const TOLERATED_STRAYS: u32 = 64;

/// What is answered to a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Go on reporting.
    Keep,
    /// Report this place no more.
    Disable,
    /// Go on reporting, but run this machine code first.
    Enter(*const Executable),
}

/// A frame that jumps, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct JumpingFrame {
    /// It belongs to a generator or coroutine.
    pub is_generator: bool,
    /// Operands on its stack.
    pub depth: u32,
    /// What its names are looked up in.
    pub namespaces: Namespaces,
}

/// What a count has come to.
enum Heat {
    Cold,
    Hot,
    /// Hot, while compiling has had its share of the time.
    Waiting,
    Compiled,
    Refused,
}

/// A frame of `code` starts; `function` is what runs in it.
pub fn started(code: Code, function: Option<Function>) -> Answer {
    telemetry::count_evaluation();
    retire::sweep();
    let (Some(options), flags) = (switch::options(), code.flags()) else {
        return Answer::Disable;
    };
    // Modules and class bodies run once; only their loops matter.
    let (true, Some(function)) = (is_function(flags), function) else {
        return Answer::Disable;
    };
    let Some(state) = registry::state(code) else {
        return Answer::Keep;
    };
    let heat = state.with(|state| {
        if state.refused.is_some() {
            Heat::Refused
        } else if state.function.is_some() {
            Heat::Compiled
        } else {
            state.calls += 1;
            let is_hot = patience::is_hot(&options, code, state.calls, options.calls);
            if hopeless(flags).is_some() { Heat::Hot } else { heat_of(is_hot, &options) }
        }
    });
    if matches!(heat, Heat::Cold | Heat::Hot) {
        running::record_locals(code, state);
    }
    match heat {
        Heat::Cold => Answer::Keep,
        Heat::Waiting => wait(state),
        Heat::Refused => Answer::Disable,
        Heat::Hot if is_running() || is_too_deep_to_compile() => Answer::Keep,
        Heat::Hot if switch::is_sampling() => order(code, state, Kind::Function, Entry::of_call(function)),
        Heat::Hot => match build(code, state, Kind::Function, Entry::of_call(function)) {
            Ok(()) => welcome(state, function),
            Err(_) => Answer::Disable,
        },
        Heat::Compiled => welcome(state, function),
    }
}

fn heat_of(is_hot: bool, options: &Options) -> Heat {
    match is_hot {
        true if switch::has_time(options) => Heat::Hot,
        true => Heat::Waiting,
        false => Heat::Cold,
    }
}

/// Whether something can be compiled beside the program now.
pub fn can_order() -> bool {
    let has_time = switch::options().is_some_and(|options| switch::has_time(&options));
    switch::is_sampling() && has_time && !background::is_full() && !is_running() && !is_too_deep_to_compile()
}

/// Has `code` compiled beside the program. It is reported again when that is done.
fn order(code: Code, state: StateRef, kind: Kind, entry: Entry) -> Answer {
    if background::is_full() {
        return wait(state);
    }
    background::order_once(code, state, kind, entry);
    Answer::Disable
}

/// Hot code has to wait. It is not counted meanwhile: that would cost it as much as it costs cold code.
fn wait(state: StateRef) -> Answer {
    if !switch::is_sampling() {
        return Answer::Keep;
    }
    sampling::postpone(state);
    Answer::Disable
}

/// Gives a function of compiled code our entry.
fn welcome(state: StateRef, function: Function) -> Answer {
    if entry::is_suspending() {
        return Answer::Keep;
    }
    let had_entry = install::has_entry(function);
    if install::install(function) && !had_entry {
        return Answer::Keep;
    }
    let strays = registry::note(state.address(), |notes| {
        notes.strays += 1;
        notes.strays
    });
    if strays.is_some_and(|strays| strays < TOLERATED_STRAYS) { Answer::Keep } else { Answer::Disable }
}

/// A frame of `code` jumps from one byte offset to another. `is_watched` says whether machine code may not take it
/// over now.
pub fn jumped(code: Code, frame: JumpingFrame, from: u32, to: u32, is_watched: impl FnOnce() -> bool) -> Answer {
    telemetry::count_evaluation();
    let Some(options) = switch::options() else {
        return Answer::Disable;
    };
    if to >= from || frame.is_generator {
        return Answer::Disable;
    }
    let Some(state) = registry::state(code) else {
        return Answer::Keep;
    };
    let header = CodeOffset(to / 2);
    let heat = state.with(|state| {
        if state.refused.is_some() {
            Heat::Refused
        } else if state.inner.contains_key(&header) {
            Heat::Compiled
        } else {
            let jumps = state.jumps.entry(header).or_default();
            *jumps = jumps.saturating_add(1);
            heat_of(patience::is_hot(&options, code, *jumps, options.loops), &options)
        }
    });
    if matches!(heat, Heat::Cold | Heat::Hot) {
        running::record_locals(code, state);
    }
    match heat {
        Heat::Cold => return Answer::Keep,
        Heat::Waiting => return wait(state),
        Heat::Refused => return Answer::Disable,
        Heat::Hot if is_running() || is_too_deep_to_compile() || is_watched() => return Answer::Keep,
        Heat::Hot => {
            let kind = Kind::Loop(header);
            let is_refused = |notes: &mut registry::Notes| notes.refused_entries.contains_key(&header);
            if registry::note(state.address(), is_refused).unwrap_or(false) {
                return Answer::Disable;
            }
            let entry = Entry::of_loop(code, frame.depth, frame.namespaces);
            if switch::is_sampling() {
                return order(code, state, kind, entry);
            }
            if build(code, state, kind, entry).is_err() {
                return Answer::Disable;
            }
        }
        Heat::Compiled => {
            let outdated = state.read(|state| state.outdated.get(&header).copied());
            if let Some(why) = outdated.filter(|_| can_order()) {
                let entry = Entry::of_loop(code, frame.depth, frame.namespaces);
                background::replace(code, state, Kind::Loop(header), entry, why);
            }
        }
    }
    state.read(|state| {
        state.inner.get(&header).map_or(Answer::Keep, |executable| Answer::Enter(&raw const **executable))
    })
}
