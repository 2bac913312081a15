//! Interpreter states (`Include/internal/pycore_interp_structs.h`): the few fields the compiler asks for.

use std::ffi::c_int;
use std::sync::OnceLock;

use pyo3::ffi::{PyObject, PyThreadState};

use super::frame::InterpreterFrame;
use super::memory;
use super::thread::Thread;

layout! {
    /// The global instrumentation version (`usize`), in the bits above the breaker's flags.
    INSTRUMENTATION_VERSION: i32 = 0, "offsetof(PyInterpreterState, ceval.instrumentation_version)";
    /// The recursion limit (`i32`).
    RECURSION_LIMIT: i32 = 8, "offsetof(PyInterpreterState, ceval.recursion_limit)";
    /// The id (`i64`), 0 for the main interpreter.
    ID: i32 = 7272, "offsetof(PyInterpreterState, id)";
    /// The newest thread state.
    THREADS_HEAD: i32 = 7336, "offsetof(PyInterpreterState, threads.head)";
    /// Version at the last `sys.monitoring.restart_events()` (`usize`).
    LAST_RESTART_VERSION: i32 = 7320, "offsetof(PyInterpreterState, last_restart_version)";
    /// The dict of `builtins`.
    BUILTINS: i32 = 7584, "offsetof(PyInterpreterState, builtins)";
    /// The frame evaluation function of PEP 523, null when it is the interpreter's own.
    EVAL_FRAME: i32 = 8472, "offsetof(PyInterpreterState, eval_frame)";
    /// How many functions use `co_extra` (`isize`).
    CO_EXTRA_USER_COUNT: i32 = 8560, "offsetof(PyInterpreterState, co_extra_user_count)";
    /// Whether CPython's own JIT is on (`u8`).
    JIT: i32 = 223408, "offsetof(PyInterpreterState, jit)";
    /// Whether bytecode is specialized (`u8`).
    SPECIALIZATION_ENABLED: i32 = 223424, "offsetof(PyInterpreterState, opt_config.specialization_enabled)";
    /// For each event, the bits of the tools that want it everywhere (`u8` each).
    MONITORS: i32 = 223512, "offsetof(PyInterpreterState, monitors)";
    /// How many threads have a profile function (`isize`).
    SYS_PROFILING_THREADS: i32 = 223536, "offsetof(PyInterpreterState, sys_profiling_threads)";
    /// How many threads have a trace function (`isize`).
    SYS_TRACING_THREADS: i32 = 223544, "offsetof(PyInterpreterState, sys_tracing_threads)";
    /// Whether `sys.setprofile` was set up (`u8`, not 0).
    SYS_PROFILE_ONCE: i32 = 223528, "offsetof(PyInterpreterState, sys_profile_once_flag)";
    /// Whether `sys.settrace` was set up (`u8`, not 0).
    SYS_TRACE_ONCE: i32 = 223529, "offsetof(PyInterpreterState, sys_trace_once_flag)";
    /// For each tool and event, the callback, or null.
    MONITORING_CALLABLES: i32 = 223552, "offsetof(PyInterpreterState, monitoring_callables)";
    /// For each tool, its name, or null when the tool id is free.
    MONITORING_TOOL_NAMES: i32 = 224768, "offsetof(PyInterpreterState, monitoring_tool_names)";
    /// For each tool, the version of its events (`usize`).
    MONITORING_TOOL_VERSIONS: i32 = 224832, "offsetof(PyInterpreterState, monitoring_tool_versions)";
    /// The constants of `LOAD_COMMON_CONSTANT`, borrowed objects.
    COMMON_CONSTS: i32 = 223312, "offsetof(PyInterpreterState, common_consts)";
    /// How many of them there are.
    COMMON_CONSTS_LEN: i32 = 12, "NUM_COMMON_CONSTANTS";
    /// Builtin `isinstance`, borrowed.
    CALLABLE_ISINSTANCE: i32 = 223280, "offsetof(PyInterpreterState, callable_cache.isinstance)";
    /// Builtin `len`, borrowed.
    CALLABLE_LEN: i32 = 223288, "offsetof(PyInterpreterState, callable_cache.len)";
    /// `list.append`, borrowed.
    CALLABLE_LIST_APPEND: i32 = 223296, "offsetof(PyInterpreterState, callable_cache.list_append)";
    /// `object.__getattribute__`, borrowed.
    CALLABLE_OBJECT_GETATTRIBUTE: i32 = 223304, "offsetof(PyInterpreterState, callable_cache.object__getattribute__)";
    /// Types by version: for each remainder by the size of the table, the last type that got such a version, or null.
    TYPE_VERSION_CACHE: i32 = 190512, "offsetof(PyInterpreterState, types.type_version_cache)";
    /// The size of that table.
    TYPE_VERSION_CACHE_SIZE: u32 = 4096, "TYPE_VERSION_CACHE_SIZE";
    /// The garbage collector's state.
    GC: i32 = 7400, "offsetof(PyInterpreterState, gc)";
    /// Container objects allocated since the last collection of the young (`i32`).
    GC_YOUNG_COUNT: i32 = 7428, "offsetof(PyInterpreterState, gc.generations[0].count)";
    /// The count at which the young are collected (`i32`).
    GC_YOUNG_THRESHOLD: i32 = 7424, "offsetof(PyInterpreterState, gc.generations[0].threshold)";
    /// The head of the list of the young: a header of the garbage collector, as objects have them.
    GC_YOUNG_HEAD: i32 = 7408, "offsetof(PyInterpreterState, gc.generations[0].head)";
    /// Its address.
    GC_GENERATION0: i32 = 7568, "offsetof(PyInterpreterState, gc.generation0)";
    /// How many objects are tracked (`isize`).
    GC_HEAP_SIZE: i32 = 7544, "offsetof(PyInterpreterState, gc.heap_size)";
}

/// The global instrumentation version of an interpreter.
///
/// # Safety
/// `interp` is a live interpreter state and the GIL is held.
#[inline]
pub unsafe fn instrumentation_version(interp: *const u8) -> u64 {
    // SAFETY: the field is there, and changes only with the world stopped.
    unsafe { memory::read(interp, INSTRUMENTATION_VERSION) }
}

/// The tools that want `event` everywhere, a bit each.
///
/// # Safety
/// `interp` is a live interpreter state, `event` below `UNGROUPED_EVENTS`, and the GIL is held.
#[inline]
pub unsafe fn global_tools(interp: *const u8, event: u8) -> u8 {
    // SAFETY: the table has an entry for each event.
    unsafe { memory::read(interp, MONITORS + i32::from(event)) }
}

/// The constants of `LOAD_COMMON_CONSTANT`, by oparg. They live as long as the interpreter, which keeps the `all` and
/// `any` of its start there, whatever became of the builtins since. The GIL must be held.
pub fn common_constants() -> [usize; COMMON_CONSTS_LEN as usize] {
    // SAFETY: the calling thread is attached; the table is filled before the first Python code runs.
    unsafe { memory::read(Thread::current().interp(), COMMON_CONSTS) }
}

/// A function that evaluates frames.
pub type EvalFrame = unsafe extern "C" fn(*mut PyThreadState, *mut InterpreterFrame, c_int) -> *mut PyObject;

/// What evaluates frames instead of the interpreter's own function.
///
/// # Safety
/// `interp` is a live interpreter state and the GIL is held.
pub unsafe fn eval_frame(interp: *const u8) -> Option<EvalFrame> {
    // SAFETY: the field is such a function or null, which is how an optional one is laid out.
    unsafe { memory::read(interp, EVAL_FRAME) }
}

/// Whether something evaluates frames instead of the interpreter's own function. The GIL must be held.
#[inline]
pub fn is_hooked() -> bool {
    // SAFETY: the calling thread is attached.
    unsafe { eval_frame(Thread::current().interp()).is_some() }
}

/// The interpreter's state. The GIL must be held at the first call.
pub fn address() -> usize {
    static ADDRESS: OnceLock<usize> = OnceLock::new();
    // SAFETY: the calling thread is attached the first time; there is one interpreter in the process.
    *ADDRESS.get_or_init(|| unsafe { Thread::current().interp() as usize })
}

/// Where the pointer to what evaluates frames is; it is null when that is the interpreter's own function. The GIL must
/// be held at the first call.
pub fn eval_frame_address() -> usize {
    address() + EVAL_FRAME as usize
}
