//! `rjit.Executable`: what is known about a piece of machine code at one moment.

use pyo3::prelude::*;
use pyo3::types::PyCode;

use super::not_compilable;
use crate::compile;
use crate::cpython::code::Code;
use crate::hir::inst::{Op, StateId};
use crate::tier::report::{ExecutableReport, ExitReport, RefusalReport};

/// A piece of machine code, as it was when rjit.executables() was called. The object keeps the machine code in memory.
///
/// code, qualname, filename -- the code object, its qualified name and its file
/// line -- its first line; for a loop the loop's
/// kind -- "function" or "loop"
/// address, size -- where the machine code is, and how many bytes
/// metadata -- how many bytes of memory are kept beside it: what it was made from, its lines, its ways out
/// compile_ms -- how long compiling took, in milliseconds
/// entries -- how often it was entered
/// deopts -- how often it was left because a guess failed or an observer came
/// exits -- the ways to leave it, as (reason, line, how often)
/// reifications -- how often one of its frames went on in the interpreter for an observer
/// causes -- the same by cause, as a dict
/// guards -- what it tests, as (reason, line, instruction)
/// assumptions -- what it relies on without a test, as texts
/// forced -- under RJIT_STRESS, what can be made to fail, as (reason, line, how often it was)
#[pyclass(frozen, module = "rjit")]
pub struct Executable {
    code: Py<PyCode>,
    report: ExecutableReport,
}

impl Executable {
    /// The Python form of `report` about machine code of `code`.
    pub fn new(py: Python<'_>, code: Code, report: ExecutableReport) -> PyResult<Self> {
        let code = code.object(py).cast_into::<PyCode>()?.unbind();
        Ok(Executable { code, report })
    }

    /// The code object, which this object keeps alive.
    fn view(&self, py: Python<'_>) -> Code {
        Code::of(self.code.bind(py))
    }
}

fn tell(exits: &[ExitReport]) -> Vec<(&'static str, u32, u64)> {
    exits.iter().map(|exit| (exit.reason, exit.line, exit.count)).collect()
}

#[pymethods]
impl Executable {
    #[getter]
    fn code(&self, py: Python<'_>) -> Py<PyCode> {
        self.code.clone_ref(py)
    }

    #[getter]
    fn qualname(&self) -> &str {
        &self.report.qualname
    }

    #[getter]
    fn filename(&self) -> &str {
        &self.report.filename
    }

    #[getter]
    fn line(&self) -> u32 {
        self.report.line
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.report.kind
    }

    #[getter]
    fn address(&self) -> usize {
        self.report.address
    }

    #[getter]
    fn size(&self) -> usize {
        self.report.size
    }

    #[getter]
    fn metadata(&self) -> usize {
        self.report.metadata
    }

    #[getter]
    fn compile_ms(&self) -> f64 {
        self.report.compile_ms
    }

    #[getter]
    fn entries(&self) -> u64 {
        self.report.entries
    }

    #[getter]
    fn deopts(&self) -> u64 {
        self.report.deopts
    }

    #[getter]
    fn exits(&self) -> Vec<(&'static str, u32, u64)> {
        tell(&self.report.exits)
    }

    #[getter]
    fn reifications(&self) -> u64 {
        self.report.reifications
    }

    #[getter]
    fn causes(&self) -> std::collections::BTreeMap<&'static str, u64> {
        self.report.causes.iter().copied().collect()
    }

    #[getter]
    fn guards(&self, py: Python<'_>) -> Vec<(&'static str, u32, String)> {
        let (hir, code) = (&self.report.making.hir, self.view(py));
        let line = |state: Option<StateId>| {
            let place = state.map(|state| (hir.state(state).context, hir.state(state).site));
            place.map_or(0, |place| code.line(hir.outermost_site(place)))
        };
        let guards = hir.guards().filter(|value| !matches!(hir.inst(*value).op, Op::Safepoint { .. }));
        guards
            .map(|value| {
                let inst = hir.inst(value);
                (inst.op.exit_reason().text(), line(inst.state), hir.describe(crate::hir::origin::Origin::Inst(value)))
            })
            .collect()
    }

    #[getter]
    fn assumptions(&self) -> Vec<String> {
        self.report.assumptions.clone()
    }

    /// Functions whose calls were compiled into this: name, file, first line, and the line of the call.
    #[getter]
    fn inlined(&self) -> Vec<(String, String, u32, u32)> {
        self.report.inlined.clone()
    }

    #[getter]
    fn forced(&self) -> Vec<(&'static str, u32, u64)> {
        tell(&self.report.forced)
    }

    /// The compiler's intermediate representation after all passes, as text.
    fn hir(&self) -> String {
        self.report.making.hir.to_string()
    }

    /// The Cranelift IR that the machine code was made from, as text.
    fn clif(&self, py: Python<'_>) -> PyResult<String> {
        let code = self.view(py);
        compile::clif(&self.report.making).map_err(|refusal| {
            let RefusalReport { reason, line } = RefusalReport::new(code, &refusal);
            not_compilable(py, &self.report.qualname, &reason, &self.report.filename, line)
        })
    }

    /// The machine code as text, below the intermediate representation that it was made from.
    fn disassembly(&self) -> String {
        self.report.making.disassembly(None)
    }

    /// Where each bytecode's machine code is: a list of (start, end, offset, line), with addresses of the machine code, the
    /// offset of the bytecode in co_code, and its source line. Sorted by address; a bytecode can come more than once.
    fn machine_lines(&self, py: Python<'_>) -> Vec<(usize, usize, usize, u32)> {
        let (address, code) = (self.report.address, self.view(py));
        let (hir, table) = (&self.report.making.hir, self.report.making.bytecodes().into_iter());
        table
            .map(|(start, end, place)| {
                let site = hir.outermost_site(place);
                (address + start as usize, address + end as usize, 2 * site.index(), code.line(site))
            })
            .collect()
    }

    /// How many bytes of machine code each source line has become, as a dict by line. What belongs to no line, such as the
    /// beginning and the end, is missing.
    fn source_lines(&self, py: Python<'_>) -> std::collections::BTreeMap<u32, usize> {
        let mut lines = std::collections::BTreeMap::new();
        for (start, end, _, line) in self.machine_lines(py) {
            *lines.entry(line).or_default() += end - start;
        }
        lines
    }

    fn __repr__(&self) -> String {
        let ExecutableReport { kind, qualname, filename, line, size, entries, deopts, .. } = &self.report;
        format!(
            "<rjit.Executable {kind} {qualname} at {filename}:{line}, {size} bytes, {entries} entries, {deopts} deopts>"
        )
    }
}
