//! What has made machine code leave: which of the guards of an exit has failed, what it expected and what there was.
//!
//! The frame is complete for the interpreter at this point, so each guard's test is made again with the operands in it. That
//! looks at objects and runs no Python code. What is found is counted in the telemetry page; each exit remembers the places
//! there, so that a storm of failures looks nothing up.

use pyo3::ffi::PyObject;
use rjit_telemetry::{Seen, SiteId, SiteInfo, SiteKind};

use crate::bytecode::info::CodeInfo;
use crate::code::executable::{Executable, SideExit};
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::typeobject::{FLAG_TYPE_SUBCLASS, Type};
use crate::cpython::{constructor, dict, function, kinds, memory, method, naming, object, unicode};
use crate::hir::expectation::{self, Expectation, Namespace, Place};
use crate::hir::inst::{IntOp, Reason, Value};
use crate::hir::types::Kinds;
use crate::telemetry;

/// Kinds of things seen at one exit that are told apart.
const KINDS_SEEN: usize = 4;

/// What is known of an exit, once it was taken.
#[derive(Default)]
pub struct Blame {
    checks: Vec<Check>,
    rows: Vec<Row>,
}

/// A guard of the exit.
struct Check {
    expectation: Expectation,
    places: [Option<Place>; 2],
    /// What it expects, in words.
    expected: Option<String>,
}

/// A place in the page: what one of the checks has seen.
struct Row {
    check: Option<usize>,
    kind: Option<String>,
    id: SiteId,
}

/// What was found.
#[derive(Default)]
pub struct Finding {
    /// What was expected, in words.
    pub expected: Option<String>,
    /// What there was.
    pub seen: Option<String>,
}

impl Finding {
    /// Both after a reason, for people.
    pub fn text(&self, reason: Reason) -> String {
        let reason = reason.text();
        match (&self.expected, &self.seen) {
            (Some(expected), Some(seen)) => format!("{reason}: expected {expected}, got {seen}"),
            (Some(expected), None) => format!("{reason}: expected {expected}"),
            (None, Some(seen)) => format!("{reason}: got {seen}"),
            (None, None) => reason.to_owned(),
        }
    }
}

/// What a test says when it is made again.
enum Verdict {
    Holds,
    /// It fails, for one of few things or for a value.
    Fails(What),
    /// There is nothing to test any more.
    Unknown,
}

enum What {
    Kind(String),
    Value(String),
}

/// Finds out why `executable` is left through exit number `index`, and counts it in the page.
///
/// # Safety
/// `frame` is complete for the interpreter, at the exit's bytecode.
pub unsafe fn tell(executable: &mut Executable, frame: *mut InterpreterFrame, index: usize) -> Finding {
    let (Some(exit), Some(slot)) = (executable.exits.get(index), executable.slot) else { return Finding::default() };
    if exit.reason == Reason::Observed {
        return Finding::default();
    }
    if executable.blames.is_empty() {
        executable.blames.resize_with(executable.exits.len(), || None);
    }
    let code = executable.making.code_of(exit.context);
    let blame = executable.blames[index].get_or_insert_with(|| Box::new(Blame::new(executable.making.as_ref(), exit)));
    // SAFETY: the contract.
    let (check, what) = unsafe { blame.find(frame, code) };
    let expected = check.and_then(|check| blame.checks[check].expected.as_deref());
    let expected = expected.or_else(|| executable.validity.broken().filter(|_| exit.reason == Reason::Assumption));
    let (kind, value) = match what {
        Some(What::Kind(kind)) => (Some(blame.known_or_other(check, kind)), None),
        Some(What::Value(value)) => (None, Some(value)),
        None => (None, None),
    };
    let finding = Finding { expected: expected.map(str::to_owned), seen: kind.clone().or_else(|| value.clone()) };
    let row = blame.rows.iter().position(|row| (row.check, row.kind.as_deref()) == (check, kind.as_deref()));
    if let Some(row) = row {
        if telemetry::page().count_again(blame.rows[row].id, slot, value.as_deref()) {
            return finding;
        }
        // The page of a parent process.
        blame.rows.remove(row);
    }
    let info = SiteInfo {
        kind: SiteKind::Deopt,
        qualname: &code.qualname,
        filename: &code.filename,
        line: exit.line,
        reason: exit.reason.text(),
        opcode: exit.opcode.name(),
        expected: finding.expected.as_deref(),
        seen: match (&kind, &value) {
            (Some(kind), _) => Seen::Kind(kind),
            (None, Some(value)) => Seen::Value(value),
            (None, None) => Seen::Nothing,
        },
        observer: None,
    };
    if let Some(id) = telemetry::page().count_site(slot, &info) {
        blame.rows.push(Row { check, kind, id });
    }
    finding
}

impl Blame {
    fn new(making: &crate::code::making::Making, exit: &SideExit) -> Blame {
        let hir = &making.hir;
        let code = making.code_of(exit.context);
        let instr = code.instr_at(exit.site).unwrap_or(0);
        let place = |value: Value| expectation::place(hir, exit.state, value);
        let checks = expectation::of_exit(hir, exit.state, exit.reason).into_iter().map(|expectation| Check {
            places: match &expectation {
                Expectation::Kinds { object, .. }
                | Expectation::Type { object, .. }
                | Expectation::Classes { object, .. }
                | Expectation::ThisClass { object, .. }
                | Expectation::AnyClass { object }
                | Expectation::This { object, .. }
                | Expectation::Code { object, .. }
                | Expectation::Definition { object, .. }
                | Expectation::Word { object }
                | Expectation::Ascii { object }
                | Expectation::LoopIndex { index: object }
                | Expectation::Keys { of: Namespace::Module(object) | Namespace::Instances(object), .. } => {
                    [place(*object), None]
                }
                Expectation::Index { index, size } => [place(*index), place(*size)],
                Expectation::Fits { left, right, .. } => [place(*left), place(*right)],
                Expectation::Count { size, .. } => [place(*size), None],
                _ => [None, None],
            },
            expected: expectation.text(code, instr, |named| making.names.get(&named).cloned()),
            expectation,
        });
        Blame { checks: checks.collect(), rows: Vec::new() }
    }

    /// The first check that fails, or else the first that cannot be made again.
    unsafe fn find(&self, frame: *mut InterpreterFrame, code: &CodeInfo) -> (Option<usize>, Option<What>) {
        let mut unknown = None;
        for (index, check) in self.checks.iter().enumerate() {
            // SAFETY: the contract of `tell`.
            match unsafe { check.judge(frame, code) } {
                Verdict::Holds => {}
                Verdict::Fails(what) => return (Some(index), Some(what)),
                Verdict::Unknown => unknown = unknown.or(Some(index)),
            }
        }
        (unknown, None)
    }

    /// The kind itself if it is one of the first, so that a place where everything comes by does not fill the page.
    fn known_or_other(&self, check: Option<usize>, kind: String) -> String {
        let mut known = self.rows.iter().filter(|row| row.check == check).filter_map(|row| row.kind.as_deref());
        if self.rows.len() < KINDS_SEEN || known.any(|known| known == kind) { kind } else { "something else".into() }
    }
}

impl Check {
    unsafe fn judge(&self, frame: *mut InterpreterFrame, code: &CodeInfo) -> Verdict {
        // SAFETY: the contract of `tell`: what is on the stack and in locals is alive, and fields are read of objects of
        // the types that have them.
        unsafe {
            let [first, second] = self.places;
            let object = || first.and_then(|place| object_at(frame, code, place));
            let number = |place: Option<Place>| place.and_then(|place| number_at(frame, code, place));
            match &self.expectation {
                Expectation::Kinds { kinds, .. } => match object() {
                    Some(found) if found.is_null() => kind("nothing"),
                    Some(found) => test(kinds::of_object(found as usize).is_within(*kinds), || class_of(found)),
                    None => Verdict::Unknown,
                },
                _ if matches!(object(), Some(found) if found.is_null()) => Verdict::Unknown,
                Expectation::Type { class, .. } => match object() {
                    Some(found) => test(object::type_of(found) as u64 == *class, || class_of(found)),
                    None => Verdict::Unknown,
                },
                Expectation::Classes { versions, .. } => match object() {
                    Some(found) => {
                        let is_one = versions.contains(&Type::of(found).version());
                        test(is_one, || self.unless_same(class_of(found), versions))
                    }
                    None => Verdict::Unknown,
                },
                Expectation::ThisClass { version, .. } => match object() {
                    Some(found) if Type::of(found).has(FLAG_TYPE_SUBCLASS) => {
                        let is_it = Type::from_ptr(found.cast()).version() == *version;
                        test(is_it, || self.unless_same(naming::object(found), &[*version]))
                    }
                    Some(found) => kind(&class_of(found)),
                    None => Verdict::Unknown,
                },
                Expectation::AnyClass { .. } => match object() {
                    Some(found) => test(Type::of(found).has(FLAG_TYPE_SUBCLASS), || class_of(found)),
                    None => Verdict::Unknown,
                },
                Expectation::This { address, .. } => match object() {
                    Some(found) => test(found as u64 == *address, || self.unless_equal(naming::object(found))),
                    None => Verdict::Unknown,
                },
                Expectation::Code { code, .. } => match object() {
                    Some(found) if is_function(found) => {
                        let has_it = function::Function::from_ptr(found).code() as u64 == *code;
                        test(has_it, || self.unless_equal(naming::object(found)))
                    }
                    Some(found) => kind(&naming::object(found)),
                    None => Verdict::Unknown,
                },
                Expectation::Definition { definition, .. } => match object() {
                    Some(found) if object::type_of(found) as usize == kinds::c_function_type() => {
                        let has_it = memory::read::<u64, _>(found, method::M_ML) == *definition;
                        test(has_it, || naming::object(found))
                    }
                    Some(found) => kind(&naming::object(found)),
                    None => Verdict::Unknown,
                },
                Expectation::Keys { of, version } => match keys_of(*of, frame, object) {
                    Some(keys) => test(keys.version() == *version, || "names were added or removed".into()),
                    None => Verdict::Unknown,
                },
                Expectation::Index { .. } => match (number(first), number(second)) {
                    (Some(index), Some(size)) if !(-size..size).contains(&index) => {
                        Verdict::Fails(What::Value(format!("{index} of {size}")))
                    }
                    (Some(_), Some(_)) => Verdict::Holds,
                    _ => Verdict::Unknown,
                },
                Expectation::Count { count, .. } => match number(first) {
                    Some(found) if found != *count => Verdict::Fails(What::Value(found.to_string())),
                    Some(_) => Verdict::Holds,
                    None => Verdict::Unknown,
                },
                Expectation::Ascii { .. } => match object() {
                    Some(found) if kinds::of_object(found as usize) == Kinds::STR => {
                        let state: u32 = memory::read(found, unicode::STATE);
                        test(state & unicode::STATE_ASCII != 0, || "other characters".into())
                    }
                    _ => Verdict::Unknown,
                },
                Expectation::LoopIndex { .. } => match first {
                    Some(Place::Stack(position)) => {
                        let found = reference(frame, code.nlocalsplus as usize + position);
                        test(
                            found.is_int(),
                            || if found.is_null() { "nothing".into() } else { class_of(found.untag()) },
                        )
                    }
                    _ => Verdict::Unknown,
                },
                Expectation::Word { .. } => match object() {
                    Some(found) if kinds::of_object(found as usize) == Kinds::LONG => {
                        test(kinds::int_value(found as usize).is_some(), || "a larger int".into())
                    }
                    _ => Verdict::Unknown,
                },
                Expectation::Fits { op, .. } => match (number(first), number(second)) {
                    (Some(left), Some(right)) => does_fit(*op, left, right),
                    _ => Verdict::Unknown,
                },
                Expectation::Present | Expectation::Items { .. } | Expectation::Words(_) | Expectation::Nothing => {
                    Verdict::Unknown
                }
            }
        }
    }

    /// A class by its name; one that has the name of what was expected has been changed, or is another one.
    fn unless_same(&self, name: String, versions: &[u32]) -> String {
        if !self.is_expected(&name) {
            return name;
        }
        let is_there = |version: &u32| constructor::class_with_version(*version).is_some();
        let how = if versions.iter().all(is_there) { "another class of this name" } else { "the same, but changed" };
        format!("{name} ({how})")
    }

    /// A thing by its name, which may be the name of what was expected.
    fn unless_equal(&self, name: String) -> String {
        if self.is_expected(&name) { format!("another {name}") } else { name }
    }

    fn is_expected(&self, name: &str) -> bool {
        let expected = self.expected.as_deref().unwrap_or_default();
        let names = self.expectation.named();
        expected == name || names.len() > 1 && expected.split([',', ' ']).any(|part| part == name)
    }
}

fn kind(name: &str) -> Verdict {
    Verdict::Fails(What::Kind(name.to_owned()))
}

fn test(holds: bool, seen: impl FnOnce() -> String) -> Verdict {
    if holds { Verdict::Holds } else { Verdict::Fails(What::Kind(seen())) }
}

fn does_fit(op: IntOp, left: i64, right: i64) -> Verdict {
    let (sign, fits) = match op {
        IntOp::Add => ("+", left.checked_add(right).is_some()),
        IntOp::Sub => ("-", left.checked_sub(right).is_some()),
        IntOp::Mul => ("*", left.checked_mul(right).is_some()),
        IntOp::FloorDiv => ("//", left.checked_div(right).is_some()),
        IntOp::Shl => ("<<", (0..64).contains(&right) && left << right >> right == left),
        IntOp::Shr => (">>", right >= 0),
        IntOp::Mod | IntOp::And | IntOp::Or | IntOp::Xor => return Verdict::Unknown,
    };
    if fits { Verdict::Holds } else { Verdict::Fails(What::Value(format!("{left} {sign} {right}"))) }
}

unsafe fn class_of(object: *mut PyObject) -> String {
    // SAFETY: the callers' contract: a live object.
    unsafe { naming::class(object::type_of(object)) }
}

unsafe fn is_function(object: *mut PyObject) -> bool {
    // SAFETY: the callers' contract: a live object.
    kinds::of_object(object as usize) == Kinds::FUNCTION
}

unsafe fn keys_of(
    namespace: Namespace,
    frame: *mut InterpreterFrame,
    object: impl Fn() -> Option<*mut PyObject>,
) -> Option<dict::Keys> {
    // SAFETY: the callers' contract: a live frame and a live object.
    unsafe {
        match namespace {
            Namespace::Globals => kinds::exact_dict_keys((*frame).f_globals as usize),
            Namespace::Builtins => kinds::exact_dict_keys((*frame).f_builtins as usize),
            Namespace::Module(_) => kinds::exact_dict_keys(kinds::module_dict(object()? as usize)? as usize),
            Namespace::Instances(_) => Type::of(object()?).cached_keys(),
        }
    }
}

/// The reference at a place in the frame.
unsafe fn reference(frame: *mut InterpreterFrame, slot: usize) -> StackRef {
    // SAFETY: the callers' contract: a slot of the frame that is in use.
    unsafe { (*frame).localsplus.as_ptr().add(slot).read() }
}

/// The object at a place; null where there is none. None if the place has no object in it.
unsafe fn object_at(frame: *mut InterpreterFrame, code: &CodeInfo, place: Place) -> Option<*mut PyObject> {
    let slot = match place {
        Place::Stack(position) => code.nlocalsplus as usize + position,
        Place::Local(slot) => slot as usize,
        Place::Constant(_) | Place::Number(_) | Place::SizeOf(_) => return None,
    };
    // SAFETY: the contract of `tell`.
    let reference = unsafe { reference(frame, slot) };
    (!reference.is_int()).then(|| reference.untag())
}

/// The number at a place, if it is one of at most 64 bits.
unsafe fn number_at(frame: *mut InterpreterFrame, code: &CodeInfo, place: Place) -> Option<i64> {
    // SAFETY: the contract of `tell`; of what is on the stack, guards have found out before that it has a size.
    unsafe {
        match place {
            Place::Number(number) => Some(number),
            Place::SizeOf(position) => {
                let object = object_at(frame, code, Place::Stack(position))?;
                (!object.is_null()).then(|| memory::read(object, object::OB_SIZE))
            }
            Place::Constant(_) => None,
            Place::Stack(_) | Place::Local(_) => {
                let object = object_at(frame, code, place)?;
                let is_int = !object.is_null() && kinds::of_object(object as usize) == Kinds::LONG;
                is_int.then(|| kinds::int_value(object as usize))?
            }
        }
    }
}
