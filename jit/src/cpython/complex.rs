//! Complex numbers (`Include/cpython/complexobject.h`).

layout! {
    /// The real part, an `f64`.
    REAL: i32 = 16, "offsetof(PyComplexObject, cval.real)";
    /// The imaginary part, an `f64`.
    IMAG: i32 = 24, "offsetof(PyComplexObject, cval.imag)";
}
