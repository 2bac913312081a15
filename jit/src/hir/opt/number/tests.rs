//! Snapshots of value numbering.

use insta::assert_snapshot;

use super::run;
use crate::hir::opt::after;

#[test]
fn guards_and_loads_are_not_repeated() {
    let text = "
        function f
        b0:
            v0: any = frame_globals
            v1: i64 = load.I64 +32 v0
            v2: i64 = load.U32 +12 v1
            v3: i64 = const_i64 5
            v4: cond = compare.Eq v2 v3
            guard KeysVersion v4  ; @1 []
            v5: any = frame_globals
            v6: i64 = load.I64 +32 v5
            v7: i64 = load.U32 +12 v6
            v8: i64 = const_i64 5
            v9: cond = compare.Eq v7 v8
            guard KeysVersion v9  ; @2 []
            v10: any = load.Obj +40 v6
            v11: list = guard_type list v10  ; @3 []
            branch v9 b1 else b2
        b1:
            v12: list = guard_type list v10  ; @4 []
            v13: i64 = load.I64 +16 v12
            v14: any = load.Obj +40 v6
            return v14
        b2:
            return v11
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    b0:
        v0: any = frame_globals
        v1: i64 = load.I64 +32 v0
        v2: i64 = load.U32 +12 v1
        v3: i64 = const_i64 5
        v4: cond = compare.Eq v2 v3
        guard KeysVersion v4  ; @1 []
        v5: any = frame_globals
        v8: i64 = const_i64 5
        v10: any = load.Obj +40 v1
        v11: list = guard_type list v10  ; @3 []
        jump b1
    b1:
        v13: i64 = load.I64 +16 v11
        return v10
    ");
}

#[test]
fn what_may_write_begins_anew() {
    let text = "
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: i64 = load.I64 +16 v1
            v3: i64 = load.I64 +24 v1
            v4: i64 = const_i64 0
            v5: f64 = load.F64 +0 v3 v4
            store.F64 +0 v3 v5 v2
            v6: i64 = load.I64 +16 v1
            v7: f64 = load.F64 +0 v3 v4
            dec_ref v1
            v8: i64 = safepoint periodic=false  ; @1 []
            v9: i64 = load.I64 +16 v1
            v10: i64 = int.Add v2 v6  ; @2 []
            v11: i64 = int.Add v2 v9  ; @2 []
            v12: i64 = int.Add v2 v2  ; @2 []
            v13: f64 = float.Add v5 v7
            v14: float = box_float v13  ; @3 [v10, v11, v12]
            return v14
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    b0:
        v0: ref = load_local 0
        v1: any = ref_to_obj v0
        v2: i64 = load.I64 +16 v1
        v3: i64 = load.I64 +24 v1
        v4: i64 = const_i64 0
        v5: f64 = load.F64 +0 v3 v4
        store.F64 +0 v3 v5 v2
        v7: f64 = load.F64 +0 v3 v4
        dec_ref v1
        v8: i64 = safepoint periodic=false  ; @1 []
        v9: i64 = load.I64 +16 v1
        v10: i64 = int.Add v2 v2  ; @2 []
        v11: i64 = int.Add v2 v9  ; @2 []
        v13: f64 = float.Add v5 v7
        v14: float = box_float v13  ; @3 [v10, v11, v10]
        return v14
    ");
}

#[test]
fn calls_at_the_same_depth_are_asked_for_once() {
    let text = "
        function f
        b0:
            v0: ref = load_local 0
            v1: cond = can_inline 0x55550000 has_shim=false
            branch v1 b1 else b5
        b1:
            v2: cond = can_inline 0x55550000 has_shim=false
            branch v2 b2 else b5
        b2:
            v3: cond = can_inline 0x55550000 has_shim=true
            branch v3 b3 else b5
        b3:
            close_ref v0
            v4: cond = can_inline 0x55550000 has_shim=false
            branch v4 b4 else b5
        b4:
            v5: none = const_obj 0x10
            return v5
        b5: cold
            unwind
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    b0:
        v0: ref = load_local 0
        v1: cond = can_inline 0x55550000 has_shim=false
        branch v1 b1 else b5
    b1:
        v7: cond = const_cond true
        branch v7 b2 else b5
    b2:
        v3: cond = can_inline 0x55550000 has_shim=true
        branch v3 b3 else b5
    b3:
        close_ref v0
        v4: cond = can_inline 0x55550000 has_shim=false
        branch v4 b4 else b5
    b5: cold
        unwind
    b4:
        v5: none = const_obj 0x10
        return v5
    ");
}

#[test]
fn numbers_in_memory_are_read_once() {
    let text = "
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: int = load.Obj +32 v1
            v3: i64 = unbox_int v2  ; @1 []
            v4: i64 = unbox_int v2  ; @2 []
            v5: int = guard_type int v1  ; @3 []
            v6: i64 = unbox_int v5  ; @3 []
            v7: i64 = unbox_int v5  ; @4 []
            replace_int +32 v1 v2 v3 v3  ; @5 []
            v8: i64 = unbox_int v2  ; @5 []
            v9: i64 = int.Add v4 v6  ; @6 []
            v10: i64 = int.Add v7 v8  ; @6 []
            v11: int = box_int v9  ; @7 [v10]
            return v11
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    b0:
        v0: ref = load_local 0
        v1: any = ref_to_obj v0
        v2: int = load.Obj +32 v1
        v3: i64 = unbox_int v2  ; @1 []
        v5: int = guard_type int v1  ; @3 []
        v6: i64 = unbox_int v5  ; @3 []
        v7: i64 = unbox_int v5  ; @4 []
        replace_int +32 v1 v2 v3 v3  ; @5 []
        v8: i64 = unbox_int v2  ; @5 []
        v9: i64 = int.Add v3 v6  ; @6 []
        v10: i64 = int.Add v7 v8  ; @6 []
        v11: int = box_int v9  ; @7 [v10]
        return v11
    ");
}

#[test]
fn one_way_does_not_help_the_other() {
    let text = "
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: cond = compare.Eq v1 v1
            branch v2 b1 else b2
        b1:
            v3: int = guard_type int v1  ; @1 []
            v4: any = type_of v1
            jump b3
        b2:
            v5: int = guard_type int v1  ; @2 []
            jump b3
        b3:
            v6: int = guard_type int v1  ; @3 []
            v7: any = type_of v1
            jump b4
        b4:
            v8: any = type_of v1
            v9: any = load.Obj +8 v8
            v10: any = load.Obj +8 v7
            branch v2 b3 else b5
        b5:
            return v6
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    b0:
        v0: ref = load_local 0
        v1: any = ref_to_obj v0
        v2: cond = compare.Eq v1 v1
        branch v2 b1 else b2
    b2:
        v5: int = guard_type int v1  ; @2 []
        jump b3
    b1:
        v3: int = guard_type int v1  ; @1 []
        v4: any = type_of v1
        jump b3
    b3:
        v6: int = guard_type int v1  ; @3 []
        v7: any = type_of v1
        jump b4
    b4:
        v9: any = load.Obj +8 v7
        branch v2 b3 else b5
    b5:
        return v6
    ");
}

/// What a round does not write is as it was before the loop.
#[test]
fn loops_keep_what_no_round_changes() {
    let text = |writes: &str| {
        format!(
            "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: i64 = load.I64 +24 v1
                v3: f64 = const_f64 0.5
                v4: i64 = const_i64 0
                v5: f64 = load.F64 +0 v2 v4
                v6: cond = const_cond true
                jump b1
            b1:
                v7: cond = is_due
                branch v7 b2 else b3
            b2:
                v8: i64 = load.I64 +24 v1
                v9: f64 = load.F64 +0 v8 v4
                {writes}
                jump b1
            b3:
                return v1
        "
        )
    };
    let loads = |writes: &str| after(run, &text(writes)).matches("load.").count();
    assert_eq!(loads("set_line @4"), 2);
    assert_eq!(loads("store.F64 +0 v2 v3 v4"), 3);
    assert_eq!(loads("store.I64 +16 v1 v4"), 4);
    assert_eq!(loads("v10: i64 = safepoint periodic=false leaves=true  ; @3 []"), 2);
    assert_eq!(loads("v10: any = call load_attr v1 v1"), 4);
}

/// What was there before an instance was made is not changed by what is put there. What was loaded later may be the instance.
#[test]
fn new_attributes_change_nothing_else() {
    let text = "
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: float = load.Obj +24 v1
            v3: f64 = unbox_float v2
            v4: any = call new_instance [0] v1
            on_error.Null v4 b2 else b1
        b1:
            v5: any = load.Obj +40 v1
            call add_inline_value [24, 16] v4 v2
            v6: float = load.Obj +24 v1
            v7: f64 = unbox_float v6
            v8: any = load.Obj +40 v5
            call add_inline_value [32, 16] v4 v2
            v9: any = load.Obj +40 v5
            v10: any = load.Obj +40 v1
            v11: any = load.Obj +48 v5
            call add_inline_value [32, 16] v1 v2
            v12: float = load.Obj +24 v1
            return v4
        b2: cold
            unwind
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    b0:
        v0: ref = load_local 0
        v1: any = ref_to_obj v0
        v2: float = load.Obj +24 v1
        v3: f64 = unbox_float v2
        v4: any = call new_instance [0] v1
        on_error.Null v4 b2 else b1
    b1:
        v5: any = load.Obj +40 v1
        call add_inline_value [24, 16] v4 v2
        v8: any = load.Obj +40 v5
        call add_inline_value [32, 16] v4 v2
        v9: any = load.Obj +40 v5
        v11: any = load.Obj +48 v5
        call add_inline_value [32, 16] v1 v2
        v12: float = load.Obj +24 v1
        return v4
    b2: cold
        unwind
    ");
}

#[test]
fn numbers_in_boxes_are_known() {
    let text = "
        function f
        b0:
            v0: f64 = const_f64 0.5
            v1: float = box_float v0  ; @1 []
            v2: any = refine any v1
            v3: i64 = const_i64 0
            v4: cond = compare.Ne v2 v3
            guard Missing v4  ; @2 []
            v6: float = guard_type float v2  ; @3 []
            v7: f64 = unbox_float v6
            v8: f64 = float.Add v7 v0
            v9: float = box_float v8  ; @4 []
            return v9
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    b0:
        v0: f64 = const_f64 0.5
        v1: float = box_float v0  ; @1 []
        v3: i64 = const_i64 0
        v4: cond = const_cond true
        v8: f64 = float.Add v0 v0
        v9: float = box_float v8  ; @4 []
        return v9
    ");
}
