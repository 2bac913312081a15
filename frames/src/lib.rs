//! Native functions as Python frames, for stock CPython 3.15.
//!
//! A function of an extension module is invisible to Python: tracebacks, `sys._current_frames`, debuggers and profilers
//! show its caller and what it calls, with nothing in between. With this crate it has a frame like any other. The frame
//! is pushed where the interpreter pushes its own, so whatever reads frames finds it, in or out of the process:
//! tracebacks, `sys._getframe`, faulthandler, py-spy, `profiling.sampling`.
//!
//! The frame's name, file and lines come from a [`NativeCode`], which is made once a function. [`NativeCode::enter`] runs
//! a closure with a frame, and [`Frame::set_line`] says where the closure is. This costs about as much as a call of a
//! Python function. Its local variables cost nothing until somebody looks: a [`Reifier`] is asked for them then.
//!
//! ```no_run
//! use pyo3::prelude::*;
//! use pyo3::sync::PyOnceLock;
//! use rjit_frames::{Local, Locals, NativeCode};
//!
//! static SUM: PyOnceLock<NativeCode> = PyOnceLock::new();
//!
//! #[pyfunction]
//! fn sum_of(py: Python<'_>, values: Vec<Bound<'_, PyAny>>) -> PyResult<i64> {
//!     let first = line!() - 2;
//!     let code = SUM.get_or_try_init(py, || {
//!         NativeCode::builder("sum_of").file(file!()).lines(first, 20).locals(&["total"]).build(py)
//!     })?;
//!     let total = Local::new(0);
//!     let locals = |locals: &mut Locals<'_, '_>| locals.set("total", total.get(locals.py()));
//!     code.enter(py, &locals, |frame| {
//!         for value in values {
//!             frame.set_line(line!() + 1);
//!             total.set(py, total.get(py) + value.call_method0("weight")?.extract::<i64>()?);
//!         }
//!         Ok(total.get(py))
//!     })
//! }
//! ```
//!
//! # What observers see
//!
//! - Reading `frame.f_locals`, and each reading through the proxy that it returns or that C code has from
//!   `PyFrame_GetLocals`, asks the reifier again: looks while the function runs see current values.
//! - When an exception passes through, the frame is in its traceback. A frame object that outlives the call, in a
//!   traceback or elsewhere, keeps the locals and the line of the last moment; for that the reifier is asked once when
//!   the function leaves.
//! - Who reads memory instead of asking (py-spy, `PyFrame_GetVar`) sees the locals of the last look, or none.
//! - Assignment to a local through `f_locals` is up to [`Reifier::assign`], and an error by default.
//! - The frames count neither against Python's recursion limit nor for `sys.settrace`, `sys.setprofile` and
//!   `sys.monitoring`, which get no events of them. The C stack is checked.
//!
//! # What it relies on
//!
//! Private layouts of CPython 3.15, the default build with the GIL, which are verified when the first [`NativeCode`] is
//! made; elsewhere that is an error and nothing is touched. Several extensions may each link this crate, in different
//! versions too, and run together with rjit: each knows its own frames, and the wrappers of what reads locals call each
//! other.

#[doc(hidden)]
pub mod cpython;

mod code;
mod locals;
mod runtime;

pub use code::{Builder, NativeCode};
pub use locals::{Locals, Reifier};
pub use runtime::local::Local;
pub use runtime::{Frame, PushedFrame};

#[doc(hidden)]
pub use runtime::is_native;
