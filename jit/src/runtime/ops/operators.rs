//! Operators that a class defines by a function written in Python, without the way through the type's slot.

use pyo3::ffi::*;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::bytecode::opcode::CodeOffset;
use crate::code::binding::defaults_of;
use crate::cpython::code::Code;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::function::Function;
use crate::cpython::typeobject::{self, Type};
use crate::cpython::{ffi as private, kinds, memory};
use crate::hir::types::Kinds;
use crate::profile::{Operand, Operands, buffer_at};
use crate::runtime::ops::calls;
use crate::runtime::ops::specials::{self, Special};
use crate::tier;

/// By the argument of `BINARY_OP`: the method, the reflected method, and the sign. The others have more to them.
const OPERATORS: [(&str, &str, &str); 13] = [
    ("__add__", "__radd__", "+"),
    ("__and__", "__rand__", "&"),
    ("__floordiv__", "__rfloordiv__", "//"),
    ("__lshift__", "__rlshift__", "<<"),
    ("__matmul__", "__rmatmul__", "@"),
    ("__mul__", "__rmul__", "*"),
    ("__mod__", "__rmod__", "%"),
    ("__or__", "__ror__", "|"),
    ("", "", ""),
    ("", "", ""),
    ("__sub__", "__rsub__", "-"),
    ("__truediv__", "__rtruediv__", "/"),
    ("__xor__", "__rxor__", "^"),
];

/// The names of a method and of its reflected one, interned, by operator.
fn names(operator: usize) -> Option<(*mut PyObject, *mut PyObject)> {
    static NAMES: OnceLock<Option<Vec<(usize, usize)>>> = OnceLock::new();
    let all = NAMES.get_or_init(|| OPERATORS.iter().map(|it| Some((intern(it.0)?, intern(it.1)?))).collect());
    let (method, reflected) = *all.as_ref()?.get(operator)?;
    (!OPERATORS[operator].0.is_empty()).then_some((method as *mut PyObject, reflected as *mut PyObject))
}

/// An interned string that is kept for good, if there is memory. The GIL must be held.
pub fn intern(text: &str) -> Option<usize> {
    // SAFETY: the GIL is held.
    unsafe {
        let mut name = PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as Py_ssize_t);
        if name.is_null() {
            PyErr_Clear();
            return None;
        }
        PyUnicode_InternInPlace(&raw mut name);
        Some(name as usize)
    }
}

/// Of so many calls of operators one notes what its operands are, with the usual thresholds.
const NOTED: u32 = 16;

/// The function that `left <op> right` calls first, where nothing but a `TypeError` comes after it: the class `left` has a
/// Python function for the operator, and the other operand is of the same class, a number, or of another class that knows
/// nothing of the operator's reflected form. Borrowed from the class.
///
/// # Safety
/// Live types, and the GIL is held.
pub unsafe fn method(left: Type, right: Type, operator: usize) -> Option<*mut PyObject> {
    // SAFETY: the contract; looking a name up runs no Python code.
    unsafe {
        if !left.is_of_python() {
            return None;
        }
        let (name, reflected) = names(operator)?;
        let method = private::_PyType_Lookup(left.as_ptr(), name);
        if kinds::of_object(method as usize) != Kinds::FUNCTION || is_sequence(left) {
            return None;
        }
        if left == right || is_number(right) && !is_kind_of_number(left) {
            return Some(method);
        }
        let is_below = PyType_IsSubtype(right.as_ptr(), left.as_ptr()) != 0;
        let comes_later = is_below
            || is_sequence(right)
            || !right.is_of_python()
            || !private::_PyType_Lookup(right.as_ptr(), reflected).is_null();
        (!comes_later).then_some(method)
    }
}

/// The function of the right operand's class that `left <op> right` calls, where the left one is a number, which knows nothing of the
/// class. Borrowed from the class.
///
/// # Safety
/// Live types, and the GIL is held.
pub unsafe fn reflected(left: Type, right: Type, operator: usize) -> Option<*mut PyObject> {
    // SAFETY: the contract; looking a name up runs no Python code.
    unsafe {
        if !is_number(left) || !right.is_of_python() || is_kind_of_number(right) || is_sequence(right) {
            return None;
        }
        let (_, name) = names(operator)?;
        let method = private::_PyType_Lookup(right.as_ptr(), name);
        (kinds::of_object(method as usize) == Kinds::FUNCTION).then_some(method)
    }
}

/// `left <op> right` by [`method`] or [`reflected`]. Borrows both.
pub unsafe fn call_operator(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    left: *mut PyObject,
    right: *mut PyObject,
    operator: usize,
) -> Option<*mut PyObject> {
    // SAFETY: the contract; the function is held while it runs.
    unsafe {
        let (ty, other) = (Type::of(left), Type::of(right));
        let (method, owner, argument) = match method(ty, other, operator) {
            Some(method) => (method, left, right),
            None => (reflected(ty, other, operator)?, right, left),
        };
        note_operands(frame, ty, other);
        Py_INCREF(method);
        let owned = |object| StackRef::from_owned(Py_NewRef(object));
        // With a self, so that nothing is noted of a function that is called here.
        let mut operands = [owned(method), owned(owner), owned(argument)];
        let result = calls::call(tstate, frame, operands.as_mut_ptr().cast(), 1);
        Py_DECREF(method);
        if result != Py_NotImplemented() {
            return Some(result);
        }
        Py_DECREF(result);
        Some(refuse_operands(left, right, operator as i64))
    }
}

/// Raises what an operator raises that its method does not implement and for which there is no other.
pub unsafe extern "C-unwind" fn refuse_operands(
    left: *mut PyObject,
    right: *mut PyObject,
    operator: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let (left, right) = ((*Py_TYPE(left)).tp_name, (*Py_TYPE(right)).tp_name);
        let sign = std::ffi::CString::new(OPERATORS[operator as usize].2).unwrap_or_default();
        let text = c"unsupported operand type(s) for %.100s: '%.100s' and '%.100s'";
        PyErr_Format(PyExc_TypeError, text.as_ptr(), sign.as_ptr(), left, right);
        null_mut()
    }
}

/// Notes now and then what the operands are at the place where `frame` is.
///
/// # Safety
/// The running frame, which has just come to the place; live types; the GIL is held.
unsafe fn note_operands(frame: *mut InterpreterFrame, left: Type, right: Type) {
    if !is_time_to_note() {
        return;
    }
    // SAFETY: the contract.
    unsafe { note(frame, operands_of(left, right)) }
}

fn operands_of(left: Type, right: Type) -> Operands {
    let operand = |ty: Type| match is_number(ty) {
        true if ty.as_ptr() == &raw mut PyFloat_Type => Operand::Number(Kinds::FLOAT),
        true => Operand::Number(Kinds::LONG),
        false => Operand::Class(ty.version()),
    };
    Operands { left: operand(left), right: operand(right) }
}

/// Whether this is one of the calls that one notes something of.
fn is_time_to_note() -> bool {
    // Every so many calls, counted, would be the same place again and again where a loop has as many. The GIL excludes others.
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.load(Ordering::Relaxed).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    NUMBER.store(number, Ordering::Relaxed);
    !tier::is_patient() || number < u32::MAX / NOTED
}

/// # Safety
/// As of [`note_operands`].
unsafe fn note(frame: *mut InterpreterFrame, operands: Operands) {
    // SAFETY: the contract.
    unsafe {
        let code = Code::from_ptr((*frame).code().cast());
        let units = ((*frame).instr_ptr as usize - code.first_unit() as usize) / 2;
        tier::record_operands(code, CodeOffset(units as u32), operands);
    }
}

/// Notes now and then of what class the object is that is called at the place where `frame` is, if the class is one that programs make.
///
/// # Safety
/// The running frame, which has just come to the place; a live object; the GIL is held.
pub unsafe fn note_callable(frame: *mut InterpreterFrame, callable: *mut PyObject) {
    // SAFETY: the contract.
    unsafe {
        let class = Type::of(callable);
        if class.is_of_python() && is_time_to_note() {
            note(frame, Operands { left: Operand::Class(class.version()), right: Operand::None });
        }
    }
}

/// Notes now and then of what class the object is that has a special method at the place where `frame` is, if that is written in Python.
///
/// # Safety
/// The running frame, which has just come to the place; a live object; the GIL is held.
pub unsafe fn note_owner(frame: *mut InterpreterFrame, owner: *mut PyObject, special: Special) {
    // SAFETY: the contract.
    unsafe {
        let class = Type::of(owner);
        let is_made = class.is_of_python();
        if is_made && is_time_to_note() && specials::method(special, class, None).is_some() {
            note(frame, Operands { left: Operand::Class(class.version()), right: Operand::None });
        }
    }
}

/// Notes now and then what code a function has that is called at the place where `frame` is, if both have the same namespaces.
///
/// # Safety
/// The running frame, which has just come to the place; a live function; the GIL is held.
pub unsafe fn note_function(frame: *mut InterpreterFrame, function: *mut PyObject) {
    if is_time_to_note() {
        // SAFETY: the contract.
        unsafe { note_code(frame, function) }
    }
}

/// Notes what code an object has that is called at the place where `frame` is, if it is a function with the same namespaces.
///
/// # Safety
/// The running frame, which has just come to the place; a live object; the GIL is held.
pub unsafe fn note_code(frame: *mut InterpreterFrame, function: *mut PyObject) {
    if kinds::of_object(function as usize) != Kinds::FUNCTION {
        return;
    }
    // SAFETY: the contract.
    unsafe {
        let function = Function::from_ptr(function);
        let has_same = function.globals() == (*frame).f_globals && function.builtins() == (*frame).f_builtins;
        if let Some(state) = has_same.then(|| tier::state_or_new(function.code_view())).flatten() {
            let left = Operand::Function { state: state.as_ptr() as usize, defaults: defaults_of(function) };
            note(frame, Operands { left, right: Operand::None });
        }
    }
}

/// Notes now and then what is compared at the place where `frame` is: numbers, or an instance of a class with a method for it that is
/// written in Python.
///
/// # Safety
/// The running frame, which has just come to the place; live objects; the GIL is held.
pub unsafe fn note_compared(frame: *mut InterpreterFrame, left: *mut PyObject, right: *mut PyObject, op: i64) {
    // SAFETY: the contract.
    unsafe {
        let (left, right) = (Type::of(left), Type::of(right));
        if is_number(left) && is_number(right) {
            note_operands(frame, left, right);
        } else if left.is_of_python()
            && is_time_to_note()
            && specials::method(Special::Comparison(op as u32), left, Some(right)).is_some()
        {
            note(frame, operands_of(left, right));
        }
    }
}

/// Notes now and then what numbers the operands at the place where `frame` is are, if both are ints or floats.
///
/// # Safety
/// The running frame, which has just come to the place; live objects; the GIL is held.
#[inline]
pub unsafe fn note_numbers(frame: *mut InterpreterFrame, left: *mut PyObject, right: *mut PyObject) {
    // SAFETY: the contract.
    unsafe {
        let (left, right) = (Type::of(left), Type::of(right));
        if is_number(left) && is_number(right) {
            note_operands(frame, left, right);
        }
    }
}

/// Notes now and then what container of numbers in memory an item is taken from, or put into, at the place where `frame` is.
///
/// # Safety
/// The running frame, which has just come to the place; a live object; the GIL is held.
#[inline]
pub unsafe fn note_container(frame: *mut InterpreterFrame, container: *mut PyObject) {
    if is_time_to_note() {
        // SAFETY: the contract.
        unsafe { note_buffer(frame, container) }
    }
}

/// Notes what an item is taken from, or put into, at the place where `frame` is, if it is a container of numbers in memory.
///
/// # Safety
/// As of [`note_container`].
pub unsafe fn note_buffer(frame: *mut InterpreterFrame, container: *mut PyObject) {
    if let Some((kinds, typecode)) = buffer_at(container as usize) {
        // SAFETY: the contract.
        unsafe { note(frame, Operands { left: Operand::Buffer(kinds, typecode), right: Operand::None }) }
    }
}

/// Whether this class is derived from one of those.
unsafe fn is_kind_of_number(ty: Type) -> bool {
    // SAFETY: the contract; no Python code runs.
    unsafe {
        [&raw mut PyFloat_Type, &raw mut PyLong_Type].into_iter().any(|base| PyType_IsSubtype(ty.as_ptr(), base) != 0)
    }
}

/// Whether this is the class of floats or of ints, neither of which knows what to do with instances of unrelated classes.
fn is_number(ty: Type) -> bool {
    ty.as_ptr() == &raw mut PyFloat_Type || ty.as_ptr() == &raw mut PyLong_Type
}

/// Whether addition and multiplication would go on as those of a sequence.
unsafe fn is_sequence(ty: Type) -> bool {
    // SAFETY: the contract; a heap type has a table of sequence methods.
    unsafe {
        let methods: *const u8 = memory::read(ty.as_ptr(), typeobject::TP_AS_SEQUENCE);
        let has = |offset| !memory::read::<*const u8, _>(methods, offset).is_null();
        methods.is_null() || has(typeobject::SQ_CONCAT) || has(typeobject::SQ_REPEAT)
    }
}
