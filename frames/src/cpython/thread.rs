//! Thread states (`Include/cpython/pystate.h`, `Include/internal/pycore_tstate.h`) and the bits that break the
//! interpreter's loop (`Include/internal/pycore_ceval.h`).

use pyo3::ffi::{PyObject, PyThreadState};

use super::frame::InterpreterFrame;
use super::memory;

layout! {
    /// The interpreter state.
    INTERP: i32 = 16, "offsetof(PyThreadState, interp)";
    /// Flags in the low byte, the instrumentation version above (`usize`); other threads write it.
    EVAL_BREAKER: i32 = 24, "offsetof(PyThreadState, eval_breaker)";
    /// Python calls left before RecursionError (`i32`).
    PY_RECURSION_REMAINING: i32 = 52, "offsetof(PyThreadState, py_recursion_remaining)";
    /// The limit that counts down from (`i32`).
    PY_RECURSION_LIMIT: i32 = 56, "offsetof(PyThreadState, py_recursion_limit)";
    /// Extra calls granted while RecursionError is handled (`i32`).
    RECURSION_HEADROOM: i32 = 60, "offsetof(PyThreadState, recursion_headroom)";
    /// Depth of trace and monitoring callbacks (`i32`).
    TRACING: i32 = 64, "offsetof(PyThreadState, tracing)";
    /// The monitoring event being delivered, -1 when none (`i32`).
    WHAT_EVENT: i32 = 68, "offsetof(PyThreadState, what_event)";
    /// The innermost frame.
    CURRENT_FRAME: i32 = 72, "offsetof(PyThreadState, current_frame)";
    /// The frame at the bottom of the stack.
    BASE_FRAME: i32 = 80, "offsetof(PyThreadState, base_frame)";
    /// The frame that a sampling profiler saw last.
    LAST_PROFILED_FRAME: i32 = 88, "offsetof(PyThreadState, last_profiled_frame)";
    /// How often that frame was popped under the profiler (`usize`).
    LAST_PROFILED_FRAME_SEQ: i32 = 96, "offsetof(PyThreadState, last_profiled_frame_seq)";
    /// The C profile function, or null.
    C_PROFILEFUNC: i32 = 104, "offsetof(PyThreadState, c_profilefunc)";
    /// The C trace function, or null.
    C_TRACEFUNC: i32 = 112, "offsetof(PyThreadState, c_tracefunc)";
    /// The exception being raised, owned, or null.
    CURRENT_EXCEPTION: i32 = 136, "offsetof(PyThreadState, current_exception)";
    /// Top of the stack of exceptions being handled, never null.
    EXC_INFO: i32 = 144, "offsetof(PyThreadState, exc_info)";
    /// The stack's last item.
    EXC_STATE: i32 = 288, "offsetof(PyThreadState, exc_state)";
    /// Id of the thread as Python sees it (`u64`).
    THREAD_ID: i32 = 176, "offsetof(PyThreadState, thread_id)";
    /// Id of the thread as the system sees it (`u64`).
    NATIVE_THREAD_ID: i32 = 184, "offsetof(PyThreadState, native_thread_id)";
    /// The chunk of the data stack in use.
    DATASTACK_CHUNK: i32 = 256, "offsetof(PyThreadState, datastack_chunk)";
    /// The first free word of the data stack.
    DATASTACK_TOP: i32 = 264, "offsetof(PyThreadState, datastack_top)";
    /// The end of that chunk.
    DATASTACK_LIMIT: i32 = 272, "offsetof(PyThreadState, datastack_limit)";
    /// CPython's own JIT: the executor that runs, or null.
    CURRENT_EXECUTOR: i32 = 304, "offsetof(PyThreadState, current_executor)";
    /// Size of the public part.
    THREAD_STATE_SIZE: i32 = 888, "sizeof(PyThreadState)";
    /// Top of the C stack (`usize`).
    C_STACK_TOP: i32 = 984, "offsetof(_PyThreadStateImpl, c_stack_top)";
    /// Below this address of the C stack calls raise RecursionError (`usize`).
    C_STACK_SOFT_LIMIT: i32 = 992, "offsetof(_PyThreadStateImpl, c_stack_soft_limit)";
    /// Below this address the process gives up (`usize`).
    C_STACK_HARD_LIMIT: i32 = 1000, "offsetof(_PyThreadStateImpl, c_stack_hard_limit)";
    /// Whether a generator's frame returned or yielded (`i32`).
    GENERATOR_RETURN_KIND: i32 = 1040, "offsetof(_PyThreadStateImpl, generator_return_kind)";
    /// The kind: returned.
    GENERATOR_RETURN: i32 = 0, "GENERATOR_RETURN";
    /// The kind: yielded.
    GENERATOR_YIELD: i32 = 1, "GENERATOR_YIELD";
    /// In an item of the exception stack: the exception, owned, or null.
    EXC_VALUE: i32 = 0, "offsetof(_PyErr_StackItem, exc_value)";
    /// In an item of the exception stack: the item below.
    EXC_PREVIOUS: i32 = 8, "offsetof(_PyErr_StackItem, previous_item)";
    /// In a chunk of the data stack: the chunk before.
    CHUNK_PREVIOUS: i32 = 0, "offsetof(_PyStackChunk, previous)";
    /// In a chunk of the data stack: its size in bytes (`usize`).
    CHUNK_SIZE: i32 = 8, "offsetof(_PyStackChunk, size)";
    /// In a chunk of the data stack: words in use when it was left (`usize`).
    CHUNK_TOP: i32 = 16, "offsetof(_PyStackChunk, top)";
    /// In a chunk of the data stack: its words.
    CHUNK_DATA: i32 = 24, "offsetof(_PyStackChunk, data)";
    /// Breaker flag: another thread wants the GIL.
    BREAKER_GIL_DROP: u64 = 1, "_PY_GIL_DROP_REQUEST_BIT";
    /// Breaker flag: a signal arrived.
    BREAKER_SIGNALS: u64 = 2, "_PY_SIGNALS_PENDING_BIT";
    /// Breaker flag: pending calls.
    BREAKER_CALLS: u64 = 4, "_PY_CALLS_TO_DO_BIT";
    /// Breaker flag: an exception set from another thread.
    BREAKER_ASYNC_EXCEPTION: u64 = 8, "_PY_ASYNC_EXCEPTION_BIT";
    /// Breaker flag: the garbage collector is due.
    BREAKER_GC: u64 = 16, "_PY_GC_SCHEDULED_BIT";
    /// Breaker flag: stop for another thread.
    BREAKER_STOP: u64 = 32, "_PY_EVAL_PLEASE_STOP_BIT";
    /// Breaker flag: CPython's own JIT drops cold executors.
    BREAKER_JIT_COLD: u64 = 128, "_PY_EVAL_JIT_INVALIDATE_COLD_BIT";
    /// All breaker flags; above them is the instrumentation version.
    BREAKER_EVENTS_MASK: u64 = 255, "_PY_EVAL_EVENTS_MASK";
    /// Number of bits of that mask.
    BREAKER_EVENTS_BITS: u32 = 8, "_PY_EVAL_EVENTS_BITS";
}

/// A thread state, by its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Thread(*mut PyThreadState);

impl Thread {
    /// Views the state at `state`.
    ///
    /// # Safety
    /// `state` is the current thread's state, attached, for as long as the value is used.
    #[inline]
    pub unsafe fn from_ptr(state: *mut PyThreadState) -> Self {
        Self(state)
    }

    /// The state of the calling thread.
    ///
    /// # Safety
    /// The calling thread is attached and stays so as long as the value is used.
    #[inline]
    pub unsafe fn current() -> Self {
        // SAFETY: an attached thread has a state.
        Self(unsafe { pyo3::ffi::PyThreadState_Get() })
    }

    /// The thread state itself.
    #[inline]
    pub fn as_ptr(self) -> *mut PyThreadState {
        self.0
    }

    /// The interpreter state.
    #[inline]
    pub fn interp(self) -> *mut u8 {
        self.get(INTERP)
    }

    /// Flags and instrumentation version, as other threads left them.
    #[inline]
    pub fn eval_breaker(self) -> u64 {
        // SAFETY: the constructors' contract; the word is only ever accessed atomically.
        let word = unsafe { &*memory::field::<std::sync::atomic::AtomicU64, _>(self.0, EVAL_BREAKER) };
        word.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The innermost frame, or null.
    #[inline]
    pub fn current_frame(self) -> *mut InterpreterFrame {
        self.get(CURRENT_FRAME)
    }

    /// Makes `frame` the innermost one.
    ///
    /// # Safety
    /// `frame` is null or a complete frame whose `previous` chain is the thread's stack.
    #[inline]
    pub unsafe fn set_current_frame(self, frame: *mut InterpreterFrame) {
        self.set(CURRENT_FRAME, frame);
    }

    /// Depth of trace and monitoring callbacks.
    #[inline]
    pub fn tracing(self) -> i32 {
        self.get(TRACING)
    }

    /// Sets that depth.
    #[inline]
    pub fn set_tracing(self, depth: i32) {
        self.set(TRACING, depth);
    }

    /// The monitoring event being delivered, -1 when none.
    #[inline]
    pub fn what_event(self) -> i32 {
        self.get(WHAT_EVENT)
    }

    /// Sets that event.
    #[inline]
    pub fn set_what_event(self, event: i32) {
        self.set(WHAT_EVENT, event);
    }

    /// Python calls left before RecursionError.
    #[inline]
    pub fn recursion_remaining(self) -> i32 {
        self.get(PY_RECURSION_REMAINING)
    }

    /// Sets the calls left.
    #[inline]
    pub fn set_recursion_remaining(self, calls: i32) {
        self.set(PY_RECURSION_REMAINING, calls);
    }

    /// The recursion limit.
    #[inline]
    pub fn recursion_limit(self) -> i32 {
        self.get(PY_RECURSION_LIMIT)
    }

    /// The exception being raised, borrowed, or null.
    #[inline]
    pub fn current_exception(self) -> *mut PyObject {
        self.get(CURRENT_EXCEPTION)
    }

    /// Top of the stack of exceptions being handled.
    #[inline]
    pub fn exc_info(self) -> *mut ErrStackItem {
        self.get(EXC_INFO)
    }

    /// Sets that.
    ///
    /// # Safety
    /// The item lives as long as it is there, and the items below it are the thread's.
    #[inline]
    pub unsafe fn set_exc_info(self, item: *mut ErrStackItem) {
        self.set(EXC_INFO, item);
    }

    /// The first free word of the data stack.
    #[inline]
    pub fn datastack_top(self) -> *mut u64 {
        self.get(DATASTACK_TOP)
    }

    /// Sets [`Self::datastack_top`].
    #[inline]
    pub fn set_datastack_top(self, top: *mut u64) {
        self.set(DATASTACK_TOP, top);
    }

    /// The end of the data stack's chunk.
    #[inline]
    pub fn datastack_limit(self) -> *mut u64 {
        self.get(DATASTACK_LIMIT)
    }

    /// Reports that `frame` is being popped to a sampling profiler that saw it last, which otherwise would take a
    /// later frame at the same address for it.
    #[inline]
    pub fn forget_profiled_frame(self, frame: *mut InterpreterFrame, previous: *mut InterpreterFrame) {
        if self.get::<*mut InterpreterFrame>(LAST_PROFILED_FRAME) == frame {
            self.set(LAST_PROFILED_FRAME, previous);
            let seq: usize = self.get(LAST_PROFILED_FRAME_SEQ);
            self.set(LAST_PROFILED_FRAME_SEQ, seq.wrapping_add(1));
        }
    }

    #[inline]
    fn get<T: Copy>(self, offset: i32) -> T {
        // SAFETY: the constructors' contract: the attached thread's own state; offsets match their fields' types.
        unsafe { memory::read(self.0, offset) }
    }

    #[inline]
    fn set<T: Copy>(self, offset: i32, value: T) {
        // SAFETY: as in get; only the attached thread writes these fields.
        unsafe { memory::write(self.0, offset, value) }
    }
}

/// Bytes of C stack above the interpreter's own soft limit that machine code needs to start: enough to run the frame in
/// the interpreter instead.
pub const STACK_MARGIN: usize = 160 * 1024;

/// Bytes of C stack that a frame of machine code takes at most. A function's machine code looks at the C stack when it has its frame.
pub const LARGEST_FRAME: usize = 64 * 1024;

/// Bytes of C stack above the interpreter's own soft limit that the compiler may need.
const COMPILER_STACK: usize = 1 << 20;

/// Whether so little is left of the C stack that machine code which does not look at it must not be entered: what it calls may
/// take one more frame, and be run by the interpreter then.
///
/// # Safety
/// `state` is the calling thread's attached state.
pub unsafe fn is_too_deep_to_enter(state: *mut PyThreadState) -> bool {
    // SAFETY: the contract.
    unsafe { is_below(state, STACK_MARGIN + LARGEST_FRAME) }
}

/// Whether less than [`STACK_MARGIN`] is left of the C stack.
///
/// # Safety
/// `state` is the calling thread's attached state.
pub unsafe fn stack_is_low(state: *mut PyThreadState) -> bool {
    // SAFETY: the contract.
    unsafe { is_below(state, STACK_MARGIN) }
}

/// Whether so little is left of the calling thread's C stack that the compiler might not get along with it. The GIL is held.
pub fn is_too_deep_to_compile() -> bool {
    // SAFETY: the GIL is held, so the thread has an attached state.
    unsafe { is_below(pyo3::ffi::PyThreadState_Get(), COMPILER_STACK) }
}

unsafe fn is_below(state: *mut PyThreadState, margin: usize) -> bool {
    // SAFETY: the callers' contract; the limit is set when the thread attaches.
    let limit: usize = unsafe { memory::read(state, C_STACK_SOFT_LIMIT) };
    let here = 0u8;
    (&raw const here as usize) < limit + margin
}

/// An item of the stack of exceptions being handled, `_PyErr_StackItem`.
#[derive(Debug)]
#[repr(C)]
pub struct ErrStackItem {
    /// The exception, owned, or null.
    pub exc_value: *mut PyObject,
    /// The item below.
    pub previous_item: *mut ErrStackItem,
}

const _: () = {
    assert!(std::mem::offset_of!(ErrStackItem, exc_value) == EXC_VALUE as usize);
    assert!(std::mem::offset_of!(ErrStackItem, previous_item) == EXC_PREVIOUS as usize);
};
