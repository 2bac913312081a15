//! Code objects of native functions.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyModule, PyTuple};

use crate::cpython::verify;
use crate::runtime::{self, Frame, PushedFrame, Shape};
use crate::{Reifier, cpython};

/// What a native function shows of itself: a code object with its names and lines, and a function that has it.
///
/// Made once a function with [`NativeCode::builder`] and kept, in a [`PyOnceLock`] for example. The code object has one
/// instruction for each line, so that the frame's position says the line. Calling the function object from Python raises
/// AssertionError.
pub struct NativeCode {
    shape: Shape,
    name: String,
    names: Vec<String>,
    code: Py<PyAny>,
    function: Py<PyAny>,
}

impl NativeCode {
    /// Begins the description of a function of this name.
    pub fn builder(name: &str) -> Builder<'_> {
        Builder {
            name,
            qualname: name,
            file: "<native>",
            first: 1,
            count: 1,
            arguments: &[],
            locals: &[],
            globals: None,
        }
    }

    /// Runs `body` with a frame of this code as the thread's innermost one, and pops it, however `body` ends.
    ///
    /// The frame starts at the first line. `reifier` tells its local variables when somebody looks. An error that `body`
    /// returns gets the frame into its traceback.
    ///
    /// # Errors
    /// What `body` returns; RecursionError when the C stack is nearly used up and MemoryError when there is no room for a
    /// frame, without running `body`.
    ///
    /// ```no_run
    /// # use pyo3::prelude::*;
    /// # fn example(py: Python<'_>, code: &rjit_frames::NativeCode, callback: &Bound<'_, PyAny>) -> PyResult<()> {
    /// let answer = code.enter(py, &(), |frame| {
    ///     frame.set_line(12);
    ///     callback.call0()
    /// })?;
    /// # Ok(()) }
    /// ```
    pub fn enter<'py, T>(
        &self,
        py: Python<'py>,
        reifier: &dyn Reifier,
        body: impl FnOnce(&Frame<'_, 'py>) -> PyResult<T>,
    ) -> PyResult<T> {
        runtime::enter(self, py, reifier, body)
    }

    /// Pushes a frame of this code as the thread's innermost one, for functions whose beginning and end are not those of
    /// a closure, as in an interpreter's loop. [`enter`](Self::enter) is the safe way.
    ///
    /// # Safety
    /// [`PushedFrame::pop`] is called on the same thread when all frames that were pushed later are gone again, before
    /// this thread returns to whoever called the native function. Code and reifier live until then, also when a panic
    /// comes between.
    ///
    /// # Errors
    /// MemoryError when there is no room for a frame. The C stack is not checked.
    pub unsafe fn push<'py>(&self, py: Python<'py>, reifier: &dyn Reifier) -> PyResult<PushedFrame<'py>> {
        // SAFETY: the caller's contract.
        unsafe { PushedFrame::push(self, py, reifier) }
    }

    /// The code object.
    pub fn code_object<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.code.bind(py)
    }

    /// The function object that the frames name as theirs.
    pub fn function<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.function.bind(py)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of arguments and locals, in this order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }
}

/// Describes a native function; see [`NativeCode::builder`].
#[must_use = "a builder makes nothing until `build` is called"]
pub struct Builder<'a> {
    name: &'a str,
    qualname: &'a str,
    file: &'a str,
    first: u32,
    count: u32,
    arguments: &'a [&'a str],
    locals: &'a [&'a str],
    globals: Option<Py<PyDict>>,
}

impl<'a> Builder<'a> {
    /// The qualified name, such as `Solver.solve`; the name if it is not given.
    pub fn qualname(mut self, qualname: &'a str) -> Self {
        self.qualname = qualname;
        self
    }

    /// The file, `<native>` if it is not given. Tracebacks show the source lines if it is an absolute path, or one that can
    /// be read from the current folder.
    pub fn file(mut self, file: &'a str) -> Self {
        self.file = file;
        self
    }

    /// The function's first line, and how many lines it has: those that [`Frame::set_line`] may say. Line 1 only if this is
    /// not given.
    pub fn lines(mut self, first: u32, count: u32) -> Self {
        self.first = first;
        self.count = count;
        self
    }

    /// Names of the positional arguments. Their values come from the reifier like those of locals.
    pub fn arguments(mut self, names: &'a [&'a str]) -> Self {
        self.arguments = names;
        self
    }

    /// Names of the local variables.
    pub fn locals(mut self, names: &'a [&'a str]) -> Self {
        self.locals = names;
        self
    }

    /// The module whose namespace the frames show as their globals; a namespace of their own if it is not given. It gets
    /// `__builtins__`, which modules that are written in Python have.
    pub fn module(mut self, module: &Bound<'_, PyModule>) -> Self {
        self.globals = Some(module.dict().unbind());
        self
    }

    /// Makes code and function.
    ///
    /// # Errors
    /// RuntimeError if the interpreter is not the default build of CPython 3.15 that this crate knows; ValueError for a
    /// line 0, no lines, more than a million lines, or names that occur twice; MemoryError.
    pub fn build(self, py: Python<'_>) -> PyResult<NativeCode> {
        static READY: PyOnceLock<()> = PyOnceLock::new();
        READY.get_or_try_init(py, || {
            verify::verify(py).map_err(|mismatch| {
                let verify::LayoutMismatch { field, expected, found, .. } = mismatch;
                PyRuntimeError::new_err(format!(
                    "native functions cannot have frames in this interpreter: {field} should be {expected}, but is {found}"
                ))
            })?;
            runtime::install(py);
            Ok::<_, PyErr>(())
        })?;
        let names: Vec<String> = self.arguments.iter().chain(self.locals).map(ToString::to_string).collect();
        if self.first == 0
            || !(1..=1_000_000).contains(&self.count)
            || i32::try_from(u64::from(self.first) + u64::from(self.count)).is_err()
        {
            return Err(PyValueError::new_err("a native function needs a first line and a count from 1 to a million"));
        }
        if names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
            return Err(PyValueError::new_err("two variables of a native function have the same name"));
        }
        let (code, first_unit) = self.code(py, &names)?;
        let function = self.function(py, &code)?;
        let shape = Shape::new(&code, &function, first_unit, (self.first, self.count))?;
        Ok(NativeCode { shape, name: self.name.into(), names, code: code.unbind(), function: function.unbind() })
    }

    /// The code object, and the number of the code unit that stands for the first line.
    fn code<'py>(&self, py: Python<'py>, names: &[String]) -> PyResult<(Bound<'py, PyAny>, usize)> {
        let empty = cpython::code::new_empty(py, self.file, self.name, self.first)?;
        let bytecode: Vec<u8> = empty.getattr("co_code")?.extract()?;
        // RESUME and its caches, then what raises AssertionError.
        let head = 2 + 2 * bytecode[2..].chunks(2).take_while(|unit| unit[0] == 0).count();
        let nop: u8 = py.import("opcode")?.getattr("opmap")?.get_item("NOP")?.extract()?;
        let (start, end) = bytecode.split_at(head);
        let lines = [nop, 0].repeat(self.count as usize);
        let bytecode = [start, &lines, end].concat();

        let fields = PyDict::new(py);
        fields.set_item("co_code", PyBytes::new(py, &bytecode))?;
        fields.set_item("co_linetable", PyBytes::new(py, &line_table(head / 2, self.count as usize, end.len() / 2)))?;
        fields.set_item("co_qualname", self.qualname)?;
        fields.set_item("co_varnames", PyTuple::new(py, names)?)?;
        fields.set_item("co_nlocals", names.len())?;
        fields.set_item("co_argcount", self.arguments.len())?;
        fields.set_item("co_stacksize", runtime::OPERANDS)?;
        fields.set_item("co_flags", cpython::code::FLAG_OPTIMIZED | cpython::code::FLAG_NEWLOCALS)?;
        Ok((empty.call_method("replace", (), Some(&fields))?, head / 2))
    }

    fn function<'py>(&self, py: Python<'py>, code: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let globals = match &self.globals {
            Some(globals) => globals.bind(py).clone(),
            None => {
                let globals = PyDict::new(py);
                globals.set_item("__name__", self.name)?;
                globals
            }
        };
        // Imports by C code ask the innermost frame's globals for it.
        globals.call_method1("setdefault", ("__builtins__", py.import("builtins")?))?;
        py.import("types")?.getattr("FunctionType")?.call1((code, globals))
    }
}

/// The line table of `head` units at the first line, one unit for each of `lines` lines, and `tail` units without one.
///
/// An entry is a byte that says how many units it is for and what follows: 13 is a line without columns, as the
/// difference to the line before, 15 is no line.
fn line_table(head: usize, lines: usize, tail: usize) -> Vec<u8> {
    let entry = |kind: u8, units: usize| 0x80 | kind << 3 | (units as u8 - 1);
    let mut table = vec![entry(13, head), 0];
    for line in 0..lines {
        // Differences are doubled, with their sign in the lowest bit.
        table.extend([entry(13, 1), if line == 0 { 0 } else { 2 }]);
    }
    table.push(entry(15, tail));
    table
}

#[cfg(test)]
mod tests {
    use super::line_table;

    #[test]
    fn each_line_has_a_unit() {
        assert_eq!(line_table(2, 3, 2), [0xe9, 0, 0xe8, 0, 0xe8, 2, 0xe8, 2, 0xf9]);
    }
}
