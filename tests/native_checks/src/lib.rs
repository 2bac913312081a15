//! Native functions with frames, for `tests/compat/test_native_frames.py`: in all the ways that could go wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use rjit_frames::{Local, Locals, NativeCode, Reifier};

/// Where the lines of the frames are. They need not exist.
const FILE: &str = "native.rs";

static LOOKS: AtomicUsize = AtomicUsize::new(0);

/// Declares the codes that the functions share, each with 100 lines from line 100 and the locals named.
fn code<'a>(py: Python<'_>, cell: &'a PyOnceLock<NativeCode>, name: &str, names: &[&str]) -> PyResult<&'a NativeCode> {
    cell.get_or_try_init(py, || NativeCode::builder(name).file(FILE).lines(100, 100).locals(names).build(py))
}

/// How often a reifier was asked.
#[pyfunction]
fn looks() -> usize {
    LOOKS.load(Ordering::Relaxed)
}

/// Goes down so many levels, calls the function there with 0, and then on each level with its depth.
#[pyfunction]
fn descend(py: Python<'_>, depth: i32, function: Bound<'_, PyAny>) -> PyResult<i32> {
    static CODE: PyOnceLock<NativeCode> = PyOnceLock::new();
    let code = code(py, &CODE, "descend", &["depth", "result", "function"])?;
    let result = Local::new(-1);
    let kept = function.clone().unbind();
    let locals = |locals: &mut Locals<'_, '_>| {
        LOOKS.fetch_add(1, Ordering::Relaxed);
        locals.set("depth", depth)?;
        locals.set("function", &kept)?;
        match result.get(locals.py()) {
            -1 => Ok(()),
            result => locals.set("result", result),
        }
    };
    code.enter(py, &locals, |frame| {
        frame.set_line(110);
        if depth > 0 {
            result.set(py, descend(py, depth - 1, function.clone())? + 1);
        }
        frame.set_line(120);
        function.call1((depth,))?;
        Ok(result.get(py))
    })
}

/// Calls the function with each number, with the number in a local and the line 100 + the number.
#[pyfunction]
fn each(py: Python<'_>, count: u32, function: Bound<'_, PyAny>) -> PyResult<()> {
    static CODE: PyOnceLock<NativeCode> = PyOnceLock::new();
    let code = code(py, &CODE, "each", &["number", "text"])?;
    let number = Local::new(0);
    let locals = |locals: &mut Locals<'_, '_>| {
        LOOKS.fetch_add(1, Ordering::Relaxed);
        let number = number.get(locals.py());
        locals.set("number", number)?;
        locals.set("text", format!("number {number}"))
    };
    code.enter(py, &locals, |frame| {
        for now in 0..count {
            number.set(py, now);
            frame.set_line(100 + now);
            function.call1((now,))?;
        }
        Ok(())
    })
}

/// Counts without the GIL until the function, called now and then, says that it is enough.
#[pyfunction]
fn count(py: Python<'_>, is_enough: Bound<'_, PyAny>) -> PyResult<usize> {
    static CODE: PyOnceLock<NativeCode> = PyOnceLock::new();
    let code = code(py, &CODE, "count", &["counted"])?;
    let counted = AtomicUsize::new(0);
    let locals = |locals: &mut Locals<'_, '_>| {
        LOOKS.fetch_add(1, Ordering::Relaxed);
        locals.set("counted", counted.load(Ordering::Relaxed))
    };
    code.enter(py, &locals, |frame| {
        frame.set_line(150);
        while !is_enough.call0()?.is_truthy()? {
            py.detach(|| {
                for _ in 0..10 {
                    counted.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
        Ok(counted.load(Ordering::Relaxed))
    })
}

/// Lets its variable be assigned to.
struct Variable(Local<Option<Py<PyAny>>>);

impl Reifier for Variable {
    fn reify(&self, locals: &mut Locals<'_, '_>) -> PyResult<()> {
        match self.0.object(locals.py()) {
            Some(value) => locals.set("value", value),
            None => Ok(()),
        }
    }

    fn assign(&self, name: &str, value: Bound<'_, PyAny>) -> PyResult<()> {
        if name != "value" {
            return Err(PyValueError::new_err(format!("{name} is constant")));
        }
        drop(self.0.replace(value.py(), Some(value.clone().unbind())));
        Ok(())
    }
}

/// Calls the function, and returns what has been assigned to the local `value` meanwhile.
#[pyfunction]
fn assignable(py: Python<'_>, function: Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
    static CODE: PyOnceLock<NativeCode> = PyOnceLock::new();
    let code = code(py, &CODE, "assignable", &["value", "constant"])?;
    let variable = Variable(Local::new(None));
    code.enter(py, &variable, |_| function.call0())?;
    Ok(variable.0.object(py))
}

/// Calls the function from a frame whose reifier calls `locals` for the value of the local `value`.
#[pyfunction]
fn told_by(py: Python<'_>, locals: Py<PyAny>, function: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    static CODE: PyOnceLock<NativeCode> = PyOnceLock::new();
    let code = code(py, &CODE, "told_by", &["value"])?;
    let reifier = |told: &mut Locals<'_, '_>| {
        let value = locals.bind(told.py()).call0()?;
        assert!(!value.is_none(), "None is no value");
        told.set("value", value)
    };
    code.enter(py, &reifier, |_| Ok(function.call0()?.unbind()))
}

/// Panics with a frame on the stack.
#[pyfunction]
fn panic(py: Python<'_>) -> PyResult<()> {
    static CODE: PyOnceLock<NativeCode> = PyOnceLock::new();
    code(py, &CODE, "panic", &[])?.enter(py, &(), |_| panic!("as asked"))
}

/// Pushes two frames and pops them, or makes a mistake: pops the outer one first, drops one, sets a line that is not there.
#[pyfunction]
fn push_and_pop(py: Python<'_>, mistake: &str) -> PyResult<()> {
    static CODE: PyOnceLock<NativeCode> = PyOnceLock::new();
    let code = code(py, &CODE, "push_and_pop", &["value"])?;
    // SAFETY: what this is for is to see what comes of breaking the contract; the code lives forever.
    unsafe {
        let outer = code.push(py, &())?;
        let inner = code.push(py, &())?;
        match mistake {
            "order" => {
                outer.pop(None);
                inner.pop(None);
            }
            "dropped" => {
                drop(inner);
                outer.pop(None);
            }
            "line" => {
                inner.frame().set_line(7);
                inner.pop(None);
                outer.pop(None);
            }
            _ => {
                let error = inner.pop(Some(PyValueError::new_err(mistake.to_string())));
                return outer.pop(error).map_or(Ok(()), Err);
            }
        }
    }
    Ok(())
}

#[pymodule]
mod native_checks {
    #[pymodule_export]
    use super::{assignable, count, descend, each, looks, panic, push_and_pop, told_by};
}
