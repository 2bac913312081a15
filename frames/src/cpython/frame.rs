//! Frames: the interpreter's own (`Include/internal/pycore_interpframe_structs.h`), the references they hold
//! (`Include/internal/pycore_stackref.h`) and the frame objects of Python (`Include/internal/pycore_frame.h`).
//!
//! Compiled code runs in real interpreter frames, so this is the layout that matters most: what is wrong here shows
//! in every tool that looks at a stack.

use pyo3::ffi::PyObject;

use super::object;

layout! {
    /// The code object, a stack reference.
    F_EXECUTABLE: i32 = 0, "offsetof(_PyInterpreterFrame, f_executable)";
    /// The caller's frame.
    PREVIOUS: i32 = 8, "offsetof(_PyInterpreterFrame, previous)";
    /// The function, a stack reference.
    F_FUNCOBJ: i32 = 16, "offsetof(_PyInterpreterFrame, f_funcobj)";
    /// Globals, borrowed.
    F_GLOBALS: i32 = 24, "offsetof(_PyInterpreterFrame, f_globals)";
    /// Builtins, borrowed.
    F_BUILTINS: i32 = 32, "offsetof(_PyInterpreterFrame, f_builtins)";
    /// The mapping of locals (modules, classes), owned; null in functions.
    F_LOCALS: i32 = 40, "offsetof(_PyInterpreterFrame, f_locals)";
    /// The frame object, owned; null until somebody asks for it.
    FRAME_OBJ: i32 = 48, "offsetof(_PyInterpreterFrame, frame_obj)";
    /// The instruction that runs, or is about to begin.
    INSTR_PTR: i32 = 56, "offsetof(_PyInterpreterFrame, instr_ptr)";
    /// One past the top of the operand stack.
    STACKPOINTER: i32 = 64, "offsetof(_PyInterpreterFrame, stackpointer)";
    /// Where, relative to `instr_ptr`, a callee's return continues (`u16`, in code units).
    RETURN_OFFSET: i32 = 72, "offsetof(_PyInterpreterFrame, return_offset)";
    /// Who owns the memory (`u8`), see the `OWNED_BY_*` constants.
    OWNER: i32 = 74, "offsetof(_PyInterpreterFrame, owner)";
    /// The garbage collector's mark (`u8`).
    VISITED: i32 = 75, "offsetof(_PyInterpreterFrame, visited)";
    /// Locals, cells, free variables, then the operand stack: stack references.
    LOCALSPLUS: i32 = 80, "offsetof(_PyInterpreterFrame, localsplus)";
    /// Size of the header in words: what `co_framesize` has beyond locals and stack.
    SPECIALS_SIZE: i32 = 10, "FRAME_SPECIALS_SIZE";
    /// Owner: the thread's data stack.
    OWNED_BY_THREAD: u8 = 0, "FRAME_OWNED_BY_THREAD";
    /// Owner: a generator, whose object it is part of.
    OWNED_BY_GENERATOR: u8 = 1, "FRAME_OWNED_BY_GENERATOR";
    /// Owner: a frame object that outlived the call.
    OWNED_BY_FRAME_OBJECT: u8 = 2, "FRAME_OWNED_BY_FRAME_OBJECT";
    /// Owner: the interpreter loop itself (an entry frame, not a Python function).
    OWNED_BY_INTERPRETER: u8 = 3, "FRAME_OWNED_BY_INTERPRETER";
    /// In a proxy of a frame's locals: the frame object.
    PROXY_FRAME: i32 = 16, "offsetof(PyFrameLocalsProxyObject, frame)";
    /// In a frame object: the interpreter frame.
    OBJ_F_FRAME: i32 = 24, "offsetof(PyFrameObject, f_frame)";
    /// In a frame object: the caller's frame object, or null.
    OBJ_F_BACK: i32 = 16, "offsetof(PyFrameObject, f_back)";
    /// In a frame object: the trace function, or null.
    OBJ_F_TRACE: i32 = 32, "offsetof(PyFrameObject, f_trace)";
    /// In a frame object: the line while tracing, 0 otherwise (`i32`).
    OBJ_F_LINENO: i32 = 40, "offsetof(PyFrameObject, f_lineno)";
    /// In a frame object: whether lines are traced (`u8`).
    OBJ_F_TRACE_LINES: i32 = 44, "offsetof(PyFrameObject, f_trace_lines)";
    /// In a frame object: whether instructions are traced (`u8`).
    OBJ_F_TRACE_OPCODES: i32 = 45, "offsetof(PyFrameObject, f_trace_opcodes)";
    /// In a frame object: variables added through `f_locals`, a dict or null.
    OBJ_F_EXTRA_LOCALS: i32 = 48, "offsetof(PyFrameObject, f_extra_locals)";
    /// In a frame object: what `PyEval_GetLocals` gave out, or null.
    OBJ_F_LOCALS_CACHE: i32 = 56, "offsetof(PyFrameObject, f_locals_cache)";
    /// In a frame object: locals overwritten through `f_locals`, kept alive for borrowed references, or null.
    OBJ_F_OVERWRITTEN_FAST_LOCALS: i32 = 64, "offsetof(PyFrameObject, f_overwritten_fast_locals)";
    /// In a frame object: the frame's memory once the object owns it.
    OBJ_FRAME_DATA: i32 = 72, "offsetof(PyFrameObject, _f_frame_data)";
    /// Stack reference tag: the reference is not counted.
    TAG_UNCOUNTED: u64 = 1, "Py_TAG_REFCNT";
    /// Stack reference tag: an integer, not an object.
    TAG_INT: u64 = 3, "Py_INT_TAG";
    /// The bits of a stack reference that are tags.
    TAG_MASK: u64 = 3, "Py_TAG_BITS";
    /// How far a tagged integer is shifted.
    TAGGED_INT_SHIFT: u32 = 2, "Py_TAGGED_SHIFT";
    /// The bits of the null stack reference. Not zero.
    NULL_BITS: u64 = 1, "PyStackRef_NULL_BITS";
    /// The bits of the stack reference that stands for an exception.
    ERROR_BITS: u64 = 2, "Py_TAG_INVALID";
}

/// A reference in a frame: an object's address and two tag bits.
///
/// Tag 0 owns one count of the object. Tag 1 owns none: the object is immortal, or something else that lives longer
/// holds it. Tag 3 is an integer (iteration indexes, saved `lasti`). Null is tag 1 without an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct StackRef(pub u64);

impl StackRef {
    /// No value: an unbound local, an empty slot.
    pub const NULL: Self = Self(NULL_BITS);

    /// An exception is set: what some functions return instead of a reference.
    pub const ERROR: Self = Self(ERROR_BITS);

    /// A reference that counts nothing; whoever stores it sees to it that the object stays alive.
    #[inline]
    pub fn from_borrowed(object: *mut PyObject) -> Self {
        Self(object as u64 | TAG_UNCOUNTED)
    }

    /// Takes over one count of `object` (none is needed, and none kept, when it is immortal).
    ///
    /// # Safety
    /// `object` is live.
    #[inline]
    pub unsafe fn from_owned(object: *mut PyObject) -> Self {
        // SAFETY: as the caller says.
        let immortal = unsafe { object::is_immortal(object) };
        Self(object as u64 | if immortal { TAG_UNCOUNTED } else { 0 })
    }

    /// A tagged integer. Two bits of it are lost to the tag.
    #[inline]
    pub const fn from_int(value: i64) -> Self {
        Self(((value as u64) << TAGGED_INT_SHIFT) | TAG_INT)
    }

    /// Whether there is no value.
    #[inline]
    pub const fn is_null(self) -> bool {
        self.0 == NULL_BITS
    }

    /// Whether it is a tagged integer.
    #[inline]
    pub const fn is_int(self) -> bool {
        self.0 & TAG_MASK == TAG_INT
    }

    /// The tagged integer.
    #[inline]
    pub const fn as_int(self) -> i64 {
        (self.0 as i64) >> TAGGED_INT_SHIFT
    }

    /// Whether dropping it drops a count.
    #[inline]
    pub const fn is_counted(self) -> bool {
        self.0 & TAG_UNCOUNTED == 0
    }

    /// The object, borrowed; null when there is none. Not for tagged integers.
    #[inline]
    pub const fn untag(self) -> *mut PyObject {
        (self.0 & !TAG_UNCOUNTED) as *mut PyObject
    }

    /// The object with a count for the caller, who gives up the reference; null when there is none.
    ///
    /// # Safety
    /// Null, or a reference to a live object; not a tagged integer.
    #[inline]
    pub unsafe fn into_owned(self) -> *mut PyObject {
        let object = self.untag();
        if !self.is_counted() {
            // SAFETY: as the caller says.
            unsafe { pyo3::ffi::Py_XINCREF(object) };
        }
        object
    }
}

/// The interpreter's frame, `_PyInterpreterFrame`.
#[derive(Debug)]
#[repr(C)]
pub struct InterpreterFrame {
    /// See [`F_EXECUTABLE`].
    pub f_executable: StackRef,
    /// See [`PREVIOUS`].
    pub previous: *mut InterpreterFrame,
    /// See [`F_FUNCOBJ`].
    pub f_funcobj: StackRef,
    /// See [`F_GLOBALS`].
    pub f_globals: *mut PyObject,
    /// See [`F_BUILTINS`].
    pub f_builtins: *mut PyObject,
    /// See [`F_LOCALS`].
    pub f_locals: *mut PyObject,
    /// See [`FRAME_OBJ`].
    pub frame_obj: *mut PyObject,
    /// See [`INSTR_PTR`].
    pub instr_ptr: *mut u16,
    /// See [`STACKPOINTER`].
    pub stackpointer: *mut StackRef,
    /// See [`RETURN_OFFSET`].
    pub return_offset: u16,
    /// See [`OWNER`].
    pub owner: u8,
    /// See [`VISITED`].
    pub visited: u8,
    /// See [`LOCALSPLUS`]; as long as the code object says.
    pub localsplus: [StackRef; 0],
}

macro_rules! check_fields {
    ($($field:ident = $offset:ident),* $(,)?) => {
        const _: () = {
            $(assert!(std::mem::offset_of!(InterpreterFrame, $field) == $offset as usize);)*
        };
    };
}

check_fields! {
    f_executable = F_EXECUTABLE,
    previous = PREVIOUS,
    f_funcobj = F_FUNCOBJ,
    f_globals = F_GLOBALS,
    f_builtins = F_BUILTINS,
    f_locals = F_LOCALS,
    frame_obj = FRAME_OBJ,
    instr_ptr = INSTR_PTR,
    stackpointer = STACKPOINTER,
    return_offset = RETURN_OFFSET,
    owner = OWNER,
    visited = VISITED,
    localsplus = LOCALSPLUS,
}

impl InterpreterFrame {
    /// The code object, borrowed.
    #[inline]
    pub fn code(&self) -> *mut PyObject {
        self.f_executable.untag()
    }

    /// Address of slot `index` of locals and stack.
    #[inline]
    pub fn slot(&mut self, index: usize) -> *mut StackRef {
        self.localsplus.as_mut_ptr().wrapping_add(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_not_zero() {
        assert!(StackRef::NULL.is_null());
        assert!(!StackRef(0).is_null());
        assert!(StackRef::NULL.untag().is_null());
        assert!(!StackRef::NULL.is_counted());
    }

    #[test]
    fn integers_keep_their_sign() {
        for value in [0, 1, -1, 1 << 40, -(1 << 40)] {
            let reference = StackRef::from_int(value);
            assert!(reference.is_int() && !reference.is_counted() && !reference.is_null());
            assert_eq!(reference.as_int(), value);
        }
    }

    #[test]
    fn borrowed_references_are_tagged() {
        let object = 0x1000 as *mut PyObject;
        let reference = StackRef::from_borrowed(object);
        assert_eq!(reference, StackRef(0x1001));
        assert!(!reference.is_counted());
        assert_eq!(reference.untag(), object);
    }
}
