//! Samples of everything that the HIR's text can say, which are read and printed again. An operation without a sample
//! does not get past the tests here.

use std::collections::BTreeSet;

use super::function::Function;
use super::inst::{Block, Op, Terminator, Value};
use super::parse::parse;
use super::types::{Kinds, Repr};
use super::verify::verify;

const SAMPLES: &[&str] = &[
    "\
function <lambda>.<locals>.name with spaces
b0:
    v0: null = const_obj null
    v1: str = const_obj 0x7f00dead0010
    v2: int|float|other = const_obj 0x10
    v3: ref = const_ref null
    v4: ref = const_ref 0x2b
    v5: i64 = const_i64 -9223372036854775808
    v6: f64 = const_f64 0.1
    v7: f64 = const_f64 -0.0
    v8: f64 = const_f64 1e300
    v9: f64 = const_f64 -inf
    v10: f64 = const_f64 nan 0x7ff8000000000000
    v11: f64 = const_f64 nan 0xfff0000000000001
    v12: cond = const_cond true
    v13: cond = const_cond false
    return v1
",
    "\
loop Class.method @24
b0:
    v0: ref = load_local 3
    v1: any? = ref_to_obj v0
    v2: any = refine any v1
    v3: never = refine never v1
    inc_ref v2
    v4: ref = own_ref v2
    v5: ref = swap_local 0 v4
    close_ref v5
    v6: ref = borrow_ref v2
    dup_ref v6
    v7: any? = ref_to_owned v6
    v8: ref = own_ref v7
    dec_ref v2
    v9: any = type_of v2
    v10: i64 = bits v8
    v11: i64 = shift_right 2 v10
    v12: ref = as_ref v11
    leave  ; @30 [v12, &v2]
",
    "\
function guards
b0:
    v0: ref = load_local 0
    v1: any = ref_to_obj v0
    v2: int = guard_type int v1  ; @2 [v0]
    v3: i64 = unbox_int v2  ; @2 [v0]
    v4: float = guard_type float v1  ; @3 from @2 []
    v5: f64 = unbox_float v4
    v16: f64 = unbox_number exact=true v1  ; @3 from @2 []
    v6: bool = guard_type bool v1  ; @2 [&v1, v0]
    v7: cond = unbox_bool v6
    guard Identity v7  ; @2 [v7, v3, v5]
    v8: int = box_int v3  ; @2 []
    v9: float = box_float v5  ; @2 []
    v10: bool = box_bool v7
    v11: int = store_int 3 v3  ; @4 [v3]
    v13: null|int = private_of v11
    v14: int = store_int 3 v3 v13  ; @4 [v3]
    v12: float = store_float 0 v5  ; @5 [v5]
    v15: i64 = safepoint periodic=false boxes=2 v11 v13 v12  ; @5 [v5]
    v18: i64 = safepoint periodic=false leaves=true v12  ; @5 [v5]
    v19: cond = is_due
    v17: any = guard_private v1  ; @5 [v5, v1] {v1 +16 = v3, v1 +32 = v3}
    replace_float +24 v12 v12 v5  ; @5 [v5]
    replace_int +0 v3 v2 v3 v3  ; @5 []
    return v10
",
    "\
function arithmetic
b0:
    v0: i64 = const_i64 3
    v1: i64 = int.And v0 v0
    v2: i64 = int.Shl v0 v1  ; @1 []
    v3: i64 = int_neg v2  ; @1 []
    v4: f64 = int_to_float v3
    v5: f64 = float.Mul v4 v4
    v6: f64 = float.Div v4 v5  ; @1 []
    v7: f64 = float_neg v6
    v20: f64 = float_sqrt v6
    v21: f64 = float_abs v6
    v22: i64 = float_to_int v21
    v8: cond = compare.Below v0 v3
    v23: i64 = select v8 v22 v0
    v24: f64 = select v8 v7 v21
    v9: cond = float_compare.Ne v6 v7
    v10: cond = not v9
    v11: bool = box_bool v10
    return v11
",
    "\
function memory scratch=4
b0:
    v0: dict = frame_globals
    v1: dict = frame_builtins
    v2: other = type_of v0
    v3: i64 = const_i64 64
    v4: i64 = load.I64 +24 v2
    v5: any? = load.Obj -16 v0
    v6: i64 = load.U32 +8 v0
    v7: i64 = wrap_index v6 v4
    v8: i64 = load.U8 +0 v3 v7
    store.Obj +16 v0 v1
    store.I64 -8 v3 v4 v7
    v9: i64 = add_addr v3 v4
    spill_args @1 v0 v1
    v10: i64 = scratch_addr @0
    v11: any? = load_scratch @2
    v12: ref = load_scratch @3
    return v2
",
    "\
function returns
b0:
    v0: i64 = const_i64 3
    return as_is v0
",
    "\
function calls
b0:
    v0: ref = load_local 0
    v1: any = ref_to_obj v0
    set_line @7
    v2: i64 = safepoint periodic=true  ; @8 from @7 [v0]
    v3: i64 = safepoint periodic=false  ; @8 []
    v4: any = call binary_op [5] v1 v1
    v5: any = call import_name [-1] v1 v1 v1
    v6: any = call load_attr v1 v1
    call pop_except v4
    v7: any = call_direct 0x55550000 nargs=1 has_self=false has_shim=false v0 v0 v0
    v8: any = call_direct 0x55550000 nargs=1 has_self=true has_shim=true v0 v0
    v16: i64 = call_direct 0x55550000 nargs=1 has_self=true has_shim=false number=f64 v0 v0
    v17: f64 = returned v16
    v18: i64 = returned v16
    v19: any = returned v16
    v10: i64 = const_i64 4096
    v11: any = call_native v10 v4 v10
    v12: any = new_unmade v1
    add_unmade +24 is_slot=true v12 v10
    v13: int = box_aside v10
    traceback
    v9: other = take_exception @9
    unwind
",
    "\
function caller
context c1 v4 b3 from c0 @12 above a shim Class.a method
context c2 v4 b3 from c0 @12 copy of c1 another
b0:
    v0: ref = load_local 0
    v1: cond = can_inline 0x55550000 has_shim=true
    v2: int = const_obj 0x20
    branch v1 b1 else b2
b2:
    v3: any = call_direct 0x55550000 nargs=1 has_self=true has_shim=false v0 v0
    jump b3(v3)
b1:
    v4: i64 = push_frame Light 0x55550000 nargs=1 has_self=true has_shim=true lazy=0 len=1 homes=6 lent=1 is_operand=true again=true v0 v0 v2
    jump b4
b4: in c1
    v5: i64 = safepoint periodic=true  ; @0 []
    on_error.Negative v5 b5 else b6
b6: in c1
    v6: any = const_obj 0x10
    pop_frame 0x5 is_quiet=true
    jump b3(v6)
b5: cold in c1
    traceback
    unwind_frame
    v7: null = const_obj null
    jump b3(v7)
b3(v8: any?):
    return v8
",
    "\
loop control @12 scratch=2
b0:
    v0: i64 = const_i64 1
    v1: ref = load_local 1
    v2: any = ref_to_obj v1
    jump b3(v0, v2)
b3(v3: i64, v4: any):
    v5: any? = call for_iter v4 v3
    on_error.One v5 b7 else b8
b8:
    v6: cond = compare.Ne v5 v0
    branch v6 b1(v5) else b4
b4:
    v7: any = call get_len v4
    on_error.Null v7 b5 else b6
b6:
    v8: i64 = call size v7
    on_error.Negative v8 b9 else b3(v8, v7)
b9: cold
    leave  ; @14 []
b5: cold
    throw  ; @12 []
b1(v10: any?):
    jump b2
b2:
    jump b1(v10)
b7: cold
    exit TypeVersion  ; @14 from @12 [v3]
",
    "\
generator items @6
b0:
    v0: ref = load_local 0
    v1: int|float|other = const_obj 0x10
    v2: any = ref_to_obj v0
    v3: i64 = const_i64 0
    v4: cond = compare.Eq v3 v3
    branch v4 b1 else b2
b2:
    inc_ref v1
    yield v1 delegates  ; @14 [v0, &v1]
b1:
    inc_ref v2
    yield v2  ; @9 [v0]
",
    "\
function makes_items
b0:
    v0: int|float|other = const_obj 0x10
    inc_ref v0
    return_generator  ; @3 [v0]
",
    "\
function unfinished
b0:
    open
",
];

fn samples() -> Vec<Function> {
    SAMPLES.iter().map(|text| parse(text).unwrap_or_else(|error| panic!("{error}"))).collect()
}

#[test]
fn printing_what_was_read() {
    for (text, function) in SAMPLES.iter().zip(samples()) {
        assert_eq!(function.to_string(), *text);
    }
}

#[test]
fn samples_make_sense() {
    for function in samples().iter().filter(|function| function.name != "unfinished") {
        assert_eq!(verify(function), Ok(()), "{}", function.name);
    }
}

/// The names of an enum's variants and a function to tell them; does not compile when one is missing.
macro_rules! variants {
    ($name:ident: $($variant:ident)*) => {{
        fn name(it: &$name) -> &'static str {
            match it { $($name::$variant { .. } => stringify!($variant),)* }
        }
        (BTreeSet::from([$(stringify!($variant)),*]), name)
    }};
}

#[test]
fn every_operation_has_a_sample() {
    let (all, name) = variants!(Op:
        Param ConstObj ConstRef ConstI64 ConstF64 ConstBool
        LoadLocal SwapLocal StoreInt StoreFloat PrivateOf ReplaceInt ReplaceFloat
        ToRef RefToObj RefToOwned IncRef DecRef DupRef CloseRef
        GuardKinds GuardPrivate Guard Refine
        UnboxInt UnboxFloat UnboxNumber UnboxBool BoxInt BoxFloat BoxBool BoxAside
        Int IntNeg Float FloatNeg FloatSqrt FloatAbs IntToFloat FloatToInt Select Compare FloatCompare Not
        Load Store TypeOf Bits AsRef AddAddr ShiftRight WrapIndex
        Helper NewUnmade AddUnmade SpillArgs ScratchAddr LoadScratch CallDirect Returned CallNative CanInline PushFrame
        PopFrame UnwindFrame
        SetLine Safepoint IsDue Traceback TakeException FrameGlobals FrameBuiltins
    );
    let samples = samples();
    let used: BTreeSet<_> = samples
        .iter()
        .flat_map(|function| function.blocks.iter().map(move |block| (function, block)))
        .flat_map(|(function, block)| block.params.iter().chain(&block.insts).map(|value| &function.inst(*value).op))
        .map(name)
        .collect();
    assert_eq!(used, all);
}

#[test]
fn every_terminator_has_a_sample() {
    let (all, name) = variants!(Terminator:
        Jump Branch OnError Return ReturnGenerator Unwind Yield Throw Leave Exit Open
    );
    let samples = samples();
    let used: BTreeSet<_> =
        samples.iter().flat_map(|function| &function.blocks).map(|block| name(&block.terminator)).collect();
    assert_eq!(used, all);
}

#[test]
fn indentation_means_nothing() {
    let function = parse(
        "
        function f
            b0:
          unwind",
    );
    assert_eq!(function.unwrap().to_string(), "function f\nb0:\n    unwind\n");
}

#[test]
fn equal_states_are_one() {
    let text = "function f\nb0:\nv0: i64 = safepoint periodic=true ; @1 []\nexit Type ; @1 []";
    let function = parse(text).unwrap();
    assert_eq!(function.states.len(), 1);
    assert_eq!(function.inst(Value(0)).state, function.block(Block(0)).terminator.state());
}

#[test]
fn what_is_not_printed() {
    let text = "function f\nb0:\nv0: int = const_obj 0x10\nv1: ref = load_scratch @1\ntraceback\nunwind";
    let function = parse(text).unwrap();
    assert_eq!(function.inst(Value(0)).op, Op::ConstObj { address: 0x10, kinds: Kinds::LONG });
    assert_eq!(function.inst(Value(1)).op, Op::LoadScratch { at: 1, repr: Repr::Ref });
    assert_eq!(function.inst(Value(2)).op, Op::Traceback);
}

#[test]
fn mistakes() {
    let error = |line: &str| parse(&format!("function f\nb0:\n    {line}\n    unwind\n")).unwrap_err();
    assert_eq!(error("v0: int = smash v1"), "unknown operation smash, in `v0: int = smash v1`");
    assert_eq!(error("v0: i64 = int.Pow v1 v1"), "unknown variant Pow, in `v0: i64 = int.Pow v1 v1`");
    assert_eq!(error("v0: integer = traceback"), "unknown type integer, in `v0: integer = traceback`");
    assert_eq!(error("call nobody"), "unknown helper nobody, in `call nobody`");
    assert_eq!(error("load_local x"), "expected a number instead of x, in `load_local x`");
    assert_eq!(error("inc_ref 1"), "expected a value instead of 1, in `inc_ref 1`");
    assert_eq!(error("inc_ref v1 ; @3"), "expected `[` at ``, in `inc_ref v1 ; @3`");
    assert_eq!(error("branch v1 b2"), "expected `else` at ``, in `branch v1 b2`");
    assert_eq!(error("unwind now"), "did not expect `now`, in `unwind now`");
    assert_eq!(error("unwind"), "a terminator outside of a block, in `unwind`");
    assert_eq!(
        parse("method f\nb0:\n unwind").unwrap_err(),
        "neither a function nor a loop nor a generator: `method f`"
    );
}
