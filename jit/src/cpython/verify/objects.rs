//! Reads sample objects back through the layouts and compares with what Python says about them.

use std::ffi::CStr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::super::{
    bytes, cell, complex, dict, exception, ffi as private, float, function, generator, list, long,
    memory, method, module, object, range, set, slice, tuple, typeobject, unicode,
};
use super::samples::Samples;
use super::{LayoutMismatch, holds, same};
use crate::bytecode::opcode::{CodeOffset, Opcode};
use crate::cpython::code::{self, Code};
use crate::cpython::frame;
use typeobject::Type;

type Checked = Result<(), LayoutMismatch>;

/// Checks all kinds of objects.
pub fn check(samples: &Samples<'_>) -> Checked {
    heads(samples)?;
    ints(samples)?;
    floats(samples)?;
    strings(samples)?;
    sequences(samples)?;
    dicts(samples)?;
    types(samples)?;
    instances(samples)?;
    functions(samples)?;
    codes(samples)?;
    methods(samples)?;
    others(samples)
}

/// A pointer field of a live object.
fn pointer(object: *const PyObject, offset: i32) -> *mut PyObject {
    word(object, offset) as *mut PyObject
}

/// A word of a live object.
fn word(object: *const PyObject, offset: i32) -> usize {
    // SAFETY: callers give live objects, and offsets that their type's size covers.
    unsafe { memory::read(object, offset) }
}

/// An `i32` of a live object.
fn int(object: *const PyObject, offset: i32) -> i32 {
    // SAFETY: callers give live objects, and offsets that their type's size covers.
    unsafe { memory::read(object, offset) }
}

/// Compares a pointer field with the object that an attribute gives.
fn attr(samples: &Samples<'_>, field: &str, name: &str, attr: &str, offset: i32) -> Checked {
    let official = samples.attr(name, attr)?.as_ptr();
    same(field, official, pointer(samples.address(name)?, offset))
}

/// Compares a pointer field with another sample.
fn holds_sample(
    samples: &Samples<'_>,
    field: &str,
    name: &str,
    offset: i32,
    value: &str,
) -> Checked {
    same(
        field,
        samples.address(value)?,
        pointer(samples.address(name)?, offset),
    )
}

fn heads(samples: &Samples<'_>) -> Checked {
    let fresh = pyo3::types::PyList::empty(samples.py());
    let second = fresh.clone();
    // SAFETY: two live objects, a list and None.
    unsafe {
        same("ob_refcnt", 2, object::refcount(fresh.as_ptr()))?;
        same(
            "ob_type",
            &raw mut ffi::PyList_Type,
            object::type_of(fresh.as_ptr()),
        )?;
        let none = ffi::Py_None();
        holds(
            "ob_refcnt of None",
            "immortal",
            object::refcount(none),
            object::is_immortal(none),
        )?;
        let flags: u16 = memory::read(none, object::OB_FLAGS);
        let expected = object::OB_FLAG_IMMORTAL | object::OB_FLAG_STATIC;
        same("ob_flags of None", expected, flags & expected)?;
        same(
            "ob_flags of a list",
            0,
            memory::read::<u16, _>(fresh.as_ptr(), object::OB_FLAGS) & expected,
        )?;
        let next = word(fresh.as_ptr(), object::GC_NEXT);
        holds("_gc_next", "not 0 for a tracked list", next, next != 0)?;
    }
    drop(second);
    Ok(())
}

fn ints(samples: &Samples<'_>) -> Checked {
    let py = samples.py();
    let values = [
        0,
        1,
        -1,
        7,
        long::SMALL_MIN,
        long::SMALL_MAX,
        1234,
        -1234,
        long::DIGIT_MASK,
        -long::DIGIT_MASK,
    ];
    for value in values {
        let number = value.into_pyobject(py).map_err(PyErr::from)?;
        // SAFETY: a live int.
        same("value of an int", Some(value), unsafe {
            long::compact_value(number.as_ptr())
        })?;
    }
    let wide = (long::DIGIT_MASK + 1)
        .into_pyobject(py)
        .map_err(PyErr::from)?;
    // SAFETY: a live int.
    same("value of a wide int", None, unsafe {
        long::compact_value(wide.as_ptr())
    })?;
    for value in [long::SMALL_MIN, -1, 0, 1, 5, 256, long::SMALL_MAX] {
        let number = value.into_pyobject(py).map_err(PyErr::from)?;
        same(
            "small_ints",
            number.as_ptr() as usize,
            long::small_address(value),
        )?;
        let tag = word(number.as_ptr(), long::LV_TAG) as u64;
        holds(
            "lv_tag of a small int",
            "marked as small",
            tag,
            tag & long::TAG_SMALL != 0,
        )?;
    }
    let beyond = (long::SMALL_MAX + 1)
        .into_pyobject(py)
        .map_err(PyErr::from)?;
    let tag = word(beyond.as_ptr(), long::LV_TAG) as u64;
    same(
        "lv_tag of the first int that is not small",
        long::TAG_ONE_DIGIT_POSITIVE,
        tag,
    )
}

fn floats(samples: &Samples<'_>) -> Checked {
    for value in [0.0, -1.5, 1e300] {
        let number = pyo3::types::PyFloat::new(samples.py(), value);
        // SAFETY: a live float.
        same("ob_fval", value, unsafe { float::value(number.as_ptr()) })?;
    }
    let number = samples.address("complex_number")?;
    same(
        "cval.real",
        1.5,
        f64::from_bits(word(number, complex::REAL) as u64),
    )?;
    same(
        "cval.imag",
        -2.5,
        f64::from_bits(word(number, complex::IMAG) as u64),
    )
}

fn strings(samples: &Samples<'_>) -> Checked {
    for string in samples.get("strings")?.try_iter()? {
        let string = string?;
        let text: String = string.extract()?;
        let hash = string.hash()?;
        same(
            "length of a str",
            text.chars().count(),
            word(string.as_ptr(), unicode::LENGTH),
        )?;
        same(
            "hash of a str",
            hash,
            word(string.as_ptr(), unicode::HASH) as isize,
        )?;
        // SAFETY: a live string whose length was checked.
        same("characters of a str", text, unsafe {
            unicode::text(string.as_ptr())
        })?;
    }
    for code in [b'a', 0xe9] {
        let string = char::from(code)
            .to_string()
            .into_pyobject(samples.py())
            .map_err(PyErr::from)?;
        same(
            "table of characters",
            string.as_ptr() as usize,
            unicode::character_address(code),
        )?;
    }
    Ok(())
}

fn sequences(samples: &Samples<'_>) -> Checked {
    let expected = [
        samples.address("function")?,
        samples.address("generator")?,
        samples.address("plain")?,
    ];
    let list = samples.address("items_list")?;
    same("ob_size of a list", 3, word(list, object::OB_SIZE))?;
    let allocated = word(list, list::ALLOCATED);
    holds(
        "allocated",
        "3 to 100",
        allocated,
        (3..=100).contains(&allocated),
    )?;
    let items = pointer(list, list::OB_ITEM);
    // SAFETY: the interpreter publishes the place of the array, which has ob_size items.
    same("ob_item of a list", expected, unsafe {
        memory::read(items, 0)
    })?;
    let tuple = samples.get("items_tuple")?;
    // SAFETY: a live tuple; the interpreter publishes the place of its items.
    same("ob_item of a tuple", &expected[..], unsafe {
        tuple::items(tuple.as_ptr())
    })?;
    let hash = tuple.hash()?;
    same(
        "ob_hash",
        hash,
        word(tuple.as_ptr(), tuple::OB_HASH) as isize,
    )?;
    let iterator = samples.address("list_iterator")?;
    same(
        "it_index of a list iterator",
        1,
        word(iterator, list::ITER_INDEX),
    )?;
    holds_sample(
        samples,
        "it_seq of a list iterator",
        "list_iterator",
        list::ITER_SEQ,
        "items_list",
    )?;
    let iterator = samples.address("tuple_iterator")?;
    same(
        "it_index of a tuple iterator",
        1,
        word(iterator, tuple::ITER_INDEX),
    )?;
    holds_sample(
        samples,
        "it_seq of a tuple iterator",
        "tuple_iterator",
        tuple::ITER_SEQ,
        "items_tuple",
    )?;
    for (attribute, offset) in [
        ("start", range::START),
        ("stop", range::STOP),
        ("step", range::STEP),
    ] {
        attr(
            samples,
            &format!("{attribute} of a range"),
            "a_range",
            attribute,
            offset,
        )?;
    }
    same(
        "length of a range",
        long::small_address(4),
        word(samples.address("a_range")?, range::LENGTH),
    )?;
    let iterator = samples.address("range_iterator")?;
    same(
        "start of a range iterator",
        5,
        word(iterator, range::ITER_START),
    )?;
    same(
        "step of a range iterator",
        2,
        word(iterator, range::ITER_STEP),
    )?;
    same(
        "len of a range iterator",
        3,
        word(iterator, range::ITER_LEN),
    )?;
    for (attribute, offset) in [
        ("start", slice::START),
        ("stop", slice::STOP),
        ("step", slice::STEP),
    ] {
        attr(
            samples,
            &format!("{attribute} of a slice"),
            "a_slice",
            attribute,
            offset,
        )?;
    }
    Ok(())
}

fn dicts(samples: &Samples<'_>) -> Checked {
    let values = [samples.address("function")?, samples.address("generator")?];
    for (name, kind) in [
        ("text_dict", dict::KIND_UNICODE),
        ("mixed_dict", dict::KIND_GENERAL),
    ] {
        let object = samples.get(name)?;
        same("ma_used", 2, word(object.as_ptr(), dict::MA_USED))?;
        same(
            "ma_values of a dict display",
            0,
            word(object.as_ptr(), dict::MA_VALUES),
        )?;
        // SAFETY: a live dict that nobody changes here; the interpreter publishes the place of its keys.
        let keys = unsafe { dict::Keys::of_dict(object.as_ptr()) };
        same("dk_kind", kind, keys.kind())?;
        same("dk_nentries", 2, keys.len())?;
        for (index, key) in object.try_iter()?.enumerate() {
            let key = key?;
            same("me_key", Some(key.as_ptr()), keys.key(index))?;
            same("me_value", Some(values[index]), keys.value(index))?;
            if kind == dict::KIND_GENERAL {
                let entry = keys.entry(index) as *const PyObject;
                same(
                    "me_hash",
                    key.hash()?,
                    word(entry, dict::ENTRY_HASH) as isize,
                )?;
            }
        }
        same("an entry beyond the last", None, keys.key(2))?;
    }
    let object = samples.address("text_dict")?;
    // SAFETY: a live dict that nobody changes here.
    let keys = unsafe { dict::Keys::of_dict(object) };
    // SAFETY: the current interpreter's state and a live dict.
    let version = unsafe {
        private::_PyDict_GetKeysVersionForCurrentState(ffi::PyInterpreterState_Get(), object)
    };
    same("dk_version", version, keys.version())?;
    holds_sample(samples, "dv_dict", "view", dict::VIEW_DICT, "text_dict")
}

fn types(samples: &Samples<'_>) -> Checked {
    // SAFETY: the builtin types live forever.
    unsafe {
        let versions = [
            ("int", &raw mut ffi::PyLong_Type, typeobject::VERSION_INT),
            (
                "float",
                &raw mut ffi::PyFloat_Type,
                typeobject::VERSION_FLOAT,
            ),
            ("list", &raw mut ffi::PyList_Type, typeobject::VERSION_LIST),
            (
                "tuple",
                &raw mut ffi::PyTuple_Type,
                typeobject::VERSION_TUPLE,
            ),
            ("str", &raw mut ffi::PyUnicode_Type, typeobject::VERSION_STR),
            ("set", &raw mut ffi::PySet_Type, typeobject::VERSION_SET),
            ("dict", &raw mut ffi::PyDict_Type, typeobject::VERSION_DICT),
        ];
        for (name, ty, version) in versions {
            let ty = Type::from_ptr(ty);
            same(&format!("tp_version_tag of {name}"), version, ty.version())?;
            same(
                "tp_flags",
                ffi::PyType_GetFlags(ty.as_ptr()) as u64,
                ty.flags(),
            )?;
            same("tp_name", name.to_string(), ty.name())?;
        }
    }
    let plain = samples.get("Plain")?;
    // SAFETY: a live type.
    let ty = unsafe { Type::from_ptr(plain.as_ptr().cast()) };
    // SAFETY: a live type.
    let assigned = unsafe { private::PyUnstable_Type_AssignVersionTag(ty.as_ptr()) };
    holds(
        "tp_version_tag of a class",
        "not 0",
        ty.version(),
        assigned != 0 && ty.version() != 0,
    )?;
    same(
        "tp_basicsize",
        plain.getattr("__basicsize__")?.extract()?,
        ty.basic_size(),
    )?;
    same(
        "tp_dictoffset",
        plain.getattr("__dictoffset__")?.extract()?,
        ty.dict_offset(),
    )?;
    attr(samples, "tp_mro", "Plain", "__mro__", typeobject::TP_MRO)?;
    attr(samples, "tp_base", "Plain", "__base__", typeobject::TP_BASE)?;
    attr(
        samples,
        "ht_qualname",
        "Plain",
        "__qualname__",
        typeobject::HT_QUALNAME,
    )?;
    let watched = unsafe { memory::read::<u8, _>(plain.as_ptr(), typeobject::TP_WATCHED) };
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
        (
            "tp_richcompare",
            ffi::Py_tp_richcompare,
            typeobject::TP_RICHCOMPARE,
        ),
        ("tp_iter", ffi::Py_tp_iter, typeobject::TP_ITER),
        ("tp_iternext", ffi::Py_tp_iternext, typeobject::TP_ITERNEXT),
        (
            "tp_descr_get",
            ffi::Py_tp_descr_get,
            typeobject::TP_DESCR_GET,
        ),
        (
            "tp_descr_set",
            ffi::Py_tp_descr_set,
            typeobject::TP_DESCR_SET,
        ),
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
            (
                "nb_bool",
                ffi::Py_nb_bool,
                typeobject::TP_AS_NUMBER,
                typeobject::NB_BOOL,
                &raw mut ffi::PyLong_Type,
            ),
            (
                "sq_length",
                ffi::Py_sq_length,
                typeobject::TP_AS_SEQUENCE,
                typeobject::SQ_LENGTH,
                &raw mut ffi::PyList_Type,
            ),
            (
                "sq_item",
                ffi::Py_sq_item,
                typeobject::TP_AS_SEQUENCE,
                typeobject::SQ_ITEM,
                &raw mut ffi::PyList_Type,
            ),
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
            (
                "am_send",
                ffi::Py_am_send,
                typeobject::TP_AS_ASYNC,
                typeobject::AM_SEND,
                &raw mut ffi::PyGen_Type,
            ),
        ];
        for (field, slot, suite, offset, ty) in suites {
            let suite: *const u8 = memory::read(ty, suite);
            holds(field, "a suite of methods", suite, !suite.is_null())?;
            same(
                field,
                ffi::PyType_GetSlot(ty, slot) as usize,
                memory::read(suite, offset),
            )?;
        }
        let vectorcall: isize = memory::read(
            &raw const ffi::PyFunction_Type,
            typeobject::TP_VECTORCALL_OFFSET,
        );
        same(
            "tp_vectorcall_offset of functions",
            function::FUNC_VECTORCALL as isize,
            vectorcall,
        )
    }
}

fn instances(samples: &Samples<'_>) -> Checked {
    let other = samples.get("other")?;
    // SAFETY: a live instance.
    let ty = unsafe { Type::of(other.as_ptr()) };
    let flags =
        typeobject::FLAG_INLINE_VALUES | typeobject::FLAG_MANAGED_DICT | typeobject::FLAG_HEAPTYPE;
    holds(
        "tp_flags of a class",
        "inline values",
        ty.flags(),
        ty.has(flags),
    )?;
    let (Some(values), Some(value), Some(keys)) = (
        ty.inline_values_offset(),
        ty.inline_value_offset(0),
        ty.cached_keys(),
    ) else {
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
    holds(
        "capacity of inline values",
        "2 to 30",
        capacity,
        (2..=dict::SHARED_KEYS_MAX).contains(&capacity.into()),
    )?;
    same(
        "first inline value",
        samples.address("function")?,
        pointer(other.as_ptr(), value),
    )?;
    same(
        "first of the shared keys",
        Some(
            "x".into_pyobject(samples.py())
                .map(|s| s.as_ptr())
                .map_err(PyErr::from)?,
        ),
        keys.key(0),
    )?;
    same(
        "managed dict before it is asked for",
        0,
        word(other.as_ptr(), typeobject::MANAGED_DICT),
    )?;
    let made = other.getattr("__dict__")?;
    same(
        "managed dict",
        made.as_ptr(),
        pointer(other.as_ptr(), typeobject::MANAGED_DICT),
    )
}

fn functions(samples: &Samples<'_>) -> Checked {
    for (attribute, offset) in [
        ("__globals__", function::FUNC_GLOBALS),
        ("__builtins__", function::FUNC_BUILTINS),
        ("__name__", function::FUNC_NAME),
        ("__qualname__", function::FUNC_QUALNAME),
        ("__code__", function::FUNC_CODE),
        ("__defaults__", function::FUNC_DEFAULTS),
        ("__kwdefaults__", function::FUNC_KWDEFAULTS),
        ("__dict__", function::FUNC_DICT),
    ] {
        attr(
            samples,
            &format!("{attribute} of a function"),
            "function",
            attribute,
            offset,
        )?;
    }
    attr(
        samples,
        "func_closure",
        "closure",
        "__closure__",
        function::FUNC_CLOSURE,
    )?;
    let object = samples.address("function")?;
    // SAFETY: a live function.
    let (view, version) = unsafe {
        (
            function::Function::from_ptr(object),
            private::_PyFunction_GetVersionForCurrentState(object),
        )
    };
    same("func_version", version, view.version())?;
    // SAFETY: a live function.
    let vectorcall =
        unsafe { ffi::PyVectorcall_Function(object) }.map_or(0, |entry| entry as usize);
    same("vectorcall of a function", vectorcall, view.vectorcall())?;
    holds_sample(samples, "ob_ref", "cell", cell::OB_REF, "function")
}

fn codes(samples: &Samples<'_>) -> Checked {
    let object = samples.get("code")?;
    for (attribute, offset) in [
        ("co_consts", code::CO_CONSTS),
        ("co_names", code::CO_NAMES),
        ("co_exceptiontable", code::CO_EXCEPTIONTABLE),
        ("co_filename", code::CO_FILENAME),
        ("co_name", code::CO_NAME),
        ("co_qualname", code::CO_QUALNAME),
        ("co_linetable", code::CO_LINETABLE),
    ] {
        attr(samples, attribute, "code", attribute, offset)?;
    }
    let mut counts = std::collections::HashMap::new();
    for (attribute, offset) in [
        ("co_flags", code::CO_FLAGS),
        ("co_argcount", code::CO_ARGCOUNT),
        ("co_posonlyargcount", code::CO_POSONLYARGCOUNT),
        ("co_kwonlyargcount", code::CO_KWONLYARGCOUNT),
        ("co_stacksize", code::CO_STACKSIZE),
        ("co_firstlineno", code::CO_FIRSTLINENO),
        ("co_nlocals", code::CO_NLOCALS),
    ] {
        let official: i32 = object.getattr(attribute)?.extract()?;
        same(attribute, official, int(object.as_ptr(), offset))?;
        counts.insert(attribute, official);
    }
    let slots = int(object.as_ptr(), code::CO_NLOCALSPLUS);
    let names: usize = object.getattr("co_varnames")?.len()?;
    same("co_nlocalsplus", names, slots as usize)?;
    same(
        "co_ncellvars",
        object.getattr("co_cellvars")?.len()?,
        int(object.as_ptr(), code::CO_NCELLVARS) as usize,
    )?;
    same("co_nfreevars", 0, int(object.as_ptr(), code::CO_NFREEVARS))?;
    let free = samples.attr("closure", "__code__")?;
    same(
        "co_nfreevars of a closure",
        2,
        int(free.as_ptr(), code::CO_NFREEVARS),
    )?;
    let words = slots + counts["co_stacksize"] + frame::SPECIALS_SIZE;
    same(
        "co_framesize",
        words,
        int(object.as_ptr(), code::CO_FRAMESIZE),
    )?;
    bytecode(&object)
}

fn bytecode(object: &Bound<'_, PyAny>) -> Checked {
    let official: Vec<u8> = object.getattr("co_code")?.extract()?;
    // SAFETY: a live code object, alive as long as `object`.
    let view = unsafe { Code::from_ptr(object.as_ptr().cast()) };
    same(
        "size of the bytecode",
        official.len() / 2,
        view.unit_count(),
    )?;
    let number = view
        .units()
        .get(view.first_traceable().index())
        .map(|unit| *unit as u8);
    let first = number.and_then(Opcode::from_number).map(Opcode::deopt);
    same(
        "instruction at _co_firsttraceable",
        Some(Opcode::Resume),
        first,
    )?;
    // SAFETY: a live code object whose fields were checked.
    let info = unsafe { code::read(object.as_ptr().cast()) };
    let info = info.map_err(|error| {
        super::mismatch(super::MismatchKind::Layout, "bytecode", "decodable", error)
    })?;
    let base = |at: usize| official[at * 2];
    for instr in &info.instrs {
        same(
            "base opcode",
            base(instr.offset.index()),
            instr.opcode.number(),
        )?;
        same(
            "base code unit",
            base(instr.offset.index()),
            view.base_unit(instr.offset) as u8,
        )?;
    }
    let variables: Vec<String> = object.getattr("co_varnames")?.extract()?;
    same(
        "names of locals",
        variables,
        info.localsplus
            .iter()
            .map(|local| local.name.clone())
            .collect(),
    )?;
    holds(
        "exception table",
        "a handler",
        info.exceptions.entries().len(),
        !info.exceptions.entries().is_empty(),
    )?;
    same(
        "first line",
        Some(info.first_line),
        info.lines.line(CodeOffset(info.first_traceable.0)),
    )?;
    let table: Vec<u8> = object.getattr("co_linetable")?.extract()?;
    // SAFETY: a code object's line table is a bytes object.
    let read = unsafe { bytes::as_slice(pointer(object.as_ptr(), code::CO_LINETABLE)) };
    same("contents of bytes", &table[..], read)
}

fn methods(samples: &Samples<'_>) -> Checked {
    attr(samples, "im_func", "bound", "__func__", method::IM_FUNC)?;
    attr(samples, "im_self", "bound", "__self__", method::IM_SELF)?;
    attr(samples, "m_self", "c_method", "__self__", method::M_SELF)?;
    attr(
        samples,
        "d_name",
        "method_descriptor",
        "__name__",
        method::D_NAME,
    )?;
    attr(
        samples,
        "d_type",
        "method_descriptor",
        "__objclass__",
        method::D_TYPE,
    )?;
    attr(samples, "prop_get", "a_property", "fget", method::PROP_GET)?;
    let function = samples.address("c_function")?;
    // SAFETY: live C functions; a definition is only followed once it is known to be that of the descriptor's function.
    unsafe {
        let definition: *const u8 = memory::read(function, method::M_ML);
        holds("m_ml", "not null", definition, !definition.is_null())?;
        let official = ffi::PyCFunction_GetFunction(function).map_or(0, |entry| entry as usize);
        same(
            "ml_meth",
            official,
            memory::read(definition, method::ML_METH),
        )?;
        same(
            "ml_flags",
            ffi::PyCFunction_GetFlags(function),
            memory::read(definition, method::ML_FLAGS),
        )?;
        same(
            "ml_flags of len",
            method::METH_O,
            memory::read(definition, method::ML_FLAGS),
        )?;
        let name: *const std::ffi::c_char = memory::read(definition, method::ML_NAME);
        same("ml_name", c"len", CStr::from_ptr(name))?;
        let descriptor = samples.address("method_descriptor")?;
        let bound = samples.address("c_method")?;
        same(
            "d_method",
            word(bound, method::M_ML),
            word(descriptor, method::D_METHOD),
        )?;
        let entry = |object| ffi::PyVectorcall_Function(object).map_or(0, |entry| entry as usize);
        same(
            "vectorcall of a C function",
            entry(function),
            word(function, method::M_VECTORCALL),
        )?;
        same(
            "vectorcall of a method descriptor",
            entry(descriptor),
            word(descriptor, method::D_VECTORCALL),
        )?;
        let member: *const PyObject = pointer(samples.address("member")?, method::D_MEMBER);
        holds("d_member", "not null", member, !member.is_null())?;
        same(
            "type of a slot",
            method::MEMBER_OBJECT_EX,
            int(member, method::MEMBER_TYPE),
        )?;
        let offset = word(member, method::MEMBER_OFFSET) as i32;
        holds(
            "offset of a slot",
            "16",
            offset,
            offset == object::OBJECT_SIZE,
        )?;
        same(
            "value of a slot",
            samples.address("function")?,
            pointer(samples.address("slotted")?, offset),
        )
    }
}

fn others(samples: &Samples<'_>) -> Checked {
    attr(samples, "md_dict", "module", "__dict__", module::MD_DICT)?;
    attr(
        samples,
        "args of an exception",
        "an_error",
        "args",
        exception::ARGS,
    )?;
    attr(
        samples,
        "traceback of an exception",
        "an_error",
        "__traceback__",
        exception::TRACEBACK,
    )?;
    attr(
        samples,
        "cause of an exception",
        "an_error",
        "__cause__",
        exception::CAUSE,
    )?;
    attr(
        samples,
        "context of an exception",
        "an_error",
        "__context__",
        exception::CONTEXT,
    )?;
    holds_sample(
        samples,
        "value of StopIteration",
        "stop",
        exception::STOP_ITERATION_VALUE,
        "function",
    )?;
    attr(
        samples,
        "gi_name",
        "a_generator",
        "__name__",
        generator::GI_NAME,
    )?;
    attr(
        samples,
        "gi_qualname",
        "a_generator",
        "__qualname__",
        generator::GI_QUALNAME,
    )?;
    let running = samples.address("a_generator")?;
    // SAFETY: a live generator; the interpreter publishes both places.
    let (state, executable) = unsafe {
        (
            memory::read::<i8, _>(running, generator::GI_FRAME_STATE),
            memory::read::<frame::StackRef, _>(running, generator::GI_IFRAME + frame::F_EXECUTABLE),
        )
    };
    same("gi_frame_state", generator::STATE_SUSPENDED, state)?;
    same(
        "code of a generator's frame",
        samples.attr("a_generator", "gi_code")?.as_ptr(),
        executable.untag(),
    )?;
    let set = samples.address("a_set")?;
    same("used of a set", 1, word(set, set::USED))?;
    let hash = samples.get("function")?.hash()?;
    let slot = hash as usize & word(set, set::MASK);
    let entry = (word(set, set::TABLE) + slot * set::ENTRY_SIZE as usize) as *const PyObject;
    same(
        "key of a set's entry",
        samples.address("function")?,
        pointer(entry, set::ENTRY_KEY),
    )?;
    same(
        "hash of a set's entry",
        hash,
        word(entry, set::ENTRY_HASH) as isize,
    )
}
