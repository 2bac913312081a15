//! Snapshots of what becomes of reference counts.

use insta::assert_snapshot;

use super::run;
use crate::hir::opt::after;

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
        v6: int = guard_type int v5  ; @6 [v5, v5] late [v5, v5]
        return v1
    ");
}

#[test]
fn references_are_followed_through_callees() {
    let text = "
        function f
        context c1 v9 b5 from c0 @12 callee
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v12: ref = load_local 1
            v2: any = ref_to_obj v12
            inc_ref v2
            v3: function = const_obj 0x10
            inc_ref v3
            v4: cond = compare.Eq v1 v2
            guard Callee v4  ; @12 [v2, v3]
            v5: ref = own_ref v3
            v6: ref = borrow_ref v1
            v7: cond = can_inline 0x55550000 has_shim=false
            branch v7 b2 else b1
        b1: cold
            v8: any = call_direct 0x55550000 nargs=1 has_self=true has_shim=false v5 v6
            jump b5(v8)
        b2:
            v9: i64 = push_frame Light 0x55550000 nargs=1 has_self=true has_shim=false v5 v6
            jump b3
        b3: in c1
            v10: int = guard_type int v1  ; @4 []
            pop_frame 0x1 is_quiet=true
            jump b4
        b4:
            dec_ref v2
            return v10
        b5(v11: any?): cold
            dec_ref v2
            return v11
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    context c1 v9 b5 from c0 @12 callee
    b0:
        v0: ref = load_local 0
        v1: any = ref_to_obj v0
        v12: ref = load_local 1
        v2: any = ref_to_obj v12
        v3: function = const_obj 0x10
        v4: cond = compare.Eq v1 v2
        guard Callee v4  ; @12 [v2, v3] late [v3, v2]
        v5: ref = own_ref v3
        v6: ref = borrow_ref v1
        v7: cond = can_inline 0x55550000 has_shim=false
        branch v7 b2 else b6
    b6: cold
        inc_ref v3
        inc_ref v2
        jump b1
    b1: cold
        v8: any = call_direct 0x55550000 nargs=1 has_self=true has_shim=false v5 v6
        jump b5(v8)
    b5(v11: any?): cold
        dec_ref v2
        return v11
    b2:
        v9: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false v5 v6
        jump b3
    b3: in c1
        v10: int = guard_type int v1  ; @4 [] late [v2]
        pop_frame 0x1 is_quiet=true
        jump b4
    b4:
        return v10
    ");
}

#[test]
fn what_a_callee_returns_is_its_callers() {
    let text = "
        function f
        context c1 v4 b8 from c0 @12 getter
        context c2 v9 b8 from c0 @20 other
        b0:
            v1: any = const_obj 0x20
            v2: function = const_obj 0x10
            v3: ref = borrow_ref v2
            v5: ref = borrow_ref v1
            v4: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false v3 v5
            jump b1
        b1: in c1
            v6: any = load.Obj +16 v1
            inc_ref v6
            pop_frame 0x1 is_quiet=true
            jump b2
        b2:
            v7: int = guard_type int v1  ; @20 [v6]
            v8: ref = borrow_ref v1
            v9: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false v3 v8
            jump b3
        b3: in c2
            v10: float = guard_type float v1  ; @4 []
            pop_frame 0x1 is_quiet=true
            jump b4
        b4:
            dec_ref v6
            v11: int = guard_type int v10  ; @24 []
            return v11
        b8(v12: any?): cold
            unwind
    ";
    assert_snapshot!(after(run, text), @r"
    function f
    context c1 v4 b8 from c0 @12 getter
    context c2 v9 b8 from c0 @20 other
    b0:
        v1: any = const_obj 0x20
        v2: function = const_obj 0x10
        v3: ref = borrow_ref v2
        v5: ref = borrow_ref v1
        v4: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false v3 v5
        jump b1
    b1: in c1
        v6: any = load.Obj +16 v1
        pop_frame 0x1 is_quiet=true
        jump b2
    b2:
        v7: int = guard_type int v1  ; @20 [v6] late [v6]
        v8: ref = borrow_ref v1
        v9: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false v3 v8
        jump b3
    b3: in c2
        v10: float = guard_type float v1  ; @4 [] late [v6]
        pop_frame 0x1 is_quiet=true
        jump b4
    b4:
        v11: int = guard_type int v10  ; @24 []
        return v11
    ");
}
