//! What the interpreter says about itself: its version, how it was built, and the table of offsets that it publishes
//! for debuggers and profilers (`_Py_DebugOffsets`, `Include/internal/pycore_debug_offsets.h`).

use pyo3::ffi;
use pyo3::prelude::*;

use super::super::{
    bytes, code, dict, ffi as private, float, frame, generator, interp, list, long, memory, object, set, thread, tuple,
    typeobject, unicode,
};
use super::{LayoutMismatch, MismatchKind, mismatch};

layout! {
    /// What the table starts with.
    COOKIE: i32 = 0, "offsetof(_Py_DebugOffsets, cookie)";
    /// The version that the table was compiled for (`u64`).
    VERSION: i32 = 8, "offsetof(_Py_DebugOffsets, version)";
    /// Whether the build is free-threaded (`u64`).
    FREE_THREADED: i32 = 16, "offsetof(_Py_DebugOffsets, free_threaded)";
    /// Size of the table.
    TABLE_SIZE: i32 = 888, "sizeof(_Py_DebugOffsets)";
}

/// Checks version and kind of build.
pub fn check_build(py: Python<'_>) -> Result<(), LayoutMismatch> {
    // SAFETY: a constant of the interpreter.
    let version = unsafe { ffi::Py_Version } as u32;
    if version >> 16 != 0x030f
        || version & 0xf0 != 0xf0
        || py.import("sys")?.getattr("implementation")?.getattr("name")?.ne("cpython")?
    {
        return Err(mismatch(
            MismatchKind::Version,
            "sys.hexversion",
            "a released CPython 3.15",
            describe_version(version),
        ));
    }
    if size_of::<usize>() != 8 || cfg!(target_endian = "big") {
        return Err(mismatch(MismatchKind::Build, "pointers", "64 bits, little-endian", "for another machine"));
    }
    let sys = py.import("sys")?;
    for (name, what) in [("gettotalrefcount", "a debug build"), ("getobjects", "a build that traces references")] {
        if sys.hasattr(name)? {
            return Err(mismatch(MismatchKind::Build, &format!("sys.{name}"), "not there", what));
        }
    }
    // SAFETY: the table starts the runtime state, and a 3.15 has these fields.
    let (cookie, table_version, free_threaded) = unsafe {
        let table = &raw const private::_PyRuntime;
        (
            memory::read::<[u8; 8], _>(table, COOKIE),
            memory::read::<u64, _>(table, VERSION),
            memory::read::<u64, _>(table, FREE_THREADED),
        )
    };
    if cookie != *b"xdebugpy" || table_version != u64::from(version) {
        return Err(mismatch(
            MismatchKind::Build,
            "_PyRuntime.debug_offsets",
            format_args!("xdebugpy {version:#x}"),
            format_args!("without the table of offsets ({} {table_version:#x})", cookie.escape_ascii()),
        ));
    }
    if free_threaded != 0 {
        return Err(mismatch(MismatchKind::Build, "free_threaded", 0, "free-threaded"));
    }
    Ok(())
}

fn describe_version(version: u32) -> String {
    let [major, minor, micro, level] = version.to_be_bytes();
    let stage = match level >> 4 {
        0xa => " alpha",
        0xb => " beta",
        0xc => " release candidate",
        _ => "",
    };
    format!("Python {major}.{minor}.{micro}{stage}")
}

/// One published number: its name, its place in the table, and what the layouts have.
type Published = (&'static str, i32, i32);

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
    THREAD_SIZE: 176, "offsetof(_Py_DebugOffsets, thread_state.size)", thread::THREAD_STATE_SIZE;
    THREAD_INTERP: 200, "offsetof(_Py_DebugOffsets, thread_state.interp)", thread::INTERP;
    THREAD_CURRENT_FRAME: 208, "offsetof(_Py_DebugOffsets, thread_state.current_frame)", thread::CURRENT_FRAME;
    THREAD_BASE_FRAME: 216, "offsetof(_Py_DebugOffsets, thread_state.base_frame)", thread::BASE_FRAME;
    THREAD_LAST_PROFILED: 224, "offsetof(_Py_DebugOffsets, thread_state.last_profiled_frame)", thread::LAST_PROFILED_FRAME;
    THREAD_LAST_PROFILED_SEQ: 232, "offsetof(_Py_DebugOffsets, thread_state.last_profiled_frame_seq)", thread::LAST_PROFILED_FRAME_SEQ;
    THREAD_ID: 240, "offsetof(_Py_DebugOffsets, thread_state.thread_id)", thread::THREAD_ID;
    THREAD_NATIVE_ID: 248, "offsetof(_Py_DebugOffsets, thread_state.native_thread_id)", thread::NATIVE_THREAD_ID;
    THREAD_DATASTACK_CHUNK: 256, "offsetof(_Py_DebugOffsets, thread_state.datastack_chunk)", thread::DATASTACK_CHUNK;
    THREAD_CURRENT_EXCEPTION: 288, "offsetof(_Py_DebugOffsets, thread_state.current_exception)", thread::CURRENT_EXCEPTION;
    THREAD_EXC_STATE: 296, "offsetof(_Py_DebugOffsets, thread_state.exc_state)", thread::EXC_STATE;
    THREAD_EVAL_BREAKER: 840, "offsetof(_Py_DebugOffsets, debugger_support.eval_breaker)", thread::EVAL_BREAKER;
    EXC_VALUE: 304, "offsetof(_Py_DebugOffsets, err_stackitem.exc_value)", thread::EXC_VALUE;
    FRAME_SIZE: 312, "offsetof(_Py_DebugOffsets, interpreter_frame.size)", frame::LOCALSPLUS + 8;
    FRAME_PREVIOUS: 320, "offsetof(_Py_DebugOffsets, interpreter_frame.previous)", frame::PREVIOUS;
    FRAME_EXECUTABLE: 328, "offsetof(_Py_DebugOffsets, interpreter_frame.executable)", frame::F_EXECUTABLE;
    FRAME_INSTR_PTR: 336, "offsetof(_Py_DebugOffsets, interpreter_frame.instr_ptr)", frame::INSTR_PTR;
    FRAME_LOCALSPLUS: 344, "offsetof(_Py_DebugOffsets, interpreter_frame.localsplus)", frame::LOCALSPLUS;
    FRAME_OWNER: 352, "offsetof(_Py_DebugOffsets, interpreter_frame.owner)", frame::OWNER;
    FRAME_STACKPOINTER: 360, "offsetof(_Py_DebugOffsets, interpreter_frame.stackpointer)", frame::STACKPOINTER;
    CODE_FILENAME: 384, "offsetof(_Py_DebugOffsets, code_object.filename)", code::CO_FILENAME;
    CODE_NAME: 392, "offsetof(_Py_DebugOffsets, code_object.name)", code::CO_NAME;
    CODE_QUALNAME: 400, "offsetof(_Py_DebugOffsets, code_object.qualname)", code::CO_QUALNAME;
    CODE_LINETABLE: 408, "offsetof(_Py_DebugOffsets, code_object.linetable)", code::CO_LINETABLE;
    CODE_FIRSTLINENO: 416, "offsetof(_Py_DebugOffsets, code_object.firstlineno)", code::CO_FIRSTLINENO;
    CODE_ARGCOUNT: 424, "offsetof(_Py_DebugOffsets, code_object.argcount)", code::CO_ARGCOUNT;
    CODE_LOCALSPLUSNAMES: 432, "offsetof(_Py_DebugOffsets, code_object.localsplusnames)", code::CO_LOCALSPLUSNAMES;
    CODE_LOCALSPLUSKINDS: 440, "offsetof(_Py_DebugOffsets, code_object.localspluskinds)", code::CO_LOCALSPLUSKINDS;
    CODE_ADAPTIVE: 448, "offsetof(_Py_DebugOffsets, code_object.co_code_adaptive)", code::CO_CODE_ADAPTIVE;
    OBJECT_SIZE: 464, "offsetof(_Py_DebugOffsets, pyobject.size)", object::OBJECT_SIZE;
    OBJECT_TYPE: 472, "offsetof(_Py_DebugOffsets, pyobject.ob_type)", object::OB_TYPE;
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
    for &(field, place, ours) in PUBLISHED {
        debug_assert!(place + 8 <= TABLE_SIZE);
        // SAFETY: check_build has found the table of this version.
        let found: u64 = unsafe { memory::read(&raw const private::_PyRuntime, place) };
        if found != ours as u64 {
            let field = format!("the published offset {field}");
            return Err(mismatch(MismatchKind::Layout, &field, ours, found));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::describe_version;

    #[test]
    fn versions_read_well() {
        assert_eq!(describe_version(0x030e_02f0), "Python 3.14.2");
        assert_eq!(describe_version(0x030f_00b1), "Python 3.15.0 beta");
    }
}
