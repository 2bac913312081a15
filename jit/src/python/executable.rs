//! `rjit.Executable`: what is known about a piece of machine code at one moment.

use pyo3::prelude::*;

use crate::tier::report::{ExecutableReport, ExitReport};

/// A piece of machine code, as it was when rjit.executables() was called.
#[pyclass(frozen, get_all, module = "rjit")]
pub struct Executable {
    /// The code object.
    code: Py<PyAny>,
    /// Its qualified name.
    qualname: String,
    /// Its file.
    filename: String,
    /// Its first line; for a loop the loop's.
    line: u32,
    /// "function" or "loop".
    kind: &'static str,
    /// Address of the machine code.
    address: usize,
    /// Size of the machine code in bytes.
    size: usize,
    /// How often it was entered.
    entries: u64,
    /// How often it was left because a guess failed.
    deopts: u64,
    /// How often one of its frames was completed for an observer.
    reifications: u64,
    /// The ways to leave it, as (reason, line, how often).
    exits: Vec<(&'static str, u32, u64)>,
    /// Under RJIT_STRESS, its guards and safepoints, as (reason, line, how often it was made to fail).
    guards: Vec<(&'static str, u32, u64)>,
    /// The compiler's intermediate representation, as text.
    hir: String,
    /// How long compiling took, in milliseconds.
    compile_ms: f64,
}

impl Executable {
    /// The Python form of `report`.
    pub fn new(py: Python<'_>, report: ExecutableReport) -> Self {
        let tell = |exits: Vec<ExitReport>| exits.iter().map(|exit| (exit.reason, exit.line, exit.count)).collect();
        Executable {
            code: report.code.object(py).unbind(),
            qualname: report.qualname,
            filename: report.filename,
            line: report.line,
            kind: report.kind,
            address: report.address,
            size: report.size,
            entries: report.entries,
            deopts: report.deopts,
            reifications: report.reifications,
            exits: tell(report.exits),
            guards: tell(report.guards),
            hir: report.hir,
            compile_ms: report.compile_ms,
        }
    }
}

#[pymethods]
impl Executable {
    fn __repr__(&self) -> String {
        let Executable { kind, qualname, filename, line, size, entries, deopts, .. } = self;
        format!(
            "<rjit.Executable {kind} {qualname} at {filename}:{line}, {size} bytes, {entries} entries, {deopts} deopts>"
        )
    }
}
