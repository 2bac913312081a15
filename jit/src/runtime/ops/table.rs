//! The list of helpers, for the compiler: names, addresses, signatures and effects.
//!
//! Each line is checked against the function's real signature, so the compiler cannot call a helper wrongly.

use super::{
    arith, attrs, calls, construct, containers, exceptions, functions, generators, imports, iter, locals, matching,
    names, operators, slices, specials, strings,
};
use crate::cpython::frame::InterpreterFrame;
use crate::runtime::results;
use pyo3::ffi::{PyObject, PyThreadState};

/// What a helper's parameter is. All but [`Param::F64`] travel as i64.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum Param {
    /// The thread state.
    TState,
    /// The running frame.
    Frame,
    /// An object, borrowed.
    Obj,
    /// An object or NULL, borrowed.
    NullableObj,
    /// A number known when compiling.
    Imm,
    /// A number computed at run time.
    Word,
    /// An array of words, or room for results.
    Ptr,
    /// An unboxed float, in a floating point register.
    F64,
}

/// What a helper returns.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum Ret {
    /// A new reference; NULL when an exception is set.
    NewRef,
    /// A borrowed reference; NULL when an exception is set.
    Borrowed,
    /// i32, negative when an exception is set.
    Status,
    /// i32, 0 or 1; negative when an exception is set.
    Bool,
    /// i64, negative when an exception is set.
    Word,
    /// An object or NULL, borrowed; never an exception.
    Found,
    /// Nothing.
    Void,
    /// An unboxed float.
    F64,
    /// The next item as a new reference, 0 at the end, 1 when an exception is set.
    Iter,
}

/// What can happen during a helper's call.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct Effects {
    /// It may set an exception.
    pub may_raise: bool,
    /// It may run arbitrary Python code (finalizers included), and anybody may look at the frame meanwhile.
    pub may_run_python: bool,
}

macro_rules! param_type {
    (TState) => { *mut PyThreadState };
    (Frame) => { *mut InterpreterFrame };
    (Obj) => { *mut PyObject };
    (NullableObj) => { *mut PyObject };
    (Imm) => { i64 };
    (Word) => { i64 };
    (Ptr) => { *mut *mut PyObject };
    (F64) => { f64 };
}

macro_rules! ret_type {
    (NewRef) => { *mut PyObject };
    (Borrowed) => { *mut PyObject };
    (Iter) => { *mut PyObject };
    (Status) => { i32 };
    (Word) => { i64 };
    (Found) => { *mut PyObject };
    (Bool) => { i32 };
    (Void) => { () };
    (F64) => { f64 };
}

macro_rules! effects {
    () => {
        Effects { may_raise: true, may_run_python: true }
    };
    (nopy) => {
        Effects { may_raise: true, may_run_python: false }
    };
    (noerr) => {
        Effects { may_raise: false, may_run_python: true }
    };
    (pure) => {
        Effects { may_raise: false, may_run_python: false }
    };
}

macro_rules! helpers {
    ($($variant:ident $module:ident $name:ident ($($param:ident),*) -> $ret:ident $([$effect:ident])?;)*) => {
        /// A function that compiled code may call.
        #[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
        pub enum Helper {
            $(
                #[doc = concat!("[`", stringify!($module), "::", stringify!($name), "`]")]
                $variant,
            )*
        }

        impl Helper {
            /// All helpers.
            pub const ALL: &'static [Helper] = &[$(Helper::$variant),*];

            /// The name in printed code.
            pub fn name(self) -> &'static str {
                match self { $(Helper::$variant => stringify!($name),)* }
            }

            /// Where the function is.
            pub fn address(self) -> usize {
                match self {
                    $(Helper::$variant => {
                        let function: unsafe extern "C-unwind" fn($(param_type!($param)),*) -> ret_type!($ret) =
                            $module::$name;
                        function as *const () as usize
                    })*
                }
            }

            /// The parameters, in order.
            pub fn params(self) -> &'static [Param] {
                match self { $(Helper::$variant => &[$(Param::$param),*],)* }
            }

            /// The kind of result.
            pub fn ret(self) -> Ret {
                match self { $(Helper::$variant => Ret::$ret,)* }
            }

            /// What can happen during the call.
            pub fn effects(self) -> Effects {
                match self { $(Helper::$variant => effects!($($effect)?),)* }
            }

            /// The helper of that name.
            pub fn from_name(name: &str) -> Option<Helper> {
                Helper::ALL.iter().copied().find(|helper| helper.name() == name)
            }
        }
    };
}

// Without a mark, a helper may raise and may run Python code; nopy: may only raise; noerr: may only run Python code;
// pure: neither.
helpers! {
    NumberOp arith number_op (Obj, Obj, Imm) -> NewRef [nopy];
    BinaryOp arith binary_op (TState, Frame, Obj, Obj, Imm) -> NewRef;
    RefuseOperands operators refuse_operands (Obj, Obj, Imm) -> NewRef [nopy];
    BinarySlice slices binary_slice (Obj, Obj, Obj) -> NewRef;
    UnaryNegative arith unary_negative (Frame, Obj) -> NewRef;
    UnaryInvert arith unary_invert (Frame, Obj) -> NewRef;
    Truth arith truth (Frame, Obj) -> Bool;
    ToBool arith to_bool (Obj) -> Bool;
    CompareOp arith compare_op (Frame, Obj, Obj, Imm) -> NewRef;
    CompareBool arith compare_bool (Frame, Obj, Obj, Imm) -> Bool;
    ContainsOp arith contains_op (Frame, Obj, Obj) -> Bool;
    CompareRest specials compare_rest (Obj, Obj, Imm) -> NewRef;
    LengthOf specials length_of (Obj) -> Word;
    RefuseLength specials refuse_length () -> Word [nopy];
    RefuseTruth specials refuse_truth (Obj) -> Status [nopy];
    FloatNew arith float_new (F64) -> NewRef [nopy];
    FloatPow arith float_pow (F64, F64) -> F64 [pure];
    MathFunction arith math_function (F64, Imm) -> F64 [pure];
    LongFromI64 arith long_from_i64 (Word) -> NewRef [nopy];
    LongToI64 arith long_to_i64 (Obj, Ptr) -> Bool [pure];

    LoadAttr attrs load_attr (TState, Frame, Obj, Obj) -> NewRef;
    LoadAttrHint attrs load_attr_hint (Obj, Obj, Imm) -> Found [pure];
    InitSlot attrs init_slot (Obj, Obj, Imm) -> Void [pure];
    AddInlineValue attrs add_inline_value (Obj, Obj, Imm, Imm) -> Void [pure];
    KeysValue attrs keys_value (Ptr, Imm) -> Found [pure];
    LoadMethod attrs load_method (TState, Obj, Obj, Imm, Ptr) -> NewRef;
    StoreAttr attrs store_attr (Obj, Obj, Obj) -> Status;
    DeleteAttr attrs delete_attr (Obj, Obj) -> Status;
    LoadSpecial attrs load_special (Obj, Imm, Imm, Ptr) -> NewRef;
    LoadSuperAttr attrs load_super_attr (Obj, Obj, Obj, Obj, Imm, Imm, Ptr) -> NewRef;

    StoreInt locals store_int (Ptr, Word) -> Borrowed;
    StoreFloat locals store_float (Ptr, F64) -> Borrowed;
    ReplaceInt locals replace_int (Ptr, Word) -> Borrowed;
    ReplaceFloat locals replace_float (Ptr, F64) -> Borrowed;

    LoadGlobal names load_global (Obj, Obj, Obj) -> NewRef;
    LoadName names load_name (TState, Frame, Obj) -> NewRef;
    StoreName names store_name (Frame, Obj, Obj) -> Status;
    DeleteName names delete_name (Frame, Obj) -> Status;
    StoreGlobal names store_global (Obj, Obj, Obj) -> Status;
    DeleteGlobal names delete_global (Obj, Obj) -> Status;
    LoadLocals names load_locals (Frame) -> NewRef [nopy];
    SetupAnnotations names setup_annotations (Frame) -> Status;
    LoadBuildClass names load_build_class (Frame) -> NewRef;
    LoadFromDictOrGlobals names load_from_dict_or_globals (Frame, Obj, Obj) -> NewRef;
    LoadFromDictOrDeref names load_from_dict_or_deref (Frame, Obj, Obj, Imm) -> NewRef;
    DeleteDeref names delete_deref (Frame, Obj, Imm) -> Status;
    UnboundLocalError names unbound_local_error (Frame, Imm) -> Status [nopy];
    UnboundDerefError names unbound_deref_error (Frame, Imm) -> Status [nopy];
    MakeCell names make_cell (NullableObj) -> NewRef [nopy];
    CopyFreeVars names copy_free_vars (Frame, Imm) -> Void [pure];

    BuildTuple containers build_tuple (Ptr, Imm) -> NewRef [nopy];
    BuildList containers build_list (Ptr, Imm) -> NewRef [nopy];
    BuildSet containers build_set (Ptr, Imm) -> NewRef;
    BuildMap containers build_map (Ptr, Imm) -> NewRef;
    BuildSlice slices build_slice (Obj, Obj, NullableObj) -> NewRef [nopy];
    StoreSubscr containers store_subscr (Frame, Obj, Obj, Obj) -> Status;
    DeleteSubscr containers delete_subscr (Obj, Obj) -> Status;
    ListSlice slices list_slice (Obj, Obj, Obj, NullableObj) -> NewRef;
    StoreSlice slices store_slice (Obj, Obj, Obj, Obj) -> Status;
    MoveItems slices move_items (Obj, Word, Word, Word, Obj, Word, Word, Imm) -> Bool [pure];
    ListAppend containers list_append (Obj, Obj) -> Status [nopy];
    ListExtend containers list_extend (Obj, Obj) -> Status;
    SetAdd containers set_add (Obj, Obj) -> Status;
    SetUpdate containers set_update (Obj, Obj) -> Status;
    MapAdd containers map_add (Obj, Obj, Obj) -> Status;
    DictUpdate containers dict_update (Obj, Obj) -> Status;
    DictMerge containers dict_merge (TState, Obj, Obj, Obj) -> Status;
    DictGetItem containers dict_get_item (Obj, Obj) -> NewRef;
    DictSetItem containers dict_set_item (Obj, Obj, Obj) -> Status;

    SendNone generators send_none (TState, Frame, Obj, Ptr) -> NewRef;
    GetIter iter get_iter (Obj, Imm, Ptr) -> NewRef;
    IterRange iter iter_range (Word, Word, Word) -> NewRef [nopy];
    ForIter iter for_iter (TState, Frame, Obj, Ptr) -> Iter;
    EndPairs iter end_pairs (Obj) -> Status;
    Track iter track (Obj) -> Void [pure];
    EndIteration iter end_iteration (TState, Frame) -> Status;
    GetLen iter get_len (Obj) -> NewRef;
    UnpackSequence iter unpack_sequence (TState, Obj, Imm, Ptr) -> Status;
    UnpackEx iter unpack_ex (TState, Obj, Imm, Ptr) -> Status;

    Call calls call (TState, Frame, Ptr, Imm) -> NewRef;
    CallKw calls call_kw (TState, Frame, Ptr, Imm) -> NewRef;
    CallBound calls call_bound (TState, Frame, Ptr, Imm) -> NewRef;
    TakeInt results take_int (Word, Word, Ptr) -> Word;
    TakeFloat results take_float (Word, Word, Ptr) -> Word;
    NewInstance construct new_instance (Obj, Imm) -> NewRef [nopy];
    InitReturned construct init_returned (Obj) -> Status;
    CallFunctionEx calls call_function_ex (TState, Frame, Ptr, Imm) -> NewRef;
    Size calls size (Frame, Obj) -> Word;
    IsInstance calls is_instance (Obj, Obj) -> Bool;
    CallIntrinsic1 calls call_intrinsic_1 (TState, Obj, Imm) -> NewRef;
    CallIntrinsic2 calls call_intrinsic_2 (TState, Obj, Obj, Imm) -> NewRef;

    PushExcInfo exceptions push_exc_info (TState, Obj) -> NewRef [pure];
    PopExcept exceptions pop_except (TState, Obj) -> Void [noerr];
    CheckExcMatch exceptions check_exc_match (TState, Obj, Obj) -> Bool;
    CheckEgMatch exceptions check_eg_match (TState, Frame, Obj, Obj, Ptr) -> NewRef;
    RaiseVarargs exceptions raise_varargs (TState, Frame, NullableObj, NullableObj) -> Status;
    Reraise exceptions reraise (TState, Frame, Obj, Word) -> Status [nopy];
    WithExceptStart exceptions with_except_start (Obj, NullableObj, Obj) -> NewRef;

    MatchClass matching match_class (TState, Obj, Obj, Obj, Imm) -> NewRef;
    MatchKeys matching match_keys (TState, Obj, Obj) -> NewRef;
    MatchMapping matching match_mapping (Obj) -> Bool [pure];
    MatchSequence matching match_sequence (Obj) -> Bool [pure];

    ImportName imports import_name (TState, Frame, Obj, Obj, Obj, Imm) -> NewRef;
    ImportFrom imports import_from (TState, Frame, Obj, Obj) -> NewRef;

    FormatSimple strings format_simple (Obj) -> NewRef;
    FormatWithSpec strings format_with_spec (Obj, Obj) -> NewRef;
    ConvertValue strings convert_value (Obj, Imm) -> NewRef;
    BuildString strings build_string (Ptr, Imm) -> NewRef [nopy];
    BuildInterpolation strings build_interpolation (Obj, Obj, NullableObj, Imm) -> NewRef;
    BuildTemplate strings build_template (Obj, Obj) -> NewRef;
    UnicodeConcat strings unicode_concat (Obj, Obj) -> NewRef [nopy];
    UnicodeEq strings unicode_eq (Obj, Obj) -> Bool [pure];
    UnicodeCode strings unicode_code (Obj) -> Word [pure];
    UnicodeItem strings unicode_item (Obj, Word) -> Found [pure];
    UnicodeAppend strings unicode_append (Frame, Obj, Imm) -> NewRef [nopy];

    MakeFunction functions make_function (Obj, Obj) -> NewRef;
    SetFunctionAttribute functions set_function_attribute (Obj, Obj, Imm) -> Void [pure];
}
