//! Compiling a code object, and recording what came of it.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{registry, retire, switch};
use crate::bytecode::info::CodeFlags;
use crate::code::executable::Executable;
use crate::code::extra::StateRef;
use crate::code::install;
use crate::compile::{self, Namespaces};
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::thread::is_too_deep_to_compile;
use crate::hir::builder::Refusal;
use crate::hir::function::Kind;
use crate::runtime::stress;
use crate::telemetry;

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
        return Err(refusal);
    }
    if is_running() {
        return Err(Refusal::new("asked for in the middle of another compilation"));
    }
    if is_too_deep_to_compile() {
        return Err(Refusal::new("asked for with too little of the C stack left: at least 1 MiB is needed"));
    }
    if state.read(|state| state.function.is_none()) {
        build(code, state, Kind::Function, 0, namespaces(function))?;
    }
    if install::install(function) {
        Ok(())
    } else {
        Err(Refusal::new("another tool has replaced the function's vectorcall entry"))
    }
}

/// The namespaces that a function runs with.
pub fn namespaces(function: Function) -> Namespaces {
    Namespaces { globals: function.globals(), builtins: function.builtins() }
}

/// Why code with `flags` is never compiled for calls, as far as that shows from outside.
pub fn hopeless(flags: CodeFlags) -> Option<&'static str> {
    if flags.has(CodeFlags::ASYNC_GENERATOR) {
        Some("asynchronous generator")
    } else if flags.has(CodeFlags::COROUTINE) {
        Some("coroutine")
    } else if flags.has(CodeFlags::GENERATOR) {
        Some("generator")
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

/// Compiles `code` and puts the result in its state; or records why not, for good.
///
/// # Errors
/// The reason, which is on record already.
pub fn build(code: Code, state: StateRef, kind: Kind, entry_depth: u32, namespaces: Namespaces) -> Result<(), Refusal> {
    retire::sweep();
    if let Some(reason) = hopeless(code.flags()) {
        return Err(refuse(code, state, kind, Refusal::new(reason), Duration::ZERO));
    }
    let begin = Instant::now();
    let (reservation, counters) = telemetry::reserve();
    let result = guarded(|| state.read(|state| compile::compile(code, kind, entry_depth, namespaces, state, counters)));
    let took = begin.elapsed();
    LONGEST_NS.fetch_max(took.as_nanos() as u64, Ordering::Relaxed);
    match result {
        Ok(mut executable) => {
            executable.compile_ns = took.as_nanos() as u64;
            telemetry::announce(&mut executable, reservation);
            registry::with(|registry| registry.compiled.insert(executable.qualname.clone()));
            registry::note_callees(state.address(), &executable.callees);
            let executable = executable.settle();
            state.with(|state| match kind {
                Kind::Function => {
                    state.cell.body = executable.body as *const () as usize;
                    state.calls = 0;
                    state.function = Some(executable);
                }
                Kind::Loop(header) => {
                    state.loops.insert(header, executable);
                }
            });
            Ok(())
        }
        Err(refusal) => {
            telemetry::release(reservation);
            Err(refuse(code, state, kind, refusal, took))
        }
    }
}

/// Records that `code` is not compiled. Loops are refused one by one, since another entry may do better.
pub fn refuse(code: Code, state: StateRef, kind: Kind, refusal: Refusal, spent: Duration) -> Refusal {
    tell_refusal(code, &refusal, spent);
    match kind {
        Kind::Function => state.with(|state| state.refused = Some(refusal.clone())),
        Kind::Loop(header) => {
            registry::note(state.address(), |notes| notes.refused_loops.insert(header, refusal.clone()));
        }
    }
    refusal
}

/// Counts a refusal and tells about it.
pub fn tell_refusal(code: Code, refusal: &Refusal, spent: Duration) {
    let line = line_of(code, refusal);
    telemetry::refused(&code.qualname(), line, &refusal.reason, spent.as_nanos() as u64);
    registry::with(|registry| *registry.refusals.entry(refusal.reason.clone()).or_default() += 1);
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
fn guarded(work: impl FnOnce() -> Result<Executable, Refusal>) -> Result<Executable, Refusal> {
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
