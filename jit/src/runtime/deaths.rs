//! Objects that die where machine code gives up their last reference, and whether that can have been noticed.
//!
//! What an object's death runs may change anything: finalizers, callbacks of weak references, and what C code does that frees a
//! class of its own. But nearly all that dies is of a few classes of which it is known that they run nothing. Machine code asks
//! for that only where an object has died, so it may know as much afterwards as before, and leaves where
//! something died that is not known ([`crate::hir::inst::Op::Safepoint`]).

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::{frames, instances};
use crate::cpython::typeobject::{self, Type};
use crate::cpython::{array, dict, ffi as private, memory, object, reftracer};

/// Whether something has died since this was set to 0 whose death may have been noticed. Machine code reads and writes it with the
/// GIL held.
static NOTICED: AtomicU64 = AtomicU64::new(0);

/// The address of the word that is not 0 after something has died noisily.
pub fn noticed() -> usize {
    NOTICED.as_ptr() as usize
}

/// Frees an object, and notes if that may have been noticed.
///
/// # Safety
/// The object's last reference is gone, and the GIL is held.
pub unsafe extern "C-unwind" fn dealloc(dead: *mut PyObject) {
    // SAFETY: the contract.
    unsafe {
        if instances::free(dead) {
            return;
        }
        let is_traced = reftracer::is_set();
        let is_quiet = !is_traced && Look::default().is_quiet(dead, 0);
        if !is_quiet {
            // What it runs may ask for what is counted late.
            frames::settle(ffi::PyThreadState_Get());
        }
        private::_Py_Dealloc(dead);
        if !is_quiet {
            NOTICED.store(1, Ordering::Relaxed);
        }
    }
}

/// Gives up a reference, and notes if the object has died and that may have been noticed.
///
/// # Safety
/// The caller owns a reference to the object, and the GIL is held.
pub unsafe fn give_up(object: *mut PyObject) {
    // SAFETY: the contract. An object with a single reference has none when that is given up.
    unsafe {
        if ffi::Py_REFCNT(object) == 1 {
            memory::write(object, object::OB_REFCNT, 0u32);
            dealloc(object);
        } else {
            ffi::Py_DECREF(object);
        }
    }
}

/// How deep objects may be in one another of which is told what their deaths run.
const MAX_DEPTH: usize = 4;
/// How many objects with few references are looked at, and how many are few: one with more survives.
const MAX_SHARED: usize = 8;
const MAX_REFERENCES: isize = 16;
/// How many objects are looked at in all.
const MAX_OBJECTS: usize = 64;

/// Looks at what dies with an object.
#[derive(Default)]
struct Look {
    /// Objects that have been come by with more references than one, and how many are left.
    shared: [(usize, isize); MAX_SHARED],
    count: usize,
    seen: usize,
}

/// What a visitor of the objects that an object refers to is given.
struct Visit<'a> {
    look: &'a mut Look,
    depth: usize,
}

impl Look {
    /// Whether the death of an object runs nothing but the freeing of memory.
    ///
    /// # Safety
    /// The object is alive, or has just lost its last reference, and the GIL is held.
    unsafe fn is_quiet(&mut self, dead: *mut PyObject, depth: usize) -> bool {
        // SAFETY: the contract; to visit changes nothing.
        unsafe {
            let ty = object::type_of(dead);
            if Type::from_ptr(ty).is_of_extension() && array::class() != Some(ty as usize) {
                return false;
            }
            if is_atomic(ty) {
                return true;
            }
            self.seen += 1;
            if depth == MAX_DEPTH || self.seen > MAX_OBJECTS || !is_plain(ty) || is_looked_after(dead, ty) {
                return false;
            }
            let Some(traverse) = (*ty).tp_traverse else { return false };
            let mut visit = Visit { look: self, depth: depth + 1 };
            traverse(dead, visit_item, (&raw mut visit).cast()) == 0
        }
    }

    /// Whether nothing is run if the object loses a reference.
    ///
    /// # Safety
    /// The object is alive, and the GIL is held.
    unsafe fn loses_quietly(&mut self, object: *mut PyObject, depth: usize) -> bool {
        // SAFETY: the contract.
        unsafe {
            let references = ffi::Py_REFCNT(object);
            if references > MAX_REFERENCES || is_atomic(object::type_of(object)) {
                return true;
            }
            if references == 1 {
                return self.is_quiet(object, depth);
            }
            let address = object as usize;
            let known = self.shared[..self.count].iter().position(|(shared, _)| *shared == address);
            let index = match known {
                Some(index) => index,
                None if self.count < MAX_SHARED => {
                    self.shared[self.count] = (address, references);
                    self.count += 1;
                    self.count - 1
                }
                None => return false,
            };
            self.shared[index].1 -= 1;
            self.shared[index].1 != 0 || self.is_quiet(object, depth)
        }
    }
}

unsafe extern "C" fn visit_item(item: *mut PyObject, visit: *mut c_void) -> c_int {
    // SAFETY: `is_quiet` passes the visit; visited objects are alive.
    unsafe {
        let visit = &mut *visit.cast::<Visit<'_>>();
        c_int::from(!visit.look.loses_quietly(item, visit.depth))
    }
}

/// Whether objects of exactly this type refer to nothing and have no weak references.
fn is_atomic(ty: *mut PyTypeObject) -> bool {
    let atomic = [
        &raw const ffi::PyFloat_Type,
        &raw const ffi::PyLong_Type,
        &raw const ffi::PyUnicode_Type,
        &raw const ffi::PyBytes_Type,
        &raw const ffi::PyBool_Type,
        &raw const ffi::PyComplex_Type,
        &raw const ffi::PyRangeIter_Type,
    ];
    atomic.iter().any(|known| std::ptr::eq(ty, *known))
}

/// Whether freeing an object of exactly this type runs nothing but the deaths of what `tp_traverse` visits.
unsafe fn is_plain(ty: *mut PyTypeObject) -> bool {
    let containers = [
        &raw const ffi::PyTuple_Type,
        &raw const ffi::PyList_Type,
        &raw const ffi::PyDict_Type,
        &raw const ffi::PySet_Type,
        &raw const private::PyMethod_Type,
        &raw const ffi::PySlice_Type,
        &raw const ffi::PyCell_Type,
        &raw const ffi::PyListIter_Type,
        &raw const ffi::PyTupleIter_Type,
        &raw const ffi::PyEnum_Type,
        &raw const ffi::PyZip_Type,
        &raw const ffi::PyReversed_Type,
        &raw const ffi::PyListRevIter_Type,
        &raw const ffi::PyDictIterKey_Type,
        &raw const ffi::PyDictIterValue_Type,
        &raw const ffi::PyDictIterItem_Type,
        &raw const ffi::PyDictKeys_Type,
        &raw const ffi::PyDictValues_Type,
        &raw const ffi::PyDictItems_Type,
    ];
    if containers.iter().any(|known| std::ptr::eq(ty, *known)) {
        return true;
    }
    // SAFETY: the caller has a live object of the type.
    array::class() == Some(ty as usize) || unsafe { instances::runs_nothing(ty) }
}

/// Whether there are weak references to the object, or it is a dict with watchers.
unsafe fn is_looked_after(object: *mut PyObject, ty: *mut PyTypeObject) -> bool {
    // SAFETY: the caller has a live object of the type, which says where the list of weak references is.
    unsafe {
        if std::ptr::eq(ty, &raw const ffi::PyDict_Type) {
            return memory::read::<u64, _>(object, dict::MA_WATCHER_TAG) & dict::WATCHER_MASK != 0;
        }
        let offset = if Type::from_ptr(ty).has(typeobject::FLAG_MANAGED_WEAKREF) {
            typeobject::MANAGED_WEAKREF
        } else {
            (*ty).tp_weaklistoffset as i32
        };
        offset != 0 && memory::read::<usize, _>(object, offset) != 0
    }
}
