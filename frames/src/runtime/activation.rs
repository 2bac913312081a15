//! One running native function: its frame, and who tells its locals.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::NonNull;
use std::sync::atomic::{Ordering, compiler_fence};
use std::time::Duration;

use pyo3::exceptions::{PyMemoryError, PyRuntimeError};
use pyo3::ffi::{self, PyObject, PyThreadState};
use pyo3::prelude::*;

use super::{MARK, is_native};
use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, OWNED_BY_THREAD, StackRef};
use crate::cpython::object;
use crate::cpython::thread::Thread;
use crate::{Locals, NativeCode, Reifier};

/// Its address, behind the locals of a frame, says that the frame is this copy's of the crate.
static OWNER: u8 = MARK as u8;

/// How long a function that leaves waits at a time for other threads that are asking it.
const PATIENCE: Duration = Duration::from_micros(50);

const PANICKED: &str = "the reifier of a native function panicked";

/// Lives as long as its frame, at an address that the frame has.
pub struct Activation {
    frame: *mut InterpreterFrame,
    thread: *mut PyThreadState,
    code: *const NativeCode,
    reifier: *const dyn Reifier,
    /// The threads inside of the reifier. None of them may come back to find the function gone.
    lookers: RefCell<Vec<*mut PyThreadState>>,
}

impl Activation {
    /// Pushes a frame.
    ///
    /// # Safety
    /// Code and reifier live until the activation is popped or abandoned, which happens on this thread, with the
    /// frame as its innermost.
    pub unsafe fn push(_: Python<'_>, code: &NativeCode, reifier: &dyn Reifier) -> PyResult<NonNull<Self>> {
        let shape = code.shape();
        // SAFETY: attached, as the token says; the new frame has the words that its code object asks for, and is complete
        // before it is the thread's. The lifetime of the reifier is the caller's concern.
        unsafe {
            let thread = Thread::current();
            let frame = private::_PyThreadState_PushFrame(thread.as_ptr(), shape.words);
            if frame.is_null() {
                return Err(PyMemoryError::new_err("no room for the frame of a native function"));
            }
            let reifier = std::mem::transmute::<*const dyn Reifier, *const (dyn Reifier + 'static)>(reifier);
            let lookers = RefCell::default();
            let activation = Self { frame, thread: thread.as_ptr(), code, reifier, lookers };
            // Not a box: while the function leaves, another thread may be looking.
            let activation = NonNull::from(Box::leak(Box::new(activation)));
            ffi::Py_INCREF(shape.code);
            ffi::Py_INCREF(shape.function);
            (*frame).f_executable = StackRef::from_owned(shape.code);
            (*frame).f_funcobj = StackRef::from_owned(shape.function);
            (*frame).f_globals = shape.globals;
            (*frame).f_builtins = shape.builtins;
            (*frame).f_locals = std::ptr::null_mut();
            (*frame).frame_obj = std::ptr::null_mut();
            (*frame).instr_ptr = shape.first_unit;
            (*frame).previous = thread.current_frame();
            (*frame).return_offset = MARK;
            (*frame).owner = OWNED_BY_THREAD;
            (*frame).visited = 0;
            for slot in 0..shape.locals {
                *(*frame).slot(slot) = StackRef::NULL;
            }
            (*frame).stackpointer = (*frame).slot(shape.locals);
            *(*frame).slot(shape.locals) = StackRef(&raw const OWNER as u64);
            *(*frame).slot(shape.locals + 1) = StackRef(activation.as_ptr() as u64);
            // Samplers and signal handlers come at any instruction.
            compiler_fence(Ordering::Release);
            thread.set_current_frame(frame);
            Ok(activation)
        }
    }

    /// The activation that a frame belongs to, if it is one of this copy of the crate.
    ///
    /// # Safety
    /// A live frame, with the GIL held; the result is used only as long as that is so.
    pub unsafe fn of<'a>(frame: *mut InterpreterFrame) -> Option<&'a Self> {
        // SAFETY: the contract; frames with the mark have the two words behind their locals.
        unsafe {
            if !is_native(frame) {
                return None;
            }
            let words = (*frame).stackpointer;
            ((*words).0 == &raw const OWNER as u64).then(|| &*((*words.add(1)).0 as *const Self))
        }
    }

    /// Whose activation it is.
    pub fn code(&self) -> &NativeCode {
        // SAFETY: alive until the activation is gone.
        unsafe { &*self.code }
    }

    /// Who tells its locals.
    pub fn reifier(&self) -> &dyn Reifier {
        // SAFETY: alive until the activation is gone.
        unsafe { &*self.reifier }
    }

    /// See [`super::Frame::set_line`].
    #[inline]
    pub fn set_line(&self, line: u32) {
        let shape = self.code().shape();
        let index = line.wrapping_sub(shape.first_line);
        debug_assert!(
            index < shape.line_count,
            "line {line} is not one of the {} lines from {} that the native function '{}' has",
            shape.line_count,
            shape.first_line,
            self.code().name(),
        );
        let nearest = if line < shape.first_line { 0 } else { index.min(shape.line_count - 1) };
        // SAFETY: the frame is there until the activation is gone; the unit is one of its code.
        unsafe { (*self.frame).instr_ptr = shape.first_unit.add(nearest as usize) };
    }

    /// The line that runs.
    pub fn line(&self) -> u32 {
        let shape = self.code().shape();
        // SAFETY: the frame is there until the activation is gone, at a unit of its code.
        let index = unsafe { (*self.frame).instr_ptr.offset_from(shape.first_unit) };
        shape.first_line.saturating_add_signed(index as i32)
    }

    /// The frame object.
    pub fn object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: a live frame; its object is borrowed from it.
        unsafe {
            let mut object = (*self.frame).frame_obj;
            if object.is_null() {
                object = private::_PyFrame_MakeAndSetFrameObject(self.frame);
            }
            Bound::from_borrowed_ptr_or_err(py, object)
        }
    }

    /// Adds the frame to the traceback of an error.
    ///
    /// # Safety
    /// The frame is the innermost of the attached thread.
    pub unsafe fn add_traceback(&self, py: Python<'_>, error: PyErr) -> PyErr {
        let object = self.object(py);
        error.restore(py);
        if let Ok(object) = object {
            // SAFETY: a frame object, and an exception is set.
            unsafe { ffi::PyTraceBack_Here(object.as_ptr().cast()) };
        }
        PyErr::fetch(py)
    }

    /// Has the reifier tell the locals, and puts them into the frame. Called by the reifier itself it does nothing.
    ///
    /// # Errors
    /// What the reifier raises.
    pub fn look(&self, py: Python<'_>) -> PyResult<()> {
        // SAFETY: attached.
        let looker = unsafe { ffi::PyThreadState_Get() };
        if self.lookers.borrow().contains(&looker) {
            return Ok(());
        }
        self.lookers.borrow_mut().push(looker);
        // SAFETY: an exception that is set is kept aside, and set again below.
        let raised = unsafe { ffi::PyErr_GetRaisedException() };
        let told = panic::catch_unwind(AssertUnwindSafe(|| {
            let mut locals = Locals::new(py, self.code());
            self.reifier().reify(&mut locals).map(|()| locals.into_values())
        }));
        let told = told.unwrap_or_else(|_| Err(PyRuntimeError::new_err(PANICKED)));
        // The values before die when the function may leave again: that may run anything.
        let before = told.map(|values| self.store(values));
        self.lookers.borrow_mut().retain(|&other| other != looker);
        let result = before.map(|references| {
            for reference in references.into_iter().filter(|reference| reference.is_counted()) {
                // SAFETY: taken out of the frame, which owned it; neither NULL nor immortal objects are counted.
                unsafe { ffi::Py_DECREF(reference.untag()) };
            }
        });
        if !raised.is_null() {
            // SAFETY: taken above.
            unsafe { ffi::PyErr_SetRaisedException(raised) };
        }
        result
    }

    /// Hands a value that somebody assigns to a variable to the reifier.
    ///
    /// # Errors
    /// What the reifier raises.
    pub fn assign(&self, variable: usize, value: Bound<'_, PyAny>) -> PyResult<()> {
        // SAFETY: attached, as the value's token says.
        let writer = unsafe { ffi::PyThreadState_Get() };
        self.lookers.borrow_mut().push(writer);
        let assign = || self.reifier().assign(&self.code().names()[variable], value);
        let outcome = panic::catch_unwind(AssertUnwindSafe(assign));
        let mut lookers = self.lookers.borrow_mut();
        if let Some(at) = lookers.iter().rposition(|&other| other == writer) {
            lookers.remove(at);
        }
        outcome.unwrap_or_else(|_| Err(PyRuntimeError::new_err(PANICKED)))
    }

    /// Puts values into the frame, and returns what was there.
    fn store(&self, values: Vec<Option<Bound<'_, PyAny>>>) -> Vec<StackRef> {
        let store = |(slot, value): (usize, Option<Bound<'_, PyAny>>)| {
            // SAFETY: the function cannot leave while somebody looks, and its frame has a slot for each name.
            unsafe {
                let place = (*self.frame).slot(slot);
                place.replace(value.map_or(StackRef::NULL, |value| StackRef::from_owned(value.into_ptr())))
            }
        };
        values.into_iter().enumerate().map(store).collect()
    }

    /// Whether the variable had a value at the last look.
    pub fn is_bound(&self, variable: usize) -> bool {
        // SAFETY: the frame is there until the activation is gone, and has a slot for each name.
        unsafe { !(*(*self.frame).slot(variable)).is_null() }
    }

    /// Pops the frame. A frame object that outlives it gets the locals.
    ///
    /// # Safety
    /// See [`Self::push`].
    pub unsafe fn pop(activation: NonNull<Self>, py: Python<'_>) {
        // SAFETY: the caller's contract; the state of the attached thread.
        let (this, thread) = unsafe { (activation.as_ref(), Thread::current()) };
        let mistake = if thread.as_ptr() != this.thread {
            Some("by another thread")
        } else if thread.current_frame() != this.frame {
            Some("while it is not the thread's innermost")
        } else if this.lookers.borrow().contains(&this.thread) {
            Some("by its own reifier")
        } else {
            None
        };
        if let Some(mistake) = mistake {
            this.abandon(&format!("the frame of the native function '{}' was popped {mistake}", this.code().name()));
            return;
        }
        let mut has_told = false;
        loop {
            if !this.lookers.borrow().is_empty() {
                py.detach(|| std::thread::sleep(PATIENCE));
            } else if !has_told && this.outlives() {
                has_told = true;
                if let Err(error) = this.look(py) {
                    error.write_unraisable(py, Some(this.code().code_object(py)));
                }
            } else {
                break;
            }
        }
        // SAFETY: the frame is the thread's innermost; an exception that is set outlives the finalizers of locals.
        unsafe {
            let raised = ffi::PyErr_GetRaisedException();
            thread.set_current_frame((*this.frame).previous);
            (*this.frame).return_offset = 0;
            private::_PyEval_FrameClearAndPop(this.thread, this.frame);
            if !raised.is_null() {
                ffi::PyErr_SetRaisedException(raised);
            }
            drop(Box::from_raw(activation.as_ptr()));
        }
    }

    /// Whether somebody beside the frame has its frame object.
    fn outlives(&self) -> bool {
        // SAFETY: the frame is there until the activation is gone, and owns its object.
        unsafe {
            let object: *mut PyObject = (*self.frame).frame_obj;
            !object.is_null() && object::refcount(object) > 1
        }
    }

    /// Makes the frame nobody's, since it cannot be popped. The activation stays in memory: somebody may be looking.
    ///
    /// # Panics
    /// In debug builds, with `mistake`, unless a panic is under way.
    pub fn abandon(&self, mistake: &str) {
        // SAFETY: only the stack of a live thread is followed, with the GIL held, and only its frames are written to.
        unsafe {
            let mut state = ffi::PyInterpreterState_ThreadHead(ffi::PyInterpreterState_Get());
            while !state.is_null() && state != self.thread {
                state = ffi::PyThreadState_Next(state);
            }
            let mut frame =
                if state.is_null() { std::ptr::null_mut() } else { Thread::from_ptr(state).current_frame() };
            while !frame.is_null() {
                if frame == self.frame {
                    (*frame).return_offset = 0;
                }
                frame = (*frame).previous;
            }
        }
        assert!(cfg!(not(debug_assertions)) || std::thread::panicking(), "{mistake}");
    }
}
