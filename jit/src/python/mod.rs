//! The native module `rjit._rjit`, which the Python package `rjit` re-exports.

mod executable;

use std::sync::atomic::Ordering;

use pyo3::exceptions::{PyException, PyImportError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFunction, PyInt};

use crate::config::Options;
use crate::cpython::function::Function;
use crate::cpython::method;
use crate::cpython::verify::verify;
use crate::runtime::{osr, stress};
use crate::tier::report::RefusalReport;
use crate::{telemetry, tier};

pyo3::create_exception!(
    rjit,
    NotCompilable,
    PyException,
    "A function cannot be compiled: see the attributes reason, filename and line."
);

#[pymodule]
mod _rjit {
    use super::*;

    #[pymodule_export]
    use super::executable::Executable;
    #[pymodule_export]
    use super::{NotCompilable, compile, coverage, disable, enable, executables, explain, is_enabled, stats};

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        verify().map_err(|error| PyImportError::new_err(format!("rjit: {error}")))
    }
}

/// Compile functions that are called often and loops that run long, from now on.
///
/// calls -- compile a function at this call (default: RJIT_CALLS, else 60); with 1, functions that are made from now on are
///          compiled when they are first called
/// loops -- compile a running loop at this jump back (default: RJIT_LOOPS, else 600)
///
/// When it is on already, this changes the options.
#[pyfunction]
#[pyo3(signature = (calls=None, loops=None))]
fn enable(py: Python<'_>, calls: Option<Bound<'_, PyInt>>, loops: Option<Bound<'_, PyInt>>) -> PyResult<()> {
    let text = |number: Option<Bound<'_, PyInt>>| {
        number.map(|number| number.call_method0("__int__")?.str().map(|text| text.to_string())).transpose()
    };
    let (calls, loops) = (text(calls)?, text(loops)?);
    let options = Options::resolve(calls.as_deref(), loops.as_deref(), |name| std::env::var_os(name))
        .map_err(PyValueError::new_err)?;
    tier::enable(py, options)
}

/// Compile no more, and run everything that is called from now on in the interpreter. Frames that run compiled go on
/// until they return.
#[pyfunction]
fn disable(py: Python<'_>) -> PyResult<()> {
    tier::disable(py)
}

/// Whether enable() was called last, and not disable().
#[pyfunction]
fn is_enabled() -> bool {
    tier::is_enabled()
}

/// Compile a function or method right now. Raises NotCompilable when that is not possible.
#[pyfunction]
fn compile(py: Python<'_>, func: &Bound<'_, PyAny>) -> PyResult<()> {
    let object = function_object(func)?;
    let function = Function::of(&object);
    tier::start(py)?;
    tier::compile_now(function).map_err(|refusal| {
        let code = function.code_view();
        let RefusalReport { reason, line } = RefusalReport::new(code, &refusal);
        not_compilable(py, &code.qualname(), &reason, &code.filename(), line)
    })
}

/// The machine code that is installed, as it is at this moment: a list of Executable.
#[pyfunction]
fn executables(py: Python<'_>) -> PyResult<Vec<executable::Executable>> {
    let reports = tier::report::executables();
    reports.into_iter().map(|(code, report)| executable::Executable::new(py, code, report)).collect()
}

/// What became of a function or method, as a dict: whether calls of it run compiled, why not, which guesses failed,
/// and its loops.
#[pyfunction]
fn explain<'py>(py: Python<'py>, func: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let object = function_object(func)?;
    let code = Function::of(&object).code_view();
    let story = tier::report::explain(code);
    let refusal_of = |refusal: &Option<RefusalReport>, dict: &Bound<'py, PyDict>| {
        dict.set_item("reason", refusal.as_ref().map(|refusal| &refusal.reason))?;
        dict.set_item("reason_line", refusal.as_ref().map(|refusal| refusal.line))
    };
    let dict = PyDict::new(py);
    dict.set_item("qualname", code.qualname())?;
    dict.set_item("filename", code.filename())?;
    dict.set_item("line", code.first_line())?;
    dict.set_item("compiled", story.compiled)?;
    dict.set_item("compiling", story.compiling)?;
    refusal_of(&story.refusal, &dict)?;
    dict.set_item("calls", story.calls)?;
    dict.set_item("recompilations", story.recompilations)?;
    let deopts = story.deopts.iter().map(|exit| (exit.reason, exit.line, exit.count));
    dict.set_item("deopts", deopts.collect::<Vec<_>>())?;
    for (name, counted, reports) in [("loops", "jumps", &story.loops), ("resumes", "items", &story.resumes)] {
        let told = reports.iter().map(|report| {
            let dict = PyDict::new(py);
            dict.set_item("line", report.line)?;
            dict.set_item(counted, report.count)?;
            dict.set_item("compiled", report.compiled)?;
            refusal_of(&report.refusal, &dict)?;
            Ok(dict)
        });
        dict.set_item(name, told.collect::<PyResult<Vec<_>>>()?)?;
    }
    dict.set_item("stress", stress::wanted().is_on().then(|| stress::wanted().to_string()))?;
    Ok(dict)
}

/// The compiler's numbers since the process started, as a dict.
#[pyfunction]
fn stats(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    tier::start(py)?;
    let (page, reasons) = (telemetry::page(), tier::report::reasons());
    let (counters, totals) = (page.counters(), page.totals());
    let options = tier::options();
    let dict = PyDict::new(py);
    dict.set_item("enabled", options.is_some())?;
    dict.set_item("calls", options.map(|options| options.calls))?;
    dict.set_item("loops", options.map(|options| options.loops))?;
    dict.set_item("monitoring", tier::monitoring_state(py)?)?;
    dict.set_item("executables", tier::report::installed())?;
    dict.set_item("entries", totals.entries)?;
    dict.set_item("osr_entries", osr::ENTRIES.load(Ordering::Relaxed))?;
    dict.set_item("deopts", totals.deopts)?;
    dict.set_item("deopt_reasons", counted(py, reasons.deopts)?)?;
    dict.set_item("reifications", totals.reifications)?;
    dict.set_item("reification_causes", counted(py, reasons.reifications)?)?;
    dict.set_item("compiles", counters.compiles())?;
    dict.set_item("compile_ms", counters.compile_ns() as f64 / 1e6)?;
    dict.set_item("longest_compile_ms", tier::longest_compile_ns() as f64 / 1e6)?;
    dict.set_item("compiling", tier::ordered())?;
    dict.set_item("compiled", tier::report::compiled())?;
    dict.set_item("refusals", counters.refusals())?;
    dict.set_item("refusal_reasons", counted(py, reasons.refusals)?)?;
    dict.set_item("code_bytes", counters.code_bytes())?;
    dict.set_item("invalidations", counters.invalidations())?;
    dict.set_item("retirements", counters.retirements())?;
    dict.set_item("events", counters.evaluations().load(Ordering::Relaxed))?;
    dict.set_item("warnings", telemetry::warnings())?;
    dict.set_item("stress", stress_report(py)?)?;
    Ok(dict)
}

/// What stress there was, None without.
fn stress_report(py: Python<'_>) -> PyResult<Option<Bound<'_, PyDict>>> {
    let (stress, counts) = (stress::wanted(), stress::counts());
    if !stress.is_on() {
        return Ok(None);
    }
    let dict = PyDict::new(py);
    dict.set_item("mode", stress.to_string())?;
    for (name, count) in [
        ("guards", &counts.guards),
        ("reached", &counts.reached),
        ("forced", &counts.forced),
        ("safepoints", &counts.safepoints),
        ("invalidations", &counts.invalidations),
        ("reified", &counts.reified),
        ("collections", &counts.collections),
    ] {
        dict.set_item(name, count.load(Ordering::Relaxed))?;
    }
    Ok(Some(dict))
}

/// What compiled code has consisted of since coverage() was called first, as a dict of counts by name: "opcodes",
/// "instructions" (of the HIR), "exits_made" and "exits_taken". What can occur, and has not, is there with a zero.
#[pyfunction]
fn coverage(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let coverage = tier::coverage::coverage();
    let dict = PyDict::new(py);
    dict.set_item("opcodes", coverage.opcodes)?;
    dict.set_item("instructions", coverage.instructions)?;
    dict.set_item("exits_made", coverage.exits_made)?;
    dict.set_item("exits_taken", coverage.exits_taken)?;
    Ok(dict)
}

fn counted<'py, K: IntoPyObject<'py>>(py: Python<'py>, counts: Vec<(K, u64)>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (key, count) in counts {
        dict.set_item(key, count)?;
    }
    Ok(dict)
}

/// The function behind a function or bound method.
fn function_object<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyFunction>> {
    let object = if method::is_bound(object) { object.getattr("__func__")? } else { object.clone() };
    object.cast_into::<PyFunction>().map_err(|error| {
        let name = error.into_inner().get_type().fully_qualified_name();
        let name = name.map_or_else(|_| "something else".into(), |name| name.to_string());
        PyTypeError::new_err(format!("a Python function or method is needed, not {name}"))
    })
}

fn not_compilable(py: Python<'_>, qualname: &str, reason: &str, filename: &str, line: u32) -> PyErr {
    let error = NotCompilable::new_err(format!("{qualname}: {reason} ({filename}, line {line})"));
    let value = error.value(py);
    let attributes = value
        .setattr("reason", reason)
        .and_then(|()| value.setattr("filename", filename))
        .and_then(|()| value.setattr("line", line));
    attributes.err().unwrap_or(error)
}
