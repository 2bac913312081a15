//! What things are called, for people. Nothing here runs Python code: names are read where they are kept.

use std::collections::HashMap;
use std::ffi::{CStr, c_char};

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::code::Code;
use super::function::FUNC_QUALNAME;
use super::typeobject::{FLAG_TYPE_SUBCLASS, Type};
use super::{classes, constructor, kinds, memory, method, object, tuple, unicode};
use crate::bytecode::info::CodeInfo;
use crate::hir::expectation::{self, Named};
use crate::hir::function::Function;
use crate::hir::types::Kinds;

/// The name of a class, without its module.
///
/// # Safety
/// `class` is a live type, and the GIL is held.
pub unsafe fn class(class: *mut PyTypeObject) -> String {
    // SAFETY: the contract.
    let name = unsafe { Type::from_ptr(class) }.name();
    // Classes written in Python have no module in that name, and points in it only if somebody has put them there.
    name.rsplit('.').next().unwrap_or_default().to_owned()
}

/// What an object is called: functions and classes by their names, anything else by its class.
///
/// # Safety
/// `object` is a live object, and the GIL is held.
pub unsafe fn object(object: *mut PyObject) -> String {
    // SAFETY: the contract; objects of these types have these fields, and definitions outlive them.
    unsafe {
        let ty = object::type_of(object);
        let defined_at = |offset| definition(memory::read::<u64, _>(object, offset));
        if ty == &raw mut ffi::PyFunction_Type {
            format!("function {}", unicode::text(memory::read(object, FUNC_QUALNAME)))
        } else if ty as usize == kinds::c_function_type() {
            defined_at(method::M_ML)
        } else if ty as usize == kinds::method_descriptor_type() {
            defined_at(method::D_METHOD)
        } else if Type::from_ptr(ty).has(FLAG_TYPE_SUBCLASS) {
            format!("class {}", class(object.cast()))
        } else {
            class(ty)
        }
    }
}

/// The text of a string that is there, with the GIL held.
pub fn string(address: usize) -> String {
    // SAFETY: the caller knows a live string at the address.
    unsafe { unicode::text(address as *const PyObject) }
}

/// The name of a class that is there, with the GIL held.
pub fn class_at(address: usize) -> String {
    // SAFETY: the caller knows a live class at the address.
    unsafe { class(address as *mut PyTypeObject) }
}

/// What a C function with this definition is called.
unsafe fn definition(address: u64) -> String {
    // SAFETY: the callers' contract: a `PyMethodDef`, which has its name.
    let name: *const c_char = unsafe { memory::read(address as *const u8, method::ML_NAME) };
    // SAFETY: a C string that lives with the definition.
    format!("builtin {}", unsafe { CStr::from_ptr(name) }.to_string_lossy())
}

/// The class with this version.
fn with_version(version: u32) -> Option<usize> {
    constructor::class_with_version(version).or_else(|| classes::static_class(version))
}

/// What an expectation mentions. None if it is not there any more.
///
/// # Safety
/// What is mentioned by address is there, and the GIL is held.
pub unsafe fn named(named: Named) -> Option<String> {
    // SAFETY: the contract; who finds a class by its version finds one that is there.
    unsafe {
        Some(match named {
            Named::Object(address) => self::object(address as *mut PyObject),
            Named::Code(address) => format!("function {}", Code::from_ptr(address as *mut _).qualname()),
            Named::Class(address) => class(address as *mut PyTypeObject),
            Named::Version(version) => class(with_version(version)? as *mut PyTypeObject),
            Named::Definition(address) => definition(address),
        })
    }
}

/// The names of all that the expectations of code mention that was just built, with the GIL held all the time, as far as they
/// can be told.
pub fn names(hir: &Function) -> HashMap<Named, String> {
    // SAFETY: the builder has just looked at what its guards mention.
    let name = |mentioned| Some((mentioned, unsafe { named(mentioned) }?));
    expectation::named(hir).into_iter().filter_map(name).collect()
}

/// The constants of code that was just read, with the GIL held all the time, as text.
pub fn constants(code: &CodeInfo) -> Vec<String> {
    // SAFETY: the code object keeps its constants.
    code.consts.iter().map(|address| unsafe { constant(*address, 0) }).collect()
}

/// Characters of a constant that are shown.
const SHOWN: usize = 60;
/// Items of a constant that are shown, and items within those.
const SHOWN_ITEMS: [usize; 2] = [8, 4];

unsafe fn constant(address: usize, depth: usize) -> String {
    // SAFETY: the callers' contract: a live object; a code object has a name.
    unsafe {
        let object = address as *mut PyObject;
        match kinds::of_object(address) {
            Kinds::NONE => "None".into(),
            Kinds::BOOL => if address == kinds::true_object() { "True" } else { "False" }.into(),
            Kinds::LONG => kinds::int_value(address).map_or("a large int".into(), |value| value.to_string()),
            Kinds::FLOAT => kinds::float_value(address).map_or_else(String::new, |value| format!("{value:?}")),
            Kinds::STR => {
                let text = unicode::text(object);
                let more = if text.chars().nth(SHOWN).is_some() { "\u{2026}" } else { "" };
                format!("{:?}{more}", text.chars().take(SHOWN).collect::<String>())
            }
            Kinds::TUPLE => {
                let (items, shown) = (tuple::items(object), SHOWN_ITEMS.get(depth).copied().unwrap_or(0));
                let mut texts: Vec<_> =
                    items.iter().take(shown).map(|item| constant(*item as usize, depth + 1)).collect();
                if items.len() > shown {
                    texts.push("\u{2026}".into());
                }
                format!("({})", texts.join(", "))
            }
            _ if ffi::PyCode_Check(object) != 0 => format!("code {}", Code::from_ptr(object.cast()).qualname()),
            _ => self::object(object),
        }
    }
}
