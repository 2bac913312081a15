//! The memory of dead instances, for the next ones of their classes.
//!
//! The interpreter keeps a few dead objects of its own types to make new ones of; instances of classes written in Python go back to the
//! allocator one by one, although programs make and drop them as fast as numbers. So there are free lists of them here, one for each
//! class that has had an instance die in machine code lately. An instance in a list is untracked and has neither
//! attributes nor a reference to its class, as if it were freed; only its size, which its class's shared keys decide, is as it was.
//!
//! Only plain classes have lists: their instances are inline values behind an object's head, or slots ([`slots`]), and nothing else. Lists are found by the version of the class,
//! which no two classes share; what is left in the list of one that is gone is given back when another class needs its place.
//! Whoever wants to be told of new and dead objects (`PyRefTracer_SetTracer`) is: then the lists are not used.

mod slots;

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject};

use crate::cpython::typeobject::{self, Type};
use crate::cpython::{dict, interp, memory, object, reftracer};
use crate::runtime::instances;

/// How many instances a list can have.
const MAX_LEN: u32 = 100;
/// How many lists there are, a power of two. Classes of one program have versions near one another.
const COUNT: u32 = 512;
/// No class has this version.
const NO_VERSION: u32 = u32::MAX;
/// More values than instances can have.
const NO_CAPACITY: u32 = u32::MAX;
/// What an instance with inline values has in front of its head: its dict, its weak references and the garbage collector's links.
const PREFIX: i32 = -typeobject::MANAGED_WEAKREF;
/// What one with slots has there: the links.
const PREFIX_OF_SLOTS: i32 = object::GC_HEAD_SIZE;

/// The free list of a class. The GIL is held where it is read or written.
#[repr(C)]
struct Pool {
    /// The class's version.
    version: AtomicU32,
    /// How many instances are in the list.
    len: AtomicU32,
    /// The first one, which has the next in the place of its reference count, or null.
    head: AtomicUsize,
    /// How many values each of them has room for. [`NO_CAPACITY`] as long as the next instance could have room for fewer.
    capacity: AtomicU32,
    /// How many slots each of them has; none where they have values.
    slots: AtomicU32,
}

static POOLS: [Pool; COUNT as usize] = [const {
    Pool {
        version: AtomicU32::new(NO_VERSION),
        len: AtomicU32::new(0),
        head: AtomicUsize::new(0),
        capacity: AtomicU32::new(NO_CAPACITY),
        slots: AtomicU32::new(0),
    }
}; COUNT as usize];

impl Pool {
    /// The place for the list of classes with this version.
    fn at(version: u32) -> &'static Self {
        &POOLS[(version % COUNT) as usize]
    }

    /// Makes this the list of the plain class `ty`.
    ///
    /// # Safety
    /// The class is alive, and the GIL is held.
    unsafe fn belong_to(&self, ty: Type) {
        // SAFETY: what is in the list belongs to nobody else.
        unsafe {
            let prefix = if self.slots.load(Ordering::Relaxed) == 0 { PREFIX } else { PREFIX_OF_SLOTS };
            while let Some(instance) = self.pop() {
                ffi::PyObject_Free(instance.byte_offset(-prefix as isize).cast());
            }
            let slots = instances::slots_of(ty);
            let capacity = if slots == 0 { settled_capacity(ty).unwrap_or(NO_CAPACITY) } else { 0 };
            self.version.store(ty.version(), Ordering::Relaxed);
            self.capacity.store(capacity, Ordering::Relaxed);
            self.slots.store(slots, Ordering::Relaxed);
        }
    }

    fn push(&self, instance: *mut PyObject) {
        let head = self.head.swap(instance as usize, Ordering::Relaxed);
        // SAFETY: the caller gives the instance up, which is not used any more.
        unsafe { memory::write(instance, object::OB_REFCNT, head) };
        self.len.fetch_add(1, Ordering::Relaxed);
    }

    fn pop(&self) -> Option<*mut PyObject> {
        let head = self.head.load(Ordering::Relaxed) as *mut PyObject;
        if head.is_null() {
            return None;
        }
        // SAFETY: what is in the list has the next one there.
        self.head.store(unsafe { memory::read(head, object::OB_REFCNT) }, Ordering::Relaxed);
        self.len.fetch_sub(1, Ordering::Relaxed);
        Some(head)
    }
}

/// How many values the instances of a class have room for, if that cannot become less: each new one reserves less room for attributes that
/// nobody has set yet, until it is hardly any.
///
/// # Safety
/// The class has shared keys and is alive, and the GIL is held.
unsafe fn settled_capacity(ty: Type) -> Option<u32> {
    // SAFETY: the contract; a class keeps its shared keys.
    unsafe {
        let keys: *const u8 = memory::read(ty.as_ptr(), typeobject::HT_CACHED_KEYS);
        let usable: isize = memory::read(keys, dict::DK_USABLE);
        let used: isize = memory::read(keys, dict::DK_NENTRIES);
        (usable <= 1).then(|| (usable + used) as u32)
    }
}

/// A new instance of a class that is called to make some, if its list has one. It has no attributes.
///
/// # Safety
/// The class is alive, and the GIL is held.
pub unsafe fn take(ty: Type) -> Option<*mut PyObject> {
    let pool = Pool::at(ty.version());
    if pool.version.load(Ordering::Relaxed) != ty.version() || pool.head.load(Ordering::Relaxed) == 0 {
        return None;
    }
    // SAFETY: the contract; what is in the list is laid out as instances of the class are.
    unsafe {
        let state = interp::address() as *mut u8;
        let young = memory::read::<i32, _>(state, interp::GC_YOUNG_COUNT) + 1;
        // The allocator has the young collected where they are too many.
        let is_traced = reftracer::is_set();
        if is_traced || young > memory::read(state, interp::GC_YOUNG_THRESHOLD) {
            return None;
        }
        memory::write(state, interp::GC_YOUNG_COUNT, young);
        let instance = pool.pop()?;
        memory::write(instance, object::OB_REFCNT, 1_usize);
        ffi::Py_INCREF(ty.as_ptr().cast());
        if pool.slots.load(Ordering::Relaxed) == 0 {
            let values = instance.byte_offset(object::OBJECT_SIZE as isize);
            memory::write(values, dict::VALUES_SIZE, 0_u8);
            memory::write(values, dict::VALUES_VALID, 1_u8);
        }
        // The last of the young.
        let first: *mut u8 = memory::read(state, interp::GC_GENERATION0);
        let last: *mut u8 = memory::read(first, GC_HEAD_PREV);
        let links = instance.byte_offset(-object::GC_HEAD_SIZE as isize).cast::<u8>();
        memory::write(last, GC_HEAD_NEXT, links);
        memory::write(links, GC_HEAD_PREV, last);
        memory::write(links, GC_HEAD_NEXT, first);
        memory::write(first, GC_HEAD_PREV, links);
        let alive: isize = memory::read(state, interp::GC_HEAP_SIZE);
        memory::write(state, interp::GC_HEAP_SIZE, alive + 1);
        Some(instance)
    }
}

/// The links of the garbage collector relative to its header.
const GC_HEAD_NEXT: i32 = object::GC_NEXT + object::GC_HEAD_SIZE;
const GC_HEAD_PREV: i32 = object::GC_PREV + object::GC_HEAD_SIZE;

/// Takes the memory of a dead instance of a plain class, and its reference to the class.
///
/// # Safety
/// The GIL is held. The instance has given up its attributes, is untracked, and has no dict and no weak references.
pub unsafe extern "C-unwind" fn give_back(instance: *mut PyObject) {
    // SAFETY: the contract.
    unsafe {
        let ty = Type::of(instance);
        if keeps(ty, instance) {
            let state = interp::address() as *mut u8;
            let young: i32 = memory::read(state, interp::GC_YOUNG_COUNT);
            if young > 0 {
                memory::write(state, interp::GC_YOUNG_COUNT, young - 1);
            }
            Pool::at(ty.version()).push(instance);
        } else {
            ffi::PyObject_GC_Del(instance.cast());
        }
        ffi::Py_DECREF(ty.as_ptr().cast());
    }
}

/// Whether the list of the class has room for an instance of this size; there is a list then.
///
/// # Safety
/// As of [`give_back`].
unsafe fn keeps(ty: Type, instance: *mut PyObject) -> bool {
    let version = ty.version();
    let slots = instances::slots_of(ty);
    // A class with values that has fields of its own would have them between the head and the values.
    if version == 0 || slots != 0 && ty.has(typeobject::FLAG_INLINE_VALUES) {
        return false;
    }
    let pool = Pool::at(version);
    // SAFETY: the contract.
    unsafe {
        if pool.version.load(Ordering::Relaxed) != version || pool.capacity.load(Ordering::Relaxed) == NO_CAPACITY {
            pool.belong_to(ty);
        }
        let capacity: u8 = match slots {
            0 => memory::read(instance.byte_offset(object::OBJECT_SIZE as isize), dict::VALUES_CAPACITY),
            _ => 0,
        };
        let is_traced = reftracer::is_set();
        !is_traced
            && u32::from(capacity) == pool.capacity.load(Ordering::Relaxed)
            && pool.len.load(Ordering::Relaxed) < MAX_LEN
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86_64 {
    use super::{COUNT, MAX_LEN, POOLS, Pool, give_back};
    use crate::cpython::{dict, interp, object, typeobject};
    use crate::runtime::instances::{DEPTH, MAX_DEPTH};
    use crate::runtime::numbers::{self, INTERP};
    use crate::runtime::preserving;
    use std::mem::offset_of;

    const _: () = assert!(size_of::<Pool>() == 24);

    /// Frees the object at `rdi`, to be called with all registers preserved while nobody is told of dead objects. What
    /// [`crate::runtime::instances::free`] does, for instances of classes that have a list.
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
            "push rdx",
            "push rsi",
            // The list of its class.
            "mov rax, [rdi + {ob_type}]",
            "mov ecx, [rax + {version_tag}]",
            "mov edx, ecx",
            "and edx, {last}",
            "lea rsi, [rip + {pools}]",
            "lea rdx, [rdx + rdx * 2]",
            "lea rdx, [rsi + rdx * 8]",
            "cmp [rdx + {version}], ecx",
            "jne 8f",
            "cmp dword ptr [rdx + {len}], {max_len}",
            "jae 8f",
            "cmp dword ptr [rdx + {slots}], 0",
            "jne {dealloc_with_slots}",
            "movzx ecx, byte ptr [rdi + {values} + {values_capacity}]",
            "cmp [rdx + {capacity}], ecx",
            "jne 8f",
            // Nobody has its dict or a weak reference to it, and it is not the last that keeps its class.
            "cmp qword ptr [rdi + {managed_dict}], 0",
            "jne 8f",
            "cmp qword ptr [rdi + {managed_weakref}], 0",
            "jne 8f",
            "cmp byte ptr [rdi + {values} + {values_valid}], 0",
            "je 8f",
            "cmp dword ptr [rax + {ob_refcnt}], 1",
            "je 8f",
            // Tracked, and the collector has not left a mark at it.
            "mov rax, [rdi + {gc_next}]",
            "mov rsi, [rdi + {gc_prev}]",
            "test rax, rax",
            "jz 8f",
            "test al, 3",
            "jnz 8f",
            "test sil, 3",
            "jnz 8f",
            "cmp dword ptr [rip + {depth}], {max_depth}",
            "jae 8f",
            "inc dword ptr [rip + {depth}]",
            "mov [rsi], rax",
            "mov rcx, [rax + 8]",
            "and ecx, 3",
            "or rcx, rsi",
            "mov [rax + 8], rcx",
            "mov qword ptr [rdi + {gc_next}], 0",
            "mov qword ptr [rdi + {gc_prev}], 0",
            "mov rcx, [rip + {interp}]",
            "dec qword ptr [rcx + {heap_size}]",
            "mov byte ptr [rdi + {values} + {values_valid}], 0",
            // Its attributes, the first one first.
            "movzx ecx, byte ptr [rdi + {values} + {values_capacity}]",
            "mov rsi, rdi",
            "lea rax, [rdi + {values} + {values_values}]",
            "2:",
            "dec ecx",
            "js 4f",
            "mov rdi, [rax]",
            "mov qword ptr [rax], 0",
            "add rax, 8",
            "test rdi, rdi",
            "jz 2b",
            "cmp dword ptr [rdi + {ob_refcnt}], 0",
            "jl 2b",
            "dec dword ptr [rdi + {ob_refcnt}]",
            "jnz 2b",
            // Instances are counted that are in one another, tuples are not.
            "push rdx",
            "mov rdx, [rip + {tuple_type}@GOTPCREL]",
            "cmp [rdi + {ob_type}], rdx",
            "pop rdx",
            "je 3f",
            "call {dealloc}",
            "jmp 2b",
            "3:",
            "call {dealloc_anything}",
            "jmp 2b",
            // Into the list, unless what has died with the attributes has changed something.
            "4:",
            "dec dword ptr [rip + {depth}]",
            "mov rdi, rsi",
            "mov rax, [rdi + {ob_type}]",
            "mov ecx, [rax + {version_tag}]",
            "cmp [rdx + {version}], ecx",
            "jne 7f",
            "cmp dword ptr [rdx + {len}], {max_len}",
            "jae 7f",
            "movzx ecx, byte ptr [rdi + {values} + {values_capacity}]",
            "cmp [rdx + {capacity}], ecx",
            "jne 7f",
            "mov ecx, [rax + {ob_refcnt}]",
            "cmp ecx, 1",
            "je 7f",
            "test ecx, ecx",
            "js 5f",
            "dec dword ptr [rax + {ob_refcnt}]",
            "5:",
            "mov rcx, [rip + {interp}]",
            "cmp dword ptr [rcx + {young_count}], 0",
            "jle 6f",
            "dec dword ptr [rcx + {young_count}]",
            "6:",
            "mov rax, [rdx + {head}]",
            "mov [rdi + {ob_refcnt}], rax",
            "mov [rdx + {head}], rdi",
            "inc dword ptr [rdx + {len}]",
            "pop rsi",
            "pop rdx",
            "pop rcx",
            "pop rax",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "ret",
            ".cfi_def_cfa rbp, 16",
            // The general way out wants a place for the result, the callee and its argument.
            "7:",
            "push rdi",
            "sub rsp, 8",
            "mov rdx, rdi",
            "mov rsi, [rip + {give_back}@GOTPCREL]",
            "mov rdi, rsp",
            "call {call}",
            "add rsp, 8",
            "pop rdi",
            "pop rsi",
            "pop rdx",
            "pop rcx",
            "pop rax",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "ret",
            ".cfi_def_cfa rbp, 16",
            "8:",
            "pop rsi",
            "pop rdx",
            "pop rcx",
            "pop rax",
            "pop rbp",
            ".cfi_def_cfa rsp, 8",
            "jmp {dealloc_anything}",
            ".cfi_endproc",
            pools = sym POOLS,
            interp = sym INTERP,
            tuple_type = sym pyo3::ffi::PyTuple_Type,
            depth = sym DEPTH,
            max_depth = const MAX_DEPTH,
            dealloc = sym numbers::x86_64::dealloc,
            dealloc_anything = sym numbers::x86_64::dealloc_anything,
            give_back = sym give_back,
            dealloc_with_slots = sym super::slots::x86_64::dealloc,
            slots = const offset_of!(Pool, slots),
            call = sym preserving::call,
            last = const COUNT - 1,
            max_len = const MAX_LEN,
            version = const offset_of!(Pool, version),
            len = const offset_of!(Pool, len),
            head = const offset_of!(Pool, head),
            capacity = const offset_of!(Pool, capacity),
            ob_type = const object::OB_TYPE,
            ob_refcnt = const object::OB_REFCNT,
            gc_next = const object::GC_NEXT,
            gc_prev = const object::GC_PREV,
            version_tag = const typeobject::TP_VERSION_TAG,
            managed_dict = const typeobject::MANAGED_DICT,
            managed_weakref = const typeobject::MANAGED_WEAKREF,
            values = const object::OBJECT_SIZE,
            values_capacity = const dict::VALUES_CAPACITY,
            values_valid = const dict::VALUES_VALID,
            values_values = const dict::VALUES_VALUES,
            heap_size = const interp::GC_HEAP_SIZE,
            young_count = const interp::GC_YOUNG_COUNT,
        )
    }
}
