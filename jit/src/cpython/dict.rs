//! Dicts (`Include/cpython/dictobject.h`, `Include/internal/pycore_dict.h`): the object, its table of keys, and the
//! values that instances of classes keep apart from the keys they share.
//!
//! A table of keys is a header, `1 << dk_log2_index_bytes` bytes of hash indices, and the entries in insertion
//! order. When all keys are strings the entries carry no hash. A *split* table has its keys shared by all instances
//! of a class, and the values in a separate block: either inside the instance (inline values, see
//! [`super::typeobject`]) or owned by the dict.

use pyo3::ffi::PyObject;

use super::memory;

layout! {
    /// Number of items (`isize`).
    MA_USED: i32 = 16, "offsetof(PyDictObject, ma_used)";
    /// Watcher bits and counter (`u64`).
    MA_WATCHER_TAG: i32 = 24, "offsetof(PyDictObject, _ma_watcher_tag)";
    /// The table of keys.
    MA_KEYS: i32 = 32, "offsetof(PyDictObject, ma_keys)";
    /// The values of a split table, null when the values are in the entries.
    MA_VALUES: i32 = 40, "offsetof(PyDictObject, ma_values)";
    /// Size of a dict.
    DICT_SIZE: i32 = 48, "sizeof(PyDictObject)";
    /// The bits of the watcher tag that say which watchers look at this dict.
    WATCHER_MASK: u64 = 255, "DICT_WATCHER_MASK";
    /// In keys: reference count of the table (`isize`).
    DK_REFCNT: i32 = 0, "offsetof(struct _dictkeysobject, dk_refcnt)";
    /// In keys: log2 of the number of hash slots (`u8`).
    DK_LOG2_SIZE: i32 = 8, "offsetof(struct _dictkeysobject, dk_log2_size)";
    /// In keys: log2 of the size of the hash slots in bytes (`u8`).
    DK_LOG2_INDEX_BYTES: i32 = 9, "offsetof(struct _dictkeysobject, dk_log2_index_bytes)";
    /// In keys: what keys it may have (`u8`), see the `KIND_*` constants.
    DK_KIND: i32 = 10, "offsetof(struct _dictkeysobject, dk_kind)";
    /// In keys: version (`u32`), 0 after any change of the keys.
    DK_VERSION: i32 = 12, "offsetof(struct _dictkeysobject, dk_version)";
    /// In keys: entries still free (`isize`).
    DK_USABLE: i32 = 16, "offsetof(struct _dictkeysobject, dk_usable)";
    /// In keys: entries in use, deleted ones included (`isize`).
    DK_NENTRIES: i32 = 24, "offsetof(struct _dictkeysobject, dk_nentries)";
    /// In keys: the hash slots; the entries follow them.
    DK_INDICES: i32 = 32, "offsetof(struct _dictkeysobject, dk_indices)";
    /// Kind: any keys, entries of [`ENTRY_SIZE`].
    KIND_GENERAL: u8 = 0, "DICT_KEYS_GENERAL";
    /// Kind: strings only, entries of [`UNICODE_ENTRY_SIZE`].
    KIND_UNICODE: u8 = 1, "DICT_KEYS_UNICODE";
    /// Kind: strings only, shared by instances of a class.
    KIND_SPLIT: u8 = 2, "DICT_KEYS_SPLIT";
    /// In a general entry: the hash (`isize`).
    ENTRY_HASH: i32 = 0, "offsetof(PyDictKeyEntry, me_hash)";
    /// In a general entry: the key.
    ENTRY_KEY: i32 = 8, "offsetof(PyDictKeyEntry, me_key)";
    /// In a general entry: the value.
    ENTRY_VALUE: i32 = 16, "offsetof(PyDictKeyEntry, me_value)";
    /// Size of a general entry.
    ENTRY_SIZE: i32 = 24, "sizeof(PyDictKeyEntry)";
    /// In an entry of string keys: the key.
    UNICODE_ENTRY_KEY: i32 = 0, "offsetof(PyDictUnicodeEntry, me_key)";
    /// In an entry of string keys: the value.
    UNICODE_ENTRY_VALUE: i32 = 8, "offsetof(PyDictUnicodeEntry, me_value)";
    /// Size of an entry of string keys.
    UNICODE_ENTRY_SIZE: i32 = 16, "sizeof(PyDictUnicodeEntry)";
    /// In values: number of slots (`u8`).
    VALUES_CAPACITY: i32 = 0, "offsetof(struct _dictvalues, capacity)";
    /// In values: number of values set (`u8`).
    VALUES_SIZE: i32 = 1, "offsetof(struct _dictvalues, size)";
    /// In values: 1 when the block is inside an instance (`u8`).
    VALUES_EMBEDDED: i32 = 2, "offsetof(struct _dictvalues, embedded)";
    /// In values: 0 when an instance's own block is no longer used (`u8`).
    VALUES_VALID: i32 = 3, "offsetof(struct _dictvalues, valid)";
    /// In values: the values; behind them, a byte each, the order in which they were set.
    VALUES_VALUES: i32 = 8, "offsetof(struct _dictvalues, values)";
    /// The most keys that instances share.
    SHARED_KEYS_MAX: i32 = 30, "SHARED_KEYS_MAX_SIZE";
    /// The first watcher number that the interpreter does not keep to itself.
    FIRST_AVAILABLE_WATCHER: i32 = 3, "FIRST_AVAILABLE_WATCHER";
    /// In a dict view: its dict.
    VIEW_DICT: i32 = 16, "offsetof(_PyDictViewObject, dv_dict)";
    /// Result of a look-up: no such key.
    DKIX_EMPTY: isize = -1, "DKIX_EMPTY";
    /// Result of a look-up: an exception is set.
    DKIX_ERROR: isize = -3, "DKIX_ERROR";
}

/// The table of keys of a dict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Keys(*const u8);

impl Keys {
    /// The keys of `dict`.
    ///
    /// # Safety
    /// `dict` is a dict that is neither changed nor freed while the value is used, and the GIL is held.
    #[inline]
    pub unsafe fn of_dict(dict: *const PyObject) -> Self {
        // SAFETY: every dict has its keys there.
        unsafe { Self(memory::read(dict, MA_KEYS)) }
    }

    /// Views the table at `keys`.
    ///
    /// # Safety
    /// `keys` is a table of keys that is neither changed nor freed while the value is used, and the GIL is held.
    #[inline]
    pub unsafe fn from_ptr(keys: *const u8) -> Self {
        Self(keys)
    }

    /// Its address.
    #[inline]
    pub fn address(self) -> usize {
        self.0 as usize
    }

    /// One of the `KIND_*` constants.
    #[inline]
    pub fn kind(self) -> u8 {
        // SAFETY: the constructors' contract: a live table.
        unsafe { memory::read(self.0, DK_KIND) }
    }

    /// Its version, 0 when it has none.
    #[inline]
    pub fn version(self) -> u32 {
        // SAFETY: the constructors' contract: a live table.
        unsafe { memory::read(self.0, DK_VERSION) }
    }

    /// Number of entries in use, deleted ones included.
    #[inline]
    pub fn len(self) -> usize {
        // SAFETY: the constructors' contract: a live table.
        unsafe { memory::read::<isize, _>(self.0, DK_NENTRIES) as usize }
    }

    /// Whether no entry is in use.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many bytes into the table the entries start.
    #[inline]
    pub fn entries_offset(self) -> usize {
        // SAFETY: the constructors' contract: a live table.
        DK_INDICES as usize + (1_usize << unsafe { memory::read::<u8, _>(self.0, DK_LOG2_INDEX_BYTES) })
    }

    /// Address of entry `index`.
    #[inline]
    pub fn entry(self, index: usize) -> usize {
        let size = if self.kind() == KIND_GENERAL { ENTRY_SIZE } else { UNICODE_ENTRY_SIZE };
        self.0 as usize + self.entries_offset() + index * size as usize
    }

    /// The key of entry `index`, borrowed; `None` when there is no such entry or it was deleted.
    #[inline]
    pub fn key(self, index: usize) -> Option<*mut PyObject> {
        if index >= self.len() {
            return None;
        }
        let offset = if self.kind() == KIND_GENERAL { ENTRY_KEY } else { UNICODE_ENTRY_KEY };
        // SAFETY: the entry exists, and an entry has its key there.
        let key: *mut PyObject = unsafe { memory::read(self.entry(index) as *const u8, offset) };
        (!key.is_null()).then_some(key)
    }

    /// The value of entry `index` of a table that is not split, borrowed; `None` when there is none.
    #[inline]
    pub fn value(self, index: usize) -> Option<*mut PyObject> {
        if index >= self.len() || self.kind() == KIND_SPLIT {
            return None;
        }
        let offset = if self.kind() == KIND_GENERAL { ENTRY_VALUE } else { UNICODE_ENTRY_VALUE };
        // SAFETY: the entry exists, and an entry has its value there.
        let value: *mut PyObject = unsafe { memory::read(self.entry(index) as *const u8, offset) };
        (!value.is_null()).then_some(value)
    }
}
