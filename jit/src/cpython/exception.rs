//! Exceptions (`Include/cpython/pyerrors.h`): the common part of all of them.

layout! {
    /// The arguments, a tuple.
    ARGS: i32 = 24, "offsetof(PyBaseExceptionObject, args)";
    /// The traceback, or null.
    TRACEBACK: i32 = 40, "offsetof(PyBaseExceptionObject, traceback)";
    /// `__context__`, or null.
    CONTEXT: i32 = 48, "offsetof(PyBaseExceptionObject, context)";
    /// `__cause__`, or null.
    CAUSE: i32 = 56, "offsetof(PyBaseExceptionObject, cause)";
    /// In a `StopIteration`: its value, or null.
    STOP_ITERATION_VALUE: i32 = 72, "offsetof(PyStopIterationObject, value)";
}
