//! What a name is in the instances of a class: for the compiler, and a cache of it for places where objects of so many
//! classes come by that the machine code has no way of its own for each.
//!
//! An entry holds for a class at its version, as the interpreter's inline caches do: versions are never given to
//! another class, and change with everything that the class inherits. Whether an instance hides a method is told by the
//! version of the keys that instances share.

use std::cell::UnsafeCell;

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::ops::attrs::add_inline_value;
use crate::cpython::class_bound::{self, ClassBound};
use crate::cpython::ffi as private;
use crate::cpython::thread::Thread;
use crate::cpython::typeobject::{self, Type};
use crate::cpython::{dict, memory, method};

const ENTRIES: usize = 2048;

/// What is known of a name in the instances of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// Nothing that helps.
    Nothing,
    /// The value is at this offset of the instance, while its inline values are in use.
    Value { offset: i32, stored_plainly: bool },
    /// The value is at this offset of the instance, in a slot of `__slots__`.
    Slot { offset: i32 },
    /// A method, while the shared keys have this version.
    Method { method: *mut PyObject, keys: u32 },
    /// A method of a class whose instances have no dict.
    OnlyMethod { method: *mut PyObject },
    /// A class method or static method, where instances have no dict or as long as the shared keys have this version.
    InClass { bound: ClassBound, keys: Option<u32> },
    /// A property with this getter, a Python function, as long as the property keeps it.
    Property { property: *mut PyObject, getter: *mut PyObject },
}

/// What a look-up has found.
pub enum Found {
    /// The value, as a new reference.
    Value(*mut PyObject),
    /// The getter that the owner is to be given to, as a new reference.
    Getter(*mut PyObject),
    /// Nothing that is quickly found.
    Nothing,
}

#[derive(Clone, Copy)]
struct Entry {
    version: u32,
    name: *mut PyObject,
    known: Known,
}

struct Table(UnsafeCell<[Entry; ENTRIES]>);

// SAFETY: only used with the GIL held, and never across a call into Python.
unsafe impl Sync for Table {}

static TABLE: Table = {
    let empty = Entry { version: 0, name: std::ptr::null_mut(), known: Known::Nothing };
    Table(UnsafeCell::new([empty; ENTRIES]))
};

/// What is known of `name` in instances of `ty`.
#[inline]
unsafe fn look_up(ty: Type, name: *mut PyObject) -> Known {
    let version = ty.version();
    let index = (version as usize).wrapping_mul(67).wrapping_add(name.addr() >> 4) % ENTRIES;
    // SAFETY: the GIL is held, and the table is not used across the call that fills it.
    unsafe {
        let entry = (*TABLE.0.get())[index];
        if version != 0 && entry.version == version && entry.name == name {
            return entry.known;
        }
        let known = find_out(ty, name);
        // The table keeps the name, so that no other one comes to its address.
        let entry = Entry { version: ty.version(), name: ffi::Py_NewRef(name), known };
        let old = std::mem::replace(&mut (*TABLE.0.get())[index], entry);
        // Freeing a string runs no Python code.
        ffi::Py_XDECREF(old.name);
        known
    }
}

#[cold]
unsafe fn find_out(ty: Type, name: *mut PyObject) -> Known {
    // SAFETY: a live class and an interned name; what is found lives as long as the class has this version.
    unsafe {
        let class = &*ty.as_ptr();
        let is_plain = class.tp_getattro.map(|get| get as *const ()) == Some(ffi::PyObject_GenericGetAttr as *const ());
        let found = private::_PyType_Lookup(ty.as_ptr(), name);
        if !is_plain || ty.version() == 0 {
            return Known::Nothing;
        }
        if !found.is_null() && ffi::Py_IS_TYPE(found, &raw mut ffi::PyProperty_Type) != 0 {
            let getter: *mut PyObject = memory::read(found, method::PROP_GET);
            let is_function = !getter.is_null() && ffi::PyFunction_Check(getter) != 0;
            return if is_function { Known::Property { property: found, getter } } else { Known::Nothing };
        }
        if !found.is_null() && ffi::Py_IS_TYPE(found, &raw mut ffi::PyMemberDescr_Type) != 0 {
            return slot(ty, found);
        }
        let bound = class_bound::of(found);
        let is_method = !found.is_null() && Type::of(found).has(typeobject::FLAG_METHOD_DESCRIPTOR);
        if !ty.has(typeobject::FLAG_INLINE_VALUES) {
            let has_dict = ty.has(typeobject::FLAG_MANAGED_DICT) || ty.dict_offset() != 0;
            return match bound {
                _ if has_dict => Known::Nothing,
                Some(bound) => Known::InClass { bound, keys: None },
                None if is_method => Known::OnlyMethod { method: found },
                None => Known::Nothing,
            };
        }
        let Some(keys) = ty.cached_keys() else { return Known::Nothing };
        let index = private::_PyDictKeys_StringLookupSplit(keys.address() as *mut _, name);
        // A class can become a descriptor's without a change of the version here.
        let is_settled = found.is_null() || Type::of(found).has(typeobject::FLAG_IMMUTABLE);
        let is_data = !found.is_null() && (*Type::of(found).as_ptr()).tp_descr_set.is_some();
        if let Ok(index) = u32::try_from(index) {
            let stored_plainly =
                class.tp_setattro.map(|set| set as *const ()) == Some(ffi::PyObject_GenericSetAttr as *const ());
            return match ty.inline_value_offset(index) {
                Some(offset) if is_settled && !is_data => Known::Value { offset, stored_plainly },
                _ => Known::Nothing,
            };
        }
        const EMPTY: isize = -1;
        if !is_method && bound.is_none() || index != EMPTY {
            return Known::Nothing;
        }
        let interp = Thread::current().interp();
        match private::_PyDictKeys_GetVersionForCurrentState(interp.cast(), keys.address() as *mut _) {
            0 => Known::Nothing,
            keys => match bound {
                Some(bound) => Known::InClass { bound, keys: Some(keys) },
                None => Known::Method { method: found, keys },
            },
        }
    }
}

/// The place that a member descriptor stands for in instances of `ty`, if it is a slot.
unsafe fn slot(ty: Type, descriptor: *mut PyObject) -> Known {
    // SAFETY: a live descriptor of a member, whose definition lives with it.
    unsafe {
        let member: *const u8 = memory::read(descriptor, method::D_MEMBER);
        let owner: *mut PyTypeObject = memory::read(descriptor, method::D_TYPE);
        let kind: i32 = memory::read(member, method::MEMBER_TYPE);
        let flags: i32 = memory::read(member, method::MEMBER_FLAGS);
        if kind != method::MEMBER_OBJECT_EX || flags != 0 || ffi::PyType_IsSubtype(ty.as_ptr(), owner) == 0 {
            return Known::Nothing;
        }
        let offset: isize = memory::read(member, method::MEMBER_OFFSET);
        i32::try_from(offset).map_or(Known::Nothing, |offset| Known::Slot { offset })
    }
}

/// What is known of the name at `name` in instances of the class at `class` as it is now.
///
/// Both are alive, the name is interned and the GIL held.
pub fn known(class: usize, name: usize) -> Known {
    // SAFETY: the caller has found the class among the live ones, and the name in a code object.
    unsafe { find_out(Type::from_ptr(class as *mut PyTypeObject), name as *mut PyObject) }
}

/// The version of the class of an object.
///
/// # Safety
/// A live object; the GIL is held.
pub unsafe fn version_of(object: *mut PyObject) -> u32 {
    // SAFETY: the contract.
    unsafe { Type::of(object).version() }
}

/// Whether an instance of a class with inline values uses them.
#[inline]
unsafe fn uses_inline_values(ty: Type, object: *mut PyObject) -> bool {
    // SAFETY: the caller says that instances have inline values behind their fixed part.
    unsafe { memory::read::<u8, _>(object.byte_offset(ty.basic_size()), dict::VALUES_VALID) != 0 }
}

/// What `owner.name` is, if that is quickly found.
///
/// # Safety
/// Live objects; `name` is interned. The GIL is held.
#[inline]
pub unsafe fn load(owner: *mut PyObject, name: *mut PyObject) -> Found {
    // SAFETY: the contract; the class's version guards the offset and the getter.
    unsafe {
        let ty = Type::of(owner);
        match look_up(ty, name) {
            Known::Value { offset, .. } if uses_inline_values(ty, owner) => {
                let value: *mut PyObject = memory::read(owner, offset);
                if value.is_null() { Found::Nothing } else { Found::Value(ffi::Py_NewRef(value)) }
            }
            Known::Slot { offset } => {
                let value: *mut PyObject = memory::read(owner, offset);
                if value.is_null() { Found::Nothing } else { Found::Value(ffi::Py_NewRef(value)) }
            }
            Known::Property { property, getter }
                if memory::read::<*mut PyObject, _>(property, method::PROP_GET) == getter =>
            {
                Found::Getter(ffi::Py_NewRef(getter))
            }
            _ => Found::Nothing,
        }
    }
}

/// The method that `owner.name` calls with `owner` as its self, as a new reference, if it is quickly found.
///
/// # Safety
/// As for [`load`].
#[inline]
pub unsafe fn load_method(owner: *mut PyObject, name: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the contract; the class's version keeps the method alive.
    unsafe {
        let ty = Type::of(owner);
        match look_up(ty, name) {
            Known::Method { method, keys }
                if uses_inline_values(ty, owner) && ty.cached_keys().is_some_and(|now| now.version() == keys) =>
            {
                Some(ffi::Py_NewRef(method))
            }
            Known::OnlyMethod { method } => Some(ffi::Py_NewRef(method)),
            _ => None,
        }
    }
}

/// Does `owner.name = value` if it is an instance's own attribute that is quickly found, and says whether it did.
///
/// # Safety
/// As for [`load`]. What was there dies, which may run Python code.
#[inline]
pub unsafe fn store(value: *mut PyObject, owner: *mut PyObject, name: *mut PyObject) -> bool {
    // SAFETY: the contract; the class's version guards the offset.
    unsafe {
        let ty = Type::of(owner);
        let Known::Value { offset, stored_plainly: true } = look_up(ty, name) else { return false };
        let namespace: *mut PyObject = memory::read(owner, typeobject::MANAGED_DICT);
        if !namespace.is_null() || !uses_inline_values(ty, owner) {
            return false;
        }
        let old: *mut PyObject = memory::read(owner, offset);
        let value = ffi::Py_NewRef(value);
        if old.is_null() {
            add_inline_value(owner, value, i64::from(offset), 0);
        } else {
            memory::write(owner, offset, value);
            ffi::Py_DECREF(old);
        }
        true
    }
}
