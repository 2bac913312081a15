//! Instances that machine code does not make before something may ask for them ([`crate::hir::opt::unmade`]).
//!
//! Machine code keeps what belongs to such an instance on its stack. From its creation to its death nothing runs on the usual way that could
//! get hold of it; whatever may run something after all comes after a call of [`make_all`], so nobody finds out.

use pyo3::ffi::{self, PyObject};

use super::deopt;
use super::ops::attrs::{add_inline_value, init_slot};
use super::ops::construct::new_instance;
use crate::cpython::{memory, object};

/// What machine code keeps of an instance: this, and behind it `count` times an [`Attribute`].
#[repr(C)]
pub struct Unmade {
    /// The instance once it is made, or one of the two numbers below.
    state: usize,
    /// Its class, borrowed.
    class: *mut PyObject,
    /// How many attributes it has.
    count: usize,
    /// How many references there are to it.
    references: usize,
    /// For each home slot that it is stored into whether it has been.
    stored: [u8; MAX_STORES],
}

/// Home slots that an instance can be stored into.
pub const MAX_STORES: usize = 8;

/// There is an instance, which is not made.
pub const IS_UNMADE: i64 = 0;
/// There is none.
pub const IS_GONE: i64 = 1;
pub const STATE: i32 = std::mem::offset_of!(Unmade, state) as i32;
pub const CLASS: i32 = std::mem::offset_of!(Unmade, class) as i32;
pub const COUNT: i32 = std::mem::offset_of!(Unmade, count) as i32;
pub const REFERENCES: i32 = std::mem::offset_of!(Unmade, references) as i32;
pub const STORED: i32 = std::mem::offset_of!(Unmade, stored) as i32;
pub const ATTRIBUTES: i32 = size_of::<Unmade>() as i32;

#[repr(C)]
pub struct Attribute {
    /// One of the first three numbers below, perhaps with the fourth, and above them the offset of the attribute from the instance's head.
    place: usize,
    /// An object, an int or the bits of a double.
    value: usize,
}

pub const IS_OBJECT: i64 = 0;
pub const IS_INT: i64 = 1;
pub const IS_FLOAT: i64 = 2;
pub const IN_SLOT: i64 = 4;
pub const OFFSET_SHIFT: u32 = 8;
pub const PLACE: i32 = std::mem::offset_of!(Attribute, place) as i32;
pub const VALUE: i32 = std::mem::offset_of!(Attribute, value) as i32;
pub const ATTRIBUTE_SIZE: i32 = size_of::<Attribute>() as i32;

/// The instance, with the references that there are to it. It is made if it was not before.
///
/// # Safety
/// There is an instance, made or not; its class is alive, and the GIL is held.
pub unsafe extern "C-unwind" fn make(unmade: *mut Unmade) -> *mut PyObject {
    // SAFETY: the contract; machine code has guarded that the class has slots or inline values with such offsets, and nothing has run since.
    unsafe {
        if (*unmade).state as i64 != IS_UNMADE {
            return (*unmade).state as *mut PyObject;
        }
        let instance = deopt::or_die(new_instance((*unmade).class, 1));
        let attributes = unmade.add(1).cast::<Attribute>();
        for index in 0..(*unmade).count {
            let Attribute { place, value } = attributes.add(index).read();
            let kind = (place & ((1 << OFFSET_SHIFT) - 1)) as i64;
            let value = match kind & !IN_SLOT {
                IS_INT => deopt::or_die(ffi::PyLong_FromLongLong(value as i64)),
                IS_FLOAT => deopt::or_die(ffi::PyFloat_FromDouble(f64::from_bits(value as u64))),
                _ => value as *mut PyObject,
            };
            let offset = (place >> OFFSET_SHIFT) as i64;
            if kind & IN_SLOT == 0 {
                add_inline_value(instance, value, offset, 0);
            } else {
                init_slot(instance, value, offset);
            }
        }
        let counted: u32 = memory::read(instance, object::OB_REFCNT);
        memory::write(instance, object::OB_REFCNT, counted + (*unmade).references as u32 - 1);
        (*unmade).state = instance as usize;
        instance
    }
}

/// Makes all instances that are not made, of `count`, which are `size` bytes apart.
///
/// # Safety
/// As for [`make`], but for those that are gone.
pub unsafe extern "C-unwind" fn make_all(first: *mut Unmade, count: i64, size: i64) {
    for index in 0..count {
        // SAFETY: the contract.
        unsafe {
            let unmade = first.byte_offset((index * size) as isize);
            if (*unmade).state as i64 == IS_UNMADE {
                make(unmade);
            }
        }
    }
}
