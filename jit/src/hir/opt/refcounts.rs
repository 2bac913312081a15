//! Reference counts that nobody can notice.
//!
//! The interpreter takes a reference to what it loads and gives it up when it has used it. Where what was loaded stays where it
//! was loaded from until then, and nobody can have looked at the count in between, neither is done. A side exit in between hands
//! the operand to the interpreter, which wants to own it: it takes the reference then ([`FrameState::late`]).

use std::collections::{HashMap, HashSet};

use crate::hir::function::Function;
use crate::hir::inst::{Block, Mem, Op, StateId, Value};
use crate::hir::types::Kinds;

pub fn run(function: &mut Function) {
    let users = users(function);
    for block in function.reverse_postorder() {
        let found = pairs(function, block, &users);
        for pair in &found {
            for state in &pair.states {
                let object = pair.object;
                let data = &function.states[state.index()];
                let entry = data.stack.iter().find(|entry| entry.owned && source(function, entry.value) == object);
                let value = entry.expect("the pair was found by it").value;
                function.states[state.index()].late.push(value);
            }
        }
        let gone: HashSet<Value> = found.iter().flat_map(|pair| [pair.taken, pair.given]).collect();
        function.block_mut(block).insts.retain(|value| !gone.contains(value));
    }
}

/// A reference that is taken and given up.
struct Pair {
    /// The object, where it was loaded.
    object: Value,
    taken: Value,
    given: Value,
    /// The states in between that own it.
    states: HashSet<StateId>,
}

/// Where each state is used: the block and the position in it; terminators are behind all instructions.
type Users = HashMap<StateId, Vec<(Block, usize)>>;

fn users(function: &Function) -> Users {
    let mut users = Users::new();
    for block in function.reverse_postorder() {
        let data = function.block(block);
        for (position, value) in data.insts.iter().enumerate() {
            if let Some(state) = function.inst(*value).state {
                users.entry(state).or_default().push((block, position));
            }
        }
        if let Some(state) = data.terminator.state() {
            users.entry(state).or_default().push((block, data.insts.len()));
        }
    }
    users
}

fn pairs(function: &Function, block: Block, users: &Users) -> Vec<Pair> {
    let insts = &function.block(block).insts;
    let mut found = Vec::new();
    // What was loaded and is still where it was loaded from; then also where a reference to it was taken.
    let mut held: HashMap<Value, Option<usize>> = HashMap::new();
    for (position, &value) in insts.iter().enumerate() {
        let inst = function.inst(value);
        match inst.op {
            Op::Load { mem: Mem::Obj, .. } | Op::LoadLocal { .. } | Op::ConstObj { .. } => {
                held.insert(value, None);
            }
            Op::IncRef => {
                let object = source(function, inst.args[0]);
                match held.get_mut(&object) {
                    Some(taken @ None) => *taken = Some(position),
                    // Twice: which of the two is given up first does not matter, but states would have to tell.
                    Some(Some(_)) => {
                        held.remove(&object);
                    }
                    None => {}
                }
            }
            Op::DecRef => {
                let object = source(function, inst.args[0]);
                if let Some(Some(taken)) = held.get(&object).copied() {
                    held.insert(object, None);
                    let states = states_between(function, block, (taken, position), object, users);
                    found.extend(states.map(|states| Pair { object, taken: insts[taken], given: value, states }));
                } else if !dies_quietly(function, inst.args[0]) {
                    held.clear();
                }
            }
            _ if !is_unnoticed(&inst.op) => held.clear(),
            _ => {}
        }
    }
    found
}

/// The states used between two positions that own `object`; nothing if one owns it twice, or is used elsewhere as well.
fn states_between(
    function: &Function,
    block: Block,
    (taken, given): (usize, usize),
    object: Value,
    users: &Users,
) -> Option<HashSet<StateId>> {
    let between = &function.block(block).insts[taken..given];
    let states: HashSet<StateId> = between.iter().filter_map(|value| function.inst(*value).state).collect();
    let mut owning = HashSet::new();
    for state in states {
        let data = function.state(state);
        let owned = |entry: &&_| -> bool {
            let entry: &crate::hir::inst::StackEntry = entry;
            entry.owned && source(function, entry.value) == object
        };
        match data.stack.iter().filter(owned).count() {
            0 => continue,
            1 => {}
            _ => return None,
        }
        let is_inside = |user: &(Block, usize)| user.0 == block && (taken..given).contains(&user.1);
        if !users[&state].iter().all(is_inside) || !data.late.is_empty() {
            return None;
        }
        owning.insert(state);
    }
    Some(owning)
}

/// What a value was loaded as: refinements are the same object.
fn source(function: &Function, mut value: Value) -> Value {
    while let Op::Refine { .. } | Op::GuardKinds { .. } | Op::RefToObj = function.inst(value).op {
        value = function.inst(value).args[0];
    }
    value
}

fn dies_quietly(function: &Function, value: Value) -> bool {
    let numbers = Kinds::LONG.union(Kinds::FLOAT).union(Kinds::STR).union(Kinds::BOOL).union(Kinds::NONE);
    function.ty(value).kinds.is_within(numbers)
}

/// Whether an instruction writes to no place that holds an object, gives up no reference, and cannot run Python code.
fn is_unnoticed(op: &Op) -> bool {
    matches!(
        op,
        Op::ConstRef(_)
            | Op::ConstI64(_)
            | Op::ConstF64(_)
            | Op::ConstBool(_)
            | Op::Load { .. }
            | Op::RefToObj
            | Op::ToRef { .. }
            | Op::Refine { .. }
            | Op::Bits
            | Op::AsRef
            | Op::GuardKinds { .. }
            | Op::Guard { .. }
            | Op::TypeOf
            | Op::UnboxInt
            | Op::UnboxFloat
            | Op::UnboxBool
            | Op::BoxInt
            | Op::BoxFloat
            | Op::BoxBool
            | Op::IntToFloat
            | Op::Int(_)
            | Op::IntNeg
            | Op::Float(_)
            | Op::FloatNeg
            | Op::FloatSqrt
            | Op::FloatAbs
            | Op::Compare(_)
            | Op::FloatCompare(_)
            | Op::Not
            | Op::AddAddr
            | Op::WrapIndex
            | Op::ShiftRight { .. }
            | Op::FrameGlobals
            | Op::FrameBuiltins
            | Op::SetLine { .. }
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn what_stays_where_it_is_needs_no_count() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: any = load.Obj +16 v1
                inc_ref v2
                v3: int = guard_type int v2  ; @4 [v2]
                v4: i64 = unbox_int v3  ; @4 [v3]
                dec_ref v3
                v5: int = box_int v4  ; @6 [&v4]
                return v5
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: any = load.Obj +16 v1
            v3: int = guard_type int v2  ; @4 [v2] late [v2]
            v4: i64 = unbox_int v3  ; @4 [v3] late [v3]
            v5: int = box_int v4  ; @6 [&v4]
            return v5
        ");
    }

    #[test]
    fn what_may_be_noticed_is_counted() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: any = load.Obj +16 v1
                inc_ref v2
                v3: i64 = safepoint periodic=false  ; @4 [v2]
                dec_ref v2
                v4: any = load.Obj +24 v1
                inc_ref v4
                store.Obj +24 v1 v1
                dec_ref v4
                v5: any = load.Obj +32 v1
                inc_ref v5
                inc_ref v5
                v6: int = guard_type int v5  ; @6 [v5, v5]
                dec_ref v6
                dec_ref v6
                return v1
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: any = load.Obj +16 v1
            inc_ref v2
            v3: i64 = safepoint periodic=false  ; @4 [v2]
            dec_ref v2
            v4: any = load.Obj +24 v1
            inc_ref v4
            store.Obj +24 v1 v1
            dec_ref v4
            v5: any = load.Obj +32 v1
            inc_ref v5
            inc_ref v5
            v6: int = guard_type int v5  ; @6 [v5, v5]
            dec_ref v6
            dec_ref v6
            return v1
        ");
    }
}
