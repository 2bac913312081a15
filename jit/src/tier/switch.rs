//! On and off.

use std::time::Instant;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict};

use super::{monitoring, patience, registry, retire, sampling};
use crate::code::{extra, install};
use crate::compile;
use crate::config::Options;
use crate::cpython::gil::GilCell;
use crate::dump;
use crate::runtime::{details, hooks, stress, threads, ticker, worker};
use crate::telemetry;

#[derive(Clone, Copy, Default)]
struct Switch {
    options: Option<Options>,
    is_monitoring: bool,
    /// Our events are off, because others get some.
    is_paused: bool,
    /// Hot code is looked for at ticks, and only what is found is counted; otherwise everything is.
    is_sampling: bool,
    enabled: Option<Instant>,
}

static SWITCH: GilCell<Switch> =
    GilCell::new(Switch { options: None, is_monitoring: false, is_paused: false, is_sampling: false, enabled: None });

/// When to compile, while the compiler is on.
#[inline]
pub fn options() -> Option<Options> {
    SWITCH.with(|switch| switch.options)
}

/// Whether there is time for compiling now.
pub fn has_time(options: &Options) -> bool {
    SWITCH.with(|switch| switch.enabled).is_some_and(|enabled| patience::has_time(options, enabled))
}

/// Whether hot code is looked for at ticks, now.
pub fn is_sampling() -> bool {
    SWITCH.with(|switch| switch.is_sampling && !switch.is_paused)
}

/// Looks for hot code no more: the tool id is not ours any more.
pub fn stop_sampling() {
    SWITCH.with(|switch| (switch.is_sampling, switch.is_monitoring) = (false, false));
    ticker::stop();
}

/// When the compiler was switched on, if it is on.
pub fn since() -> Option<Instant> {
    SWITCH.with(|switch| switch.enabled)
}

/// Whether the compiler is on.
pub fn is_enabled() -> bool {
    options().is_some()
}

/// How hot code is found, in a few words.
pub fn monitoring_state(py: Python<'_>) -> PyResult<String> {
    let (is_on, is_monitoring, is_paused) =
        SWITCH.with(|switch| (switch.options.is_some(), switch.is_monitoring, switch.is_paused));
    Ok(match (is_on, is_monitoring) {
        (false, _) => "off".into(),
        (true, true) if is_paused => "paused while other tools get events".into(),
        (true, true) => "on".into(),
        (true, false) => match monitoring::holder(py)? {
            Some(holder) => format!("taken by {holder}"),
            None => "free again; call rjit.enable() to use it".into(),
        },
    })
}

/// Gets ready to compile, once in a process.
pub fn start(py: Python<'_>) -> PyResult<()> {
    static STARTED: PyOnceLock<()> = PyOnceLock::new();
    STARTED.get_or_try_init(py, || {
        stress::start().map_err(PyValueError::new_err)?;
        compile::start().map_err(PyValueError::new_err)?;
        telemetry::start().map_err(PyValueError::new_err)?;
        if !extra::init(registry::forget) {
            return Err(PyRuntimeError::new_err(
                "the interpreter has no free co_extra slot for rjit to keep its state in; \
                 another tool (a debugger, a profiler, another compiler) uses them all: run without it",
            ));
        }
        hooks::install(py)?;
        threads::open();
        let at_fork = PyDict::new(py);
        at_fork.set_item("before", PyCFunction::new_closure(py, None, None, |_, _| before_fork())?)?;
        at_fork
            .set_item("after_in_parent", PyCFunction::new_closure(py, None, None, |args, _| tick_again(args.py()))?)?;
        at_fork.set_item(
            "after_in_child",
            PyCFunction::new_closure(py, None, None, |args, _| after_fork_child(args.py()))?,
        )?;
        py.import("os")?.call_method("register_at_fork", (), Some(&at_fork))?;
        let at_exit = PyCFunction::new_closure(py, None, None, |_, _| close())?;
        py.import("atexit")?.call_method1("register", (at_exit,))?;
        telemetry::page();
        dump::start();
        Ok(())
    })?;
    Ok(())
}

/// Turns the compiler on, or changes its options when it is on.
pub fn enable(py: Python<'_>, options: Options) -> PyResult<()> {
    start(py)?;
    retire::sweep();
    let (mut is_monitoring, mut is_paused, was_sampling) =
        SWITCH.with(|switch| (switch.is_monitoring, switch.is_paused, switch.is_sampling));
    if !is_monitoring {
        is_paused = monitoring::others_listen();
        match monitoring::holder(py)? {
            Some(holder) => monitoring::warn_of(py, &holder)?,
            None => {
                monitoring::begin(py).inspect_err(|_| {
                    // The first error is the one to report.
                    let _ = monitoring::end(py);
                })?;
                is_monitoring = true;
            }
        }
    }
    let is_sampling = is_monitoring && options.is_patient() && begin_to_tick();
    if is_monitoring {
        if was_sampling && !is_sampling {
            ticker::stop();
            sampling::forget_all(py);
        }
        monitoring::want_events(py, !is_sampling && !is_paused)?;
    }
    SWITCH.with(|switch| {
        let enabled = Some(Instant::now());
        *switch = Switch { options: Some(options), is_monitoring, is_paused, is_sampling, enabled }
    });
    let mut how = format!("calls={} loops={}", options.calls, options.loops);
    if stress::wanted().is_on() {
        how += &format!(" stress={}", stress::wanted());
    }
    telemetry::switched(true, &how);
    Ok(())
}

/// Begins to tick, and says whether that was possible.
fn begin_to_tick() -> bool {
    ticker::start()
        .inspect_err(|error| {
            telemetry::warn(format!(
                "hot code is found by counting everything, which costs more, because there can be no thread that ticks: \
                 {error}"
            ));
        })
        .is_ok()
}

fn before_fork() {
    threads::note_fork();
    ticker::stop();
    worker::stop();
    details::stop();
}

fn after_fork_child(py: Python<'_>) {
    telemetry::after_fork_child();
    tick_again(py);
}

/// After a fork, in the parent and in the child.
fn tick_again(py: Python<'_>) {
    worker::go_on();
    details::go_on();
    let (is_sampling, is_paused) = SWITCH.with(|switch| (switch.is_sampling, switch.is_paused));
    if is_sampling && !begin_to_tick() {
        SWITCH.with(|switch| switch.is_sampling = false);
        sampling::forget_all(py);
        if let Err(error) = monitoring::want_events(py, !is_paused) {
            telemetry::warn(format!("what runs often is not seen any more: {error}"));
        }
    }
}

/// Ends what must not outlive the interpreter.
fn close() {
    SWITCH.with(|switch| switch.is_sampling = false);
    ticker::stop();
    worker::close();
    threads::close();
    details::close();
    telemetry::close();
}

/// Has the interpreter report nothing to us: others are about to get events everywhere, and nothing is compiled then.
pub fn pause_events(py: Python<'_>) {
    switch_events(py, false);
}

/// Ends that.
pub fn resume_events(py: Python<'_>) {
    switch_events(py, true);
}

fn switch_events(py: Python<'_>, wanted: bool) {
    let (changes, is_sampling) = SWITCH.with(|switch| {
        let changes = switch.is_monitoring && switch.is_paused == wanted;
        switch.is_paused ^= changes;
        (changes, switch.is_sampling)
    });
    if !changes {
        return;
    }
    if is_sampling {
        sampling::forget_all(py);
    } else if let Err(error) = monitoring::want_events(py, wanted) {
        telemetry::warn(format!("what runs often is not seen any more: {error}"));
    }
}

/// Turns the compiler off: nothing is counted any more, and what is called from now on runs in the interpreter. Frames
/// that run compiled go on until they return.
pub fn disable(py: Python<'_>) -> PyResult<()> {
    let before = SWITCH.with(std::mem::take);
    ticker::stop();
    sampling::forget_all(py);
    install::restore_all();
    for (_, state) in registry::all() {
        state.with(|state| {
            retire::withdraw_all(state, "rjit.disable()");
            state.calls = 0;
            state.jumps.clear();
            state.recompilations = 0;
        });
        registry::note(state.address(), |notes| notes.strays = 0);
    }
    retire::sweep();
    if before.options.is_some() {
        telemetry::switched(false, "rjit.disable()");
    }
    if before.is_monitoring { monitoring::end(py) } else { Ok(()) }
}
