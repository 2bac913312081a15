//! What the world outside is told: the telemetry page for the inspector, and what `RJIT_PERF` says for native tools.
//!
//! All of it is made when the compiler is first used, so that a process that never uses it leaves no files behind. When something
//! cannot be made the program goes on, and a line on stderr says once what is missing and why.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rjit_perfmap::{Kinds, Registry};
use rjit_telemetry::{EventKind, ExecutableInfo, Page, RefusalInfo, Reservation, SlotId, Subject, layout};

use crate::code::details::Known;
use crate::code::executable::{Counters, Executable};
use crate::code::source::perf_name;
use crate::config;
use crate::dump;
use crate::hir::function::Kind;
use crate::runtime::details;

const _: () = {
    let first = layout::ENTRIES_OFFSET;
    assert!(layout::DEOPTS_OFFSET - first == std::mem::offset_of!(Counters, deopts));
    assert!(layout::REIFICATIONS_OFFSET - first == std::mem::offset_of!(Counters, reifications));
};

static PAGE: OnceLock<Page> = OnceLock::new();
/// Set when the process ends: what is freed from then on is no news.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);
static KINDS: OnceLock<Kinds> = OnceLock::new();
static REGISTRY: Mutex<Option<Registry>> = Mutex::new(None);
static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Reads `RJIT_PERF`, once in a process.
///
/// # Errors
/// What is wrong with it.
pub fn start() -> Result<(), String> {
    let kinds = config::perf_kinds(|name| std::env::var_os(name))?;
    KINDS.get_or_init(|| kinds);
    Ok(())
}

/// Whoever tells native tools what `RJIT_PERF` says.
fn new_registry() -> Registry {
    let mut kinds = KINDS.get().copied().unwrap_or_default();
    let mut directory = PathBuf::new();
    if kinds.jitdump {
        match rjit_telemetry::own_directory() {
            Ok(path) => directory = path,
            Err(error) => {
                kinds.jitdump = false;
                warn(format!("there is no jitdump of compiled functions: {error}"));
            }
        }
    }
    Registry::new(kinds.config(directory))
}

/// The page of this process, made when it is first asked for. It is never unmapped: machine code counts in it.
pub fn page() -> &'static Page {
    PAGE.get_or_init(|| {
        let python = pyo3::Python::version_str().split(' ').next().unwrap_or_default();
        let (page, error) = Page::create_or_anonymous(python, env!("CARGO_PKG_VERSION"));
        if let Some(error) = error {
            warn(format!("rjit-inspect cannot see this process: {error}"));
        }
        page
    })
}

/// Counts an event of the interpreter that was looked at.
#[inline]
pub fn count_evaluation() {
    let evaluations: &AtomicU64 = page().counters().evaluations();
    evaluations.store(evaluations.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Sets counters aside for an executable that is about to be compiled, and says where they are. They stay there: the
/// page is never unmapped.
pub fn reserve() -> (Reservation, *const Counters) {
    let reservation = page().reserve();
    let first = page().reserved_counters(&reservation).entries();
    (reservation, std::ptr::from_ref(first).cast())
}

/// Gives counters back that no executable uses after all.
pub fn release(reservation: Reservation) {
    page().release(reservation);
}

/// Tells about a new executable, which relies on `assumptions`, and notes in it how to take that back.
pub fn announce(executable: &mut Executable, reservation: Reservation, assumptions: Vec<String>) {
    let info = ExecutableInfo {
        qualname: &executable.qualname,
        filename: &executable.filename,
        first_line: executable.first_line,
        line: executable.line,
        kind: match executable.kind {
            Kind::Function => rjit_telemetry::Kind::Function,
            Kind::Loop(_) => rjit_telemetry::Kind::Loop,
            Kind::Resume(_) => rjit_telemetry::Kind::Generator,
        },
        address: executable.address as u64,
        size: executable.size as u64,
        compile_ns: executable.compile_ns,
    };
    let slot = page().add_reserved(reservation, &info);
    executable.slot = Some(slot);
    details::add(slot, Known::new(executable, assumptions));
    let name = perf_name(&executable.qualname, &executable.filename);
    let mut registry = lock(&REGISTRY);
    let registry = registry.get_or_insert_with(new_registry);
    executable.region = Some(registry.register(&executable.making.region(&name)));
    pass_warnings_on(registry);
}

fn pass_warnings_on(registry: &mut Registry) {
    for error in registry.take_warnings() {
        warn(format!("native tools know less of compiled functions: {error}"));
    }
}

/// Tells that a compilation was refused.
pub fn refused(info: &RefusalInfo<'_>, compile_ns: u64) {
    page().refuse(info, compile_ns);
}

/// Tells that something was to be compiled that is known to be refused.
pub fn refused_again(info: &RefusalInfo<'_>) {
    page().refuse_again(info);
}

/// Tells that an executable is not entered any more.
pub fn withdrawn(executable: &Executable, reason: &str) {
    if let Some(slot) = executable.slot
        && !IS_CLOSED.load(Ordering::Relaxed)
    {
        page().invalidate(slot, reason);
    }
}

/// Tells that the machine code of an executable is about to be unmapped.
pub fn retired(executable: &mut Executable) {
    if IS_CLOSED.load(Ordering::Relaxed) {
        return;
    }
    if let (Some(region), Some(registry)) = (executable.region.take(), &mut *lock(&REGISTRY)) {
        registry.unregister(region);
    }
    if let Some(slot) = executable.slot.take() {
        details::remove(slot);
        page().retire(slot, "machine code freed");
    }
}

/// Tells of a deopt of an executable.
pub fn deopt(slot: Option<SlotId>, qualname: &str, line: u32, reason: &str) {
    let subject = slot.map_or(Subject::Code(qualname), Subject::Executable);
    page().record(EventKind::Deopt, subject, line, reason);
}

/// Tells that a frame at `line` went on in the interpreter for an observer.
pub fn reified(slot: Option<SlotId>, qualname: &str, line: u32, cause: &str) {
    let subject = slot.map_or(Subject::Code(qualname), Subject::Executable);
    page().record(EventKind::Reified, subject, line, cause);
}

/// Tells that the compiler was turned on or off.
pub fn switched(on: bool, how: &str) {
    let kind = if on { EventKind::Enabled } else { EventKind::Disabled };
    page().record(kind, Subject::Code("rjit"), 0, how);
}

/// To be called in the child of a `fork` before it runs compiled code.
pub fn after_fork_child() {
    dump::after_fork_child();
    if let Some(Err(error)) = PAGE.get().map(Page::after_fork_child) {
        warn(format!("rjit-inspect cannot see this process: {error}"));
    }
    if let Some(registry) = &mut *lock(&REGISTRY) {
        registry.after_fork_child();
        pass_warnings_on(registry);
    }
}

/// Ends what others see. Counting goes on unseen, so compiled code may still run.
pub fn close() {
    IS_CLOSED.store(true, Ordering::Relaxed);
    if let Some(page) = PAGE.get() {
        page.close();
    }
    if let Some(registry) = &mut *lock(&REGISTRY) {
        registry.close();
        pass_warnings_on(registry);
    }
}

/// What could not be told, since the start of the process.
pub fn warnings() -> Vec<String> {
    lock(&WARNINGS).clone()
}

/// Says on stderr, and in [`warnings`], what is missing and why.
pub fn warn(message: String) {
    eprintln!("rjit: {message}");
    lock(&WARNINGS).push(message);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
