//! What guards expect, told from the instructions that they are made of.
//!
//! Machine code that leaves says which of its exits it takes and nothing more: to carry along what has failed would cost it
//! registers. But nothing of it is lost. Guards look at operands of the bytecode that they belong to, and those are on the
//! frame's stack when the interpreter takes over. So whoever wants to know makes the test again.

use std::collections::HashSet;

use super::function::Function;
use super::inst::{Cond, IntOp, Mem, Op, Reason, StateId, Terminator, Value};
use super::types::{Kinds, Repr};
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::Opcode;
use crate::cpython::{dict, function, method, module, object, typeobject, unicode};

/// What a guard expects, and of which value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expectation {
    /// An object of one of these types.
    Kinds { object: Value, kinds: Kinds },
    /// An object of exactly the class at this address.
    Type { object: Value, class: u64 },
    /// An object whose class has one of these versions.
    Classes { object: Value, versions: Vec<u32> },
    /// A class with this version.
    ThisClass { object: Value, version: u32 },
    /// Any class.
    AnyClass { object: Value },
    /// The object at this address.
    This { object: Value, address: u64 },
    /// A function with this code.
    Code { object: Value, code: u64 },
    /// A C function with this definition.
    Definition { object: Value, definition: u64 },
    /// The keys of a namespace.
    Keys { of: Namespace, version: u32 },
    /// A number within the size of a container.
    Index { index: Value, size: Value },
    /// A container with so many items.
    Count { size: Value, count: i64 },
    /// A value at all.
    Present,
    /// Numbers whose result fits a machine word.
    Fits { left: Value, right: Value, op: IntOp },
    /// An int that fits a machine word.
    Word { object: Value },
    /// A string of ASCII characters.
    Ascii { object: Value },
    /// The index of a loop that has no iterator object.
    LoopIndex { index: Value },
    /// Items of the kind that this letter stands for.
    Items { letter: char },
    /// What these words say.
    Words(&'static str),
    /// Nothing that could be said in words.
    Nothing,
}

/// A namespace with keys whose version is guarded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Namespace {
    /// The globals of the function.
    Globals,
    /// The builtins of the function.
    Builtins,
    /// The attributes of a module.
    Module(Value),
    /// The attributes that the instances of an object's class share.
    Instances(Value),
}

/// Something with a name that an expectation mentions by a number. The names are looked up while the things are known to be
/// there: when the code is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Named {
    /// An object, by its address.
    Object(u64),
    /// A code object, by its address.
    Code(u64),
    /// A class, by its address.
    Class(u64),
    /// A class, by its version.
    Version(u32),
    /// The definition of a C function, by its address.
    Definition(u64),
}

/// Where an operand is, once its frame is the interpreter's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// On the operand stack, counted from the bottom.
    Stack(usize),
    /// In a local, unless that was assigned meanwhile.
    Local(u32),
    /// Nowhere: it is this object, a constant of the code.
    Constant(usize),
    /// Nowhere: it is this number.
    Number(i64),
    /// The number of items of what is at this place on the stack.
    SizeOf(usize),
}

/// What the guards expect that leave with this state for this reason, in the order in which they are tested.
pub fn of_exit(hir: &Function, state: StateId, reason: Reason) -> Vec<Expectation> {
    let guards = hir.guards().filter(|guard| hir.inst(*guard).state == Some(state));
    let mut all: Vec<_> = guards.filter_map(|guard| of_guard(hir, guard, reason)).collect();
    let leaves = |terminator: &Terminator| matches!(terminator, Terminator::Exit { state: s, reason: r } if (*s, *r) == (state, reason));
    if !matches!(reason, Reason::CalleeLeft | Reason::Type) && hir.blocks.iter().any(|block| leaves(&block.terminator))
    {
        let returned = Expectation::Words("a number that nobody else refers to");
        all.extend(if reason == Reason::Result { Some(returned) } else { of_chain(hir, state) });
    }
    all
}

/// What a guard expects when it leaves for this reason; None if it never does.
pub fn of_guard(hir: &Function, guard: Value, reason: Reason) -> Option<Expectation> {
    let inst = hir.inst(guard);
    let expectation = match (&inst.op, reason) {
        (Op::GuardKinds { kinds }, Reason::Type | Reason::Number) => {
            Expectation::Kinds { object: inst.args[0], kinds: *kinds }
        }
        (Op::UnboxNumber { .. }, Reason::Number) => Expectation::Kinds { object: inst.args[0], kinds: Kinds::NUMBER },
        (Op::UnboxInt, Reason::Overflow) => Expectation::Word { object: inst.args[0] },
        (Op::GuardPrivate, Reason::Shape) => Expectation::Words("an object that nothing else refers to"),
        (Op::Int(_) | Op::Float(_), Reason::ZeroDivision) => Expectation::Words("a divisor other than 0"),
        (Op::Int(op), Reason::Overflow) => Expectation::Fits { left: inst.args[0], right: inst.args[1], op: *op },
        (Op::IntNeg, Reason::Overflow) => Expectation::Words("an int of 64 bits"),
        (Op::Guard { reason: own }, _) if *own == reason => of_condition(hir, inst.args[0], reason),
        (op, _) if op.needs_state() && op.exit_reason() == reason => Expectation::Nothing,
        _ => return None,
    };
    Some(expectation)
}

/// All that expectations mention by a number.
pub fn named(hir: &Function) -> HashSet<Named> {
    let guards = hir.guards().filter_map(|guard| of_guard(hir, guard, hir.inst(guard).op.exit_reason()));
    let tests = hir.blocks.iter().flat_map(|block| &block.insts).filter_map(|value| of_test(hir, *value));
    guards.chain(tests).flat_map(|expectation| expectation.named()).collect()
}

/// What is expected of a class where classes are tested for one after the other.
fn of_test(hir: &Function, value: Value) -> Option<Expectation> {
    let is_comparison = hir.inst(value).op == Op::Compare(Cond::Eq);
    let expectation = is_comparison.then(|| of_equality(hir, value, Reason::TypeVersion))??;
    matches!(expectation, Expectation::Classes { .. }).then_some(expectation)
}

fn of_condition(hir: &Function, cond: Value, reason: Reason) -> Expectation {
    let inst = hir.inst(cond);
    match (&inst.op, reason) {
        (Op::Compare(Cond::Below), Reason::Bounds) => {
            let (index, size) = (inst.args[0], inst.args[1]);
            let index = if hir.inst(index).op == Op::WrapIndex { hir.inst(index).args[0] } else { index };
            Expectation::Index { index, size }
        }
        (Op::Compare(Cond::Eq), _) => of_equality(hir, cond, reason).unwrap_or_else(|| words(reason)),
        (Op::Compare(Cond::Ne), Reason::Missing) => Expectation::Present,
        (Op::Compare(Cond::Ne), Reason::Shape) => Expectation::Words("attributes kept in the object itself"),
        (Op::Compare(_), Reason::Overflow) => Expectation::Words("an int that is a float as well"),
        _ => words(reason),
    }
}

fn words(reason: Reason) -> Expectation {
    match reason {
        Reason::Domain => Expectation::Words("an argument with a finite result"),
        Reason::Identity => Expectation::Words("the object in the local that is assigned to"),
        Reason::Missing => Expectation::Present,
        _ => Expectation::Nothing,
    }
}

/// No program has data below this address, and no function so many defaults.
const LEAST_ADDRESS: u64 = 1 << 20;

/// What it means that two values are equal, one of them a constant.
fn of_equality(hir: &Function, cond: Value, reason: Reason) -> Option<Expectation> {
    let [left, right] = hir.inst(cond).args[..] else { return None };
    let (value, constant) = match (number(hir, left), number(hir, right)) {
        (None, Some(constant)) => (left, constant),
        (Some(constant), None) => (right, constant),
        _ => return None,
    };
    let address = constant as u64;
    let inst = hir.inst(value);
    let of_type = |value: Value| (hir.inst(value).op == Op::TypeOf).then(|| hir.inst(value).args[0]);
    let base = inst.args.first().copied();
    Some(match (&inst.op, base) {
        (Op::TypeOf, Some(object)) => Expectation::Type { object, class: address },
        (Op::FrameGlobals | Op::FrameBuiltins, _) => Expectation::Words("a function with the same namespaces"),
        (Op::Load { offset: typeobject::TP_VERSION_TAG, mem: Mem::U32 }, Some(class)) => match of_type(class) {
            Some(object) => Expectation::Classes { object, versions: vec![constant as u32] },
            None => Expectation::ThisClass { object: class, version: constant as u32 },
        },
        (Op::Load { offset: function::FUNC_CODE, mem: Mem::Obj }, Some(object)) if reason == Reason::Callee => {
            Expectation::Code { object, code: address }
        }
        // The size of a function's defaults is at the same offset.
        (Op::Load { offset: method::M_ML, mem: Mem::I64 }, Some(object))
            if reason == Reason::Callee && address >= LEAST_ADDRESS =>
        {
            Expectation::Definition { object, definition: address }
        }
        (Op::Load { offset: method::ML_FLAGS, mem: Mem::I32 }, _) if reason == Reason::Callee => {
            Expectation::Words("a C function that takes its arguments so")
        }
        (Op::Load { offset: dict::DK_VERSION, mem: Mem::U32 }, Some(keys)) if reason == Reason::KeysVersion => {
            Expectation::Keys { of: namespace(hir, keys)?, version: constant as u32 }
        }
        (Op::Load { offset: object::OB_SIZE, mem: Mem::I64 }, Some(_))
            if matches!(reason, Reason::Bounds | Reason::Callee) =>
        {
            Expectation::Count { size: value, count: constant }
        }
        (Op::Load { .. }, _) if reason == Reason::Shape && constant == 0 => {
            Expectation::Words("an object without a dict of its own")
        }
        (Op::Load { mem: Mem::U8, .. }, _) if reason == Reason::Shape && (0x21..0x7f).contains(&constant) => {
            Expectation::Items { letter: constant as u8 as char }
        }
        (Op::Int(IntOp::And), Some(word)) if reason == Reason::Layout => {
            let from = *hir.inst(word).args.first()?;
            match hir.inst(word).op {
                Op::Load { offset: unicode::STATE, mem: Mem::U32 } => Expectation::Ascii { object: from },
                Op::Bits => Expectation::LoopIndex { index: from },
                _ => return None,
            }
        }
        (Op::Int(IntOp::And), Some(flags)) if reason == Reason::Type => {
            let class = *hir.inst(flags).args.first()?;
            Expectation::AnyClass { object: of_type(class)? }
        }
        _ if hir.ty(value).repr == Repr::Obj && reason == Reason::Callee => {
            Expectation::This { object: value, address }
        }
        _ => return None,
    })
}

fn namespace(hir: &Function, keys: Value) -> Option<Namespace> {
    let load = hir.inst(keys);
    let from = *load.args.first()?;
    Some(match (&load.op, &hir.inst(from).op) {
        (Op::Load { offset: dict::MA_KEYS, .. }, Op::FrameGlobals) => Namespace::Globals,
        (Op::Load { offset: dict::MA_KEYS, .. }, Op::FrameBuiltins) => Namespace::Builtins,
        (Op::Load { offset: dict::MA_KEYS, .. }, Op::Load { offset: module::MD_DICT, .. }) => {
            Namespace::Module(hir.inst(from).args[0])
        }
        (Op::Load { offset: typeobject::HT_CACHED_KEYS, .. }, Op::TypeOf) => {
            Namespace::Instances(hir.inst(from).args[0])
        }
        _ => return None,
    })
}

/// The classes that are tested for one after the other, before the last way leaves with this state.
fn of_chain(hir: &Function, state: StateId) -> Option<Expectation> {
    let owner = origin(hir, hir.state(state).stack.last()?.value);
    let tests = hir.blocks.iter().flat_map(|block| &block.insts);
    let mut versions: Vec<u32> = tests
        .filter_map(|value| match of_test(hir, *value)? {
            Expectation::Classes { object, versions } if origin(hir, object) == owner => Some(versions),
            _ => None,
        })
        .flatten()
        .collect();
    versions.sort_unstable();
    versions.dedup();
    Some(Expectation::Classes { object: owner, versions })
}

fn number(hir: &Function, value: Value) -> Option<i64> {
    match hir.inst(value).op {
        Op::ConstI64(number) => Some(number),
        Op::ConstObj { address, .. } => Some(address as i64),
        _ => None,
    }
}

/// The value that another one is the same object or number as.
fn origin(hir: &Function, mut value: Value) -> Value {
    loop {
        let inst = hir.inst(value);
        match inst.op {
            Op::ToRef { .. }
            | Op::RefToObj
            | Op::RefToOwned
            | Op::GuardKinds { .. }
            | Op::GuardPrivate
            | Op::Refine { .. }
            | Op::UnboxInt
            | Op::UnboxFloat
            | Op::BoxInt
            | Op::BoxFloat => value = inst.args[0],
            _ => return value,
        }
    }
}

/// Where a value is when the interpreter goes on with a state, if it is anywhere.
pub fn place(hir: &Function, state: StateId, value: Value) -> Option<Place> {
    let (state, value) = (hir.state(state), origin(hir, value));
    let on_stack = |value| state.stack.iter().position(|entry| origin(hir, entry.value) == value);
    if let Some(position) = on_stack(value) {
        return Some(Place::Stack(position));
    }
    let inst = hir.inst(value);
    match inst.op {
        // Locals of another frame are out of sight.
        Op::LoadLocal { slot } | Op::StoreInt { slot } | Op::StoreFloat { slot } => {
            let is_here = hir.sites[value.index()].is_some_and(|(context, _)| context == state.context);
            is_here.then_some(Place::Local(slot))
        }
        Op::ConstObj { address, .. } => Some(Place::Constant(address)),
        Op::ConstI64(number) => Some(Place::Number(number)),
        Op::Load { offset: object::OB_SIZE, mem: Mem::I64 } => on_stack(origin(hir, inst.args[0])).map(Place::SizeOf),
        _ => None,
    }
}

impl Expectation {
    /// What it mentions by a number.
    pub fn named(&self) -> Vec<Named> {
        match self {
            Expectation::Type { class, .. } => vec![Named::Class(*class)],
            Expectation::Classes { versions, .. } => versions.iter().copied().map(Named::Version).collect(),
            Expectation::ThisClass { version, .. } => vec![Named::Version(*version)],
            Expectation::This { address, .. } => vec![Named::Object(*address)],
            Expectation::Code { code, .. } => vec![Named::Code(*code)],
            Expectation::Definition { definition, .. } => vec![Named::Definition(*definition)],
            _ => Vec::new(),
        }
    }

    /// The same in words, if there are any; `code` is what it belongs to, at the instruction number `instr`.
    pub fn text(&self, code: &CodeInfo, instr: usize, name: impl Fn(Named) -> Option<String>) -> Option<String> {
        let names =
            || self.named().into_iter().map(&name).collect::<Option<Vec<_>>>().filter(|names| !names.is_empty());
        Some(match self {
            Expectation::Kinds { kinds, .. } => kinds.words(),
            Expectation::Type { .. }
            | Expectation::This { .. }
            | Expectation::Code { .. }
            | Expectation::Definition { .. } => names()?.remove(0),
            Expectation::Classes { .. } => alternatives(&names()?),
            Expectation::ThisClass { .. } => format!("class {}", names()?.remove(0)),
            Expectation::AnyClass { .. } => "a class".into(),
            Expectation::Keys { of: Namespace::Globals, .. } => "the names of the module as compiled".into(),
            Expectation::Keys { of: Namespace::Builtins, .. } => "the builtins as compiled".into(),
            Expectation::Keys { of: Namespace::Module(_), .. } => "the names of that module as compiled".into(),
            Expectation::Keys { of: Namespace::Instances(_), .. } => "no new attributes in instances".into(),
            Expectation::Index { .. } => "an index within the container".into(),
            Expectation::Count { count: 1, .. } => "1 item".into(),
            Expectation::Count { count, .. } => format!("{count} items"),
            Expectation::Present => missing(code, instr),
            Expectation::Fits { .. } => "a result of 64 bits".into(),
            Expectation::Word { .. } => "an int of 64 bits".into(),
            Expectation::Ascii { .. } => "a string of ASCII characters".into(),
            Expectation::LoopIndex { .. } => "a loop without an iterator object".into(),
            Expectation::Items { letter } => format!("items of type '{letter}'"),
            Expectation::Words(words) => (*words).into(),
            Expectation::Nothing => return None,
        })
    }
}

/// What is missing where an instruction finds nothing.
fn missing(code: &CodeInfo, instr: usize) -> String {
    let instr = &code.instrs[instr];
    let name = |index: u32| code.names.get(index as usize).map(|name| name.text.as_str());
    let local = |slot: u32| code.localsplus.get(slot as usize).map(|local| local.name.as_str());
    let what = match instr.opcode {
        Opcode::LoadAttr => name(instr.oparg >> 1).map(|name| format!("an attribute {name}")),
        Opcode::StoreAttr => name(instr.oparg).map(|name| format!("an attribute {name}")),
        Opcode::LoadGlobal => name(instr.oparg >> 1).map(|name| format!("a global {name}")),
        Opcode::LoadDeref => local(instr.oparg).map(|name| format!("a value of {name}")),
        _ => None,
    };
    what.unwrap_or_else(|| "a value".into())
}

fn alternatives(names: &[String]) -> String {
    match names {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::parse::parse;

    fn exit(text: &str, reason: Reason) -> (Function, StateId, Vec<Expectation>) {
        let hir = parse(text).unwrap();
        let guard = hir.guards().next().unwrap();
        let state = hir.inst(guard).state.unwrap();
        let found = of_exit(&hir, state, reason);
        (hir, state, found)
    }

    #[test]
    fn a_type_is_expected_of_an_operand() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: int = guard_type int v1  ; @2 [&v1]
                return v2
        ";
        let (hir, state, found) = exit(text, Reason::Type);
        let [Expectation::Kinds { object, kinds: Kinds::LONG }] = found[..] else { panic!("{found:?}") };
        assert_eq!(place(&hir, state, object), Some(Place::Stack(0)));
        assert!(of_exit(&hir, state, Reason::Overflow).is_empty());
    }

    #[test]
    fn a_version_is_that_of_a_class() {
        let text = format!(
            "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: other = type_of v1
                v3: i64 = load.U32 +{} v2
                v4: i64 = const_i64 77
                v5: cond = compare.Eq v3 v4
                guard TypeVersion v5  ; @2 [v0]
                return v1
            ",
            typeobject::TP_VERSION_TAG
        );
        let (hir, state, found) = exit(&text, Reason::TypeVersion);
        let [Expectation::Classes { object, versions }] = &found[..] else { panic!("{found:?}") };
        assert_eq!((place(&hir, state, *object), &versions[..]), (Some(Place::Stack(0)), &[77][..]));
        assert_eq!(named(&hir), HashSet::from([Named::Version(77)]));
        let name = |named| (named == Named::Version(77)).then(|| "Dog".to_owned());
        let code = CodeInfo::default();
        assert_eq!(found[0].text(&code, 0, name).as_deref(), Some("Dog"));
        assert_eq!(found[0].text(&code, 0, |_| None), None);
    }

    #[test]
    fn an_index_is_compared_with_a_size() {
        let text = format!(
            "
            function f
            b0:
                v0: ref = load_local 0
                v1: list = ref_to_obj v0
                v2: i64 = const_i64 5
                v3: i64 = load.I64 +{} v1
                v4: i64 = wrap_index v2 v3
                v5: cond = compare.Below v4 v3
                guard Bounds v5  ; @2 [v1, v2]
                return v1
            ",
            object::OB_SIZE
        );
        let (hir, state, found) = exit(&text, Reason::Bounds);
        let [Expectation::Index { index, size }] = found[..] else { panic!("{found:?}") };
        let places = (place(&hir, state, index), place(&hir, state, size));
        assert_eq!(places, (Some(Place::Stack(1)), Some(Place::SizeOf(0))));
    }

    #[test]
    fn alternatives_are_listed() {
        let listed = |names: &[&str]| alternatives(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(listed(&["A"]), "A");
        assert_eq!(listed(&["A", "B", "C"]), "A, B or C");
        assert_eq!(Kinds::NUMBER.words(), "int or float");
    }
}
