//! Holds the layouts against the interpreter that runs, before anything is compiled.
//!
//! A wrong offset corrupts memory silently, so nothing is taken on trust: first the version, the kind of build and the layout of
//! frames ([`rjit_frames::cpython::verify`]), then every offset that the interpreter publishes for debuggers ([`published`]), then, for what it does not
//! publish, objects with known contents that are made and read back ([`objects`], [`classes`], [`callables`]), and the
//! state of thread and interpreter ([`state`]). Each check only reads places that earlier checks have shown to be there.

mod callables;
mod classes;
mod fields;
mod objects;
mod published;
mod samples;
mod state;

use pyo3::prelude::*;
use rjit_frames::cpython::verify::{LayoutMismatch, MismatchKind, holds, mismatch, same};

use samples::Samples;

/// Whether the running interpreter is laid out as this module says.
///
/// # Errors
/// The first difference found.
pub fn verify() -> Result<(), LayoutMismatch> {
    Python::attach(|py| {
        rjit_frames::cpython::verify::verify(py)?;
        published::check_offsets()?;
        let samples = Samples::new(py)?;
        objects::check(&samples)?;
        classes::check(&samples)?;
        callables::check(&samples)?;
        state::check(&samples)
    })
}
