//! Reads data back through the layouts (numbers, strings, containers, iterators, and what does not belong to classes
//! or callables) and compares with what Python says about it.

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::super::{
    buffers, complex, dict, enumerate, exception, ffi as private, float, frame, generator, kinds, list, long, memory,
    module, object, range, set, slice, tuple, unicode, zip,
};
use super::fields::{Checked, attr, holds_sample, int, pointer, word};
use super::samples::Samples;
use super::{holds, same};

/// Checks objects that hold data.
pub fn check(samples: &Samples<'_>) -> Checked {
    heads(samples)?;
    ints(samples)?;
    floats(samples)?;
    strings(samples)?;
    sequences(samples)?;
    dicts(samples)?;
    buffers(samples)?;
    others(samples)
}

fn buffers(samples: &Samples<'_>) -> Checked {
    let (array, view) = (samples.address("byte_array")?, samples.address("memory")?);
    let start = word(array, buffers::OB_START);
    // SAFETY: two bytes are there, if the layout is right; the interpreter's own function says where.
    same("ob_start of a byte array", unsafe { ffi::PyByteArray_AsString(array) } as usize, start)?;
    same("memory of a view", start, word(view, buffers::VIEW_BUF))?;
    same("items of a view", 2, word(word(view, buffers::VIEW_SHAPE) as *const PyObject, 0))?;
    same("strides of a view", 1, word(word(view, buffers::VIEW_STRIDES) as *const PyObject, 0))?;
    same("suboffsets of a view", 0, word(view, buffers::VIEW_SUBOFFSETS))?;
    same("size of a view's items", 1, word(view, buffers::VIEW_ITEMSIZE))?;
    same("dimensions of a view", 1, int(view, buffers::VIEW_NDIM))?;
    same("whether a view is only read", 0, int(view, buffers::VIEW_READONLY))?;
    same("format of a view", Some(b'B'), buffers::format(view as usize))?;
    same("flags of a view", 0, int(view, buffers::VIEW_FLAGS) & buffers::VIEW_RELEASED)?;
    let memory = word(view, buffers::MBUF) as *const PyObject;
    same("flags of a view's memory", 0, int(memory, buffers::MBUF_FLAGS) & buffers::MBUF_RELEASED)
}

fn heads(samples: &Samples<'_>) -> Checked {
    let fresh = pyo3::types::PyList::empty(samples.py());
    let second = fresh.clone();
    // SAFETY: two live objects, a list and None.
    unsafe {
        same("ob_refcnt", 2, object::refcount(fresh.as_ptr()))?;
        same("ob_type", &raw mut ffi::PyList_Type, object::type_of(fresh.as_ptr()))?;
        let none = ffi::Py_None();
        holds("ob_refcnt of None", "immortal", object::refcount(none), object::is_immortal(none))?;
        let flags: u16 = memory::read(none, object::OB_FLAGS);
        let expected = object::OB_FLAG_IMMORTAL | object::OB_FLAG_STATIC;
        same("ob_flags of None", expected, flags & expected)?;
        same("ob_flags of a list", 0, memory::read::<u16, _>(fresh.as_ptr(), object::OB_FLAGS) & expected)?;
        let next = word(fresh.as_ptr(), object::GC_NEXT);
        holds("_gc_next", "not 0 for a tracked list", next, next != 0)?;
    }
    drop(second);
    Ok(())
}

fn ints(samples: &Samples<'_>) -> Checked {
    let py = samples.py();
    let values = [0, 1, -1, 7, long::SMALL_MIN, long::SMALL_MAX, 1234, -1234, long::DIGIT_MASK, -long::DIGIT_MASK];
    for value in values {
        let number = value.into_pyobject(py).map_err(PyErr::from)?;
        // SAFETY: a live int.
        same("value of an int", Some(value), unsafe { long::compact_value(number.as_ptr()) })?;
    }
    let wide = (long::DIGIT_MASK + 1).into_pyobject(py).map_err(PyErr::from)?;
    // SAFETY: a live int.
    same("value of a wide int", None, unsafe { long::compact_value(wide.as_ptr()) })?;
    for value in [long::SMALL_MIN, -1, 0, 1, 5, 256, long::SMALL_MAX] {
        let number = value.into_pyobject(py).map_err(PyErr::from)?;
        same("small_ints", number.as_ptr() as usize, long::small_address(value))?;
        let tag = word(number.as_ptr(), long::LV_TAG) as u64;
        holds("lv_tag of a small int", "marked as small", tag, tag & long::TAG_SMALL != 0)?;
    }
    let beyond = (long::SMALL_MAX + 1).into_pyobject(py).map_err(PyErr::from)?;
    let tag = word(beyond.as_ptr(), long::LV_TAG) as u64;
    same("lv_tag of the first int that is not small", long::TAG_ONE_DIGIT_POSITIVE, tag)
}

fn floats(samples: &Samples<'_>) -> Checked {
    for value in [0.0, -1.5, 1e300] {
        let number = pyo3::types::PyFloat::new(samples.py(), value);
        // SAFETY: a live float.
        same("ob_fval", value, unsafe { float::value(number.as_ptr()) })?;
    }
    let number = samples.address("complex_number")?;
    same("cval.real", 1.5, f64::from_bits(word(number, complex::REAL) as u64))?;
    same("cval.imag", -2.5, f64::from_bits(word(number, complex::IMAG) as u64))
}

fn strings(samples: &Samples<'_>) -> Checked {
    for string in samples.get("strings")?.try_iter()? {
        let string = string?;
        let text: String = string.extract()?;
        let hash = string.hash()?;
        same("length of a str", text.chars().count(), word(string.as_ptr(), unicode::LENGTH))?;
        same("hash of a str", hash, word(string.as_ptr(), unicode::HASH) as isize)?;
        // SAFETY: a live string whose length was checked.
        same("characters of a str", text, unsafe { unicode::text(string.as_ptr()) })?;
    }
    for code in [b'a', 0xe9] {
        let string = char::from(code).to_string().into_pyobject(samples.py()).map_err(PyErr::from)?;
        same("table of characters", string.as_ptr() as usize, unicode::character_address(code))?;
    }
    Ok(())
}

fn sequences(samples: &Samples<'_>) -> Checked {
    let expected = [samples.address("function")?, samples.address("generator")?, samples.address("plain")?];
    let list = samples.address("items_list")?;
    same("ob_size of a list", 3, word(list, object::OB_SIZE))?;
    let allocated = word(list, list::ALLOCATED);
    holds("allocated", "3 to 100", allocated, (3..=100).contains(&allocated))?;
    let items = pointer(list, list::OB_ITEM);
    // SAFETY: the interpreter publishes the place of the array, which has ob_size items.
    same("ob_item of a list", expected, unsafe { memory::read(items, 0) })?;
    let tuple = samples.get("items_tuple")?;
    // SAFETY: a live tuple; the interpreter publishes the place of its items.
    same("ob_item of a tuple", &expected[..], unsafe { tuple::items(tuple.as_ptr()) })?;
    let hash = tuple.hash()?;
    same("ob_hash", hash, word(tuple.as_ptr(), tuple::OB_HASH) as isize)?;
    let iterator = samples.address("list_iterator")?;
    same("it_index of a list iterator", 1, word(iterator, list::ITER_INDEX))?;
    holds_sample(samples, "it_seq of a list iterator", "list_iterator", list::ITER_SEQ, "items_list")?;
    let iterator = samples.address("tuple_iterator")?;
    same("it_index of a tuple iterator", 1, word(iterator, tuple::ITER_INDEX))?;
    holds_sample(samples, "it_seq of a tuple iterator", "tuple_iterator", tuple::ITER_SEQ, "items_tuple")?;
    for (attribute, offset) in [("start", range::START), ("stop", range::STOP), ("step", range::STEP)] {
        attr(samples, &format!("{attribute} of a range"), "a_range", attribute, offset)?;
    }
    same("length of a range", long::small_address(4), word(samples.address("a_range")?, range::LENGTH))?;
    let iterator = samples.address("range_iterator")?;
    same("start of a range iterator", 5, word(iterator, range::ITER_START))?;
    same("step of a range iterator", 2, word(iterator, range::ITER_STEP))?;
    same("len of a range iterator", 3, word(iterator, range::ITER_LEN))?;
    let pairs = samples.address("an_enumerate")?;
    same("en_index of an enumerate", 8, word(pairs, enumerate::INDEX))?;
    holds_sample(samples, "en_result of an enumerate", "an_enumerate", enumerate::PAIR, "first_pair")?;
    let iterator = pointer(pairs, enumerate::ITERATOR);
    same("type of en_sit of an enumerate", kinds::list_iterator(), pointer(iterator, object::OB_TYPE) as usize)?;
    let zipped = samples.address("a_zip")?;
    same("tuplesize of a zip", 2, word(zipped, zip::COUNT))?;
    holds_sample(samples, "result of a zip", "a_zip", zip::TUPLE, "first_zipped")?;
    let iterators = pointer(zipped, zip::ITERATORS);
    for (index, class) in [kinds::tuple_iterator(), kinds::list_iterator()].into_iter().enumerate() {
        let iterator = pointer(iterators, tuple::OB_ITEM + 8 * index as i32);
        same("type of an iterator of a zip", class, pointer(iterator, object::OB_TYPE) as usize)?;
    }
    for (attribute, offset) in [("start", slice::START), ("stop", slice::STOP), ("step", slice::STEP)] {
        attr(samples, &format!("{attribute} of a slice"), "a_slice", attribute, offset)?;
    }
    Ok(())
}

fn dicts(samples: &Samples<'_>) -> Checked {
    let values = [samples.address("function")?, samples.address("generator")?];
    for (name, kind) in [("text_dict", dict::KIND_UNICODE), ("mixed_dict", dict::KIND_GENERAL)] {
        let object = samples.get(name)?;
        same("ma_used", 2, word(object.as_ptr(), dict::MA_USED))?;
        same("ma_values of a dict display", 0, word(object.as_ptr(), dict::MA_VALUES))?;
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
                same("me_hash", key.hash()?, word(entry, dict::ENTRY_HASH) as isize)?;
            }
        }
        same("an entry beyond the last", None, keys.key(2))?;
    }
    let object = samples.address("text_dict")?;
    // SAFETY: a live dict that nobody changes here.
    let keys = unsafe { dict::Keys::of_dict(object) };
    // SAFETY: the current interpreter's state and a live dict.
    let version = unsafe { private::_PyDict_GetKeysVersionForCurrentState(ffi::PyInterpreterState_Get(), object) };
    same("dk_version", version, keys.version())?;
    holds_sample(samples, "dv_dict", "view", dict::VIEW_DICT, "text_dict")
}

fn others(samples: &Samples<'_>) -> Checked {
    attr(samples, "md_dict", "module", "__dict__", module::MD_DICT)?;
    attr(samples, "args of an exception", "an_error", "args", exception::ARGS)?;
    attr(samples, "traceback of an exception", "an_error", "__traceback__", exception::TRACEBACK)?;
    attr(samples, "cause of an exception", "an_error", "__cause__", exception::CAUSE)?;
    attr(samples, "context of an exception", "an_error", "__context__", exception::CONTEXT)?;
    holds_sample(samples, "value of StopIteration", "stop", exception::STOP_ITERATION_VALUE, "function")?;
    attr(samples, "gi_name", "a_generator", "__name__", generator::GI_NAME)?;
    attr(samples, "gi_qualname", "a_generator", "__qualname__", generator::GI_QUALNAME)?;
    let running = samples.address("a_generator")?;
    // SAFETY: a live generator; the interpreter publishes both places.
    let (state, executable) = unsafe {
        (
            memory::read::<i8, _>(running, generator::GI_FRAME_STATE),
            memory::read::<frame::StackRef, _>(running, generator::GI_IFRAME + frame::F_EXECUTABLE),
        )
    };
    same("gi_frame_state", generator::STATE_SUSPENDED, state)?;
    same("code of a generator's frame", samples.attr("a_generator", "gi_code")?.as_ptr(), executable.untag())?;
    let set = samples.address("a_set")?;
    same("used of a set", 1, word(set, set::USED))?;
    let hash = samples.get("function")?.hash()?;
    let slot = hash as usize & word(set, set::MASK);
    let entry = (word(set, set::TABLE) + slot * set::ENTRY_SIZE as usize) as *const PyObject;
    same("key of a set's entry", samples.address("function")?, pointer(entry, set::ENTRY_KEY))?;
    same("hash of a set's entry", hash, word(entry, set::ENTRY_HASH) as isize)
}
