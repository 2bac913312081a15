//! Checks the HIR's rules: every use is dominated by its definition, edges fit their targets, operands have the right
//! representation, and whatever can leave has a frame state. Run after building and after each pass: a mistake here
//! would become a wrong answer later.

use super::function::Function;
use super::inst::{Block, Op, Value};
use super::types::Repr;

/// Checks `function`; the error names the first broken rule.
pub fn verify(function: &Function) -> Result<(), String> {
    let order = function.reverse_postorder();
    let dominators = Dominators::compute(function, &order);
    let mut home = vec![None; function.values.len()];
    for &block in &order {
        let data = function.block(block);
        for (position, value) in data.params.iter().chain(&data.insts).enumerate() {
            if home[value.index()].replace((block, position)).is_some() {
                return Err(format!("{value} is defined twice"));
            }
        }
    }
    for &block in &order {
        let data = function.block(block);
        let end = data.params.len() + data.insts.len();
        let check = |value: Value, position: usize| -> Result<(), String> {
            let Some((def_block, def_position)) = home[value.index()] else {
                return Err(format!("{value}, used in {block}, is not defined in a reachable block"));
            };
            let fine =
                if def_block == block { def_position < position } else { dominators.dominates(def_block, block) };
            if fine { Ok(()) } else { Err(format!("{value} does not dominate its use in {block}")) }
        };
        let check_state = |state, position| -> Result<(), String> {
            function.state(state).stack.iter().try_for_each(|entry| check(entry.value, position))
        };
        for (i, &value) in data.insts.iter().enumerate() {
            let position = data.params.len() + i;
            let inst = function.inst(value);
            for &arg in &inst.args {
                check(arg, position).map_err(|e| format!("{e} by {value}"))?;
            }
            match inst.state {
                Some(state) => check_state(state, position)?,
                None if inst.op.needs_state() => return Err(format!("{value} needs a frame state")),
                None => {}
            }
            check_operands(function, value)?;
        }
        if data.terminator == super::inst::Terminator::Open {
            return Err(format!("{block} has no terminator"));
        }
        if let Some(value) = data.terminator.operand() {
            check(value, end)?;
        }
        if let Some(state) = data.terminator.state() {
            check_state(state, end)?;
        }
        for edge in data.terminator.edges() {
            let params = &function.block(edge.block).params;
            if params.len() != edge.args.len() {
                return Err(format!(
                    "{block} passes {} values to {}, which has {}",
                    edge.args.len(),
                    edge.block,
                    params.len()
                ));
            }
            for (&arg, &param) in edge.args.iter().zip(params) {
                check(arg, end)?;
                let (from, to) = (function.ty(arg).repr, function.ty(param).repr);
                if from != to {
                    return Err(format!("{block} passes {arg} ({from:?}) for {param} ({to:?})"));
                }
            }
        }
    }
    Ok(())
}

fn check_operands(function: &Function, value: Value) -> Result<(), String> {
    let inst = function.inst(value);
    let repr = |i: usize| inst.args.get(i).map(|&arg| function.ty(arg).repr);
    let wanted: &[Repr] = match &inst.op {
        Op::ToRef { .. } | Op::IncRef | Op::DecRef | Op::GuardKinds { .. } | Op::Refine { .. } | Op::TypeOf => {
            &[Repr::Obj]
        }
        Op::UnboxInt | Op::UnboxFloat | Op::UnboxBool => &[Repr::Obj],
        Op::RefToObj | Op::RefToOwned | Op::CloseRef | Op::DupRef | Op::SwapLocal { .. } => &[Repr::Ref],
        Op::Guard { .. } | Op::BoxBool | Op::Not => &[Repr::Bool],
        Op::BoxInt | Op::IntNeg | Op::IntToFloat | Op::AsRef | Op::ShiftRight { .. } => &[Repr::I64],
        Op::BoxFloat | Op::FloatNeg => &[Repr::F64],
        Op::Int(_) => &[Repr::I64, Repr::I64],
        Op::Float(_) | Op::FloatCompare(_) => &[Repr::F64, Repr::F64],
        _ => return Ok(()),
    };
    for (i, want) in wanted.iter().enumerate() {
        if repr(i) != Some(*want) {
            return Err(format!("{value} ({:?}) wants {want:?} as operand {i}, got {:?}", inst.op, repr(i)));
        }
    }
    Ok(())
}

/// Immediate dominators, by the algorithm of Cooper, Harvey and Kennedy ("A Simple, Fast Dominance Algorithm").
pub struct Dominators {
    number: Vec<usize>,
    idom: Vec<usize>,
}

impl Dominators {
    pub fn compute(function: &Function, order: &[Block]) -> Dominators {
        let mut number = vec![usize::MAX; function.blocks.len()];
        for (i, block) in order.iter().enumerate() {
            number[block.index()] = i;
        }
        let mut predecessors = vec![Vec::new(); order.len()];
        for (i, &block) in order.iter().enumerate() {
            for edge in function.block(block).terminator.edges() {
                predecessors[number[edge.block.index()]].push(i);
            }
        }
        let mut idom = vec![usize::MAX; order.len()];
        idom[0] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for i in 1..order.len() {
                let mut new = usize::MAX;
                for &p in &predecessors[i] {
                    if idom[p] == usize::MAX {
                        continue;
                    }
                    new = if new == usize::MAX { p } else { intersect(&idom, p, new) };
                }
                if idom[i] != new {
                    idom[i] = new;
                    changed = true;
                }
            }
        }
        Dominators { number, idom }
    }

    /// Whether every path to `b` goes through `a`.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let a = self.number[a.index()];
        let mut b = self.number[b.index()];
        while b > a {
            b = self.idom[b];
        }
        a == b
    }
}

fn intersect(idom: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        while a > b {
            a = idom[a];
        }
        while b > a {
            b = idom[b];
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::verify;
    use crate::hir::parse::parse;

    /// What the verifier says of a function with these blocks.
    fn error(blocks: &str) -> String {
        verify(&parse(&format!("function f\n{blocks}")).unwrap()).unwrap_err()
    }

    #[test]
    fn definitions_are_unique() {
        let twice = "
            b0:
                v0: i64 = const_i64 1
                v0: i64 = const_i64 2
                unwind
        ";
        assert_eq!(error(twice), "v0 is defined twice");
        let parameter = "
            b0:
                v0: i64 = const_i64 1
                jump b1(v0)
            b1(v0: i64):
                unwind
        ";
        assert_eq!(error(parameter), "v0 is defined twice");
    }

    #[test]
    fn definitions_are_reachable() {
        let nowhere = "
            b0:
                inc_ref v0
                unwind
        ";
        assert_eq!(error(nowhere), "v0, used in b0, is not defined in a reachable block by v1");
        let unreachable = "
            b0:
                return v0
            b1:
                v0: none = const_obj 0x10
                jump b0
        ";
        assert_eq!(error(unreachable), "v0, used in b0, is not defined in a reachable block");
    }

    #[test]
    fn definitions_come_before_uses() {
        let below = "
            b0:
                v0: i64 = add_addr v1 v1
                v1: i64 = const_i64 1
                unwind
        ";
        assert_eq!(error(below), "v1 does not dominate its use in b0 by v0");
        let itself = "
            b0:
                v0: i64 = add_addr v0 v0
                unwind
        ";
        assert_eq!(error(itself), "v0 does not dominate its use in b0 by v0");
    }

    /// The value is defined on one of two ways only. The use is an operand, in a frame state, or of a terminator.
    #[test]
    fn definitions_dominate_uses() {
        let diamond = |rest: &str| {
            format!(
                "
                b0:
                    v0: cond = const_cond true
                    branch v0 b1 else b2
                b2:
                    jump b3
                b1:
                    v1: none = const_obj 0x10
                    jump b3
                b3:
                    {rest}
                b4(v2: none):
                    unwind
                "
            )
        };
        assert_eq!(error(&diamond("inc_ref v1\nunwind")), "v1 does not dominate its use in b3 by v3");
        for rest in ["guard Type v0 ; @1 [v1]\nunwind", "return v1", "exit Type ; @1 [&v1]", "jump b4(v1)"] {
            assert_eq!(error(&diamond(rest)), "v1 does not dominate its use in b3");
        }
    }

    /// What a loop's body defines is not there when the loop is entered.
    #[test]
    fn back_edges_dominate_nothing() {
        let text = "
            b0:
                jump b1
            b1:
                v0: i64 = add_addr v1 v1
                v1: i64 = const_i64 1
                jump b1
        ";
        assert_eq!(error(text), "v1 does not dominate its use in b1 by v0");
        let outer = "
            b0:
                v0: cond = const_cond true
                jump b1
            b1:
                branch v0 b2 else b3
            b3:
                return v1
            b2:
                v1: none = const_obj 0x10
                jump b1
        ";
        assert_eq!(error(outer), "v1 does not dominate its use in b3");
    }

    #[test]
    fn exits_have_frame_states() {
        let operations = [
            "v9: int = guard_type int v0",
            "guard Type v1",
            "v9: i64 = unbox_int v0",
            "v9: int = box_int v2",
            "v9: float = box_float v3",
            "v9: i64 = int_neg v2",
            "v9: i64 = int.Add v2 v2",
            "v9: f64 = float.Div v3 v3",
            "v9: i64 = safepoint periodic=false",
        ];
        for operation in operations {
            let text = format!(
                "
                b0:
                    v0: int = const_obj 0x10
                    v1: cond = const_cond true
                    v2: i64 = const_i64 1
                    v3: f64 = const_f64 1.0
                    {operation}
                    unwind
                "
            );
            let value = if operation.starts_with("v9") { "v9" } else { "v4" };
            assert_eq!(error(&text), format!("{value} needs a frame state"), "{operation}");
        }
    }

    #[test]
    fn operands_have_the_right_representation() {
        let wrong = [
            ("v9: ref = own_ref v1", "v9 (ToRef { borrowed: false }) wants Obj as operand 0, got Some(Ref)"),
            ("inc_ref v1", "v5 (IncRef) wants Obj as operand 0, got Some(Ref)"),
            ("dec_ref v2", "v5 (DecRef) wants Obj as operand 0, got Some(I64)"),
            (
                "v9: int = guard_type int v1 ; @0 []",
                "v9 (GuardKinds { kinds: int }) wants Obj as operand 0, got Some(Ref)",
            ),
            ("v9: int = refine int v4", "v9 (Refine { kinds: int }) wants Obj as operand 0, got Some(Bool)"),
            ("v9: any = type_of v1", "v9 (TypeOf) wants Obj as operand 0, got Some(Ref)"),
            ("v9: i64 = unbox_int v2 ; @0 []", "v9 (UnboxInt) wants Obj as operand 0, got Some(I64)"),
            ("v9: f64 = unbox_float v3", "v9 (UnboxFloat) wants Obj as operand 0, got Some(F64)"),
            ("v9: cond = unbox_bool v4", "v9 (UnboxBool) wants Obj as operand 0, got Some(Bool)"),
            ("v9: any = ref_to_obj v0", "v9 (RefToObj) wants Ref as operand 0, got Some(Obj)"),
            ("v9: any = ref_to_owned v0", "v9 (RefToOwned) wants Ref as operand 0, got Some(Obj)"),
            ("close_ref v0", "v5 (CloseRef) wants Ref as operand 0, got Some(Obj)"),
            ("dup_ref v0", "v5 (DupRef) wants Ref as operand 0, got Some(Obj)"),
            ("v9: ref = swap_local 0 v0", "v9 (SwapLocal { slot: 0 }) wants Ref as operand 0, got Some(Obj)"),
            ("guard Type v0 ; @0 []", "v5 (Guard { reason: Type }) wants Bool as operand 0, got Some(Obj)"),
            ("v9: bool = box_bool v0", "v9 (BoxBool) wants Bool as operand 0, got Some(Obj)"),
            ("v9: cond = not v2", "v9 (Not) wants Bool as operand 0, got Some(I64)"),
            ("v9: int = box_int v0 ; @0 []", "v9 (BoxInt) wants I64 as operand 0, got Some(Obj)"),
            ("v9: i64 = int_neg v3 ; @0 []", "v9 (IntNeg) wants I64 as operand 0, got Some(F64)"),
            ("v9: f64 = int_to_float v3", "v9 (IntToFloat) wants I64 as operand 0, got Some(F64)"),
            ("v9: ref = as_ref v1", "v9 (AsRef) wants I64 as operand 0, got Some(Ref)"),
            ("v9: i64 = shift_right 2 v1", "v9 (ShiftRight { by: 2 }) wants I64 as operand 0, got Some(Ref)"),
            ("v9: float = box_float v2 ; @0 []", "v9 (BoxFloat) wants F64 as operand 0, got Some(I64)"),
            ("v9: f64 = float_neg v2", "v9 (FloatNeg) wants F64 as operand 0, got Some(I64)"),
            ("v9: i64 = int.And v2 v0", "v9 (Int(And)) wants I64 as operand 1, got Some(Obj)"),
            ("v9: f64 = float.Add v3 v2", "v9 (Float(Add)) wants F64 as operand 1, got Some(I64)"),
            ("v9: cond = float_compare.Lt v2 v3", "v9 (FloatCompare(Lt)) wants F64 as operand 0, got Some(I64)"),
            ("v9: i64 = int.And v2", "v9 (Int(And)) wants I64 as operand 1, got None"),
        ];
        for (operation, message) in wrong {
            let text = format!(
                "
                b0:
                    v0: int = const_obj 0x10
                    v1: ref = const_ref null
                    v2: i64 = const_i64 1
                    v3: f64 = const_f64 1.0
                    v4: cond = const_cond true
                    {operation}
                    unwind
                "
            );
            assert_eq!(error(&text), message);
        }
    }

    #[test]
    fn blocks_end() {
        let text = "
            b0:
                v0: cond = const_cond true
                branch v0 b1 else b2
            b2:
                unwind
            b1:
                open
        ";
        assert_eq!(error(text), "b1 has no terminator");
    }

    #[test]
    fn edges_fit_their_targets() {
        let into_b1 = |edge: &str| {
            format!(
                "
                b0:
                    v0: i64 = const_i64 1
                    v1: f64 = const_f64 1.0
                    on_error.Negative v0 b1(v0, v1) else {edge}
                b1(v2: i64, v3: f64):
                    unwind
                "
            )
        };
        assert_eq!(error(&into_b1("b1")), "b0 passes 0 values to b1, which has 2");
        assert_eq!(error(&into_b1("b1(v0, v1, v1)")), "b0 passes 3 values to b1, which has 2");
        assert_eq!(error(&into_b1("b1(v0, v0)")), "b0 passes v0 (I64) for v3 (F64)");
    }
}
