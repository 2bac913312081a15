//! Which argument of a call comes to which parameter, found out once, when the callee is known while compiling.

use pyo3::ffi::{self, PyObject};

use super::extra;
use super::state::{cell_address, is_plain};
use crate::cpython::code::Code;
use crate::cpython::function::Function;
use crate::cpython::{kinds, object, tuple};
use crate::hir::inst::{Binding, CallTarget, Source};
use crate::hir::types::Kinds;
use crate::profile::Callee;
use crate::tier;

/// How a call of `callee` with `count` arguments, the last of them by these names, comes to its parameters.
/// None when it is no Python function, collects arguments, or does not take these.
pub fn bind(callee: Callee, count: u32, names: &[usize]) -> Option<Binding> {
    let code = code_of(callee)?;
    if !is_plain(code) {
        return None;
    }
    let (positional, by_name_only) = (code.argument_count(), code.keyword_only_count());
    let given = count.checked_sub(names.len() as u32)?;
    if given > positional {
        return None;
    }
    // SAFETY: a live function's defaults are a tuple or null, and a live code object's names a tuple.
    let (parameters, defaults) = unsafe {
        let defaults = match callee {
            Callee::Function(address) => defaults_of(Function::at(address)),
            Callee::Code { defaults, .. } => defaults,
        };
        (tuple::items(code.localsplus_names()), defaults)
    };
    let mut sources: Vec<_> = (0..positional + by_name_only).map(|_| None).collect();
    for index in 0..given {
        sources[index as usize] = Some(Source::Argument(index));
    }
    for (index, name) in names.iter().enumerate() {
        let by_name = code.positional_only_count() as usize..sources.len();
        let parameter = by_name.into_iter().find(|parameter| parameters[*parameter] as usize == *name)?;
        if sources[parameter].replace(Source::Argument(given + index as u32)).is_some() {
            return None;
        }
    }
    let mut has_default = false;
    for index in 0..positional {
        let source = &mut sources[index as usize];
        if source.is_none() {
            *source = Some(Source::Default((index + defaults).checked_sub(positional)?));
            has_default = true;
        }
    }
    let state = tier::state_or_new(code)?;
    Some(Binding {
        target: CallTarget {
            code: code.as_ptr() as usize,
            cell: cell_address(state),
            code_units: code.first_unit() as usize,
            framesize: code.frame_size(),
            nlocalsplus: code.localsplus_count(),
            nargs: positional + by_name_only,
            has_keyword_only: by_name_only != 0,
            returns: extra::get(code)?.read(|state| state.returns),
        },
        sources: sources.into_iter().collect::<Option<_>>()?,
        defaults: has_default.then_some(defaults),
    })
}

/// The code object that is entered. None for what is no Python function.
pub fn code_of(callee: Callee) -> Option<Code> {
    match callee {
        Callee::Function(address) if kinds::of_object(address) == Kinds::FUNCTION => {
            Some(Function::at(address).code_view())
        }
        Callee::Function(_) => None,
        // SAFETY: the address of a live code object.
        Callee::Code { address, .. } => Some(unsafe { Code::from_ptr(address as *mut _) }),
    }
}

/// How many defaults a function has.
///
/// # Safety
/// A live function.
pub unsafe fn defaults_of(function: Function) -> u32 {
    let defaults = function.defaults();
    // SAFETY: the contract: they are a tuple or null.
    if defaults.is_null() { 0 } else { unsafe { object::size(defaults) as u32 } }
}

/// The items of the tuple of names at this address, if it is a tuple.
pub fn names_in(address: usize) -> Option<Vec<usize>> {
    let tuple = address as *mut PyObject;
    // SAFETY: the caller has a constant, which is alive; only a tuple is used as one.
    unsafe {
        let is_tuple = std::ptr::eq(object::type_of(tuple), &raw const ffi::PyTuple_Type);
        is_tuple.then(|| tuple::items(tuple).iter().map(|name| *name as usize).collect())
    }
}
