//! Holds the layouts of frames against the interpreter that runs, before the first of them is relied on.
//!
//! First the version and the kind of build, then every offset that the interpreter publishes for debuggers
//! ([`published`]), then, for what it does not publish, the thread's state and the running frame ([`state`]).

pub mod published;
mod state;

use std::fmt;

use pyo3::prelude::*;

/// What in the running interpreter is not as the layouts say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LayoutMismatch {
    /// What was compared.
    pub field: String,
    /// What the layouts say.
    pub expected: String,
    /// What the interpreter has.
    pub found: String,
    /// What kind of difference it is.
    pub kind: MismatchKind,
}

/// What kind of difference a [`LayoutMismatch`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MismatchKind {
    /// Another version of Python.
    Version,
    /// The right version, built in a way that changes layouts.
    Build,
    /// A field is elsewhere.
    Layout,
    /// An object to look at could not be made.
    Probe,
}

impl fmt::Display for LayoutMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, expected, found, kind } = self;
        match kind {
            MismatchKind::Version => write!(
                f,
                "rjit needs {expected}, but this is {found}; rjit stays off. Run it with a released CPython 3.15."
            ),
            MismatchKind::Build => write!(
                f,
                "rjit needs the default build of CPython 3.15, but this one is {found} ({field}, expected {expected}); \
                 rjit stays off. Use a build with the GIL and without debugging options."
            ),
            MismatchKind::Layout => write!(
                f,
                "this Python 3.15 build has another layout: {field} should be {expected}, but is {found}; rjit stays \
                 off. Please report it together with the output of `python -VV` and `python -m sysconfig`."
            ),
            MismatchKind::Probe => write!(
                f,
                "rjit could not check the layout of this Python ({field}): {found}; rjit stays off. Please report it."
            ),
        }
    }
}

impl std::error::Error for LayoutMismatch {}

impl From<PyErr> for LayoutMismatch {
    fn from(error: PyErr) -> Self {
        Self {
            field: "making sample objects".into(),
            expected: "no exception".into(),
            found: error.to_string(),
            kind: MismatchKind::Probe,
        }
    }
}

/// Whether thread states and frames of the running interpreter are laid out as this crate says.
///
/// # Errors
/// The first difference found.
pub fn verify(py: Python<'_>) -> Result<(), LayoutMismatch> {
    published::check_build(py)?;
    published::check_offsets()?;
    state::check(py)
}

/// Says what differs.
pub fn mismatch(
    kind: MismatchKind,
    field: &str,
    expected: impl fmt::Display,
    found: impl fmt::Display,
) -> LayoutMismatch {
    LayoutMismatch { field: field.into(), expected: expected.to_string(), found: found.to_string(), kind }
}

/// Compares a value that the interpreter gave officially with the one read at our offset.
///
/// # Errors
/// They differ.
pub fn same<T: PartialEq + fmt::Debug>(field: &str, official: T, read: T) -> Result<(), LayoutMismatch> {
    if official == read {
        return Ok(());
    }
    Err(mismatch(MismatchKind::Layout, field, format_args!("{official:?}"), format_args!("{read:?}")))
}

/// A condition on what was read at our offset.
///
/// # Errors
/// It does not hold.
pub fn holds(field: &str, condition: &str, read: impl fmt::Debug, holds: bool) -> Result<(), LayoutMismatch> {
    if holds {
        return Ok(());
    }
    Err(mismatch(MismatchKind::Layout, field, condition, format_args!("{read:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_to_do() {
        let text = mismatch(MismatchKind::Version, "version", "CPython 3.15", "3.14.2").to_string();
        assert!(text.contains("needs CPython 3.15") && text.contains("3.14.2") && text.contains("stays off"));
        let text = same("tuple.ob_item", 32, 24).unwrap_err().to_string();
        assert!(text.contains("tuple.ob_item should be 32, but is 24"), "{text}");
    }
}
