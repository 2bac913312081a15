//! Reads frames, the thread state and the interpreter state through the layouts, and compares with what Python says
//! about them.

use std::ffi::{c_int, c_void};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::super::{
    allocator, code, ffi as private, float, interp, long, memory, method, monitoring, object, range, reftracer, thread,
    tuple,
};
use super::samples::Samples;
use super::{LayoutMismatch, holds, same};
use crate::cpython::code::Code;
use crate::cpython::thread::Thread;

type Checked = Result<(), LayoutMismatch>;

/// Checks the state of the running thread and interpreter.
pub fn check(samples: &Samples<'_>) -> Checked {
    // SAFETY: the samples hold the GIL.
    let current = unsafe { Thread::current() };
    threads(samples, current)?;
    interpreter(samples, current)?;
    tools(samples, current)?;
    tracer()?;
    tracked(samples, current)?;
    free_lists(samples, current)?;
    blocks()
}

/// A field of the attached thread's state.
fn of_thread<T: Copy>(current: Thread, offset: i32) -> T {
    // SAFETY: the attached thread's own state; offsets match their fields' types.
    unsafe { memory::read(current.as_ptr(), offset) }
}

/// A field of the interpreter's state.
fn of_interp<T: Copy>(current: Thread, offset: i32) -> T {
    // SAFETY: the running interpreter's state, the GIL held; offsets match their fields' types.
    unsafe { memory::read(current.interp(), offset) }
}

fn threads(samples: &Samples<'_>, current: Thread) -> Checked {
    let py = samples.py();
    // SAFETY: the GIL is held.
    let (official, ident) = unsafe { (ffi::PyInterpreterState_Get(), ffi::PyThread_get_thread_ident()) };
    same("interp of the thread state", official.cast(), current.interp())?;
    same("thread_id", ident, of_thread(current, thread::THREAD_ID))?;
    let limit: i32 = py.import("sys")?.call_method0("getrecursionlimit")?.extract()?;
    same("py_recursion_limit", limit, current.recursion_limit())?;
    same("recursion_limit of the interpreter", limit, of_interp(current, interp::RECURSION_LIMIT))?;
    let remaining = current.recursion_remaining();
    holds("py_recursion_remaining", "between 0 and the limit", remaining, (0..=limit).contains(&remaining))?;
    let events = current.eval_breaker() & !thread::BREAKER_EVENTS_MASK;
    // SAFETY: the running interpreter's state.
    let version = unsafe { interp::instrumentation_version(current.interp()) };
    same("version in eval_breaker", version, events)?;
    let c_stack: [usize; 3] = [thread::C_STACK_HARD_LIMIT, thread::C_STACK_SOFT_LIMIT, thread::C_STACK_TOP]
        .map(|offset| of_thread(current, offset));
    // Where the running function is among them says nothing: green threads run on stacks of their own.
    let [hard, soft, top] = c_stack;
    holds("limits of the C stack", "in order", c_stack, hard < soft && soft < top)?;
    exceptions(current)
}

fn exceptions(current: Thread) -> Checked {
    let bottom: usize = current.as_ptr() as usize + thread::EXC_STATE as usize;
    let mut item = current.exc_info() as usize;
    holds("exc_info", "not null", item, item != 0)?;
    // The bottom of the chain is part of the thread state; other items belong to generators that run.
    if item == bottom {
        // SAFETY: an item of the exception stack.
        item = unsafe { memory::read(item as *const u8, thread::EXC_PREVIOUS) };
        same("previous_item of the last item", 0, item)?;
    }
    // SAFETY: the GIL is held and no exception is set; the one set here is taken away again.
    unsafe {
        same("current_exception without one", std::ptr::null_mut(), current.current_exception())?;
        ffi::PyErr_SetNone(ffi::PyExc_KeyError);
        let set = current.current_exception();
        let taken = ffi::PyErr_GetRaisedException();
        ffi::Py_XDECREF(taken);
        same("current_exception", taken, set)
    }
}

fn interpreter(samples: &Samples<'_>, current: Thread) -> Checked {
    let builtins = samples.py().import("builtins")?;
    same("builtins of the interpreter", builtins.getattr("__dict__")?.as_ptr(), of_interp(current, interp::BUILTINS))?;
    let evaluate: usize = of_interp(current, interp::EVAL_FRAME);
    // SAFETY: the running interpreter's state.
    let official = unsafe { private::_PyInterpreterState_GetEvalFrameFunc(current.interp().cast()) } as usize;
    let default = private::_PyEval_EvalFrameDefault as *const () as usize;
    same("eval_frame", official, if evaluate == 0 { default } else { evaluate })?;
    let constants: [usize; interp::COMMON_CONSTS_LEN as usize] = of_interp(current, interp::COMMON_CONSTS);
    // SAFETY: singletons of the interpreter.
    let none = unsafe { ffi::Py_None() } as usize;
    same("None among common_consts", none, constants[7])?;
    same("-1 among common_consts", long::small_address(-1), constants[11])?;
    for (name, offset) in [("len", interp::CALLABLE_LEN), ("isinstance", interp::CALLABLE_ISINSTANCE)] {
        let object: *mut PyObject = of_interp(current, offset);
        // SAFETY: a pointer to an object, or to a place that has a word for the type at least.
        let ty = unsafe { object::type_of(object) };
        same(&format!("type of the cached {name}"), &raw mut ffi::PyCFunction_Type, ty)?;
        // SAFETY: a C function, as just checked, with a definition and a name.
        let found = unsafe {
            let definition: *const u8 = memory::read(object, method::M_ML);
            std::ffi::CStr::from_ptr(memory::read(definition, method::ML_NAME))
        };
        same("name of a cached callable", name, &found.to_string_lossy())?;
    }
    let append: *mut PyObject = of_interp(current, interp::CALLABLE_LIST_APPEND);
    same("cached list.append", samples.address("method_descriptor")?, append)?;
    let thresholds: (i32, i32, i32) = samples.py().import("gc")?.call_method0("get_threshold")?.extract()?;
    same("threshold of the collector", thresholds.0, of_interp(current, interp::GC_YOUNG_THRESHOLD))?;
    let counts: (i32, i32, i32) = samples.py().import("gc")?.call_method0("get_count")?.extract()?;
    let young: i32 = of_interp(current, interp::GC_YOUNG_COUNT);
    holds("count of the collector", "near gc.get_count()", young, (young - counts.0).abs() < 1000)
}

fn tools(samples: &Samples<'_>, current: Thread) -> Checked {
    let monitor = samples.py().import("sys")?.getattr("monitoring")?;
    let names: [*mut PyObject; monitoring::TOOL_IDS as usize] = of_interp(current, interp::MONITORING_TOOL_NAMES);
    let mut events = [0_u32; monitoring::TOOL_IDS as usize];
    for tool in 0..monitoring::SYS_PROFILE_ID as usize {
        let official = monitor.call_method1("get_tool", (tool,))?;
        let expected = if official.is_none() { std::ptr::null_mut() } else { official.as_ptr() };
        same("monitoring_tool_names", expected, names[tool])?;
        if !official.is_none() {
            events[tool] = monitor.call_method1("get_events", (tool,))?.extract()?;
        }
    }
    let own = !(1 << monitoring::SYS_PROFILE_ID | 1 << monitoring::SYS_TRACE_ID);
    for event in 0..monitoring::UNGROUPED_EVENTS as u8 {
        let official = (0..8).filter(|&tool| events[tool] >> event & 1 != 0).fold(0_u8, |all, tool| all | 1 << tool);
        // SAFETY: the running interpreter's state and one of its events.
        let read = unsafe { interp::global_tools(current.interp(), event) };
        same("monitors of the interpreter", official, read & own)?;
    }
    let sys = samples.py().import("sys")?;
    let traced: isize = of_interp(current, interp::SYS_TRACING_THREADS);
    holds(
        "sys_tracing_threads",
        "as sys.gettrace() says",
        traced,
        sys.call_method0("gettrace")?.is_none() || traced > 0,
    )?;
    let profiled: isize = of_interp(current, interp::SYS_PROFILING_THREADS);
    holds(
        "sys_profiling_threads",
        "as sys.getprofile() says",
        profiled,
        sys.call_method0("getprofile")?.is_none() || profiled > 0,
    )?;
    code_monitoring(samples, current)
}

/// Code that was never instrumented has no monitoring data; code that ran is at the interpreter's version or older.
fn code_monitoring(samples: &Samples<'_>, current: Thread) -> Checked {
    let object = samples.address("code")?;
    // SAFETY: a live code object and the running interpreter's state.
    let (view, version) = unsafe { (Code::from_ptr(object.cast()), interp::instrumentation_version(current.interp())) };
    let at = view.instrumentation_version();
    holds("_co_instrumentation_version", "not beyond the interpreter's", at, at <= version)?;
    // SAFETY: a live code object.
    let data: usize = unsafe { memory::read(object, code::CO_MONITORING) };
    holds("_co_monitoring", "null or aligned", data, data.is_multiple_of(8))
}

/// Has a function told of new and dead objects for a moment, unless there is one, and finds it.
fn tracer() -> Checked {
    unsafe extern "C-unwind" fn deaf(_: *mut PyObject, _: c_int, _: *mut c_void) -> c_int {
        0
    }
    let official = || {
        let mut data = std::ptr::null_mut();
        // SAFETY: the GIL is held.
        unsafe { private::PyRefTracer_GetTracer(&raw mut data) }.map_or(0, |tracer| tracer as usize)
    };
    // SAFETY: a word of the runtime state, which is there as long as the process.
    let found = || unsafe { memory::read::<usize, u8>(reftracer::address() as *const u8, 0) };
    let before = official();
    same("ref_tracer.tracer_func", before, found())?;
    if before == 0 {
        // SAFETY: the GIL is held; nobody else is told, so nobody misses anything.
        unsafe { private::PyRefTracer_SetTracer(Some(deaf), std::ptr::null_mut()) };
        let (official, found) = (official(), found());
        // SAFETY: as above.
        unsafe { private::PyRefTracer_SetTracer(None, std::ptr::null_mut()) };
        same("ref_tracer.tracer_func", official, found)?;
    }
    Ok(())
}

/// Makes a list and finds it as the last of the young, and counted.
fn tracked(samples: &Samples<'_>, current: Thread) -> Checked {
    // SAFETY: the running interpreter's state.
    let head = unsafe { current.interp().byte_offset(interp::GC_YOUNG_HEAD as isize) } as usize;
    same("generation0 of the collector", head, of_interp(current, interp::GC_GENERATION0))?;
    let before: isize = of_interp(current, interp::GC_HEAP_SIZE);
    let list = pyo3::types::PyList::new(samples.py(), [1.5])?;
    same("heap_size of the collector", before + 1, of_interp(current, interp::GC_HEAP_SIZE))?;
    let links = list.as_ptr() as usize - object::GC_HEAD_SIZE as usize;
    let previous = interp::GC_YOUNG_HEAD + object::GC_HEAD_SIZE + object::GC_PREV;
    same("the last of the young", links, of_interp(current, previous))
}

/// Frees a number and finds it again at the head of its free list.
fn free_lists(samples: &Samples<'_>, current: Thread) -> Checked {
    let py = samples.py();
    let number = pyo3::types::PyFloat::new(py, 2.5).into_any();
    freed("free list of floats", current, number, float::FREELIST_HEAD, float::FREELIST_LEN, float::FREELIST_MAX)?;
    let number = 123_456_i64.into_pyobject(py).map_err(PyErr::from)?.into_any();
    freed("free list of ints", current, number, long::FREELIST_HEAD, long::FREELIST_LEN, long::FREELIST_MAX)?;
    let iterator = pyo3::types::PyRange::new(py, 0, 3)?.try_iter()?.into_any();
    let list = (range::FREELIST_HEAD, range::FREELIST_LEN, range::FREELIST_MAX);
    freed("free list of range iterators", current, iterator, list.0, list.1, list.2)?;
    for size in [2, tuple::FREELIST_SIZES] {
        let items = pyo3::types::PyTuple::new(py, 0..size as i32)?.into_any();
        let list = tuple::FREELISTS + 16 * (size as i32 - 1);
        freed("free list of tuples", current, items, list, list + 8, tuple::FREELIST_MAX)?;
    }
    Ok(())
}

fn blocks() -> Checked {
    let Some(blocks) = allocator::blocks() else { return Ok(()) };
    let mut official = private::Allocator { context: 0, functions: [0; 4] };
    // SAFETY: the function fills it in.
    unsafe { private::PyMem_GetAllocator(private::DOMAIN_OBJ, &raw mut official) };
    same("allocators.standard.obj.malloc", official.functions[0], blocks.malloc)?;
    // Another pool is looked for now and then only.
    let found = (0..3).find_map(|_| allocator::is_as_described(blocks));
    holds("obmalloc.pools.used", "pools with free blocks", found, found != Some(false))
}

fn freed(field: &str, current: Thread, number: Bound<'_, PyAny>, head: i32, len: i32, most: i64) -> Checked {
    let address = number.as_ptr() as usize;
    let before: isize = of_interp(current, len);
    holds(field, "a length within its bounds", before, (-1..=most as isize).contains(&before))?;
    drop(number);
    if (0..most as isize).contains(&before) {
        same(field, before + 1, of_interp(current, len))?;
        same(field, address, of_interp(current, head))?;
    }
    Ok(())
}
