//! Lists (`Include/cpython/listobject.h`) and their iterators (`Include/internal/pycore_list.h`).
//!
//! The number of items is [`super::object::OB_SIZE`].

layout! {
    /// Pointer to the array of items.
    OB_ITEM: i32 = 24, "offsetof(PyListObject, ob_item)";
    /// Number of slots of that array (`isize`).
    ALLOCATED: i32 = 32, "offsetof(PyListObject, allocated)";
    /// Size of a list.
    LIST_SIZE: i32 = 40, "sizeof(PyListObject)";
    /// In a list iterator: the next index (`isize`).
    ITER_INDEX: i32 = 16, "offsetof(_PyListIterObject, it_index)";
    /// In a list iterator: the list, null when exhausted.
    ITER_SEQ: i32 = 24, "offsetof(_PyListIterObject, it_seq)";
}
