//! What the interpreter says about itself in the table of offsets that it publishes for debuggers and profilers
//! (`_Py_DebugOffsets`, `Include/internal/pycore_debug_offsets.h`), but for frames, which rjit-frames looks at.

use rjit_frames::cpython::verify::published::{Published, compare};

use super::super::{bytes, dict, float, generator, interp, list, long, object, set, tuple, typeobject, unicode};
use super::LayoutMismatch;

macro_rules! published {
    ($($field:ident: $place:literal, $c:literal, $ours:expr;)*) => {
        const PUBLISHED: &[Published] = &[$((stringify!($field), $place, $ours)),*];
    };
}

published! {
    THREADS_HEAD: 72, "offsetof(_Py_DebugOffsets, interpreter_state.threads_head)", interp::THREADS_HEAD;
    INTERPRETER_ID: 56, "offsetof(_Py_DebugOffsets, interpreter_state.id)", interp::ID;
    INTERPRETER_BUILTINS: 112, "offsetof(_Py_DebugOffsets, interpreter_state.builtins)", interp::BUILTINS;
    INTERPRETER_GC: 88, "offsetof(_Py_DebugOffsets, interpreter_state.gc)", interp::GC;
    TYPE_SIZE: 480, "offsetof(_Py_DebugOffsets, type_object.size)", typeobject::TYPE_SIZE;
    TYPE_NAME: 488, "offsetof(_Py_DebugOffsets, type_object.tp_name)", typeobject::TP_NAME;
    TYPE_FLAGS: 504, "offsetof(_Py_DebugOffsets, type_object.tp_flags)", typeobject::TP_FLAGS;
    TYPE_BASICSIZE: 512, "offsetof(_Py_DebugOffsets, type_object.tp_basicsize)", typeobject::TP_BASICSIZE;
    TYPE_DICTOFFSET: 520, "offsetof(_Py_DebugOffsets, type_object.tp_dictoffset)", typeobject::TP_DICTOFFSET;
    HEAP_TYPE_CACHED_KEYS: 536, "offsetof(_Py_DebugOffsets, heap_type_object.ht_cached_keys)", typeobject::HT_CACHED_KEYS;
    TUPLE_ITEM: 552, "offsetof(_Py_DebugOffsets, tuple_object.ob_item)", tuple::OB_ITEM;
    TUPLE_SIZE: 560, "offsetof(_Py_DebugOffsets, tuple_object.ob_size)", object::OB_SIZE;
    LIST_OBJECT_SIZE: 568, "offsetof(_Py_DebugOffsets, list_object.size)", list::LIST_SIZE;
    LIST_ITEM: 576, "offsetof(_Py_DebugOffsets, list_object.ob_item)", list::OB_ITEM;
    LIST_SIZE: 584, "offsetof(_Py_DebugOffsets, list_object.ob_size)", object::OB_SIZE;
    SET_USED: 600, "offsetof(_Py_DebugOffsets, set_object.used)", set::USED;
    SET_TABLE: 608, "offsetof(_Py_DebugOffsets, set_object.table)", set::TABLE;
    SET_MASK: 616, "offsetof(_Py_DebugOffsets, set_object.mask)", set::MASK;
    DICT_SIZE: 624, "offsetof(_Py_DebugOffsets, dict_object.size)", dict::DICT_SIZE;
    DICT_KEYS: 632, "offsetof(_Py_DebugOffsets, dict_object.ma_keys)", dict::MA_KEYS;
    DICT_VALUES: 640, "offsetof(_Py_DebugOffsets, dict_object.ma_values)", dict::MA_VALUES;
    FLOAT_SIZE: 648, "offsetof(_Py_DebugOffsets, float_object.size)", float::FLOAT_SIZE;
    FLOAT_FVAL: 656, "offsetof(_Py_DebugOffsets, float_object.ob_fval)", float::OB_FVAL;
    LONG_SIZE: 664, "offsetof(_Py_DebugOffsets, long_object.size)", long::LONG_SIZE;
    LONG_TAG: 672, "offsetof(_Py_DebugOffsets, long_object.lv_tag)", long::LV_TAG;
    LONG_DIGIT: 680, "offsetof(_Py_DebugOffsets, long_object.ob_digit)", long::OB_DIGIT;
    BYTES_SIZE: 696, "offsetof(_Py_DebugOffsets, bytes_object.ob_size)", object::OB_SIZE;
    BYTES_SVAL: 704, "offsetof(_Py_DebugOffsets, bytes_object.ob_sval)", bytes::OB_SVAL;
    UNICODE_STATE: 720, "offsetof(_Py_DebugOffsets, unicode_object.state)", unicode::STATE;
    UNICODE_LENGTH: 728, "offsetof(_Py_DebugOffsets, unicode_object.length)", unicode::LENGTH;
    UNICODE_ASCII_SIZE: 736, "offsetof(_Py_DebugOffsets, unicode_object.asciiobject_size)", unicode::ASCII_SIZE;
    UNICODE_COMPACT_SIZE: 744, "offsetof(_Py_DebugOffsets, unicode_object.compactunicodeobject_size)", unicode::COMPACT_SIZE;
    GENERATOR_NAME: 800, "offsetof(_Py_DebugOffsets, gen_object.gi_name)", generator::GI_NAME;
    GENERATOR_IFRAME: 808, "offsetof(_Py_DebugOffsets, gen_object.gi_iframe)", generator::GI_IFRAME;
    GENERATOR_STATE: 816, "offsetof(_Py_DebugOffsets, gen_object.gi_frame_state)", generator::GI_FRAME_STATE;
}

/// Compares every published number that the layouts have too.
pub fn check_offsets() -> Result<(), LayoutMismatch> {
    compare(PUBLISHED)
}
