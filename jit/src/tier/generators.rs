//! Generators: where they go on again and again, machine code does.
//!
//! Each place at which a generator waits is counted for itself, by those who ask for the next item
//! ([`crate::runtime::generators`]), and compiled for itself. What the interpreter's own loops resume is neither counted
//! nor entered.

use std::time::Duration;

use super::build::{Entry, build, is_running, refuse};
use super::{background, patience, registry, running, sampling, switch};
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::{CodeOffset, Opcode};
use crate::code::extra::{self, StateRef};
use crate::code::install;
use crate::code::resume_cache::{self, Delegation, Resumption};
use crate::code::state::{CodeState, Counting, Waiting};
use crate::compile::Namespaces;
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::locals::WaitingFrame;
use crate::cpython::thread::is_too_deep_to_compile;
use crate::hir::builder::Refusal;
use crate::hir::function::Kind;
use crate::telemetry;

/// Places of one code object that are compiled, at most: the machine code of each has all that can be reached from there.
const MAX_PLACES: usize = 32;

/// The machine code that goes on there, if there is some and no tool gets events of the code. Otherwise the place is
/// counted, and may be compiled.
#[cold]
pub fn resumption_at(frame: WaitingFrame) -> Option<Resumption> {
    let (code, at) = (frame.code(), frame.at());
    let state = extra::get(code).or_else(|| new_state(code))?;
    let (is_watched, point) = state.read(|state| (state.cell.is_watched != 0, state.waiting(at)));
    match point {
        _ if is_watched => {
            if !install::is_watched(code) {
                // Its tool has gone without a word.
                running::local_events_changed(code);
            }
            None
        }
        Some(Waiting { resumption: Some(resumption), .. }) => {
            resume_cache::put(frame.bytecode(), resumption);
            Some(resumption)
        }
        _ => count(state, frame),
    }
}

/// With thresholds of its own a program wants everything to be counted from the start.
#[cold]
fn new_state(code: Code) -> Option<StateRef> {
    let is_wanted = switch::is_enabled() && !switch::is_sampling();
    is_wanted.then(|| registry::state(code)).flatten()
}

/// Has calls of the function make their generators in machine code, from some time on. Nobody counts them: a generator that
/// begins in machine code reports no start.
fn make_by_machine_code(state: StateRef, function: Function) {
    let (code, kind) = (function.code_view(), Kind::Function);
    if state.read(|state| state.function.is_some()) {
        return;
    }
    if !switch::is_sampling() {
        // A refusal is on record.
        let _ = build(code, state, kind, Entry::of_call(function));
    } else {
        background::order_once(code, state, kind, Entry::of_call(function));
    }
    install::install(function);
}

/// What there is where the generator goes on.
fn entry(frame: WaitingFrame) -> Entry {
    let [globals, builtins] = frame.namespaces();
    Entry { depth: frame.depth(), namespaces: Namespaces { globals, builtins }, locals: frame.objects() }
}

#[cold]
fn count(state: StateRef, frame: WaitingFrame) -> Option<Resumption> {
    let (options, code, at) = (switch::options(), frame.code(), frame.at());
    let counting = state.read(|state| state.counting);
    let threshold = match (counting, options) {
        (Counting::AtOnce, _) => 1,
        (Counting::On, Some(options)) => options.calls,
        (Counting::Off, Some(options)) if !switch::is_sampling() => options.calls,
        _ => return None,
    };
    telemetry::count_evaluation();
    let count = state.with(|state| state.count_waiting(at))?;
    let is_hot = count >= threshold && options.is_none_or(|options| patience::is_hot(&options, code, count, threshold));
    if !is_hot || is_running() || is_too_deep_to_compile() {
        return None;
    }
    let kind = Kind::Resume(at);
    if registry::note(state.address(), |notes| notes.refused_entries.contains_key(&at)).unwrap_or(true) {
        state.with(|state| state.refuse_waiting(at));
        return None;
    }
    if state.read(CodeState::compiled_places) >= MAX_PLACES {
        let refusal =
            Refusal { reason: format!("generator that goes on at more than {MAX_PLACES} places"), offset: Some(at) };
        refuse(code, state, kind, refusal, Duration::ZERO);
        return None;
    }
    if counting != Counting::AtOnce && options.is_some_and(|options| !switch::has_time(&options)) {
        // Ticks will find it again.
        state.with(|state| state.counting = Counting::Off);
        sampling::postpone(state);
        return None;
    }
    if let Some(function) = frame.maker() {
        make_by_machine_code(state, function);
    }
    let entry = entry(frame);
    if switch::is_sampling() && counting != Counting::AtOnce {
        background::order_once(code, state, kind, entry);
        return None;
    }
    build(code, state, kind, entry).ok()?;
    state.read(|state| state.waiting(at)).and_then(|waiting| waiting.resumption)
}

/// How a generator delegates that waits there, if it does.
pub fn delegation(code: &CodeInfo, at: CodeOffset) -> Option<Delegation> {
    let instr = |at: CodeOffset| code.instr_at(at).map(|index| &code.instrs[index]);
    let waits = instr(at).filter(|waits| waits.opcode == Opcode::Resume)?;
    let back = instr(waits.next).filter(|back| back.opcode == Opcode::JumpBackwardNoInterrupt)?;
    let send = instr(back.jump_target()?).filter(|send| send.opcode == Opcode::Send)?;
    Delegation::new(send.offset, send.next, send.jump_target()?)
}
