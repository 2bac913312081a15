//! Strings (`Include/cpython/unicodeobject.h`, PEP 393).
//!
//! A compact ASCII string has its characters right behind [`ASCII_SIZE`], any other compact one behind
//! [`COMPACT_SIZE`], one, two or four bytes each by its kind.

use std::sync::OnceLock;

use pyo3::ffi::PyObject;

use super::{ffi, memory, object};

layout! {
    /// Number of characters (`isize`).
    LENGTH: i32 = 16, "offsetof(PyASCIIObject, length)";
    /// The hash (`isize`), -1 when not computed yet.
    HASH: i32 = 24, "offsetof(PyASCIIObject, hash)";
    /// The state bits (`u32`), see the `STATE_*` constants.
    STATE: i32 = 32, "offsetof(PyASCIIObject, state)";
    /// Where the characters of a compact ASCII string start.
    ASCII_SIZE: i32 = 40, "sizeof(PyASCIIObject)";
    /// Where the characters of any other compact string start.
    COMPACT_SIZE: i32 = 56, "sizeof(PyCompactUnicodeObject)";
    /// Pointer to the characters of a string that is not compact (of a subclass).
    DATA: i32 = 56, "offsetof(PyUnicodeObject, data)";
    /// State bits: how it is interned, 0 when not.
    STATE_INTERNED: u32 = 3, "({union {struct _PyUnicodeObject_state s; unsigned u;} x = {.s = {.interned = 3}}; x.u;})";
    /// State bits: bytes a character.
    STATE_KIND: u32 = 28, "({union {struct _PyUnicodeObject_state s; unsigned u;} x = {.s = {.kind = 7}}; x.u;})";
    /// State bit: one memory block.
    STATE_COMPACT: u32 = 32, "({union {struct _PyUnicodeObject_state s; unsigned u;} x = {.s = {.compact = 1}}; x.u;})";
    /// State bit: ASCII only.
    STATE_ASCII: u32 = 64, "({union {struct _PyUnicodeObject_state s; unsigned u;} x = {.s = {.ascii = 1}}; x.u;})";
    /// How far [`STATE_KIND`] is shifted.
    STATE_KIND_SHIFT: u32 = 2, "({union {struct _PyUnicodeObject_state s; unsigned u;} x = {.s = {.kind = 7}}; __builtin_ctz(x.u);})";
    /// In the runtime state: the table of one-character ASCII strings.
    ASCII_CHARACTERS: i32 = 105864, "offsetof(_PyRuntimeState, static_objects.singletons.strings.ascii)";
    /// Size of an entry of that table.
    ASCII_CHARACTER_SIZE: i32 = 48, "sizeof(((_PyRuntimeState *)0)->static_objects.singletons.strings.ascii[0])";
    /// In the runtime state: the table of the one-character strings U+0080 to U+00FF.
    LATIN1_CHARACTERS: i32 = 112008, "offsetof(_PyRuntimeState, static_objects.singletons.strings.latin1)";
    /// Size of an entry of that table.
    LATIN1_CHARACTER_SIZE: i32 = 64, "sizeof(((_PyRuntimeState *)0)->static_objects.singletons.strings.latin1[0])";
}

/// The text of a string, with what UTF-8 cannot hold (lone surrogates) replaced.
///
/// # Safety
/// `object` is a live string.
pub unsafe fn text(object: *const PyObject) -> String {
    // SAFETY: every string has these three fields.
    let (state, length) =
        unsafe { (memory::read::<u32, _>(object, STATE), memory::read::<isize, _>(object, LENGTH) as usize) };
    // SAFETY: where the characters are follows from the state bits.
    let data: *const u8 = unsafe {
        if state & STATE_COMPACT == 0 {
            memory::read(object, DATA)
        } else if state & STATE_ASCII != 0 {
            memory::field(object, ASCII_SIZE)
        } else {
            memory::field(object, COMPACT_SIZE)
        }
    };
    let character = |value: u32| char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    // SAFETY: there are `length` characters of the kind's width, aligned.
    unsafe {
        match (state & STATE_KIND) >> STATE_KIND_SHIFT {
            1 => std::slice::from_raw_parts(data, length).iter().map(|&c| c as char).collect(),
            2 => std::slice::from_raw_parts(data.cast::<u16>(), length).iter().map(|&c| character(c.into())).collect(),
            _ => std::slice::from_raw_parts(data.cast::<u32>(), length).iter().map(|&c| character(c)).collect(),
        }
    }
}

/// Whether an object is an interned string: there is no other one with the same text that is.
///
/// # Safety
/// `object` is a live object.
#[inline]
pub unsafe fn is_interned(object: *const PyObject) -> bool {
    // SAFETY: the contract; strings have these bits.
    unsafe {
        object::type_of(object.cast_mut()) == &raw mut pyo3::ffi::PyUnicode_Type
            && memory::read::<u32, _>(object, STATE) & STATE_INTERNED != 0
    }
}

/// Address of the preallocated string of one character below U+0100.
#[inline]
pub fn character_address(code: u8) -> usize {
    let runtime = (&raw const ffi::_PyRuntime) as usize;
    if code < 0x80 {
        runtime + ASCII_CHARACTERS as usize + usize::from(code) * ASCII_CHARACTER_SIZE as usize
    } else {
        runtime + LATIN1_CHARACTERS as usize + usize::from(code - 0x80) * LATIN1_CHARACTER_SIZE as usize
    }
}

/// The addresses of the preallocated strings, by their characters' codes.
fn table() -> &'static [usize; 256] {
    static TABLE: OnceLock<[usize; 256]> = OnceLock::new();
    TABLE.get_or_init(|| std::array::from_fn(|code| character_address(code as u8)))
}

/// Address of a table of [`character_address`] for all codes.
pub fn characters() -> usize {
    table().as_ptr().addr()
}

/// The code of the character whose preallocated string is at the address, if one is.
pub fn code_of_character(address: usize) -> Option<u8> {
    let code = table().iter().position(|character| *character == address)?;
    u8::try_from(code).ok()
}
