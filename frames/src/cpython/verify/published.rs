//! What the interpreter says about itself: its version, how it was built, and the table of offsets that it publishes
//! for debuggers and profilers (`_Py_DebugOffsets`, `Include/internal/pycore_debug_offsets.h`).

use pyo3::ffi;
use pyo3::prelude::*;

use super::super::{code, ffi as private, frame, memory, object, thread};
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
pub type Published = (&'static str, i32, i32);

macro_rules! published {
    ($($field:ident: $place:literal, $c:literal, $ours:expr;)*) => {
        const PUBLISHED: &[Published] = &[$((stringify!($field), $place, $ours)),*];
    };
}

published! {
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
}

/// Compares every published number that frames need.
pub fn check_offsets() -> Result<(), LayoutMismatch> {
    compare(PUBLISHED)
}

/// Compares published numbers, once the table is known to be that of this version.
///
/// # Errors
/// The first difference.
pub fn compare(numbers: &[Published]) -> Result<(), LayoutMismatch> {
    for &(field, place, ours) in numbers {
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
