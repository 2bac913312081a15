//! Making ([`making`]) and freeing numbers, and tuples of them, where all registers are in use.
//!
//! What dies on the ways aside from machine code's main ones is a number more often than not, or a tuple of some, and what is made
//! there always is one. So
//! these calls first try what the interpreter's own allocation would do with its free lists and the allocator with its pools, which
//! takes a few registers;
//! only if that is not enough all registers are saved and the general function is called ([`super::preserving`]).
//!
//! Whoever wants to be told of new and dead objects (`PyRefTracer_SetTracer`) is, by the general functions.

mod making;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cpython::{interp, long, reftracer};

/// The interpreter's state, and where the function is that is told of new and dead objects.
pub(super) static INTERP: AtomicUsize = AtomicUsize::new(0);
static TRACER: AtomicUsize = AtomicUsize::new(0);
/// Ints with a tag below this one go to the free list and come from there.
static INT_LIMIT: AtomicUsize = AtomicUsize::new(0);

/// Addresses of the functions, to be called with all registers preserved.
#[derive(Clone, Copy, Debug)]
pub struct Stubs {
    /// (object whose last reference is gone)
    pub dealloc: usize,
    /// (where the result goes, home slot, int): what [`super::ops::locals::store_int`] does.
    pub store_int: usize,
    /// (where the result goes, home slot, double): what [`super::ops::locals::store_float`] does.
    pub store_float: usize,
    /// (where the result goes, int): a new int, or NULL with an exception set.
    pub make_int: usize,
    /// (where the result goes, double): the same for a float.
    pub make_float: usize,
}

/// The functions, if there are such for this machine. The GIL must be held at the first call.
pub fn stubs() -> Option<Stubs> {
    #[cfg(target_arch = "x86_64")]
    {
        INTERP.store(interp::address(), Ordering::Relaxed);
        TRACER.store(reftracer::address(), Ordering::Relaxed);
        INT_LIMIT.store(long::one_size_tag_limit() as usize, Ordering::Relaxed);
        making::prepare();
        let address = |function: unsafe extern "C-unwind" fn()| function as *const () as usize;
        Some(Stubs {
            dealloc: address(x86_64::dealloc),
            store_int: address(making::x86_64::store_int),
            store_float: address(making::x86_64::store_float),
            make_int: address(making::x86_64::make_int),
            make_float: address(making::x86_64::make_float),
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86_64 {
    use super::{INT_LIMIT, INTERP, TRACER};
    use crate::cpython::{float, interp, long, object, tuple};
    use crate::runtime::{deaths, pools, preserving};

    /// Frees the object at `rdi`.
    #[unsafe(naked)]
    pub unsafe extern "C-unwind" fn dealloc() {
        std::arch::naked_asm!(
            ".cfi_startproc",
            "push rbp",
            ".cfi_def_cfa_offset 16",
            ".cfi_offset rbp, -16",
            "mov rbp, rsp",
            ".cfi_def_cfa_register rbp",
            "push rax",
            "push rcx",
            "mov rax, [rip + {tracer}]",
            "cmp qword ptr [rax], 0",
            "jne 4f",
            "mov rax, [rdi + {ob_type}]",
            "mov rcx, [rip + {float_type}@GOTPCREL]",
            "cmp rax, rcx",
            "mov rcx, [rip + {interp}]",
            "jne 2f",
            "mov rax, [rcx + {floats_len}]",
            "cmp rax, {floats_max}",
            "jae 4f",
            "inc rax",
            "mov [rcx + {floats_len}], rax",
            "mov rax, [rcx + {floats}]",
            "mov [rdi + {ob_refcnt}], rax",
            "mov [rcx + {floats}], rdi",
            "pop rcx",
            "pop rax",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "ret",
            ".cfi_def_cfa rbp, 16",
            "2:",
            "cmp rax, [rip + {int_type}@GOTPCREL]",
            "jne 3f",
            "mov rax, [rdi + {lv_tag}]",
            "cmp rax, [rip + {int_limit}]",
            "jae 4f",
            "mov rax, [rcx + {ints_len}]",
            "cmp rax, {ints_max}",
            "jae 4f",
            "inc rax",
            "mov [rcx + {ints_len}], rax",
            "mov rax, [rcx + {ints}]",
            "mov [rdi + {ob_refcnt}], rax",
            "mov [rcx + {ints}], rdi",
            "pop rcx",
            "pop rax",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "ret",
            ".cfi_def_cfa rbp, 16",
            "3:",
            "cmp rax, [rip + {tuple_type}@GOTPCREL]",
            "jne 8f",
            "mov rax, [rdi + {ob_size}]",
            "dec rax",
            "cmp rax, {tuple_sizes}",
            "jae 4f",
            // The free list of its size.
            "shl rax, 4",
            "add rcx, rax",
            "cmp qword ptr [rcx + {tuples_len}], {tuples_max}",
            "jae 4f",
            "push rdx",
            "push rdi",
            // If the garbage collector knows it, it forgets it, unless there is a mark of its own.
            "mov rdx, [rdi + {gc_next}]",
            "test rdx, rdx",
            "jz 2f",
            "mov rax, [rdi + {gc_prev}]",
            "test dl, 3",
            "jnz 9f",
            "test al, 3",
            "jnz 9f",
            "mov [rax], rdx",
            "mov rdi, [rdx + 8]",
            "and edi, 3",
            "or rdi, rax",
            "mov [rdx + 8], rdi",
            "mov rax, [rip + {interp}]",
            "dec qword ptr [rax + {heap_size}]",
            "mov rdi, [rsp]",
            "mov qword ptr [rdi + {gc_next}], 0",
            "mov qword ptr [rdi + {gc_prev}], 0",
            "2:",
            "mov rdx, [rdi + {ob_size}]",
            "mov rax, rdi",
            // The last item first. Those that are gone are forgotten, in case that the tuple is freed the general way after all.
            "5:",
            "dec rdx",
            "js 7f",
            "mov rdi, [rax + rdx * 8 + {ob_item}]",
            "mov qword ptr [rax + rdx * 8 + {ob_item}], 0",
            "test rdi, rdi",
            "jz 5b",
            "cmp dword ptr [rdi + {ob_refcnt}], 0",
            "jl 5b",
            "dec dword ptr [rdi + {ob_refcnt}]",
            "jnz 5b",
            // Tuples within tuples may be very deep.
            "push rcx",
            "mov rcx, [rip + {tuple_type}@GOTPCREL]",
            "cmp [rdi + {ob_type}], rcx",
            "pop rcx",
            "je 6f",
            "call {dealloc}",
            "jmp 5b",
            "6:",
            "call {dealloc_anything}",
            "jmp 5b",
            "7:",
            "pop rdi",
            "pop rdx",
            "cmp qword ptr [rcx + {tuples_len}], {tuples_max}",
            "jae 4f",
            "inc qword ptr [rcx + {tuples_len}]",
            "mov rax, [rcx + {tuples}]",
            "mov [rdi + {ob_refcnt}], rax",
            "mov [rcx + {tuples}], rdi",
            "pop rcx",
            "pop rax",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "ret",
            ".cfi_def_cfa rbp, 16",
            "9:",
            "pop rdi",
            "pop rdx",
            "4:",
            "pop rcx",
            "pop rax",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "jmp {dealloc_anything}",
            ".cfi_def_cfa rbp, 16",
            "8:",
            "pop rcx",
            "pop rax",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "jmp {dealloc_instance}",
            ".cfi_endproc",
            tracer = sym TRACER,
            interp = sym INTERP,
            float_type = sym pyo3::ffi::PyFloat_Type,
            int_type = sym pyo3::ffi::PyLong_Type,
            tuple_type = sym pyo3::ffi::PyTuple_Type,
            dealloc = sym dealloc,
            dealloc_anything = sym dealloc_anything,
            dealloc_instance = sym pools::x86_64::dealloc,
            ob_type = const object::OB_TYPE,
            ob_refcnt = const object::OB_REFCNT,
            lv_tag = const long::LV_TAG,
            int_limit = sym INT_LIMIT,
            floats = const float::FREELIST_HEAD,
            floats_len = const float::FREELIST_LEN,
            floats_max = const float::FREELIST_MAX,
            ints = const long::FREELIST_HEAD,
            ints_len = const long::FREELIST_LEN,
            ints_max = const long::FREELIST_MAX,
            gc_next = const object::GC_NEXT,
            gc_prev = const object::GC_PREV,
            heap_size = const interp::GC_HEAP_SIZE,
            ob_size = const object::OB_SIZE,
            ob_item = const tuple::OB_ITEM,
            tuples = const tuple::FREELISTS,
            tuples_len = const tuple::FREELISTS + 8,
            tuples_max = const tuple::FREELIST_MAX,
            tuple_sizes = const tuple::FREELIST_SIZES,
        )
    }

    /// Frees the object at `rdi`, whatever it is.
    #[unsafe(naked)]
    pub unsafe extern "C-unwind" fn dealloc_anything() {
        std::arch::naked_asm!(
            ".cfi_startproc",
            "push rbp",
            ".cfi_def_cfa_offset 16",
            ".cfi_offset rbp, -16",
            "mov rbp, rsp",
            ".cfi_def_cfa_register rbp",
            // The general function wants a place for the result, the callee and its argument.
            "push rdx",
            "push rsi",
            "push rdi",
            "sub rsp, 8",
            "mov rdx, rdi",
            "mov rsi, [rip + {general}@GOTPCREL]",
            "mov rdi, rsp",
            "call {call}",
            "add rsp, 8",
            "pop rdi",
            "pop rsi",
            "pop rdx",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "ret",
            ".cfi_endproc",
            general = sym deaths::dealloc,
            call = sym preserving::call,
        )
    }
}
