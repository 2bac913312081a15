//! Sets and frozensets (`Include/cpython/setobject.h`).

layout! {
    /// Number of members (`isize`).
    USED: i32 = 24, "offsetof(PySetObject, used)";
    /// Number of slots less one (`isize`).
    MASK: i32 = 32, "offsetof(PySetObject, mask)";
    /// Pointer to the slots.
    TABLE: i32 = 40, "offsetof(PySetObject, table)";
    /// In a slot: the member, null when empty.
    ENTRY_KEY: i32 = 0, "offsetof(setentry, key)";
    /// In a slot: the member's hash.
    ENTRY_HASH: i32 = 8, "offsetof(setentry, hash)";
    /// Size of a slot.
    ENTRY_SIZE: i32 = 16, "sizeof(setentry)";
}
