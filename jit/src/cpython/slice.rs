//! Slices (`Include/cpython/sliceobject.h`).

layout! {
    /// First bound.
    START: i32 = 16, "offsetof(PySliceObject, start)";
    /// Second bound.
    STOP: i32 = 24, "offsetof(PySliceObject, stop)";
    /// Step.
    STEP: i32 = 32, "offsetof(PySliceObject, step)";
}
