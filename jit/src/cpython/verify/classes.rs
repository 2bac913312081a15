//! Reads classes and their instances back through the layouts and compares with what Python says about them.

use pyo3::ffi::{self};
use pyo3::prelude::*;

use super::super::{dict, ffi as private, function, memory, typeobject};
use super::fields::{Checked, attr, pointer, word};
use super::samples::Samples;
use super::{holds, same};
use crate::cpython::typeobject::Type;
use crate::runtime::instances;

/// Checks types and where instances keep their attributes.
pub fn check(samples: &Samples<'_>) -> Checked {
    types(samples)?;
    instances(samples)
}

fn types(samples: &Samples<'_>) -> Checked {
    // SAFETY: the builtin types live forever.
    unsafe {
        let versions = [
            ("int", &raw mut ffi::PyLong_Type, typeobject::VERSION_INT),
            ("float", &raw mut ffi::PyFloat_Type, typeobject::VERSION_FLOAT),
            ("list", &raw mut ffi::PyList_Type, typeobject::VERSION_LIST),
            ("tuple", &raw mut ffi::PyTuple_Type, typeobject::VERSION_TUPLE),
            ("str", &raw mut ffi::PyUnicode_Type, typeobject::VERSION_STR),
            ("set", &raw mut ffi::PySet_Type, typeobject::VERSION_SET),
            ("dict", &raw mut ffi::PyDict_Type, typeobject::VERSION_DICT),
        ];
        for (name, ty, version) in versions {
            let ty = Type::from_ptr(ty);
            same(&format!("tp_version_tag of {name}"), version, ty.version())?;
            same("tp_flags", ffi::PyType_GetFlags(ty.as_ptr()) as u64, ty.flags())?;
            same("tp_name", name.to_string(), ty.name())?;
        }
    }
    let plain = samples.get("Plain")?;
    // SAFETY: a live type.
    let ty = unsafe { Type::from_ptr(plain.as_ptr().cast()) };
    // SAFETY: a live type.
    let assigned = unsafe { private::PyUnstable_Type_AssignVersionTag(ty.as_ptr()) };
    holds("tp_version_tag of a class", "not 0", ty.version(), assigned != 0 && ty.version() != 0)?;
    same("tp_basicsize", plain.getattr("__basicsize__")?.extract()?, ty.basic_size())?;
    same("tp_dictoffset", plain.getattr("__dictoffset__")?.extract()?, ty.dict_offset())?;
    attr(samples, "tp_mro", "Plain", "__mro__", typeobject::TP_MRO)?;
    attr(samples, "tp_base", "Plain", "__base__", typeobject::TP_BASE)?;
    attr(samples, "ht_qualname", "Plain", "__qualname__", typeobject::HT_QUALNAME)?;
    // SAFETY: a live type.
    let watched = unsafe { memory::read::<u8, _>(plain.as_ptr(), typeobject::TP_WATCHED) };
    instances::learn_from(ty);
    same("tp_watched of a fresh class", 0, watched)?;
    slots()
}

/// Type slots that `PyType_GetSlot` gives officially.
fn slots() -> Checked {
    let slots = [
        ("tp_dealloc", ffi::Py_tp_dealloc, typeobject::TP_DEALLOC),
        ("tp_hash", ffi::Py_tp_hash, typeobject::TP_HASH),
        ("tp_call", ffi::Py_tp_call, typeobject::TP_CALL),
        ("tp_getattro", ffi::Py_tp_getattro, typeobject::TP_GETATTRO),
        ("tp_setattro", ffi::Py_tp_setattro, typeobject::TP_SETATTRO),
        ("tp_richcompare", ffi::Py_tp_richcompare, typeobject::TP_RICHCOMPARE),
        ("tp_iter", ffi::Py_tp_iter, typeobject::TP_ITER),
        ("tp_iternext", ffi::Py_tp_iternext, typeobject::TP_ITERNEXT),
        ("tp_descr_get", ffi::Py_tp_descr_get, typeobject::TP_DESCR_GET),
        ("tp_descr_set", ffi::Py_tp_descr_set, typeobject::TP_DESCR_SET),
        ("tp_init", ffi::Py_tp_init, typeobject::TP_INIT),
        ("tp_alloc", ffi::Py_tp_alloc, typeobject::TP_ALLOC),
        ("tp_new", ffi::Py_tp_new, typeobject::TP_NEW),
        ("tp_free", ffi::Py_tp_free, typeobject::TP_FREE),
    ];
    // SAFETY: the builtin types live forever.
    unsafe {
        for ty in [
            &raw mut ffi::PyDict_Type,
            &raw mut ffi::PyType_Type,
            &raw mut ffi::PyProperty_Type,
            &raw mut ffi::PyGen_Type,
        ] {
            for (field, slot, offset) in slots {
                let official = ffi::PyType_GetSlot(ty, slot) as usize;
                same(field, official, memory::read(ty, offset))?;
            }
        }
        let suites = [
            ("nb_bool", ffi::Py_nb_bool, typeobject::TP_AS_NUMBER, typeobject::NB_BOOL, &raw mut ffi::PyLong_Type),
            (
                "sq_length",
                ffi::Py_sq_length,
                typeobject::TP_AS_SEQUENCE,
                typeobject::SQ_LENGTH,
                &raw mut ffi::PyList_Type,
            ),
            ("sq_item", ffi::Py_sq_item, typeobject::TP_AS_SEQUENCE, typeobject::SQ_ITEM, &raw mut ffi::PyList_Type),
            (
                "sq_contains",
                ffi::Py_sq_contains,
                typeobject::TP_AS_SEQUENCE,
                typeobject::SQ_CONTAINS,
                &raw mut ffi::PyList_Type,
            ),
            (
                "mp_length",
                ffi::Py_mp_length,
                typeobject::TP_AS_MAPPING,
                typeobject::MP_LENGTH,
                &raw mut ffi::PyDict_Type,
            ),
            (
                "mp_subscript",
                ffi::Py_mp_subscript,
                typeobject::TP_AS_MAPPING,
                typeobject::MP_SUBSCRIPT,
                &raw mut ffi::PyDict_Type,
            ),
            (
                "mp_ass_subscript",
                ffi::Py_mp_ass_subscript,
                typeobject::TP_AS_MAPPING,
                typeobject::MP_ASS_SUBSCRIPT,
                &raw mut ffi::PyDict_Type,
            ),
            ("am_send", ffi::Py_am_send, typeobject::TP_AS_ASYNC, typeobject::AM_SEND, &raw mut ffi::PyGen_Type),
        ];
        for (field, slot, suite, offset, ty) in suites {
            let suite: *const u8 = memory::read(ty, suite);
            holds(field, "a suite of methods", suite, !suite.is_null())?;
            same(field, ffi::PyType_GetSlot(ty, slot) as usize, memory::read(suite, offset))?;
        }
        let vectorcall: isize = memory::read(&raw const ffi::PyFunction_Type, typeobject::TP_VECTORCALL_OFFSET);
        same("tp_vectorcall_offset of functions", function::FUNC_VECTORCALL as isize, vectorcall)
    }
}

fn instances(samples: &Samples<'_>) -> Checked {
    let other = samples.get("other")?;
    // SAFETY: a live instance.
    let ty = unsafe { Type::of(other.as_ptr()) };
    let flags = typeobject::FLAG_INLINE_VALUES | typeobject::FLAG_MANAGED_DICT | typeobject::FLAG_HEAPTYPE;
    holds("tp_flags of a class", "inline values", ty.flags(), ty.has(flags))?;
    let (Some(values), Some(value), Some(keys)) =
        (ty.inline_values_offset(), ty.inline_value_offset(0), ty.cached_keys())
    else {
        return holds("ht_cached_keys", "shared keys", 0, false);
    };
    let byte = |offset: i32| -> u8 {
        // SAFETY: instances of such a class have their values there.
        unsafe { memory::read(other.as_ptr(), values + offset) }
    };
    same("kind of shared keys", dict::KIND_SPLIT, keys.kind())?;
    same("size of inline values", 1, byte(dict::VALUES_SIZE))?;
    same("embedded of inline values", 1, byte(dict::VALUES_EMBEDDED))?;
    same("valid of inline values", 1, byte(dict::VALUES_VALID))?;
    let capacity = byte(dict::VALUES_CAPACITY);
    holds("capacity of inline values", "2 to 30", capacity, (2..=dict::SHARED_KEYS_MAX).contains(&capacity.into()))?;
    same("first inline value", samples.address("function")?, pointer(other.as_ptr(), value))?;
    same(
        "first of the shared keys",
        Some("x".into_pyobject(samples.py()).map(|s| s.as_ptr()).map_err(PyErr::from)?),
        keys.key(0),
    )?;
    same("managed dict before it is asked for", 0, word(other.as_ptr(), typeobject::MANAGED_DICT))?;
    let made = other.getattr("__dict__")?;
    same("managed dict", made.as_ptr(), pointer(other.as_ptr(), typeobject::MANAGED_DICT))
}
