//! What a native function tells about its local variables when it is asked.

use pyo3::BoundObject;
use pyo3::exceptions::{PyNameError, PyTypeError};
use pyo3::prelude::*;

use crate::NativeCode;

/// Knows the local variables of one activation of a native function.
///
/// It is asked only when somebody looks, any number of times while the function runs, and once more when a frame object
/// outlives the call. The call comes from wherever the look comes from: from Python code that the function has called, or
/// from another thread while the function has given the GIL away. Therefore it is `Sync`; variables that change live in
/// [`Local`](crate::Local)s, atomics or mutexes.
///
/// A closure `Fn(&mut Locals<'_, '_>) -> PyResult<()>` is a reifier that refuses assignments, and `()` is one for
/// functions without locals.
///
/// The function does not leave its frame while another thread is inside of its reifier, so a reifier must not wait for the
/// function. A look at the function's own frame from within its reifier sees the locals of the look before.
pub trait Reifier: Sync {
    /// Tells the values of the variables at this moment. Those that are not told are unbound.
    ///
    /// # Errors
    /// An error is raised where somebody reads the locals. When the function leaves nobody is there to get it: it goes to
    /// `sys.unraisablehook`, and the frame object keeps the values of the look before. A panic counts as a RuntimeError.
    fn reify(&self, locals: &mut Locals<'_, '_>) -> PyResult<()>;

    /// Takes over a value that somebody assigns to the variable `name` through `f_locals`. Variables that the code does not
    /// name never come here: frames keep them, as they do for Python functions.
    ///
    /// # Errors
    /// An error is raised where the assignment is. Without an implementation this is always a TypeError.
    fn assign(&self, name: &str, value: Bound<'_, PyAny>) -> PyResult<()> {
        let _: Bound<'_, PyAny> = value;
        Err(PyTypeError::new_err(format!("local variable '{name}' of a native function cannot be assigned to")))
    }
}

impl<F: Fn(&mut Locals<'_, '_>) -> PyResult<()> + Sync> Reifier for F {
    fn reify(&self, locals: &mut Locals<'_, '_>) -> PyResult<()> {
        self(locals)
    }
}

impl Reifier for () {
    fn reify(&self, _: &mut Locals<'_, '_>) -> PyResult<()> {
        Ok(())
    }
}

/// The local variables of a frame, to be filled in by a [`Reifier`].
pub struct Locals<'a, 'py> {
    py: Python<'py>,
    code: &'a NativeCode,
    values: Vec<Option<Bound<'py, PyAny>>>,
}

impl<'a, 'py> Locals<'a, 'py> {
    pub(crate) fn new(py: Python<'py>, code: &'a NativeCode) -> Self {
        Self { py, code, values: vec![None; code.names().len()] }
    }

    /// The token of the thread that looks.
    pub fn py(&self) -> Python<'py> {
        self.py
    }

    /// The code that the frame belongs to.
    pub fn code(&self) -> &'a NativeCode {
        self.code
    }

    /// Gives the variable `name` its value.
    ///
    /// # Errors
    /// NameError if the code has no argument or local of this name; or the error of the conversion.
    pub fn set<V: IntoPyObject<'py>>(&mut self, name: &str, value: V) -> PyResult<()> {
        let Some(index) = self.code.names().iter().position(|known| known == name) else {
            return Err(PyNameError::new_err(format!("native function has no local variable '{name}'")));
        };
        let value = value.into_pyobject(self.py).map_err(Into::into)?;
        self.values[index] = Some(value.into_bound().into_any());
        Ok(())
    }

    pub(crate) fn into_values(self) -> Vec<Option<Bound<'py, PyAny>>> {
        self.values
    }
}
