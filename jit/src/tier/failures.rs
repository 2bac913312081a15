//! Guesses that fail.
//!
//! A guard that fails now and then is what guards are for. One that keeps failing makes the code slower than the
//! interpreter, so the code is compiled anew without that guess. Code that cannot settle is given up.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::background;
use super::build;
use super::doubts;
use super::hotness;
use super::registry;
use super::retire::{withdraw, withdraw_all, withdraw_resumptions};
use super::running::is_patient;
use super::sampling;
use super::switch;
use crate::bytecode::opcode::CodeOffset;
use crate::code::executable::Executable;
use crate::code::extra::StateRef;
use crate::code::state::CodeState;
use crate::cpython::code::Code;
use crate::hir::builder::Refusal;
use crate::hir::function::Kind;
use crate::hir::inst::{OUTERMOST, Reason};
use crate::runtime::blame::Finding;
use crate::telemetry;
use rjit_telemetry::SlotId;

/// Failures of one guess after which the code is compiled without it, and with the usual thresholds: by then more of what there is
/// has come by, and compiling takes as long as many deopts.
pub const TOLERATED_FAILURES: u64 = 8;
const PATIENTLY_TOLERATED_FAILURES: u64 = 16;
/// Machine code that took so many nanoseconds to compile, or less, fails so often before it is compiled anew; other as many times as often
/// as it took longer, up to a limit.
const QUICKLY: u64 = 5_000_000;
const MUCH: u64 = 16;
/// A guess of a function's that fails no more often than once in so many calls is worth what it costs: a deopt takes about a
/// microsecond. How often loops go round is not known.
const RARELY: u64 = 4096;
/// Recompilations that leave out only the guesses that failed. After them all guesses are left out.
pub const RECOMPILATIONS_WITH_GUESSES: u32 = 20;
/// Recompilations after which no more classes are learned at places that know some.
pub const RECOMPILATIONS_TO_LEARN: u32 = 12;
/// Recompilations after which a code object is given up.
pub const MAX_RECOMPILATIONS: u32 = 28;

/// Calls of a function that the interpreter runs after machine code was withdrawn, before there is new one. It tries to
/// specialize an instruction at its second execution, and again at the eighth after that.
const CALLS_TO_WATCH: u32 = 24;

/// Recompilations in which guesses about namespaces are made anew, as the namespaces are by then, before their sites
/// are compiled without a guess.
const RETRIES_OF_NAMESPACES: u32 = 3;

/// Whether leaving for this reason says that a guess was wrong, rather than that something happened once.
fn is_wrong_guess(reason: Reason) -> bool {
    let happens = [Reason::Observed, Reason::Memory, Reason::Raise, Reason::CalleeLeft];
    let teaches = [Reason::Untried, Reason::Unreached, Reason::Assumption];
    !happens.contains(&reason) && !teaches.contains(&reason)
}

/// Whether the interpreter has seen by now what it had not when the code was compiled, and it is worth while to compile that.
fn has_something_to_learn(reason: Reason, count: u64, tolerated: u64, entries: u64) -> bool {
    match reason {
        Reason::Untried | Reason::Assumption => true,
        Reason::Unreached => count.is_multiple_of(tolerated) && !is_rare(count, entries),
        _ => false,
    }
}

/// How often the interpreter was run for this.
fn looks(reason: Reason, failures: u64, tolerated: u64) -> u64 {
    if reason == Reason::Untried { failures } else { failures / tolerated }
}

/// Has a bytecode compiled to what can do everything when the interpreter was often run to see what there is, and says nothing of it.
fn stop_waiting(state: &mut CodeState, site: CodeOffset, looks: u64) {
    if looks >= LOOKS {
        state.failed.insert(site);
    }
}

/// The executable of kind `kind` that is entered at present.
pub fn current(state: &CodeState, kind: Kind) -> Option<&Executable> {
    match kind {
        Kind::Function => state.function.as_deref(),
        Kind::Loop(at) | Kind::Resume(at) => state.inner.get(&at).map(Box::as_ref),
    }
}

/// How often the machine code of kind `kind` was called; 0 for a loop.
fn entries(state: &CodeState, kind: Kind) -> u64 {
    match (kind, current(state, kind)) {
        (Kind::Function | Kind::Resume(_), Some(executable)) => executable.counters().entries.load(Ordering::Relaxed),
        _ => 0,
    }
}

/// So often the interpreter is run, to see what there is at a bytecode that it had not executed.
const LOOKS: u64 = 4;

/// See [`TOLERATED_FAILURES`].
fn tolerated() -> u64 {
    if is_patient() { PATIENTLY_TOLERATED_FAILURES } else { TOLERATED_FAILURES }
}

/// The same for machine code that may have taken long to compile, of which there is more to fail.
fn tolerated_by(executable: Option<&Executable>) -> u64 {
    let nanoseconds = executable.filter(|_| is_patient()).map_or(0, |executable| executable.compile_ns);
    tolerated() * (nanoseconds / QUICKLY).clamp(1, MUCH)
}

/// Whether so many failures are few for so many calls.
fn is_rare(failures: u64, entries: u64) -> bool {
    failures.saturating_mul(RARELY) < entries
}

/// Whether new machine code can be made without what the interpreter learns by running the code, so that the old one may stay in use
/// until then: what came by is on record, or nothing is to be guessed.
fn needs_no_interpreter(reason: Reason) -> bool {
    use Reason::{Assumption, Death, Number, Overflow, Result, TypeVersion, Unreached};
    matches!(reason, Assumption | Death | Number | Overflow | Result | TypeVersion | Unreached)
}

/// Machine code that was left.
#[derive(Clone, Copy)]
pub struct Left {
    pub kind: Kind,
    /// It is still what calls enter, and will be: there is no other on its way.
    pub is_current: bool,
    /// It is known what runs it, so that it can be replaced while it is in use.
    pub is_known: bool,
}

/// Records that machine code was left for `reason` because of the bytecode at `site`. May take it out of use; the caller may still be in
/// it. Says whether it is to be replaced instead.
pub fn on_deopt(state: &mut CodeState, left: Left, site: CodeOffset, reason: Reason, finding: &Finding) -> bool {
    let Left { kind, is_current, .. } = left;
    let address = std::ptr::from_ref::<CodeState>(state).addr();
    let slot = current(state, kind).and_then(|executable| executable.slot);
    let Some((code, count)) = note(address, slot, site, reason, finding) else { return false };
    let entries = entries(state, kind);
    let tolerated = tolerated_by(current(state, kind));
    if is_current && has_something_to_learn(reason, count, tolerated, entries) {
        if reason != Reason::Assumption {
            stop_waiting(state, site, looks(reason, count, tolerated));
        }
        return renew(state, left, reason);
    }
    if !is_current || !is_wrong_guess(reason) || count % tolerated != 0 || is_rare(count, entries) {
        return false;
    }
    let is_settled = state.recompilations >= RETRIES_OF_NAMESPACES;
    give_up(state, code, hopeless(address, is_settled, entries));
    if state.recompilations >= RECOMPILATIONS_WITH_GUESSES {
        let sites = current(state, kind).into_iter().flat_map(|executable| &*executable.exits);
        let own = sites.filter(|exit| exit.context == OUTERMOST && is_wrong_guess(exit.reason));
        let guesses: Vec<_> = own.map(|exit| (exit.site, exit.reason)).collect();
        give_up(state, code, guesses);
    }
    recompile(state, left, code, site, reason)
}

/// The same for a callee whose code is a part of the machine code of the code object of `state`. What it has
/// taught is the callee's, for all who inline it.
pub fn on_deopt_of_callee(
    state: StateRef,
    callee: StateRef,
    left: Left,
    site: CodeOffset,
    reason: Reason,
    finding: &Finding,
) -> bool {
    let Left { kind, is_current, .. } = left;
    let slot = state.read(|state| current(state, kind).and_then(|executable| executable.slot));
    let Some((code, count)) = note(callee.address(), slot, site, reason, finding) else { return false };
    let (entries, tolerated) = state.read(|state| (entries(state, kind), tolerated_by(current(state, kind))));
    let is_lesson = is_wrong_guess(reason) && count % tolerated == 0 && !is_rare(count, entries);
    let has_learned = has_something_to_learn(reason, count, tolerated, entries);
    if !is_current || !is_lesson && !has_learned {
        return false;
    }
    let is_settled = state.read(|state| state.recompilations >= RETRIES_OF_NAMESPACES);
    let callee_address = callee.address();
    callee.with(|callee| {
        if has_learned && reason != Reason::Assumption {
            stop_waiting(callee, site, looks(reason, count, tolerated));
        }
        give_up(callee, code, hopeless(callee_address, is_settled, entries));
    });
    state.with(|state| match has_learned {
        true => renew(state, left, reason),
        false => recompile(state, left, code, site, reason),
    })
}

/// Counts a failure in the notes about the code object of the state at `address`, and tells about it. Returns the code
/// object, and the count.
fn note(
    address: usize,
    slot: Option<SlotId>,
    site: CodeOffset,
    reason: Reason,
    finding: &Finding,
) -> Option<(Code, u64)> {
    let (code, count) = registry::note(address, |notes| {
        let count = notes.failures.entry((site, reason)).or_default();
        *count += 1;
        (notes.code, *count)
    })?;
    registry::with(|registry| *registry.deopts.entry(reason.text()).or_default() += 1);
    // The first ones tell the story; a storm must not drown all else.
    if count.is_power_of_two() {
        telemetry::deopt(slot, &code.qualname(), code.line(site), &finding.text(reason));
    }
    Some((code, count))
}

/// Has guesses not be made any more. They are about `code`, whose state this is.
fn give_up(state: &mut CodeState, code: Code, guesses: Vec<(CodeOffset, Reason)>) {
    let types: Vec<_> = guesses.iter().filter(|(_, reason)| *reason == Reason::Type).map(|(site, _)| *site).collect();
    if let (false, Ok(info)) = (types.is_empty(), code.read()) {
        state.doubtful.extend(types.into_iter().flat_map(|site| doubts::beside(&info, site)));
    }
    let no_numbers = guesses.iter().filter(|(_, reason)| *reason == Reason::Number);
    state.no_numbers.extend(no_numbers.map(|(site, _)| *site));
    let (deaths, guesses): (Vec<_>, Vec<_>) = guesses.into_iter().partition(|(_, reason)| *reason == Reason::Death);
    state.noisy.extend(deaths.into_iter().map(|(site, _)| site));
    let (results, guesses): (Vec<_>, Vec<_>) = guesses.into_iter().partition(|(_, reason)| *reason == Reason::Result);
    state.objects.extend(results.into_iter().map(|(site, _)| site));
    let operands = &mut state.operands;
    // What came by instead, and was noted when the guess failed, is guessed once.
    let mut is_to_try = |site: &CodeOffset| {
        let noted = operands.get_mut(site).filter(|noted| noted.operands.are_noted_at_exits());
        noted.is_some_and(|noted| !std::mem::replace(&mut noted.is_used, true))
    };
    state.failed.extend(guesses.into_iter().map(|(site, _)| site).filter(|site| !is_to_try(site)));
}

/// The guesses of the code object of the state at `address` that are not to be made any more, by bytecode, after so many calls of
/// the machine code. Guesses about namespaces are among them once those should be settled.
fn hopeless(address: usize, is_settled: bool, entries: u64) -> Vec<(CodeOffset, Reason)> {
    let failures = registry::note(address, |notes| notes.failures.clone()).unwrap_or_default();
    let hopeless = failures.into_iter().filter(|((_, reason), count)| {
        let counts = *reason != Reason::KeysVersion || is_settled;
        is_wrong_guess(*reason) && *count >= tolerated() / 2 && !is_rare(*count, entries) && counts
    });
    hopeless.map(|(guess, _)| guess).collect()
}

/// Takes all machine code of a code object out of use, that of others of which it is a part, and what is on its way: there is
/// something to know that was not known when it was compiled.
pub fn make_anew(state: StateRef, why: &str) {
    background::forget(state.address());
    if switch::is_sampling() {
        sampling::postpone(state);
    }
    state.with(|state| withdraw_all(state, why));
    let callers = registry::note(state.address(), |notes| notes.callers.iter().copied().collect::<Vec<_>>());
    for caller in callers.into_iter().flatten() {
        if let Some(caller) = registry::note(caller, |notes| notes.state) {
            caller.with(|caller| withdraw_all(caller, why));
        }
    }
}

/// Has machine code compiled anew: takes it out of use, or says that it is to be replaced. A loop is replaced when it jumps back.
fn renew(state: &mut CodeState, left: Left, reason: Reason) -> bool {
    if left.is_known && needs_no_interpreter(reason) && hotness::can_order() {
        match left.kind {
            Kind::Function => return true,
            Kind::Loop(header) => {
                state.outdated.insert(header, reason.text());
                return false;
            }
            Kind::Resume(_) => {}
        }
    }
    withdraw_to_learn(state, left.kind, reason);
    false
}

/// Takes machine code out of use, to be compiled anew when the interpreter has learned more.
fn withdraw_to_learn(state: &mut CodeState, kind: Kind, reason: Reason) {
    match kind {
        Kind::Function => {
            withdraw(state, kind, reason.text());
            state.calls_to_watch = CALLS_TO_WATCH;
        }
        Kind::Loop(_) => withdraw(state, kind, reason.text()),
        // All places of a generator lead to the same bytecode, and so to the same guess.
        Kind::Resume(_) => withdraw_resumptions(state, reason.text()),
    }
}

/// Has machine code compiled anew, as [`renew`] does, or gives its code object up. `code` and `site` are to blame.
fn recompile(state: &mut CodeState, left: Left, code: Code, site: CodeOffset, reason: Reason) -> bool {
    state.recompilations += 1;
    if state.recompilations <= MAX_RECOMPILATIONS {
        return renew(state, left, reason);
    }
    let refusal = Refusal {
        reason: format!("given up after {MAX_RECOMPILATIONS} recompilations: {}", reason.text()),
        offset: Some(site),
    };
    withdraw_all(state, &refusal.reason);
    build::tell_refusal(code, &refusal, Duration::ZERO);
    state.refused = Some(refusal);
    false
}
