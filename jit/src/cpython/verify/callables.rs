//! Reads functions, code objects and methods back through the layouts and compares with what Python says about them.

use std::ffi::CStr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::super::{bytes, cell, class_bound, code, ffi as private, frame, function, memory, method, object};
use super::fields::{Checked, attr, holds_sample, int, pointer, word};
use super::samples::Samples;
use super::{holds, same};
use crate::bytecode::opcode::{CodeOffset, Opcode};
use crate::cpython::code::Code;

/// Checks all kinds of callables.
pub fn check(samples: &Samples<'_>) -> Checked {
    functions(samples)?;
    codes(samples)?;
    methods(samples)
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
        attr(samples, &format!("{attribute} of a function"), "function", attribute, offset)?;
    }
    attr(samples, "func_closure", "closure", "__closure__", function::FUNC_CLOSURE)?;
    let object = samples.address("function")?;
    // SAFETY: a live function.
    let (view, version) =
        unsafe { (function::Function::from_ptr(object), private::_PyFunction_GetVersionForCurrentState(object)) };
    same("func_version", version, view.version())?;
    // SAFETY: a live function.
    let vectorcall = unsafe { ffi::PyVectorcall_Function(object) }.map_or(0, |entry| entry as usize);
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
    same("co_ncellvars", object.getattr("co_cellvars")?.len()?, int(object.as_ptr(), code::CO_NCELLVARS) as usize)?;
    same("co_nfreevars", 0, int(object.as_ptr(), code::CO_NFREEVARS))?;
    let free = samples.attr("closure", "__code__")?;
    same("co_nfreevars of a closure", 2, int(free.as_ptr(), code::CO_NFREEVARS))?;
    let words = slots + counts["co_stacksize"] + frame::SPECIALS_SIZE;
    same("co_framesize", words, int(object.as_ptr(), code::CO_FRAMESIZE))?;
    bytecode(&object)
}

fn bytecode(object: &Bound<'_, PyAny>) -> Checked {
    let official: Vec<u8> = object.getattr("co_code")?.extract()?;
    // SAFETY: a live code object, alive as long as `object`.
    let view = unsafe { Code::from_ptr(object.as_ptr().cast()) };
    same("size of the bytecode", official.len() / 2, view.unit_count())?;
    let number = view.units().get(view.first_traceable().index()).map(|unit| *unit as u8);
    let first = number.and_then(Opcode::from_number).map(Opcode::deopt);
    same("instruction at _co_firsttraceable", Some(Opcode::Resume), first)?;
    // SAFETY: a live code object whose fields were checked.
    let info = unsafe { code::read(object.as_ptr().cast()) };
    let info = info.map_err(|error| super::mismatch(super::MismatchKind::Layout, "bytecode", "decodable", error))?;
    let base = |at: usize| official[at * 2];
    for instr in &info.instrs {
        same("base opcode", base(instr.offset.index()), instr.opcode.number())?;
        same("base code unit", base(instr.offset.index()), view.base_unit(instr.offset) as u8)?;
    }
    let variables: Vec<String> = object.getattr("co_varnames")?.extract()?;
    same("names of locals", variables, info.localsplus.iter().map(|local| local.name.clone()).collect())?;
    holds("exception table", "a handler", info.exceptions.entries().len(), !info.exceptions.entries().is_empty())?;
    same("first line", Some(info.first_line), info.lines.line(CodeOffset(info.first_traceable.0)))?;
    let table: Vec<u8> = object.getattr("co_linetable")?.extract()?;
    // SAFETY: a code object's line table is a bytes object.
    let read = unsafe { bytes::as_slice(pointer(object.as_ptr(), code::CO_LINETABLE)) };
    same("contents of bytes", &table[..], read)
}

fn methods(samples: &Samples<'_>) -> Checked {
    attr(samples, "im_func", "bound", "__func__", method::IM_FUNC)?;
    attr(samples, "im_self", "bound", "__self__", method::IM_SELF)?;
    attr(samples, "m_self", "c_method", "__self__", method::M_SELF)?;
    attr(samples, "d_name", "method_descriptor", "__name__", method::D_NAME)?;
    attr(samples, "d_type", "method_descriptor", "__objclass__", method::D_TYPE)?;
    attr(samples, "prop_get", "a_property", "fget", method::PROP_GET)?;
    attr(samples, "cm_callable", "a_class_method", "__func__", class_bound::CALLABLE)?;
    attr(samples, "sm_callable", "a_static_method", "__func__", class_bound::CALLABLE)?;
    let function = samples.address("c_function")?;
    // SAFETY: live C functions; a definition is only followed once it is known to be that of the descriptor's function.
    unsafe {
        let definition: *const u8 = memory::read(function, method::M_ML);
        holds("m_ml", "not null", definition, !definition.is_null())?;
        let official = ffi::PyCFunction_GetFunction(function).map_or(0, |entry| entry as usize);
        same("ml_meth", official, memory::read(definition, method::ML_METH))?;
        same("ml_flags", ffi::PyCFunction_GetFlags(function), memory::read(definition, method::ML_FLAGS))?;
        same("ml_flags of len", method::METH_O, memory::read(definition, method::ML_FLAGS))?;
        let name: *const std::ffi::c_char = memory::read(definition, method::ML_NAME);
        same("ml_name", c"len", CStr::from_ptr(name))?;
        let descriptor = samples.address("method_descriptor")?;
        let bound = samples.address("c_method")?;
        same("d_method", word(bound, method::M_ML), word(descriptor, method::D_METHOD))?;
        let entry = |object| ffi::PyVectorcall_Function(object).map_or(0, |entry| entry as usize);
        same("vectorcall of a C function", entry(function), word(function, method::M_VECTORCALL))?;
        same("vectorcall of a method descriptor", entry(descriptor), word(descriptor, method::D_VECTORCALL))?;
        let member: *const PyObject = pointer(samples.address("member")?, method::D_MEMBER);
        holds("d_member", "not null", member, !member.is_null())?;
        same("type of a slot", method::MEMBER_OBJECT_EX, int(member, method::MEMBER_TYPE))?;
        let offset = word(member, method::MEMBER_OFFSET) as i32;
        holds("offset of a slot", "16", offset, offset == object::OBJECT_SIZE)?;
        same("value of a slot", samples.address("function")?, pointer(samples.address("slotted")?, offset))
    }
}
