//! Attributes: loads, stores, methods, special methods and `super`.

use pyo3::ffi::*;
use std::ffi::c_int;
use std::ptr::null_mut;

use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::typeobject::{self, Type};
use crate::cpython::{dict, memory};
use crate::runtime::attr_cache::{self, Found};
use crate::runtime::ops::calls;

/// `LOAD_ATTR` with an even oparg: `owner.name`. Borrows both.
pub unsafe extern "C-unwind" fn load_attr(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    owner: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; names of a code object are interned.
    unsafe {
        match attr_cache::load(owner, name) {
            Found::Value(value) => value,
            Found::Getter(getter) => {
                // The interpreter moves the owner from its stack into the getter's frame; here the caller's keeps it.
                let mut operands = [StackRef::from_owned(getter), StackRef::from_borrowed(owner)];
                calls::call(tstate, frame, operands.as_mut_ptr().cast(), 0)
            }
            Found::Nothing => PyObject_GetAttr(owner, name),
        }
    }
}

/// The self of a method that was looked up on `owner`: what the operand stack has of it, or one more of that.
unsafe fn receiver(owner: *mut PyObject, is_owned: i64) -> StackRef {
    if is_owned == 0 {
        return StackRef::from_borrowed(owner);
    }
    // SAFETY: the contract.
    unsafe { StackRef::from_owned(Py_NewRef(owner)) }
}

/// The same for what the interpreter has found to be the self: mostly the owner, borrowed, but a class method's is the class.
unsafe fn self_of_method(this: StackRef, owner: *mut PyObject, is_owned: i64) -> StackRef {
    // SAFETY: the contract.
    unsafe {
        if this == StackRef::from_borrowed(owner) {
            receiver(owner, is_owned)
        } else if this.is_null() {
            StackRef::NULL
        } else {
            StackRef::from_owned(this.into_owned())
        }
    }
}

/// `LOAD_ATTR` with an odd oparg: what a call of `owner.name` calls. Borrows both.
///
/// Returns the callable. `*out` gets a stackref: to `owner` when the callable is a method still to be given its self,
/// with a count if `is_owned`, else NULL.
pub unsafe extern "C-unwind" fn load_method(
    tstate: *mut PyThreadState,
    owner: *mut PyObject,
    name: *mut PyObject,
    is_owned: i64,
    out: *mut *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; the callee closes a borrowed reference without effect.
    unsafe {
        let out = out.cast::<StackRef>();
        *out = StackRef::NULL;
        if let Some(method) = attr_cache::load_method(owner, name) {
            *out = receiver(owner, is_owned);
            return method;
        }
        let mut this = StackRef::NULL;
        let attribute =
            private::_Py_LoadAttr_StackRefSteal(tstate, StackRef::from_borrowed(owner), name, &raw mut this);
        *out = self_of_method(this, owner, is_owned);
        attribute.into_owned()
    }
}

/// `STORE_ATTR`: `owner.name = value`. Borrows all.
pub unsafe extern "C-unwind" fn store_attr(value: *mut PyObject, owner: *mut PyObject, name: *mut PyObject) -> i32 {
    // SAFETY: the contract; names of a code object are interned.
    unsafe { if attr_cache::store(value, owner, name) { 0 } else { PyObject_SetAttr(owner, name, value) } }
}

/// `DELETE_ATTR`: `del owner.name`. Borrows both.
pub unsafe extern "C-unwind" fn delete_attr(owner: *mut PyObject, name: *mut PyObject) -> i32 {
    // SAFETY: the contract; a NULL value deletes.
    unsafe { PyObject_SetAttr(owner, name, null_mut()) }
}

/// `LOAD_SPECIAL`: the special method of `owner` that `oparg` selects (`__enter__`, `__exit__` and their async
/// forms), looked up on its class. Borrows `owner`.
///
/// Returns the callable. `*out` gets a stackref: to `owner` when the callable is still to be given its self, with a count
/// if `is_owned`, else NULL. On the interpreter's stack the callable is below the self.
pub unsafe extern "C-unwind" fn load_special(
    owner: *mut PyObject,
    oparg: i64,
    is_owned: i64,
    out: *mut *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; the callee closes a borrowed reference without effect.
    unsafe {
        let out = out.cast::<StackRef>();
        *out = StackRef::NULL;
        let table = (&raw const private::_Py_SpecialMethods).cast::<private::SpecialMethod>();
        let special = &*table.add(oparg as usize);
        let mut method_and_self = [StackRef::NULL, StackRef::from_borrowed(owner)];
        let found = private::_PyObject_LookupSpecialMethod(special.name, method_and_self.as_mut_ptr());
        if found > 0 {
            *out = self_of_method(method_and_self[1], owner, is_owned);
            return method_and_self[0].into_owned();
        }
        if found == 0 {
            let format = if private::_PyEval_SpecialMethodCanSuggest(owner, oparg as c_int) != 0 {
                special.error_suggestion
            } else {
                special.error
            };
            PyErr_Format(PyExc_TypeError, format, owner);
        }
        null_mut()
    }
}

/// `LOAD_SUPER_ATTR`: `super(class, this).name`, or `super().name` unless `oparg & 2`. Borrows all objects.
///
/// With `oparg & 1`, `*out` gets a stackref to `this`, with a count if `is_owned`, when the result is a method still to be
/// given its self; in all other cases it gets NULL. With the real `super`, no super object is made and the frame is not looked at; any
/// other `super` is called as it stands, and may look at its caller's frame.
pub unsafe extern "C-unwind" fn load_super_attr(
    global_super: *mut PyObject,
    class: *mut PyObject,
    this: *mut PyObject,
    name: *mut PyObject,
    oparg: i64,
    is_owned: i64,
    out: *mut *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; the class is checked to be one before it is used as one.
    unsafe {
        let out = out.cast::<StackRef>();
        *out = StackRef::NULL;
        if global_super == (&raw mut PySuper_Type).cast() && PyType_Check(class) != 0 {
            let mut is_method = 0;
            let generic =
                (*Py_TYPE(this)).tp_getattro.map(|f| f as *const ()) == Some(PyObject_GenericGetAttr as *const ());
            let wanted = if oparg & 1 != 0 && generic { &raw mut is_method } else { null_mut() };
            let attribute = private::_PySuper_Lookup(class.cast(), this, name, wanted);
            if !attribute.is_null() && is_method != 0 {
                *out = receiver(this, is_owned);
            }
            return attribute;
        }
        let arguments = [class, this];
        let object = PyObject_Vectorcall(global_super, arguments.as_ptr(), (oparg & 2) as usize, null_mut());
        if object.is_null() {
            return null_mut();
        }
        let attribute = PyObject_GetAttr(object, name);
        Py_DECREF(object);
        attribute
    }
}

/// The value of `name` in an object's managed dict, if entry `hint` of its keys has it; NULL without an error otherwise.
/// Borrows both; the result is borrowed from the dict.
pub unsafe extern "C-unwind" fn load_attr_hint(owner: *mut PyObject, name: *mut PyObject, hint: i64) -> *mut PyObject {
    // SAFETY: the caller guarded that the owner's class has managed dicts.
    unsafe {
        let namespace: *mut PyObject = memory::read(owner, typeobject::MANAGED_DICT);
        if namespace.is_null() {
            return null_mut();
        }
        let keys = dict::Keys::of_dict(namespace);
        let index = hint as usize;
        if keys.kind() != dict::KIND_UNICODE || keys.key(index) != Some(name) {
            return null_mut();
        }
        keys.value(index).unwrap_or(null_mut())
    }
}

/// The value of entry `index` of a table of keys, borrowed, or NULL.
pub unsafe extern "C-unwind" fn keys_value(keys: *mut *mut PyObject, index: i64) -> *mut PyObject {
    // SAFETY: the caller guarded the table's version, which fixes its kind and entries.
    unsafe { dict::Keys::from_ptr(keys.cast()).value(index as usize).unwrap_or(null_mut()) }
}

/// Puts `value` into the empty slot at `offset` of an object. Consumes `value`.
pub unsafe extern "C-unwind" fn init_slot(owner: *mut PyObject, value: *mut PyObject, offset: i64) {
    // SAFETY: the caller guarded that the object's class has such a slot.
    unsafe { owner.byte_offset(offset as isize).cast::<*mut PyObject>().write(value) };
}

/// Puts `value` into the empty place at `offset` of an object's inline values, and the attribute into their order. They are behind the
/// first `size` bytes of the object, or where its class says if that is 0. Consumes `value`.
pub unsafe extern "C-unwind" fn add_inline_value(owner: *mut PyObject, value: *mut PyObject, offset: i64, size: i64) {
    // SAFETY: the caller guarded that the object has inline values and that the place is one of them.
    unsafe {
        let size = if size == 0 { Type::of(owner).basic_size() } else { size as isize };
        let values = owner.byte_offset(size).cast::<u8>();
        owner.byte_offset(offset as isize).cast::<*mut PyObject>().write(value);
        let first = size + dict::VALUES_VALUES as isize;
        let index = ((offset as isize - first) / 8) as u8;
        let count = memory::read::<u8, _>(values, dict::VALUES_SIZE);
        let capacity = memory::read::<u8, _>(values, dict::VALUES_CAPACITY);
        // The order of insertion is an array of bytes behind the values.
        let order = values.add(dict::VALUES_VALUES as usize + 8 * usize::from(capacity));
        order.add(usize::from(count)).write(index);
        memory::write(values, dict::VALUES_SIZE, count + 1);
    }
}
