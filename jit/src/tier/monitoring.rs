//! Our place among the tools of `sys.monitoring`.

use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use super::switch;
use crate::cpython::code::Code;
use crate::cpython::monitoring::{
    EVENT_INSTRUCTION, EVENT_JUMP, EVENT_PY_START, OPTIMIZER_ID, local_tools, others_get_events,
};
use crate::runtime::hooks;

const NAME: &str = "rjit";

/// `sys.monitoring`. Importing anything runs the `__import__` of whatever is running, so it is done once, on switching on.
fn monitoring(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || Ok::<_, PyErr>(py.import("sys")?.getattr("monitoring")?.unbind()))?;
    Ok(module.bind(py).clone())
}

/// Who has the tool id of optimizers, if anybody.
pub fn holder(py: Python<'_>) -> PyResult<Option<String>> {
    let tool = monitoring(py)?.call_method1("get_tool", (OPTIMIZER_ID,))?;
    if tool.is_none() {
        return Ok(None);
    }
    Ok(Some(tool.cast::<PyString>()?.to_string_lossy().into_owned()))
}

/// Says that the tool id belongs to somebody else, and what that means.
pub fn warn_of(py: Python<'_>, holder: &str) -> PyResult<()> {
    let message = format!(
        "sys.monitoring tool id {OPTIMIZER_ID} (OPTIMIZER_ID) is taken by {holder:?}, so rjit cannot see what runs often. \
         It compiles only what rjit.compile() is given and, with calls=1, functions that are made from now on. \
         Free the id with sys.monitoring.free_tool_id({OPTIMIZER_ID}) and enable rjit again to compile all"
    );
    let message = std::ffi::CString::new(message)?;
    PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &message, 1)
}

/// Takes the tool id.
pub fn begin(py: Python<'_>) -> PyResult<()> {
    register(py)
}

/// Whether other tools get events everywhere.
pub fn others_listen() -> bool {
    others_get_events(OPTIMIZER_ID)
}

/// The events that are counted.
const COUNTED: u32 = 1 << EVENT_PY_START | 1 << EVENT_JUMP;

/// Asks for the events everywhere, or for none.
pub fn want_events(py: Python<'_>, wanted: bool) -> PyResult<()> {
    let events = if wanted { COUNTED } else { 0 };
    monitoring(py)?.call_method1("set_events", (OPTIMIZER_ID, events))?;
    Ok(())
}

/// Asks for the events in one code object, or for none of them.
pub fn want_counts(py: Python<'_>, code: Code, wanted: bool) -> PyResult<()> {
    let others = local_events(code) & !COUNTED;
    set_local_events(py, &code.to_bound(py), if wanted { others | COUNTED } else { others })
}

/// The events that are reported to us in one code object.
fn local_events(code: Code) -> u32 {
    [EVENT_PY_START, EVENT_JUMP, EVENT_INSTRUCTION]
        .into_iter()
        .filter(|&event| local_tools(code, event) & 1 << OPTIMIZER_ID != 0)
        .map(|event| 1 << event)
        .sum()
}

fn set_local_events(py: Python<'_>, code: &Bound<'_, PyAny>, events: u32) -> PyResult<()> {
    monitoring(py)?.call_method1("set_local_events", (OPTIMIZER_ID, code, events))?;
    Ok(())
}

fn register(py: Python<'_>) -> PyResult<()> {
    let monitoring = monitoring(py)?;
    monitoring.call_method1("use_tool_id", (OPTIMIZER_ID, NAME))?;
    let callbacks = hooks::callbacks(py)?;
    for (event, callback) in
        [(EVENT_PY_START, &callbacks.start), (EVENT_JUMP, &callbacks.jump), (EVENT_INSTRUCTION, &callbacks.instruction)]
    {
        monitoring.call_method1("register_callback", (OPTIMIZER_ID, 1u32 << event, callback))?;
    }
    Ok(())
}

/// Asks for INSTRUCTION events in one code object, or for no more of them. The compiler may have been turned off
/// meanwhile, by the very code that now raises: then it takes its tool id once more, for as long as the exception
/// needs.
pub fn report_instructions(py: Python<'_>, code: Code, wanted: bool) -> PyResult<()> {
    let is_off = !switch::is_enabled();
    if wanted && is_off && holder(py)?.is_none() {
        register(py)?;
    }
    let instruction = 1u32 << EVENT_INSTRUCTION;
    let others = local_events(code) & !instruction;
    set_local_events(py, &code.to_bound(py), if wanted { others | instruction } else { others })?;
    if !wanted && is_off { end(py) } else { Ok(()) }
}

/// Gives the tool id back, and with it events and callbacks; unless somebody else has taken it away.
pub fn end(py: Python<'_>) -> PyResult<()> {
    if holder(py)?.as_deref() == Some(NAME) {
        monitoring(py)?.call_method1("free_tool_id", (OPTIMIZER_ID,))?;
    }
    Ok(())
}
