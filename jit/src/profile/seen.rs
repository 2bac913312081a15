//! What the frame that runs the code has in its locals. Inline caches say nothing about some places, because the
//! interpreter has no specialized instruction for them; there the objects that are being worked on are the best guess.

use pyo3::ffi::PyObject;

use super::Profile;
use crate::cpython::{array, buffers, enumerate, kinds, memory, object, tuple, typeobject, zip};
use crate::hir::inst::Mem;
use crate::hir::types::Kinds;

/// Items that are numbers in memory.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Element {
    /// The letter that stands for them, in arrays and views of memory alike.
    pub typecode: u8,
    pub mem: Mem,
}

impl Element {
    /// Doubles: what arrays are mostly made of.
    pub const DOUBLE: Element = Element { typecode: b'd', mem: Mem::F64 };

    /// Bytes, which are numbers of no sign.
    pub const BYTE: Element = Element { typecode: b'B', mem: Mem::U8 };

    /// Those that a letter stands for, if they are known here.
    pub fn of(typecode: u8) -> Option<Element> {
        let mem = match typecode {
            b'd' => Mem::F64,
            b'f' => Mem::F32,
            b'l' | b'q' | b'L' | b'Q' => Mem::I64,
            b'i' => Mem::I32,
            b'I' => Mem::U32,
            b'h' => Mem::I16,
            b'H' => Mem::U16,
            b'b' => Mem::I8,
            b'B' => Mem::U8,
            _ => return None,
        };
        Some(Element { typecode, mem })
    }

    /// The least and the greatest item that is stored here, if it is not just any machine integer.
    pub fn range(self) -> Option<(i64, i64)> {
        match self.mem {
            Mem::I64 if self.is_large() => Some((0, i64::MAX)),
            Mem::I32 => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
            Mem::U32 => Some((0, i64::from(u32::MAX))),
            Mem::I16 => Some((i64::from(i16::MIN), i64::from(i16::MAX))),
            Mem::U16 => Some((0, i64::from(u16::MAX))),
            Mem::I8 => Some((i64::from(i8::MIN), i64::from(i8::MAX))),
            Mem::U8 => Some((0, i64::from(u8::MAX))),
            Mem::I64 | Mem::F64 | Mem::F32 | Mem::Obj => None,
        }
    }

    /// Whether items have 64 bits and no sign, so that those with the highest one are no machine integers.
    pub fn is_large(self) -> bool {
        matches!(self.typecode, b'L' | b'Q')
    }
}

/// A method that an operator stands for, found in an object's class.
#[derive(Copy, Clone, Debug)]
pub struct Method {
    /// The version of the class.
    pub version: u32,
    /// What the class has under the method's name.
    pub object: usize,
}

/// What the object at an address is that the caller has a reference to, if it holds numbers in memory, and the letter for these.
pub fn buffer_at(address: usize) -> Option<(Kinds, u8)> {
    let kinds = kinds::of_object(address);
    let typecode = match kinds {
        Kinds::ARRAY => array::typecode(address)?,
        Kinds::BYTES | Kinds::BYTEARRAY => Element::BYTE.typecode,
        Kinds::MEMORYVIEW => buffers::format(address)?,
        _ => return None,
    };
    Some((kinds, typecode))
}

/// What an iterator iterates over, if it is that of a list or tuple.
///
/// # Safety
/// A live object.
unsafe fn iterated(iterator: *mut PyObject) -> Kinds {
    // SAFETY: the contract.
    match unsafe { object::type_of(iterator) } as usize {
        class if class == kinds::list_iterator() => Kinds::LIST,
        class if class == kinds::tuple_iterator() => Kinds::TUPLE,
        _ => Kinds::ANY,
    }
}

impl Profile {
    /// Whether something is known to be in the local in `slot`.
    pub fn has_seen(&self, slot: u32) -> bool {
        self.seen(slot) != 0
    }

    /// The exact type of what is in the local in `slot`.
    pub fn kinds_in(&self, slot: u32) -> Kinds {
        kinds::of_object(self.seen(slot))
    }

    /// The exact type of what the `enumerate` object in the local in `slot` iterates over, if its iterator is that of a list or tuple.
    pub fn enumerated_in(&self, slot: u32) -> Kinds {
        if self.kinds_in(slot) != Kinds::ENUMERATE {
            return Kinds::ANY;
        }
        // SAFETY: the object is alive, and of a class whose layout was verified.
        unsafe { iterated(memory::read(self.seen(slot) as *const PyObject, enumerate::ITERATOR)) }
    }

    /// The same for each iterator of the `zip` object in the local in `slot`; nothing if there is none.
    pub fn zipped_in(&self, slot: u32) -> Vec<Kinds> {
        if self.kinds_in(slot) != Kinds::ZIP {
            return Vec::new();
        }
        // SAFETY: the object is alive, and of a class whose layout was verified.
        unsafe {
            let iterators: *mut PyObject = memory::read(self.seen(slot) as *const PyObject, zip::ITERATORS);
            tuple::items(iterators).iter().map(|iterator| iterated(*iterator)).collect()
        }
    }

    /// What holds numbers in memory in the local in `slot`, if that does, and the numbers.
    pub fn buffer_in(&self, slot: u32) -> Option<(Kinds, Element)> {
        let (kinds, typecode) = buffer_at(self.seen(slot))?;
        Some((kinds, Element::of(typecode)?))
    }

    /// Whether there are arrays.
    pub fn has_arrays(&self) -> bool {
        array::class().is_some()
    }

    /// The method `name` of the object in the local in `slot`, if that is an instance of a class written in Python.
    pub fn method_in(&self, slot: u32, name: &std::ffi::CStr) -> Option<Method> {
        let (version, object) = typeobject::method_of(self.seen(slot), name)?;
        Some(Method { version, object })
    }

    fn seen(&self, slot: u32) -> usize {
        self.locals.get(slot as usize).copied().unwrap_or(0)
    }
}
