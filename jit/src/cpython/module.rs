//! Modules (`Include/internal/pycore_moduleobject.h`): `LOAD_ATTR_MODULE` reads straight from their dict.

layout! {
    /// The module's dict.
    MD_DICT: i32 = 16, "offsetof(PyModuleObject, md_dict)";
    /// The module's C state.
    MD_STATE: i32 = 24, "offsetof(PyModuleObject, md_state)";
}
