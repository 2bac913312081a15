//! Code objects (`Include/cpython/code.h`).

use std::ffi::CString;

use pyo3::prelude::*;

layout! {
    /// Constants, a tuple.
    CO_CONSTS: i32 = 24, "offsetof(PyCodeObject, co_consts)";
    /// Names, a tuple of interned strings.
    CO_NAMES: i32 = 32, "offsetof(PyCodeObject, co_names)";
    /// The exception table, bytes.
    CO_EXCEPTIONTABLE: i32 = 40, "offsetof(PyCodeObject, co_exceptiontable)";
    /// Flags (`i32`).
    CO_FLAGS: i32 = 48, "offsetof(PyCodeObject, co_flags)";
    /// Positional parameters, positional-only ones included (`i32`).
    CO_ARGCOUNT: i32 = 52, "offsetof(PyCodeObject, co_argcount)";
    /// Positional-only parameters (`i32`).
    CO_POSONLYARGCOUNT: i32 = 56, "offsetof(PyCodeObject, co_posonlyargcount)";
    /// Keyword-only parameters (`i32`).
    CO_KWONLYARGCOUNT: i32 = 60, "offsetof(PyCodeObject, co_kwonlyargcount)";
    /// Slots of the operand stack (`i32`).
    CO_STACKSIZE: i32 = 64, "offsetof(PyCodeObject, co_stacksize)";
    /// First line (`i32`).
    CO_FIRSTLINENO: i32 = 68, "offsetof(PyCodeObject, co_firstlineno)";
    /// Slots of locals, cells and free variables (`i32`).
    CO_NLOCALSPLUS: i32 = 72, "offsetof(PyCodeObject, co_nlocalsplus)";
    /// Words of a frame (`i32`).
    CO_FRAMESIZE: i32 = 76, "offsetof(PyCodeObject, co_framesize)";
    /// Locals (`i32`).
    CO_NLOCALS: i32 = 80, "offsetof(PyCodeObject, co_nlocals)";
    /// Cells (`i32`).
    CO_NCELLVARS: i32 = 84, "offsetof(PyCodeObject, co_ncellvars)";
    /// Free variables (`i32`).
    CO_NFREEVARS: i32 = 88, "offsetof(PyCodeObject, co_nfreevars)";
    /// Version, for functions made from it (`u32`).
    CO_VERSION: i32 = 92, "offsetof(PyCodeObject, co_version)";
    /// Names of the slots, a tuple.
    CO_LOCALSPLUSNAMES: i32 = 96, "offsetof(PyCodeObject, co_localsplusnames)";
    /// Kinds of the slots, bytes.
    CO_LOCALSPLUSKINDS: i32 = 104, "offsetof(PyCodeObject, co_localspluskinds)";
    /// File name.
    CO_FILENAME: i32 = 112, "offsetof(PyCodeObject, co_filename)";
    /// Name.
    CO_NAME: i32 = 120, "offsetof(PyCodeObject, co_name)";
    /// Qualified name.
    CO_QUALNAME: i32 = 128, "offsetof(PyCodeObject, co_qualname)";
    /// Line table, bytes.
    CO_LINETABLE: i32 = 136, "offsetof(PyCodeObject, co_linetable)";
    /// Executors of CPython's own JIT, or null.
    CO_EXECUTORS: i32 = 152, "offsetof(PyCodeObject, co_executors)";
    /// The instrumentation version that the bytecode is at (`usize`).
    CO_INSTRUMENTATION_VERSION: i32 = 168, "offsetof(PyCodeObject, _co_instrumentation_version)";
    /// Monitoring data, or null; see `monitoring.rs` of the compiler.
    CO_MONITORING: i32 = 176, "offsetof(PyCodeObject, _co_monitoring)";
    /// Index of the first instruction at which a frame counts as complete (`i32`, in code units).
    CO_FIRSTTRACEABLE: i32 = 192, "offsetof(PyCodeObject, _co_firsttraceable)";
    /// Data of users of `co_extra`.
    CO_EXTRA: i32 = 200, "offsetof(PyCodeObject, co_extra)";
    /// The bytecode, inline; [`super::object::OB_SIZE`] code units.
    CO_CODE_ADAPTIVE: i32 = 208, "offsetof(PyCodeObject, co_code_adaptive)";
    /// Flag: locals are slots.
    FLAG_OPTIMIZED: u32 = 1, "CO_OPTIMIZED";
    /// Flag: a call makes new locals.
    FLAG_NEWLOCALS: u32 = 2, "CO_NEWLOCALS";
    /// Flag: `*args`.
    FLAG_VARARGS: u32 = 4, "CO_VARARGS";
    /// Flag: `**kwargs`.
    FLAG_VARKEYWORDS: u32 = 8, "CO_VARKEYWORDS";
    /// Flag: nested in a function.
    FLAG_NESTED: u32 = 16, "CO_NESTED";
    /// Flag: a generator.
    FLAG_GENERATOR: u32 = 32, "CO_GENERATOR";
    /// Flag: a coroutine.
    FLAG_COROUTINE: u32 = 128, "CO_COROUTINE";
    /// Flag: a generator that can be awaited.
    FLAG_ITERABLE_COROUTINE: u32 = 256, "CO_ITERABLE_COROUTINE";
    /// Flag: an asynchronous generator.
    FLAG_ASYNC_GENERATOR: u32 = 512, "CO_ASYNC_GENERATOR";
    /// Flag: gets no monitoring events.
    FLAG_NO_MONITORING_EVENTS: u32 = 0x2000000, "CO_NO_MONITORING_EVENTS";
    /// Flag: the first constant is the docstring.
    FLAG_HAS_DOCSTRING: u32 = 0x4000000, "CO_HAS_DOCSTRING";
    /// Flag: defined in a class.
    FLAG_METHOD: u32 = 0x8000000, "CO_METHOD";
    /// Kind bit of a slot: positional parameter, or `*args`.
    KIND_ARG_POS: u8 = 2, "CO_FAST_ARG_POS";
    /// Kind bit of a slot: parameter that can be given by name, or `**kwargs`.
    KIND_ARG_KW: u8 = 4, "CO_FAST_ARG_KW";
    /// Kind bit of a slot: `*args` or `**kwargs`.
    KIND_ARG_VAR: u8 = 8, "CO_FAST_ARG_VAR";
    /// Kind bit of a slot: hidden from `locals()` (inlined comprehensions).
    KIND_HIDDEN: u8 = 16, "CO_FAST_HIDDEN";
    /// Kind bit of a slot: local.
    KIND_LOCAL: u8 = 32, "CO_FAST_LOCAL";
    /// Kind bit of a slot: cell.
    KIND_CELL: u8 = 64, "CO_FAST_CELL";
    /// Kind bit of a slot: free variable.
    KIND_FREE: u8 = 128, "CO_FAST_FREE";
}

/// A code object without contents, which raises AssertionError when it is run.
///
/// # Errors
/// MemoryError, or ValueError for names with zero bytes.
pub fn new_empty<'py>(py: Python<'py>, file: &str, name: &str, first_line: u32) -> PyResult<Bound<'py, PyAny>> {
    let (file, name) = (CString::new(file)?, CString::new(name)?);
    // SAFETY: C strings and a number; the result is new.
    unsafe {
        let code = pyo3::ffi::PyCode_NewEmpty(file.as_ptr(), name.as_ptr(), first_line as i32);
        Bound::from_owned_ptr_or_err(py, code.cast())
    }
}
