//! What the tier knows beyond single code objects: all code objects that have a state, and the sums.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::coverage::Coverage;
use crate::bytecode::opcode::CodeOffset;
use crate::code::executable::Executable;
use crate::code::extra::{self, StateRef};
use crate::code::state::CodeState;
use crate::cpython::code::Code;
use crate::cpython::gil::GilCell;
use crate::hir::builder::Refusal;
use crate::hir::function::Kind;
use crate::hir::inst::Reason;

/// What the tier notes about a code object, besides what machine code and the runtime need.
pub struct Notes {
    /// The code object; alive as long as the note is there.
    pub code: Code,
    /// Its state.
    pub state: StateRef,
    /// Starts that the interpreter reported of functions that had our entry already.
    pub strays: u32,
    /// How often the guess at each bytecode failed, by reason.
    pub failures: HashMap<(CodeOffset, Reason), u64>,
    /// Addresses of the states of code objects that its machine code enters directly.
    pub callees: BTreeSet<usize>,
    /// Addresses of the states of code objects whose machine code enters this one's directly.
    pub callers: BTreeSet<usize>,
    /// Loops that cannot be compiled while the rest of the code may be.
    pub refused_entries: BTreeMap<CodeOffset, Refusal>,
    /// Under stress, the safepoints at which machine code was taken out of use, by site and where they lead.
    pub invalidated: HashSet<(Kind, CodeOffset, CodeOffset)>,
}

/// The sums, and the way to every code object that has a state.
#[derive(Default)]
pub struct Registry {
    /// By the state's address.
    pub notes: BTreeMap<usize, Notes>,
    /// How often compiling was refused, by reason.
    pub refusals: BTreeMap<String, u64>,
    /// How often machine code was left because a guess failed, by reason.
    pub deopts: BTreeMap<&'static str, u64>,
    /// How often frames went on in the interpreter for an observer, by cause.
    pub reifications: BTreeMap<&'static str, u64>,
    /// Qualified names of everything that was ever compiled.
    pub compiled: BTreeSet<String>,
    /// What the compiler has been made to do, once somebody has asked.
    pub coverage: Option<Coverage>,
    /// Machine code that is out of use, at the address by which it knows itself.
    #[expect(clippy::vec_box, reason = "machine code refers to its executable by address")]
    pub graveyard: Vec<Box<Executable>>,
    /// States of freed code objects that machine code in the graveyard may still look at: they say that there is
    /// nothing to enter.
    #[expect(clippy::vec_box, reason = "machine code refers to states by address")]
    pub lost: Vec<Box<CodeState>>,
}

static REGISTRY: GilCell<Option<Registry>> = GilCell::new(None);

/// Works on the registry. `work` must not run Python code nor drop references to Python objects.
pub fn with<R>(work: impl FnOnce(&mut Registry) -> R) -> R {
    REGISTRY.with(|registry| work(registry.get_or_insert_with(Registry::default)))
}

/// Works on the notes about the code object of `state`.
pub fn note<R>(address: usize, work: impl FnOnce(&mut Notes) -> R) -> Option<R> {
    with(|registry| registry.notes.get_mut(&address).map(work))
}

/// The code object whose state is at this address, if it is alive.
pub fn code_of_state(address: usize) -> Option<Code> {
    with(|registry| registry.notes.get(&address).map(|notes| notes.code))
}

/// The state of `code`, made if it has none. None when memory is short.
pub fn state(code: Code) -> Option<StateRef> {
    let (state, new) = extra::get_or_new(code)?;
    if new {
        let notes = Notes {
            code,
            state,
            strays: 0,
            failures: HashMap::new(),
            callees: BTreeSet::new(),
            callers: BTreeSet::new(),
            refused_entries: BTreeMap::new(),
            invalidated: HashSet::new(),
        };
        with(|registry| registry.notes.insert(state.address(), notes));
    }
    Some(state)
}

/// All code objects that have a state, and their states.
pub fn all() -> Vec<(Code, StateRef)> {
    with(|registry| registry.notes.values().map(|notes| (notes.code, notes.state)).collect())
}

/// Notes which code objects' machine code an executable of the state at `caller` enters directly.
pub fn note_callees(caller: usize, callees: &[usize]) {
    for &callee in callees {
        note(callee, |notes| notes.callers.insert(caller));
        note(caller, |notes| notes.callees.insert(callee));
    }
}

/// Takes the state of a code object that is being freed. None of its machine code runs: a frame would keep the code
/// alive. Machine code that enters it directly knows it by address, and so goes out of use with it.
pub fn forget(mut state: Box<CodeState>) {
    let address = std::ptr::from_ref::<CodeState>(&state).addr();
    let notes = with(|registry| registry.notes.remove(&address));
    super::sampling::forget(address);
    super::background::forget(address);
    super::retire::withdraw_all(&mut state, "code object freed");
    let Some(notes) = notes else { return };
    for callee in notes.callees {
        note(callee, |callee| callee.callers.remove(&address));
    }
    for &caller in notes.callers.iter().filter(|caller| **caller != address) {
        if let Some(caller) = note(caller, |caller| caller.state) {
            caller.with(|caller| super::retire::withdraw_all(caller, "callee's code object freed"));
        }
    }
    if !notes.callers.is_empty() {
        with(|registry| registry.lost.push(state));
    }
}
