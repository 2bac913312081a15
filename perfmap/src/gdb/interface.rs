//! The interface through which debuggers learn of code made at run time: a list of ELF files in memory, and a function
//! in which the debugger has a breakpoint. gdb and lldb find both by their names, which are the same for all compilers.
//!
//! Whether other compilers in this process use this very list, because the dynamic linker has bound their names and
//! ours together, or lists of their own, is not for us to know. So the list is only ever changed entry by entry, at
//! its head and where entries of our own are, and those of others are left as they are.

#![allow(non_upper_case_globals, reason = "the names are the debugger's")]

use std::arch::asm;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use crate::image::Image;

const REGISTER: u32 = 1;
const UNREGISTER: u32 = 2;

#[repr(C)]
struct Entry {
    next: *mut Entry,
    previous: *mut Entry,
    file: *const u8,
    size: u64,
}

/// What the debugger reads; `version` and the layout are fixed.
#[repr(C)]
pub struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

#[unsafe(no_mangle)]
#[used]
pub static mut __jit_debug_descriptor: Descriptor =
    Descriptor { version: 1, action: 0, relevant: ptr::null_mut(), first: ptr::null_mut() };

/// Where the debugger stops the process, to look at the descriptor.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn __jit_debug_register_code() {
    // SAFETY: it is no instruction at all. But the compiler has to take it for one that reads the descriptor, and can
    // neither leave out the call nor move it.
    unsafe { asm!("", options(nostack, preserves_flags)) };
}

/// Held while the list changes. Only what is compiled here takes it, but then nobody else has a say in when ours do.
static LIST: Mutex<()> = Mutex::new(());

/// An image that debuggers know of, until it is dropped.
pub(super) struct Registered {
    entry: *mut Entry,
    image: Image,
}

// SAFETY: the entry is reached through the list only, which has a lock, and the image is never changed.
unsafe impl Send for Registered {}

impl Registered {
    pub(super) fn new(image: Image) -> Self {
        let file = image.bytes();
        let entry =
            Entry { next: ptr::null_mut(), previous: ptr::null_mut(), file: file.as_ptr(), size: file.len() as u64 };
        let entry = Box::into_raw(Box::new(entry));
        let _held = LIST.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the list is ours while the lock is held, and consists of entries that are alive.
        unsafe {
            let list = &raw mut __jit_debug_descriptor;
            (*entry).next = (*list).first;
            if !(*entry).next.is_null() {
                (*(*entry).next).previous = entry;
            }
            (*list).first = entry;
            tell(REGISTER, entry);
        }
        Self { entry, image }
    }

    pub(super) fn image(&self) -> &Image {
        &self.image
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let entry = self.entry;
        let _held = LIST.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: as in `new`. The entry is still in the list, and nobody has it any more when the debugger was told.
        unsafe {
            let list = &raw mut __jit_debug_descriptor;
            let Entry { next, previous, .. } = *entry;
            if previous.is_null() {
                (*list).first = next;
            } else {
                (*previous).next = next;
            }
            if !next.is_null() {
                (*next).previous = previous;
            }
            tell(UNREGISTER, entry);
            drop(Box::from_raw(entry));
        }
    }
}

/// # Safety
/// The lock is held, and `entry` is alive.
unsafe fn tell(action: u32, entry: *mut Entry) {
    // SAFETY: with the lock held nobody else has the descriptor.
    unsafe {
        let list = &raw mut __jit_debug_descriptor;
        (*list).action = action;
        (*list).relevant = entry;
        __jit_debug_register_code();
        (*list).action = 0;
        (*list).relevant = ptr::null_mut();
    }
}
