//! Generators, coroutines and asynchronous generators (`Include/internal/pycore_interpframe_structs.h`): one layout
//! for the three, with the frame inside the object.

layout! {
    /// `__name__`.
    GI_NAME: i32 = 24, "offsetof(PyGenObject, gi_name)";
    /// `__qualname__`.
    GI_QUALNAME: i32 = 32, "offsetof(PyGenObject, gi_qualname)";
    /// The exception being handled inside, a stack item.
    GI_EXC_STATE: i32 = 40, "offsetof(PyGenObject, gi_exc_state)";
    /// State of the frame (`i8`), see the `STATE_*` constants.
    GI_FRAME_STATE: i32 = 67, "offsetof(PyGenObject, gi_frame_state)";
    /// The frame, inline.
    GI_IFRAME: i32 = 72, "offsetof(PyGenObject, gi_iframe)";
    /// Created, not started.
    STATE_CREATED: i8 = 0, "FRAME_CREATED";
    /// Suspended at a `yield`.
    STATE_SUSPENDED: i8 = 1, "FRAME_SUSPENDED";
    /// Suspended in a `yield from` or an `await`.
    STATE_SUSPENDED_YIELD_FROM: i8 = 2, "FRAME_SUSPENDED_YIELD_FROM";
    /// Running.
    STATE_EXECUTING: i8 = 4, "FRAME_EXECUTING";
    /// Finished.
    STATE_CLEARED: i8 = 5, "FRAME_CLEARED";
    /// `RESUME` argument: start of a function.
    RESUME_AT_FUNC_START: u32 = 0, "RESUME_AT_FUNC_START";
    /// `RESUME` argument: after a `yield`.
    RESUME_AFTER_YIELD: u32 = 1, "RESUME_AFTER_YIELD";
    /// `RESUME` argument: after a `yield from`.
    RESUME_AFTER_YIELD_FROM: u32 = 2, "RESUME_AFTER_YIELD_FROM";
    /// `RESUME` argument: after an `await`.
    RESUME_AFTER_AWAIT: u32 = 3, "RESUME_AFTER_AWAIT";
    /// `RESUME` argument: start of a generator expression.
    RESUME_AT_GEN_EXPR_START: u32 = 4, "RESUME_AT_GEN_EXPR_START";
    /// The bits of `RESUME`'s argument that hold one of the above.
    RESUME_LOCATION_MASK: u32 = 7, "RESUME_OPARG_LOCATION_MASK";
}
