//! Code objects (`Include/cpython/code.h`), and reading one into the compiler's own form.

use pyo3::ffi::{PyCodeObject, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyCode;

use crate::bytecode::decode::{self, DecodeError};
use crate::bytecode::exceptions::ExceptionTable;
use crate::bytecode::info::{CodeFlags, CodeInfo, LocalKind, LocalVar, NameRef};
use crate::bytecode::lines::LineTable;
use crate::bytecode::opcode::CodeOffset;

use super::{bytes, ffi, memory, monitoring, object, tuple, unicode};

pub use rjit_frames::cpython::code::*;

/// A code object, by its address. Borrowed: whoever holds one keeps the code object alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct Code(*mut PyCodeObject);

impl Code {
    /// Views the code object at `code`.
    ///
    /// # Safety
    /// `code` is a code object that stays alive, and the GIL held, for as long as the value is used.
    #[inline]
    pub unsafe fn from_ptr(code: *mut PyCodeObject) -> Self {
        Self(code)
    }

    /// Views the code object that `code` keeps alive: not to be used when that is gone.
    #[inline]
    pub fn of(code: &Bound<'_, PyCode>) -> Self {
        Self(code.as_ptr().cast())
    }

    /// The code object, as Python code has it.
    pub fn to_bound(self, py: Python<'_>) -> Bound<'_, PyAny> {
        // SAFETY: from_ptr's contract: a live code object.
        unsafe { Bound::from_borrowed_ptr(py, self.0.cast()) }
    }

    /// The code object itself.
    #[inline]
    pub fn as_ptr(self) -> *mut PyCodeObject {
        self.0
    }

    /// Address of its bytecode.
    #[inline]
    pub fn first_unit(self) -> *mut u16 {
        // SAFETY: from_ptr's contract: a live code object.
        unsafe { memory::field(self.0, CO_CODE_ADAPTIVE) }
    }

    /// Number of code units.
    #[inline]
    pub fn unit_count(self) -> usize {
        self.get::<isize>(object::OB_SIZE) as usize
    }

    /// A copy of its bytecode as it is now, specialized and instrumented.
    pub fn units(self) -> Vec<u16> {
        // SAFETY: from_ptr's contract: a live code object has that many units there.
        unsafe { std::slice::from_raw_parts(self.first_unit(), self.unit_count()) }.to_vec()
    }

    /// The instruction at `offset` without specialization, instrumentation and executors.
    #[inline]
    pub fn base_unit(self, offset: CodeOffset) -> u16 {
        // SAFETY: from_ptr's contract: a live code object.
        unsafe { ffi::_Py_GetBaseCodeUnit(self.0, offset.0 as i32) }
    }

    /// Slots of the operand stack.
    #[inline]
    pub fn stack_size(self) -> u32 {
        self.get(CO_STACKSIZE)
    }

    /// Slots of locals, cells and free variables.
    #[inline]
    pub fn localsplus_count(self) -> u32 {
        self.get(CO_NLOCALSPLUS)
    }

    /// What the user number `index` of `co_extra` stored: the array follows its length (`_PyCodeObjectExtra` in
    /// `Objects/codeobject.c`, which no header shows, so the answer needs to be compared with the official one once).
    #[inline]
    pub fn extra(self, index: usize) -> *mut std::ffi::c_void {
        let extras: *const isize = self.get(CO_EXTRA);
        // SAFETY: the array is null or has at least its length, and as many entries as that says.
        unsafe {
            if extras.is_null() || index as isize >= *extras {
                return std::ptr::null_mut();
            }
            extras.add(1 + index).cast::<*mut std::ffi::c_void>().read()
        }
    }

    /// Stores the first extra of all for user number `index`, and says whether it did: not if there are extras already or
    /// memory is short. `extra` must have shown that the array is laid out as expected.
    ///
    /// The official function makes room for all users there are. A user that comes after us has its function that frees
    /// extras called for each code object with room for it, even if it never stored one: that is how the interpreter
    /// frees code objects, and code that did not expect us may not be prepared for it.
    pub fn set_first_extra(self, index: usize, extra: *mut std::ffi::c_void) -> bool {
        // SAFETY: from_ptr's contract: a live code object, whose field is null or an array from this allocator.
        unsafe {
            let place = self.0.byte_add(CO_EXTRA as usize).cast::<*mut usize>();
            if !place.read().is_null() {
                return false;
            }
            let array = pyo3::ffi::PyMem_Calloc(index + 2, size_of::<usize>()).cast::<usize>();
            if array.is_null() {
                return false;
            }
            array.write(index + 1);
            array.add(1 + index).write(extra as usize);
            place.write(array);
        }
        true
    }

    /// Words of a frame.
    #[inline]
    pub fn frame_size(self) -> u32 {
        self.get(CO_FRAMESIZE)
    }

    /// Positional parameters.
    #[inline]
    pub fn argument_count(self) -> u32 {
        self.get(CO_ARGCOUNT)
    }

    /// Positional parameters that cannot be given by name.
    #[inline]
    pub fn positional_only_count(self) -> u32 {
        self.get(CO_POSONLYARGCOUNT)
    }

    /// Parameters that are only given by name.
    #[inline]
    pub fn keyword_only_count(self) -> u32 {
        self.get(CO_KWONLYARGCOUNT)
    }

    /// Version, for functions made from it.
    #[inline]
    pub fn version(self) -> u32 {
        self.get(CO_VERSION)
    }

    /// Names of the slots, a tuple, borrowed.
    #[inline]
    pub fn localsplus_names(self) -> *mut PyObject {
        self.get(CO_LOCALSPLUSNAMES)
    }

    /// Flags.
    #[inline]
    pub fn flags(self) -> CodeFlags {
        CodeFlags(self.get(CO_FLAGS))
    }

    /// The instrumentation version that its bytecode is at.
    #[inline]
    pub fn instrumentation_version(self) -> u64 {
        self.get(CO_INSTRUMENTATION_VERSION)
    }

    /// The first instruction at which a frame counts as complete.
    #[inline]
    pub fn first_traceable(self) -> CodeOffset {
        CodeOffset(self.get(CO_FIRSTTRACEABLE))
    }

    /// Its monitoring data, or null; see [`monitoring`].
    #[inline]
    pub fn monitoring_data(self) -> *const u8 {
        self.get(CO_MONITORING)
    }

    /// The tools that get `event` in this code, a bit each.
    #[inline]
    pub fn active_tools(self, event: u8) -> u8 {
        let data: *const u8 = self.get(CO_MONITORING);
        if data.is_null() || i32::from(event) >= monitoring::UNGROUPED_EVENTS {
            return 0;
        }
        // SAFETY: monitoring data lives with the code object and has an entry for each event.
        unsafe { memory::read(data, monitoring::DATA_ACTIVE_MONITORS + i32::from(event)) }
    }

    /// A new reference to the code object.
    pub fn object(self, py: Python<'_>) -> Bound<'_, PyAny> {
        // SAFETY: from_ptr's contract: a live code object.
        unsafe { Bound::from_borrowed_ptr(py, self.0.cast()) }
    }

    /// The source line of the instruction at `offset`, 0 when it has none.
    pub fn line(self, offset: CodeOffset) -> u32 {
        // SAFETY: from_ptr's contract: a live code object; the line table is read within its bounds.
        let line = unsafe { pyo3::ffi::PyCode_Addr2Line(self.0, offset.bytes() as i32) };
        line.try_into().unwrap_or(0)
    }

    /// The first line.
    pub fn first_line(self) -> u32 {
        self.get::<i32>(CO_FIRSTLINENO).try_into().unwrap_or(0)
    }

    /// Qualified name.
    pub fn qualname(self) -> String {
        self.string(CO_QUALNAME)
    }

    /// File name.
    pub fn filename(self) -> String {
        self.string(CO_FILENAME)
    }

    /// The code in the compiler's own form, as its bytecode is now.
    ///
    /// # Errors
    /// The bytecode is not CPython 3.15's.
    pub fn read(self) -> Result<CodeInfo, DecodeError> {
        // SAFETY: from_ptr's contract: a live code object, with the GIL held.
        unsafe { read(self.0) }
    }

    /// The exception table.
    pub fn exceptions(self) -> ExceptionTable {
        // SAFETY: from_ptr's contract: a live code object, whose table is a bytes object.
        ExceptionTable::parse(unsafe { bytes::as_slice(self.get(CO_EXCEPTIONTABLE)) })
    }

    fn string(self, offset: i32) -> String {
        // SAFETY: from_ptr's contract: a live code object's names are strings.
        unsafe { unicode::text(self.get(offset)) }
    }

    #[inline]
    fn get<T: Copy>(self, offset: i32) -> T {
        // SAFETY: from_ptr's contract: a live code object, and offsets match their fields' types.
        unsafe { memory::read(self.0, offset) }
    }
}

/// Reads a code object into the compiler's own form, as its bytecode is now.
///
/// # Safety
/// `code` is a live code object and the GIL is held. The result has borrowed addresses (constants, names, the code
/// object itself): whoever keeps it keeps the code object alive.
pub unsafe fn read(code: *mut PyCodeObject) -> Result<CodeInfo, DecodeError> {
    // SAFETY: as the caller says.
    let view = unsafe { Code::from_ptr(code) };
    let units = view.units();
    let instrs = decode::decode(&units, |offset| view.base_unit(offset))?;
    // SAFETY: a live code object's tables are bytes and tuples that live with it.
    let (names, consts, local_names, kinds, exceptions, lines) = unsafe {
        (
            tuple::items(view.get::<*const PyObject>(CO_NAMES)),
            tuple::items(view.get::<*const PyObject>(CO_CONSTS)),
            tuple::items(view.get::<*const PyObject>(CO_LOCALSPLUSNAMES)),
            bytes::as_slice(view.get(CO_LOCALSPLUSKINDS)),
            bytes::as_slice(view.get(CO_EXCEPTIONTABLE)),
            bytes::as_slice(view.get(CO_LINETABLE)),
        )
    };
    // SAFETY: names in a code object are strings.
    let text = |name: &*mut PyObject| unsafe { unicode::text(*name) };
    let first_line: i32 = view.get(CO_FIRSTLINENO);
    Ok(CodeInfo {
        name: view.string(CO_NAME),
        qualname: view.qualname(),
        filename: view.filename(),
        first_line: first_line.max(0) as u32,
        argcount: view.get(CO_ARGCOUNT),
        posonly: view.get(CO_POSONLYARGCOUNT),
        kwonly: view.get(CO_KWONLYARGCOUNT),
        flags: view.flags(),
        nlocalsplus: view.localsplus_count(),
        nlocals: view.get(CO_NLOCALS),
        ncellvars: view.get(CO_NCELLVARS),
        nfreevars: view.get(CO_NFREEVARS),
        stacksize: view.stack_size(),
        framesize: view.frame_size(),
        first_traceable: view.first_traceable(),
        localsplus: local_names
            .iter()
            .zip(kinds)
            .map(|(name, &kind)| LocalVar { name: text(name), kind: LocalKind(kind) })
            .collect(),
        names: names.iter().map(|name| NameRef { object: *name as usize, text: text(name) }).collect(),
        consts: consts.iter().map(|&object| object as usize).collect(),
        instrs,
        exceptions: ExceptionTable::parse(exceptions),
        lines: LineTable::parse(lines, first_line),
        code: code as usize,
        code_units: view.first_unit() as usize,
    })
}
