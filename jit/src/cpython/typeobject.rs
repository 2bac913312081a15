//! Types (`Include/cpython/object.h`, `Include/internal/pycore_object.h`), and where instances keep their
//! attributes.
//!
//! An instance of a class written in Python has, in front of the garbage collector's header, a pointer to its dict
//! ([`MANAGED_DICT`], null as long as nobody asked for it), and, when its type has
//! [`FLAG_INLINE_VALUES`], a block of values right behind `tp_basicsize`. The keys to those values are the type's
//! [`HT_CACHED_KEYS`]. The block counts only while its `valid` byte is set.

use pyo3::ffi::{PyObject, PyTypeObject};

use super::{dict, memory};

layout! {
    /// The name, a C string.
    TP_NAME: i32 = 24, "offsetof(PyTypeObject, tp_name)";
    /// Size of an instance (`isize`).
    TP_BASICSIZE: i32 = 32, "offsetof(PyTypeObject, tp_basicsize)";
    /// Size of an item of a variable-size instance (`isize`).
    TP_ITEMSIZE: i32 = 40, "offsetof(PyTypeObject, tp_itemsize)";
    /// What frees an instance.
    TP_DEALLOC: i32 = 48, "offsetof(PyTypeObject, tp_dealloc)";
    /// Where in an instance its vectorcall entry is (`isize`).
    TP_VECTORCALL_OFFSET: i32 = 56, "offsetof(PyTypeObject, tp_vectorcall_offset)";
    /// Number methods, or null.
    TP_AS_NUMBER: i32 = 96, "offsetof(PyTypeObject, tp_as_number)";
    /// Sequence methods, or null.
    TP_AS_SEQUENCE: i32 = 104, "offsetof(PyTypeObject, tp_as_sequence)";
    /// Mapping methods, or null.
    TP_AS_MAPPING: i32 = 112, "offsetof(PyTypeObject, tp_as_mapping)";
    /// Asynchronous methods, or null.
    TP_AS_ASYNC: i32 = 80, "offsetof(PyTypeObject, tp_as_async)";
    /// Hash.
    TP_HASH: i32 = 120, "offsetof(PyTypeObject, tp_hash)";
    /// Call.
    TP_CALL: i32 = 128, "offsetof(PyTypeObject, tp_call)";
    /// Reading an attribute.
    TP_GETATTRO: i32 = 144, "offsetof(PyTypeObject, tp_getattro)";
    /// Writing an attribute.
    TP_SETATTRO: i32 = 152, "offsetof(PyTypeObject, tp_setattro)";
    /// Flags (`u64`), see the `FLAG_*` constants.
    TP_FLAGS: i32 = 168, "offsetof(PyTypeObject, tp_flags)";
    /// Comparison.
    TP_RICHCOMPARE: i32 = 200, "offsetof(PyTypeObject, tp_richcompare)";
    /// Making an iterator.
    TP_ITER: i32 = 216, "offsetof(PyTypeObject, tp_iter)";
    /// Next value of an iterator.
    TP_ITERNEXT: i32 = 224, "offsetof(PyTypeObject, tp_iternext)";
    /// The base.
    TP_BASE: i32 = 256, "offsetof(PyTypeObject, tp_base)";
    /// The dict (null in static builtin types, whose dicts belong to the interpreter).
    TP_DICT: i32 = 264, "offsetof(PyTypeObject, tp_dict)";
    /// Descriptor: reading.
    TP_DESCR_GET: i32 = 272, "offsetof(PyTypeObject, tp_descr_get)";
    /// Descriptor: writing.
    TP_DESCR_SET: i32 = 280, "offsetof(PyTypeObject, tp_descr_set)";
    /// Where in an instance its dict is (`isize`); -1 with a managed dict.
    TP_DICTOFFSET: i32 = 288, "offsetof(PyTypeObject, tp_dictoffset)";
    /// Initializing an instance.
    TP_INIT: i32 = 296, "offsetof(PyTypeObject, tp_init)";
    /// Allocating an instance.
    TP_ALLOC: i32 = 304, "offsetof(PyTypeObject, tp_alloc)";
    /// Making an instance.
    TP_NEW: i32 = 312, "offsetof(PyTypeObject, tp_new)";
    /// Giving an instance's memory back.
    TP_FREE: i32 = 320, "offsetof(PyTypeObject, tp_free)";
    /// The method resolution order, a tuple.
    TP_MRO: i32 = 344, "offsetof(PyTypeObject, tp_mro)";
    /// Version (`u32`): 0 when it has none, otherwise it changes with the type or any base.
    TP_VERSION_TAG: i32 = 384, "offsetof(PyTypeObject, tp_version_tag)";
    /// Finalizer (`__del__`).
    TP_FINALIZE: i32 = 392, "offsetof(PyTypeObject, tp_finalize)";
    /// Entry of calls of the type itself, or null.
    TP_VECTORCALL: i32 = 400, "offsetof(PyTypeObject, tp_vectorcall)";
    /// Bits of the watchers that look at the type (`u8`).
    TP_WATCHED: i32 = 408, "offsetof(PyTypeObject, tp_watched)";
    /// Next item of a virtual iterator, or null.
    TP_ITERITEM: i32 = 416, "offsetof(PyTypeObject, _tp_iteritem)";
    /// Size of a static type.
    TYPE_SIZE: i32 = 424, "sizeof(PyTypeObject)";
    /// In a heap type: the keys that instances share.
    HT_CACHED_KEYS: i32 = 888, "offsetof(PyHeapTypeObject, ht_cached_keys)";
    /// In a heap type: `__qualname__`.
    HT_QUALNAME: i32 = 880, "offsetof(PyHeapTypeObject, ht_qualname)";
    /// In a heap type: the specializer's `__getitem__`, borrowed, or null.
    SPEC_CACHE_GETITEM: i32 = 920, "offsetof(PyHeapTypeObject, _spec_cache.getitem)";
    /// In a heap type: the function version of that (`u32`).
    SPEC_CACHE_GETITEM_VERSION: i32 = 928, "offsetof(PyHeapTypeObject, _spec_cache.getitem_version)";
    /// In a heap type: the specializer's `__init__`, borrowed, or null.
    SPEC_CACHE_INIT: i32 = 936, "offsetof(PyHeapTypeObject, _spec_cache.init)";
    /// In an instance: pointer to its managed dict, in front of the object.
    MANAGED_DICT: i32 = -24, "(int)MANAGED_DICT_OFFSET";
    /// In an instance: its list of weak references, in front of the object.
    MANAGED_WEAKREF: i32 = -32, "(int)MANAGED_WEAKREF_OFFSET";
    /// Flag: instances have inline values.
    FLAG_INLINE_VALUES: u64 = 4, "Py_TPFLAGS_INLINE_VALUES";
    /// Flag: instances have a managed dict.
    FLAG_MANAGED_DICT: u64 = 16, "Py_TPFLAGS_MANAGED_DICT";
    /// Flag: instances have managed weak references.
    FLAG_MANAGED_WEAKREF: u64 = 8, "Py_TPFLAGS_MANAGED_WEAKREF";
    /// Flag: the type is on the heap.
    FLAG_HEAPTYPE: u64 = 512, "Py_TPFLAGS_HEAPTYPE";
    /// Flag: the type cannot be changed.
    FLAG_IMMUTABLE: u64 = 256, "Py_TPFLAGS_IMMUTABLETYPE";
    /// Flag: may be a base.
    FLAG_BASETYPE: u64 = 1024, "Py_TPFLAGS_BASETYPE";
    /// Flag: instances have a vectorcall entry.
    FLAG_HAVE_VECTORCALL: u64 = 2048, "Py_TPFLAGS_HAVE_VECTORCALL";
    /// Flag: instances have a garbage collector's header.
    FLAG_HAVE_GC: u64 = 0x4000, "Py_TPFLAGS_HAVE_GC";
    /// Flag: behaves as a method when found on a type (no bound method needs to be made to call it).
    FLAG_METHOD_DESCRIPTOR: u64 = 0x20000, "Py_TPFLAGS_METHOD_DESCRIPTOR";
    /// Flag: has abstract methods.
    FLAG_ABSTRACT: u64 = 0x100000, "Py_TPFLAGS_IS_ABSTRACT";
    /// Flag: matches sequence patterns.
    FLAG_SEQUENCE: u64 = 32, "Py_TPFLAGS_SEQUENCE";
    /// Flag: matches mapping patterns.
    FLAG_MAPPING: u64 = 64, "Py_TPFLAGS_MAPPING";
    /// Flag: int or a subclass.
    FLAG_LONG_SUBCLASS: u64 = 0x1000000, "Py_TPFLAGS_LONG_SUBCLASS";
    /// Flag: list or a subclass.
    FLAG_LIST_SUBCLASS: u64 = 0x2000000, "Py_TPFLAGS_LIST_SUBCLASS";
    /// Flag: tuple or a subclass.
    FLAG_TUPLE_SUBCLASS: u64 = 0x4000000, "Py_TPFLAGS_TUPLE_SUBCLASS";
    /// Flag: bytes or a subclass.
    FLAG_BYTES_SUBCLASS: u64 = 0x8000000, "Py_TPFLAGS_BYTES_SUBCLASS";
    /// Flag: str or a subclass.
    FLAG_UNICODE_SUBCLASS: u64 = 0x10000000, "Py_TPFLAGS_UNICODE_SUBCLASS";
    /// Flag: dict or a subclass.
    FLAG_DICT_SUBCLASS: u64 = 0x20000000, "Py_TPFLAGS_DICT_SUBCLASS";
    /// Flag: an exception class.
    FLAG_BASE_EXC_SUBCLASS: u64 = 0x40000000, "Py_TPFLAGS_BASE_EXC_SUBCLASS";
    /// Flag: type or a subclass.
    FLAG_TYPE_SUBCLASS: u64 = 0x80000000, "Py_TPFLAGS_TYPE_SUBCLASS";
    /// Version of int.
    VERSION_INT: u32 = 1, "_Py_TYPE_VERSION_INT";
    /// Version of float.
    VERSION_FLOAT: u32 = 2, "_Py_TYPE_VERSION_FLOAT";
    /// Version of list.
    VERSION_LIST: u32 = 3, "_Py_TYPE_VERSION_LIST";
    /// Version of tuple.
    VERSION_TUPLE: u32 = 4, "_Py_TYPE_VERSION_TUPLE";
    /// Version of str.
    VERSION_STR: u32 = 5, "_Py_TYPE_VERSION_STR";
    /// Version of set.
    VERSION_SET: u32 = 6, "_Py_TYPE_VERSION_SET";
    /// Version of dict.
    VERSION_DICT: u32 = 8, "_Py_TYPE_VERSION_DICT";
    /// In number methods: truth.
    NB_BOOL: i32 = 72, "offsetof(PyNumberMethods, nb_bool)";
    /// In sequence methods: length.
    SQ_LENGTH: i32 = 0, "offsetof(PySequenceMethods, sq_length)";
    /// In sequence methods: concatenation.
    SQ_CONCAT: i32 = 8, "offsetof(PySequenceMethods, sq_concat)";
    /// In sequence methods: repetition.
    SQ_REPEAT: i32 = 16, "offsetof(PySequenceMethods, sq_repeat)";
    /// In sequence methods: item by index.
    SQ_ITEM: i32 = 24, "offsetof(PySequenceMethods, sq_item)";
    /// In sequence methods: membership.
    SQ_CONTAINS: i32 = 56, "offsetof(PySequenceMethods, sq_contains)";
    /// In mapping methods: length.
    MP_LENGTH: i32 = 0, "offsetof(PyMappingMethods, mp_length)";
    /// In mapping methods: item by key.
    MP_SUBSCRIPT: i32 = 8, "offsetof(PyMappingMethods, mp_subscript)";
    /// In mapping methods: setting an item.
    MP_ASS_SUBSCRIPT: i32 = 16, "offsetof(PyMappingMethods, mp_ass_subscript)";
    /// In asynchronous methods: sending a value.
    AM_SEND: i32 = 24, "offsetof(PyAsyncMethods, am_send)";
}

/// What the class of an object has under a name, and the version of that class, if it is one on the heap that has a
/// version.
pub fn method_of(address: usize, name: &std::ffi::CStr) -> Option<(u32, usize)> {
    if address == 0 {
        return None;
    }
    // SAFETY: the caller has a reference to the object and holds the GIL; looking a name up runs no Python code and borrows
    // what it finds.
    unsafe {
        let class = Type::of(address as *const PyObject);
        if !class.has(FLAG_HEAPTYPE) {
            return None;
        }
        let found = class.look_up(name)?;
        (class.version() != 0).then(|| (class.version(), found))
    }
}

/// What calls of the instances of a class call, if that is an attribute of the class and not an entry of C code.
///
/// # Safety
/// The class is alive, and the GIL is held.
pub unsafe fn call_method_of(class: usize) -> Option<usize> {
    // SAFETY: the contract.
    let class = unsafe { Type::from_ptr(class as *mut _) };
    if !class.has(FLAG_HEAPTYPE) || class.has(FLAG_HAVE_VECTORCALL) {
        return None;
    }
    class.look_up(c"__call__")
}

/// The version of the class of the object at `address`, which is alive, or 0, if that is a class on the heap that has one.
pub fn version_of_instance(address: usize) -> Option<u32> {
    if address == 0 {
        return None;
    }
    // SAFETY: the caller has a reference to the object and holds the GIL.
    let class = unsafe { Type::of(address as *const PyObject) };
    (class.has(FLAG_HEAPTYPE) && class.version() != 0).then(|| class.version())
}

/// How many bytes the fixed part of the instances of a class has.
pub fn fixed_size(class: usize) -> i32 {
    // SAFETY: the caller knows it to be a class that is alive, and holds the GIL.
    let class = unsafe { Type::from_ptr(class as *mut _) };
    i32::try_from(class.basic_size()).expect("the size of an object's fields")
}

/// Whether one class is another or derived from it.
pub fn is_subclass(class: usize, base: usize) -> bool {
    // SAFETY: the caller knows both to be classes that are alive, and holds the GIL; no Python code runs.
    unsafe { pyo3::ffi::PyType_IsSubtype(class as *mut PyTypeObject, base as *mut PyTypeObject) != 0 }
}

/// A type, by its address. Borrowed: whoever holds one keeps the type alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct Type(*mut PyTypeObject);

impl Type {
    /// Views the type at `ty`.
    ///
    /// # Safety
    /// `ty` is a type that stays alive, and the GIL held, for as long as the value is used.
    #[inline]
    pub unsafe fn from_ptr(ty: *mut PyTypeObject) -> Self {
        Self(ty)
    }

    /// The type of `object`.
    ///
    /// # Safety
    /// `object` is alive and keeps its type, and the GIL is held, for as long as the value is used.
    #[inline]
    pub unsafe fn of(object: *const PyObject) -> Self {
        // SAFETY: a live object.
        Self(unsafe { super::object::type_of(object) })
    }

    /// The type object.
    #[inline]
    pub fn as_ptr(self) -> *mut PyTypeObject {
        self.0
    }

    /// What is found in it or its bases under a name, borrowed.
    fn look_up(self, name: &std::ffi::CStr) -> Option<usize> {
        // SAFETY: the type is alive and the GIL is held; looking a name up runs no Python code.
        unsafe {
            let name = pyo3::ffi::PyUnicode_InternFromString(name.as_ptr());
            if name.is_null() {
                pyo3::ffi::PyErr_Clear();
                return None;
            }
            let found = super::ffi::_PyType_Lookup(self.as_ptr(), name) as usize;
            pyo3::ffi::Py_DECREF(name);
            (found != 0).then_some(found)
        }
    }

    /// Its flags.
    #[inline]
    pub fn flags(self) -> u64 {
        self.get(TP_FLAGS)
    }

    /// Whether all of `flags` are set.
    #[inline]
    pub fn has(self, flags: u64) -> bool {
        self.flags() & flags == flags
    }

    /// Whether it may have been made by a program in Python: only types of extension modules cannot be changed.
    #[inline]
    pub fn is_of_python(self) -> bool {
        self.flags() & (FLAG_HEAPTYPE | FLAG_IMMUTABLE) == FLAG_HEAPTYPE
    }

    /// Whether an extension module has made it, as a type on the heap that cannot be changed.
    #[inline]
    pub fn is_of_extension(self) -> bool {
        self.has(FLAG_HEAPTYPE | FLAG_IMMUTABLE)
    }

    /// Its version, 0 when it has none.
    #[inline]
    pub fn version(self) -> u32 {
        self.get(TP_VERSION_TAG)
    }

    /// Size of an instance.
    #[inline]
    pub fn basic_size(self) -> isize {
        self.get(TP_BASICSIZE)
    }

    /// Where in an instance its dict is; -1 with a managed one, 0 without.
    #[inline]
    pub fn dict_offset(self) -> isize {
        self.get(TP_DICTOFFSET)
    }

    /// The name, as in `tp_name`.
    pub fn name(self) -> String {
        let name: *const std::ffi::c_char = self.get(TP_NAME);
        // SAFETY: tp_name is a C string that lives with the type.
        unsafe { std::ffi::CStr::from_ptr(name) }.to_string_lossy().into_owned()
    }

    /// Where in an instance its inline values start, if instances have them.
    #[inline]
    pub fn inline_values_offset(self) -> Option<i32> {
        self.has(FLAG_INLINE_VALUES).then(|| self.basic_size() as i32)
    }

    /// Where in an instance its inline value `index` is, if instances have inline values.
    #[inline]
    pub fn inline_value_offset(self, index: u32) -> Option<i32> {
        Some(self.inline_values_offset()? + dict::VALUES_VALUES + index as i32 * 8)
    }

    /// The keys that instances share, if it is a heap type that has them.
    #[inline]
    pub fn cached_keys(self) -> Option<dict::Keys> {
        if !self.has(FLAG_HEAPTYPE) {
            return None;
        }
        let keys: *const u8 = self.get(HT_CACHED_KEYS);
        // SAFETY: a heap type's cached keys are a table that lives with the type.
        (!keys.is_null()).then(|| unsafe { dict::Keys::from_ptr(keys) })
    }

    #[inline]
    fn get<T: Copy>(self, offset: i32) -> T {
        // SAFETY: from_ptr's contract: a live type, and the offsets used here match their fields' types.
        unsafe { memory::read(self.0, offset) }
    }
}
