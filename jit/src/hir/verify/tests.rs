//! Texts that break the rules, one by one.

use super::verify;
use crate::hir::inst::StackEntry;
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
        ("v9: int = guard_type int v1 ; @0 []", "v9 (GuardKinds { kinds: int }) wants Obj as operand 0, got Some(Ref)"),
        ("v9: int = refine int v4", "v9 (Refine { kinds: int }) wants Obj as operand 0, got Some(Bool)"),
        ("v9: any = type_of v1", "v9 (TypeOf) wants Obj as operand 0, got Some(Ref)"),
        ("v9: i64 = unbox_int v2 ; @0 []", "v9 (UnboxInt) wants Obj as operand 0, got Some(I64)"),
        ("v9: f64 = unbox_float v3", "v9 (UnboxFloat) wants Obj as operand 0, got Some(F64)"),
        ("v9: cond = unbox_bool v4", "v9 (UnboxBool) wants Obj as operand 0, got Some(Bool)"),
        ("v9: any = ref_to_obj v0", "v9 (RefToObj) wants Ref as operand 0, got Some(Obj)"),
        ("v9: any = ref_to_owned v0", "v9 (RefToOwned) wants Ref as operand 0, got Some(Obj)"),
        ("close_ref v0", "v5 (CloseRef) wants Ref as operand 0, got Some(Obj)"),
        ("dup_ref v0", "v5 (DupRef) wants Ref as operand 0, got Some(Obj)"),
        ("v9: int = store_int 0 v3 ; @0 []", "v9 (StoreInt { slot: 0 }) wants I64 as operand 0, got Some(F64)"),
        ("v9: float = store_float 0 v2 ; @0 []", "v9 (StoreFloat { slot: 0 }) wants F64 as operand 0, got Some(I64)"),
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

#[test]
fn the_entry_has_no_parameters() {
    assert_eq!(error("b0(v0: any):\n    return v0\n"), "b0 is the entry and has parameters");
}

#[test]
fn guards_test_for_one_type_or_for_numbers() {
    for kinds in ["int|str", "any", "any?", "never", "null", "other", "cell"] {
        let text =
            format!("b0:\n    v0: any = frame_globals\n    v1: any = guard_type {kinds} v0  ; @0 []\n    return v1\n");
        assert_eq!(error(&text), format!("v1 guards {kinds}, which is neither a single type nor a number"));
    }
}

#[test]
fn frame_states_hold_values() {
    let text = |rest: &str| {
        let mut function = parse(&format!("function f\nb0:\n    traceback\n    {rest}\n")).unwrap();
        let traceback = function.block(function.entry).insts[0];
        for state in &mut function.states {
            state.stack.push(StackEntry { value: traceback, owned: true });
        }
        verify(&function).unwrap_err()
    };
    assert_eq!(text("exit Type  ; @1 []"), "v0, in a frame state of b0, has no result");
    assert_eq!(text("v1: i64 = safepoint periodic=true  ; @1 []\nunwind"), "v2, in a frame state of b0, has no result");
}

#[test]
fn ends_of_blocks_have_the_right_representation() {
    let wrong = [
        ("branch v2 b1 else b2", "the end of b0 wants Bool, got v2 (I64)"),
        ("branch v0 b1 else b2", "the end of b0 wants Bool, got v0 (Obj)"),
        ("on_error.Null v2 b1 else b2", "the end of b0 wants Obj, got v2 (I64)"),
        ("on_error.One v1 b1 else b2", "the end of b0 wants Obj, got v1 (Ref)"),
        ("on_error.Negative v0 b1 else b2", "the end of b0 wants I64, got v0 (Obj)"),
        ("return v1", "the end of b0 wants Obj, got v1 (Ref)"),
        ("return v4", "the end of b0 wants Obj, got v4 (Bool)"),
    ];
    for (end, message) in wrong {
        assert_eq!(error(&with_values(&format!("{end}\nb1:\nunwind\nb2:\nunwind"))), message);
    }
}

#[test]
fn helpers_are_called_as_the_table_says() {
    let wrong = [
        ("v9: any = call get_len", "wants Obj as operand 0, got None"),
        ("v9: any = call get_len v2", "wants Obj as operand 0, got Some(I64)"),
        ("v9: any = call get_len v1", "wants Obj as operand 0, got Some(Ref)"),
        ("v9: any = call make_cell v2", "wants Obj as operand 0, got Some(I64)"),
        ("v9: any = call get_len v0 v0", "takes 1 operands, got 2"),
        ("v9: any = call long_from_i64 v0", "wants I64 as operand 0, got Some(Obj)"),
        ("v9: any = call float_new v2", "wants F64 as operand 0, got Some(I64)"),
        ("v9: any = call build_tuple [1] v0", "wants I64 as operand 0, got Some(Obj)"),
        ("v9: i64 = call get_len v0", "gives Obj, not I64"),
        ("v9: any = call to_bool v0", "gives I64, not Obj"),
        ("v9: any = call copy_free_vars [1]", "gives None, not Obj"),
        ("v9: any = call binary_op v0 v0", "v9 calls binary_op with 0 immediates, which takes 1"),
        ("v9: any = call get_len [7] v0", "v9 calls get_len with 1 immediates, which takes 0"),
    ];
    for (call, message) in wrong {
        let found = error(&with_values(&format!("{call}\nunwind")));
        assert!(found.starts_with("v9 ") && found.ends_with(message), "{found}");
    }
}

#[test]
fn operations_have_as_many_operands_as_they_take() {
    let wrong = [
        ("v9: i64 = const_i64 1 v2", "v9 (ConstI64(1)) takes 0 operands, got 1"),
        ("inc_ref v0 v0", "v5 (IncRef) takes 1 operands, got 2"),
        ("v9: i64 = load.I64 +8 v0 v2 v2", "v9 (Load { offset: 8, mem: I64 }) takes 2 operands, got 3"),
        ("v9: i64 = load.I64 +8", "v9 (Load { offset: 8, mem: I64 }) wants Obj or I64 as operand 0, got None"),
        ("store.Obj +8 v0 v2", "v5 (Store { offset: 8, mem: Obj }) wants Obj as operand 1, got Some(I64)"),
        ("v9: cond = compare.Eq v2 v3", "v9 (Compare(Eq)) wants Obj or Ref or I64 as operand 1, got Some(F64)"),
        ("spill_args @0 v0 v3", "v5 (SpillArgs { at: 0 }) wants Obj or Ref or I64 as operand 1, got Some(F64)"),
        ("v9: i64 = bits v0", "v9 (Bits) wants Ref or I64 as operand 0, got Some(Obj)"),
        ("v9: i64 = add_addr v1 v2", "v9 (AddAddr) wants Obj or I64 as operand 0, got Some(Ref)"),
        ("v9: i64 = wrap_index v2", "v9 (WrapIndex) wants I64 as operand 1, got None"),
    ];
    for (operation, message) in wrong {
        assert_eq!(error(&with_values(&format!("{operation}\nunwind"))), message);
    }
    for (call, message) in [
        ("nargs=1 has_self=false has_shim=false v1 v1", "wants Ref as operand 2, got None"),
        ("nargs=1 has_self=true has_shim=false v1 v1 v1", "takes 2 operands, got 3"),
        ("nargs=0 has_self=false has_shim=false v1 v0", "wants Ref as operand 1, got Some(Obj)"),
    ] {
        let found = error(&with_values(&format!("v9: any = call_direct 0x10 {call}\nunwind")));
        assert!(found.ends_with(message), "{found}");
    }
}

#[test]
fn results_have_the_right_representation() {
    let wrong = [
        ("v9: i64 = const_obj 0x10", "v9 (ConstObj { address: 16, kinds: int }) gives Obj, not I64"),
        ("v9: i64 = box_int v2 ; @0 []", "v9 (BoxInt) gives Obj, not I64"),
        ("v9: any = own_ref v0", "v9 (ToRef { borrowed: false }) gives Ref, not Obj"),
        ("v9: cond = int.And v2 v2", "v9 (Int(And)) gives I64, not Bool"),
        ("v9: i64 = compare.Lt v2 v2", "v9 (Compare(Lt)) gives Bool, not I64"),
        ("v9: any = inc_ref v0", "v9 (IncRef) gives None, not Obj"),
        ("v9: i64 = returned v2", "v9 is not what a call returns in a register"),
    ];
    for (operation, message) in wrong {
        assert_eq!(error(&with_values(&format!("{operation}\nunwind"))), message);
    }
}

/// A block that has a value of each representation, and goes on with `rest`.
fn with_values(rest: &str) -> String {
    format!(
        "
        b0:
            v0: int = const_obj 0x10
            v1: ref = const_ref null
            v2: i64 = const_i64 1
            v3: f64 = const_f64 1.0
            v4: cond = const_cond true
            {rest}
        "
    )
}
