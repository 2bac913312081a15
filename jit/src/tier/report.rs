//! What there is to tell about the compiler's work: as plain data, for people and for `rjit.stats()`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{background, build, registry};
use crate::bytecode::info::CodeFlags;
use crate::bytecode::opcode::CodeOffset;
use crate::code::executable::{Cause, Executable, SideExit};
use crate::code::extra;
use crate::code::making::Making;
use crate::code::state::CodeState;
use crate::cpython::code::Code;
use crate::hir::builder::Refusal;
use crate::hir::function::Kind;

/// A way out of machine code that was taken or can be.
pub struct ExitReport {
    /// Why.
    pub reason: &'static str,
    /// The source line of the guess.
    pub line: u32,
    /// How often.
    pub count: u64,
}

/// A piece of machine code that is installed.
pub struct ExecutableReport {
    /// Its qualified name.
    pub qualname: String,
    /// Its file.
    pub filename: String,
    /// Its first line, or that of the loop, or where a generator goes on.
    pub line: u32,
    /// `function`, `loop` or `generator`.
    pub kind: &'static str,
    /// Where the machine code is.
    pub address: usize,
    /// Its size in bytes.
    pub size: usize,
    /// Bytes that are kept beside it: what it was made from, its lines, its ways out.
    pub metadata: usize,
    /// Times entered.
    pub entries: u64,
    /// Times left because a guess failed.
    pub deopts: u64,
    /// Times one of its frames went on in the interpreter for an observer.
    pub reifications: u64,
    /// The same by cause; only causes that came up.
    pub causes: Vec<(&'static str, u64)>,
    /// The ways out.
    pub exits: Vec<ExitReport>,
    /// Under stress, the guards that can be made to fail.
    pub forced: Vec<ExitReport>,
    /// What holds as long as the machine code is installed, and is not tested by it.
    pub assumptions: Vec<String>,
    /// The functions that are a part of it: name, file, first line, and the line of the call.
    pub inlined: Vec<(String, String, u32, u32)>,
    /// What it was made from.
    pub making: Arc<Making>,
    /// Milliseconds that compiling took.
    pub compile_ms: f64,
}

impl ExecutableReport {
    fn new(executable: &Executable) -> Self {
        let tell = |exits: &[SideExit]| {
            let tell =
                |exit: &SideExit| ExitReport { reason: exit.reason.text(), line: exit.line, count: exit.times_taken() };
            exits.iter().map(tell).collect()
        };
        let causes = Cause::ALL.iter().map(|cause| (cause.text(), executable.reified[*cause as usize]));
        ExecutableReport {
            qualname: executable.qualname.clone(),
            filename: executable.filename.clone(),
            line: executable.line,
            kind: executable.kind.name(),
            address: executable.address,
            size: executable.size,
            metadata: executable.metadata_bytes(),
            entries: executable.entries(),
            deopts: executable.deopts(),
            reifications: executable.reifications(),
            exits: tell(&executable.exits),
            forced: tell(&executable.guards),
            causes: causes.filter(|(_, count)| *count > 0).collect(),
            assumptions: assumptions(executable),
            inlined: executable.making.inlined(),
            making: Arc::clone(&executable.making),
            compile_ms: executable.compile_ns as f64 / 1e6,
        }
    }
}

/// What an executable relies on to be told about: that the code it enters directly is still there, and that names stay what they are.
pub fn assumptions(executable: &Executable) -> Vec<String> {
    let callee = |address: &usize| registry::note(*address, |notes| notes.code).map(|code| code.qualname());
    let mut callees: Vec<_> = executable.callees.iter().filter_map(callee).collect();
    callees.sort();
    callees.dedup();
    let callees = callees.into_iter().map(|qualname| format!("the machine code of {qualname} is where it says"));
    let mut constants = executable.validity.taken();
    constants.sort();
    callees.chain(constants).collect()
}

/// Everything that is installed, by file and line, and the code objects.
pub fn executables() -> Vec<(Code, ExecutableReport)> {
    let mut reports: Vec<_> = registry::all()
        .into_iter()
        .flat_map(|(code, state)| {
            state.read(|state| {
                let installed = state.function.iter().chain(state.inner.values());
                installed.map(|executable| (code, ExecutableReport::new(executable))).collect::<Vec<_>>()
            })
        })
        .collect();
    reports.sort_by(|(_, a), (_, b)| (&a.filename, a.line, a.kind).cmp(&(&b.filename, b.line, b.kind)));
    reports
}

/// How many pieces of machine code are installed.
pub fn installed() -> usize {
    let count = |state: &CodeState| usize::from(state.function.is_some()) + state.inner.len();
    registry::all().into_iter().map(|(_, state)| state.read(count)).sum()
}

/// Why something was not compiled, and the line it is about.
pub struct RefusalReport {
    /// For people.
    pub reason: String,
    /// The source line.
    pub line: u32,
}

impl RefusalReport {
    /// What `refusal` says about `code`.
    pub fn new(code: Code, refusal: &Refusal) -> Self {
        RefusalReport { reason: refusal.reason.clone(), line: build::line_of(code, refusal) }
    }
}

/// A loop, or a place at which generators wait, that was counted.
pub struct InnerReport {
    /// Its line.
    pub line: u32,
    /// Backward jumps, or generators that went on there, since they were counted anew.
    pub count: u32,
    /// Whether there is machine code for it.
    pub compiled: bool,
    /// Why there will be none.
    pub refusal: Option<RefusalReport>,
}

/// A code object's story.
#[derive(Default)]
pub struct Explanation {
    /// Whether calls run machine code, or generators do that calls make.
    pub compiled: bool,
    /// How many pieces of machine code are being made for it.
    pub compiling: usize,
    /// Why calls never will run machine code.
    pub refusal: Option<RefusalReport>,
    /// Calls counted since they were last compiled or before.
    pub calls: u32,
    /// How often guesses failed so often that it was compiled anew.
    pub recompilations: u32,
    /// The guesses that failed.
    pub deopts: Vec<ExitReport>,
    /// The loops.
    pub loops: Vec<InnerReport>,
    /// Where generators wait.
    pub resumes: Vec<InnerReport>,
}

/// The story of `code`.
pub fn explain(code: Code) -> Explanation {
    let Some(state) = extra::get(code) else {
        return Explanation::default();
    };
    let mut explanation = state.read(|state| {
        let refusal = state.refused.as_ref().map(|refusal| RefusalReport::new(code, refusal));
        let is_loop = |executable: &Executable| matches!(executable.kind, Kind::Loop(_));
        let compiled = state.inner.iter().filter(|(_, executable)| is_loop(executable)).map(|(header, _)| *header);
        let headers: BTreeSet<CodeOffset> = state.jumps.keys().copied().chain(compiled).collect();
        let report = |at: CodeOffset, count: u32| InnerReport {
            line: code.line(at),
            count,
            compiled: state.inner.contains_key(&at),
            refusal: registry::note(address(state), |notes| notes.refused_entries.get(&at).cloned())
                .flatten()
                .map(|refusal| RefusalReport::new(code, &refusal)),
        };
        let loops = headers.into_iter().map(|header| report(header, state.jumps.get(&header).copied().unwrap_or(0)));
        let mut waiting = state.waiting.clone();
        waiting.sort_by_key(|waiting| waiting.at);
        let resumes = waiting.into_iter().map(|waiting| report(waiting.at, waiting.count));
        Explanation {
            compiled: match code.flags().has(CodeFlags::GENERATOR) {
                true => state.waiting.iter().any(|waiting| waiting.resumption.is_some()),
                false => state.function.is_some(),
            },
            compiling: background::orders(address(state)),
            refusal,
            calls: state.calls,
            recompilations: state.recompilations,
            deopts: Vec::new(),
            loops: loops.collect(),
            resumes: resumes.collect(),
        }
    });
    let failures = registry::note(state.address(), |notes| notes.failures.clone());
    let deopts = failures.unwrap_or_default().into_iter().map(|((site, reason), count)| ExitReport {
        reason: reason.text(),
        line: code.line(site),
        count,
    });
    explanation.deopts = deopts.collect();
    explanation.deopts.sort_by_key(|exit| (exit.line, exit.reason));
    explanation
}

fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}

/// How often each reason came up.
pub struct Reasons {
    /// Of compiling refused.
    pub refusals: Vec<(String, u64)>,
    /// Of machine code left.
    pub deopts: Vec<(&'static str, u64)>,
    /// Of frames that went on in the interpreter for an observer.
    pub reifications: Vec<(&'static str, u64)>,
}

/// The reasons of everything that went another way.
pub fn reasons() -> Reasons {
    registry::with(|registry| Reasons {
        refusals: registry.refusals.iter().map(|(reason, &count)| (reason.clone(), count)).collect(),
        deopts: registry.deopts.iter().map(|(&reason, &count)| (reason, count)).collect(),
        reifications: registry.reifications.iter().map(|(&cause, &count)| (cause, count)).collect(),
    })
}

/// Qualified names of everything that was ever compiled, sorted.
pub fn compiled() -> Vec<String> {
    registry::with(|registry| registry.compiled.iter().cloned().collect())
}
