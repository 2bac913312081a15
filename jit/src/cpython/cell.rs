//! Cells (`Include/cpython/cellobject.h`): what closures share variables through.

layout! {
    /// The value, null when unbound.
    OB_REF: i32 = 16, "offsetof(PyCellObject, ob_ref)";
    /// Size of a cell.
    CELL_SIZE: i32 = 24, "sizeof(PyCellObject)";
}
