//! An extension module whose functions are in Python's stacks: the queens' problem, solved by native functions that call
//! Python for each solution.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use rjit_frames::{Local, Locals, NativeCode};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs");

static SOLVE: PyOnceLock<NativeCode> = PyOnceLock::new();
static PLACE: PyOnceLock<NativeCode> = PyOnceLock::new();

/// What the native functions share while they look for solutions.
struct Search<'a, 'py> {
    n: usize,
    report: &'a Bound<'py, PyAny>,
    found: &'a Local<usize>,
}

/// Counts the ways to place n queens, and calls `report` with the columns of each.
#[pyfunction]
fn solve(py: Python<'_>, n: usize, report: Bound<'_, PyAny>) -> PyResult<usize> {
    let first = line!() - 1;
    let code = SOLVE.get_or_try_init(py, || {
        NativeCode::builder("solve").file(FILE).lines(first, 20).arguments(&["n"]).locals(&["found"]).build(py)
    })?;
    let found = Local::new(0);
    let locals = |locals: &mut Locals<'_, '_>| {
        locals.set("n", n)?;
        locals.set("found", found.get(locals.py()))
    };
    code.enter(py, &locals, |frame| {
        if n == 0 {
            frame.set_line(line!() + 1);
            return Err(PyValueError::new_err("at least one queen is needed"));
        }
        frame.set_line(line!() + 1);
        place(py, &Search { n, report: &report, found: &found }, &[])?;
        Ok(found.get(py))
    })
}

/// Places a queen in the next row, in each way there is.
fn place(py: Python<'_>, search: &Search<'_, '_>, queens: &[usize]) -> PyResult<()> {
    let first = line!() - 1;
    let code = PLACE.get_or_try_init(py, || {
        NativeCode::builder("place").file(FILE).lines(first, 30).arguments(&["queens"]).locals(&["column"]).build(py)
    })?;
    let next = Local::new(0);
    let locals = |locals: &mut Locals<'_, '_>| {
        locals.set("queens", queens)?;
        locals.set("column", next.get(locals.py()))
    };
    code.enter(py, &locals, |frame| {
        if queens.len() == search.n {
            search.found.set(py, search.found.get(py) + 1);
            frame.set_line(line!() + 1);
            search.report.call1((queens,))?;
            return Ok(());
        }
        for column in (0..search.n).filter(|&column| is_free(queens, column)) {
            next.set(py, column);
            frame.set_line(line!() + 1);
            place(py, search, &[queens, &[column]].concat())?;
        }
        Ok(())
    })
}

fn is_free(queens: &[usize], column: usize) -> bool {
    queens.iter().rev().zip(1..).all(|(&queen, rows)| queen != column && queen.abs_diff(column) != rows)
}

#[pymodule]
mod queens {
    #[pymodule_export]
    use super::solve;
}
