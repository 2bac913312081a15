//! Compiling a code object, and recording what came of it.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{coverage, generators, growth, registry, report, retire, switch};
use crate::bytecode::info::CodeFlags;
use crate::code::extra::StateRef;
use crate::code::install;
use crate::code::resume_cache::Resumption;
use crate::code::state::Counting;
pub use crate::compile::Entry;
use crate::compile::{self, Made, Namespaces, Plan};
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::locals;
use crate::cpython::thread::is_too_deep_to_compile;
use crate::hir::builder::Refusal;
use crate::hir::function::Kind;
use crate::runtime::stress;
use crate::telemetry;
use rjit_telemetry::{RefusalInfo, Reservation};

/// Compiles `function` right now unless it is compiled already, and makes calls of it run the machine code.
///
/// # Errors
/// Why it cannot be compiled.
pub fn compile_now(function: Function) -> Result<(), Refusal> {
    let code = function.code_view();
    if !is_function(code.flags()) {
        return Err(Refusal::new("the body of a module or class, not of a function"));
    }
    let state = registry::state(code).ok_or_else(|| Refusal::new("out of memory"))?;
    if let Some(refusal) = state.read(|state| state.refused.clone()) {
        with_info(code, &refusal, telemetry::refused_again);
        return Err(refusal);
    }
    if is_running() {
        return Err(Refusal::new("asked for in the middle of another compilation"));
    }
    if is_too_deep_to_compile() {
        return Err(Refusal::new("asked for with too little of the C stack left: at least 1 MiB is needed"));
    }
    if code.flags().has(CodeFlags::GENERATOR) {
        // There is machine code for the body as soon as a generator goes on somewhere.
        state.with(|state| state.counting = Counting::AtOnce);
    }
    if state.read(|state| state.function.is_none()) {
        build(code, state, Kind::Function, Entry::of_call(function))?;
    }
    if install::install(function) {
        Ok(())
    } else {
        Err(Refusal::new("another tool has replaced the function's vectorcall entry"))
    }
}

impl Entry {
    /// A call of `function`, or one that begins just now.
    pub fn of_call(function: Function) -> Entry {
        let namespaces = Namespaces { globals: function.globals(), builtins: function.builtins() };
        Entry { depth: 0, namespaces, locals: locals::of_running_frame(function.code_view(), 0) }
    }

    /// Where the running frame of `code` is in a loop, with `depth` operands on its stack.
    pub fn of_loop(code: Code, depth: u32, namespaces: Namespaces) -> Entry {
        Entry { depth, namespaces, locals: locals::of_running_frame(code, depth) }
    }
}

/// Why code with `flags` is never compiled for calls, as far as that shows from outside.
pub fn hopeless(flags: CodeFlags) -> Option<&'static str> {
    if flags.has(CodeFlags::ASYNC_GENERATOR) {
        Some("asynchronous generator")
    } else if flags.has(CodeFlags::COROUTINE) {
        Some("coroutine")
    } else {
        None
    }
}

/// Whether code with `flags` is the body of a function, as opposed to a module's or a class's, which runs once.
pub fn is_function(flags: CodeFlags) -> bool {
    flags.has(CodeFlags::OPTIMIZED) && flags.has(CodeFlags::NEWLOCALS)
}

static LONGEST_NS: AtomicU64 = AtomicU64::new(0);

/// The longest that the program has stood still for one compilation, in nanoseconds.
pub fn longest_compile_ns() -> u64 {
    LONGEST_NS.load(Ordering::Relaxed)
}

/// A compilation that has begun.
pub struct Ordered {
    pub kind: Kind,
    reservation: Reservation,
    /// How long it has kept the program waiting.
    pause: Duration,
}

/// Compiles `code` and puts the result in its state; or records why not, for good.
///
/// # Errors
/// The reason, which is on record already.
pub fn build(code: Code, state: StateRef, kind: Kind, entry: Entry) -> Result<(), Refusal> {
    let begin = Instant::now();
    let (plan, _, ordered) = plan(code, state, kind, entry)?;
    let made = guarded(|| plan.make());
    finish(code, state, Ordered { pause: begin.elapsed(), ..ordered }, made, Duration::ZERO)
}

/// The part of [`build`] that reads Python objects. The code objects must live until [`finish`].
///
/// # Errors
/// The reason, which is on record already.
pub fn plan(code: Code, state: StateRef, kind: Kind, entry: Entry) -> Result<(Plan, Vec<Code>, Ordered), Refusal> {
    retire::sweep();
    if let Some(reason) = hopeless(code.flags()) {
        return Err(refuse(code, state, kind, Refusal::new(reason), Duration::ZERO));
    }
    let begin = Instant::now();
    let (reservation, counters) = telemetry::reserve();
    state.with(|state| growth::give_room(state, kind));
    let result = guarded(|| state.read(|state| compile::plan(code, kind, entry, state, counters)));
    let ordered = Ordered { kind, reservation, pause: begin.elapsed() };
    match result {
        Ok((plan, codes)) => Ok((plan, codes, ordered)),
        Err(refusal) => Err(fail(code, state, ordered, refusal, Duration::ZERO)),
    }
}

/// Ends a compilation: the result is put into the code object's state, or the reason why there is none. `took` is how long
/// it took beside the program.
///
/// # Errors
/// The reason, which is on record already.
pub fn finish(
    code: Code,
    state: StateRef,
    ordered: Ordered,
    made: Result<Made, Refusal>,
    took: Duration,
) -> Result<(), Refusal> {
    let begin = Instant::now();
    let Made { mut executable, info } = match made {
        Ok(made) => made,
        Err(refusal) => return Err(fail(code, state, ordered, refusal, took)),
    };
    coverage::note_compiled(&info, &executable.making.hir, &executable.exits);
    executable.compile_ns = (ordered.pause + took).as_nanos() as u64;
    let assumptions = report::assumptions(&executable);
    telemetry::announce(&mut executable, ordered.reservation, assumptions);
    registry::with(|registry| registry.compiled.insert(executable.qualname.clone()));
    registry::note_callees(state.address(), &executable.callees);
    let returns = executable.making.hir.returned_number();
    let executable = executable.settle();
    if growth::has_left_out(&executable) {
        growth::note(state);
    }
    state.with(|state| match ordered.kind {
        Kind::Function => {
            state.cell.body = executable.body as *const () as usize;
            state.calls = 0;
            state.function = Some(executable);
            state.was_compiled = true;
            state.returns = returns;
            state.is_to_grow = false;
        }
        Kind::Loop(header) => {
            state.inner.insert(header, executable);
        }
        Kind::Resume(at) => {
            let delegation = generators::delegation(&executable.making.info, at);
            state.set_waiting(at, Some(Resumption { body: executable.body, delegation }));
            state.inner.insert(at, executable);
        }
    });
    LONGEST_NS.fetch_max((ordered.pause + begin.elapsed()).as_nanos() as u64, Ordering::Relaxed);
    Ok(())
}

/// Ends a compilation whose result is not wanted any more.
pub fn cancel(ordered: Ordered) {
    telemetry::release(ordered.reservation);
}

fn fail(code: Code, state: StateRef, ordered: Ordered, refusal: Refusal, took: Duration) -> Refusal {
    telemetry::release(ordered.reservation);
    LONGEST_NS.fetch_max(ordered.pause.as_nanos() as u64, Ordering::Relaxed);
    refuse(code, state, ordered.kind, refusal, ordered.pause + took)
}

/// Records that `code` is not compiled. Loops and places of generators are refused one by one, since another may do better.
pub fn refuse(code: Code, state: StateRef, kind: Kind, refusal: Refusal, spent: Duration) -> Refusal {
    tell_refusal(code, &refusal, spent);
    match kind {
        Kind::Function => state.with(|state| state.refused = Some(refusal.clone())),
        Kind::Loop(at) | Kind::Resume(at) => {
            registry::note(state.address(), |notes| notes.refused_entries.insert(at, refusal.clone()));
        }
    }
    refusal
}

/// Counts a refusal and tells about it.
pub fn tell_refusal(code: Code, refusal: &Refusal, spent: Duration) {
    with_info(code, refusal, |info| telemetry::refused(info, spent.as_nanos() as u64));
    registry::with(|registry| *registry.refusals.entry(refusal.reason.clone()).or_default() += 1);
}

fn with_info(code: Code, refusal: &Refusal, tell: impl FnOnce(&RefusalInfo<'_>)) {
    tell(&RefusalInfo {
        qualname: &code.qualname(),
        filename: &code.filename(),
        first_line: code.first_line(),
        line: line_of(code, refusal),
        construct: &refusal.reason,
    });
}

/// The source line that a refusal is about.
pub fn line_of(code: Code, refusal: &Refusal) -> u32 {
    let line = refusal.offset.map_or(0, |offset| code.line(offset));
    if line == 0 { code.first_line() } else { line }
}

thread_local! {
    static COMPILING: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Whether this thread is compiling. A finalizer that runs meanwhile must not start another compilation.
pub fn is_running() -> bool {
    COMPILING.get()
}

/// Runs the compiler so that a mistake of its own is one more reason to refuse: the program goes on interpreted, and
/// prints nothing that it would not print otherwise.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if COMPILING.get() {
                PANIC.set(Some(info.to_string().replace('\n', " ")));
            } else {
                previous(info);
            }
        }));
    });
    COMPILING.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    COMPILING.set(false);
    result.unwrap_or_else(|_| {
        let what = PANIC.take().unwrap_or_default();
        Err(Refusal::new(format!("internal compiler error: {what}; please report it")))
    })
}

/// Whether `code` is to be compiled when it is called without machine code: the compiler is on, or was asked for it.
pub fn is_wanted(state: StateRef) -> bool {
    switch::is_enabled() || stress::wanted().invalidate || state.read(|state| state.recompilations > 0)
}
