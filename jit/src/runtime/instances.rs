//! Freeing instances of classes written in Python.
//!
//! CPython finds out for each instance what its class and all of its bases want to be done. For most classes that is nothing, which their
//! version tells: such an instance gives up its attributes and its memory here, in the same order.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::{deaths, pools};
use crate::cpython::typeobject::{self, Type};
use crate::cpython::{dict, memory, object, reftracer};

/// What frees instances of classes written in Python.
static SUBTYPE_DEALLOC: AtomicUsize = AtomicUsize::new(0);

/// Versions of classes of which nothing is to be done but that, each in the place that its last digits say.
static PLAIN: [AtomicU32; 64] = [const { AtomicU32::new(0) }; 64];

/// Instances that are being freed, each as an attribute of the one before. With more of them CPython's way is taken, which does not need
/// the stack for it.
pub(super) static DEPTH: AtomicU32 = AtomicU32::new(0);
pub(super) const MAX_DEPTH: u32 = 40;

/// Learns what frees instances of classes written in Python from one of them.
///
/// The class is alive and has no finalizer.
pub fn learn_from(plain: Type) {
    // SAFETY: a live type.
    SUBTYPE_DEALLOC.store(unsafe { dealloc_of(plain.as_ptr()) }, Ordering::Relaxed);
}

/// Frees an object if it is an instance of such a class, nobody has its dict or a weak reference to it, and nobody is told of objects
/// that die. Says whether it has.
///
/// # Safety
/// The object's last reference is gone, and the GIL is held.
pub unsafe fn free(dead: *mut PyObject) -> bool {
    // SAFETY: the contract; a class of which instances have inline values has them behind the instance, and the other fields in front.
    unsafe {
        let ty = Type::of(dead);
        if !ty.is_of_python() {
            return false;
        }
        if ty.flags() & IN_FRONT == 0 {
            return free_with_slots(dead, ty);
        }
        if !ty.has(typeobject::FLAG_INLINE_VALUES | IN_FRONT) || !is_plain(ty) {
            return false;
        }
        let values = dead.byte_offset(ty.basic_size());
        let has_dict = memory::read::<usize, _>(dead, typeobject::MANAGED_DICT) != 0;
        let has_references = memory::read::<usize, _>(dead, typeobject::MANAGED_WEAKREF) != 0;
        let is_valid = memory::read::<u8, _>(values, dict::VALUES_VALID) != 0;
        let is_traced = reftracer::is_set();
        if has_dict || has_references || !is_valid || is_traced || DEPTH.load(Ordering::Relaxed) >= MAX_DEPTH {
            return false;
        }
        DEPTH.fetch_add(1, Ordering::Relaxed);
        ffi::PyObject_GC_UnTrack(dead.cast());
        memory::write(values, dict::VALUES_VALID, 0u8);
        let capacity: u8 = memory::read(values, dict::VALUES_CAPACITY);
        for index in 0..i32::from(capacity) {
            let place = dict::VALUES_VALUES + 8 * index;
            let value: *mut PyObject = memory::read(values, place);
            if !value.is_null() {
                memory::write(values, place, std::ptr::null_mut::<PyObject>());
                deaths::give_up(value);
            }
        }
        pools::give_back(dead);
        DEPTH.fetch_sub(1, Ordering::Relaxed);
        true
    }
}

/// What a class's instances have in front of the garbage collector's links.
const IN_FRONT: u64 = typeobject::FLAG_MANAGED_DICT | typeobject::FLAG_MANAGED_WEAKREF;

/// The same for an instance without a dict and weak references, whose attributes are in slots.
unsafe fn free_with_slots(dead: *mut PyObject, ty: Type) -> bool {
    // SAFETY: the contract of the caller; plain classes without a dict have slots behind the object's head and nothing else.
    unsafe {
        if !ty.has(typeobject::FLAG_HAVE_GC) || !is_plain(ty) {
            return false;
        }
        if reftracer::is_set() || DEPTH.load(Ordering::Relaxed) >= MAX_DEPTH {
            return false;
        }
        DEPTH.fetch_add(1, Ordering::Relaxed);
        ffi::PyObject_GC_UnTrack(dead.cast());
        for index in 0..slots_of(ty) as i32 {
            let place = object::OBJECT_SIZE + 8 * index;
            let value: *mut PyObject = memory::read(dead, place);
            if !value.is_null() {
                memory::write(dead, place, std::ptr::null_mut::<PyObject>());
                deaths::give_up(value);
            }
        }
        pools::give_back(dead);
        DEPTH.fetch_sub(1, Ordering::Relaxed);
        true
    }
}

/// Whether freeing an instance of the class, to which nobody has had a reference that is weak, does no more than to give up its attributes
/// and its memory. The class's version keeps that true.
///
/// The object at `class` is a class that is alive, and the GIL is held.
pub fn dies_plainly(class: usize) -> bool {
    // SAFETY: the contract.
    let ty = unsafe { Type::from_ptr(class as *mut PyTypeObject) };
    ty.is_of_python()
        && (ty.has(typeobject::FLAG_INLINE_VALUES | IN_FRONT) || ty.flags() & IN_FRONT == 0)
        && is_plain(ty)
}

/// How many slots the instances of a plain class have; none where they have inline values.
pub fn slots_of(ty: Type) -> u32 {
    (ty.basic_size() - object::OBJECT_SIZE as isize) as u32 / 8
}

/// Whether nothing is to be done for a dying instance of the class but to give up its attributes and its memory.
fn is_plain(ty: Type) -> bool {
    let version = ty.version();
    let place = &PLAIN[version as usize % PLAIN.len()];
    if version != 0 && place.load(Ordering::Relaxed) == version {
        return true;
    }
    // SAFETY: the caller has an instance, which keeps the class alive.
    let is_plain = unsafe { is_freed_plainly(ty.as_ptr()) };
    if is_plain && version != 0 {
        place.store(version, Ordering::Relaxed);
    }
    is_plain
}

/// Whether freeing an instance runs nothing but the deaths of what it refers to: no finalizer, and no base that frees in a way of its own.
///
/// # Safety
/// The type is alive, and the GIL held.
pub unsafe fn runs_nothing(ty: *mut PyTypeObject) -> bool {
    // SAFETY: the contract; a type keeps its bases alive.
    unsafe {
        let subtype_dealloc = SUBTYPE_DEALLOC.load(Ordering::Relaxed);
        if subtype_dealloc == 0 || dealloc_of(ty) != subtype_dealloc {
            return false;
        }
        if (*ty).tp_finalize.is_some() || (*ty).tp_del.is_some() {
            return false;
        }
        let mut base = ty;
        while dealloc_of(base) == subtype_dealloc {
            base = memory::read(base, typeobject::TP_BASE);
        }
        std::ptr::eq(base, &raw const ffi::PyBaseObject_Type)
    }
}

/// The same where instances have inline values or slots. Slots are given up class by class, so they have to be of one of the bases.
unsafe fn is_freed_plainly(ty: *mut PyTypeObject) -> bool {
    // SAFETY: the contract of the caller. A class on the heap has the number of its slots as its size.
    unsafe {
        let frees = (*ty).tp_free.map(|free| free as *const ());
        if !runs_nothing(ty) || frees != Some(ffi::PyObject_GC_Del as *const ()) || (*ty).tp_itemsize != 0 {
            return false;
        }
        let mut slots = 0;
        let mut base = ty;
        while !std::ptr::eq(base, &raw const ffi::PyBaseObject_Type) {
            let own: isize = memory::read(base, object::OB_SIZE);
            if own != 0 && slots != 0 {
                return false;
            }
            slots += own;
            base = memory::read(base, typeobject::TP_BASE);
        }
        if Type::from_ptr(ty).has(typeobject::FLAG_INLINE_VALUES) {
            return slots == 0;
        }
        let is_without_dict =
            Type::from_ptr(ty).flags() & IN_FRONT == 0 && (*ty).tp_dictoffset == 0 && (*ty).tp_weaklistoffset == 0;
        let size = object::OBJECT_SIZE as isize + 8 * slots;
        is_without_dict && slots > 0 && Type::from_ptr(ty).basic_size() == size
    }
}

unsafe fn dealloc_of(ty: *mut PyTypeObject) -> usize {
    // SAFETY: the caller's type is alive.
    unsafe { memory::read(ty, typeobject::TP_DEALLOC) }
}
