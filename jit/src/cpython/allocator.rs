//! CPython's own allocator of objects, pymalloc (`Include/internal/pycore_obmalloc.h`).
//!
//! Memory for small objects comes in blocks, whose sizes are multiples of 16 bytes, from *pools*, each with blocks of one size. The
//! allocator has a list of the pools with free blocks for each size, and a pool has a list of its free blocks: those that were
//! freed, or one that has never been used, while there are such behind it.

use std::ffi::CStr;
use std::sync::OnceLock;

use super::thread::Thread;
use super::{ffi, memory};

layout! {
    /// In the interpreter's state: the allocator's state.
    STATE: i32 = 10880, "offsetof(PyInterpreterState, obmalloc)";
    /// In the allocator's state: the list of pools for each size, as if these were fields of a pool: two words for each.
    USED_POOLS: i32 = 0, "offsetof(struct _obmalloc_state, pools.used)";
    /// In a pool: how many of its blocks are in use (`u32`).
    POOL_COUNT: i32 = 0, "offsetof(struct pool_header, ref.count)";
    /// In a pool: its first free block. A free block has the address of the next one in its first word, or null.
    POOL_FREE: i32 = 8, "offsetof(struct pool_header, freeblock)";
    /// In a pool: the next pool with blocks of the size.
    POOL_NEXT: i32 = 16, "offsetof(struct pool_header, nextpool)";
    /// In a pool: where its first block is that was never used (`u32`).
    POOL_UNUSED: i32 = 40, "offsetof(struct pool_header, nextoffset)";
    /// In a pool: the last place at which such a block can be (`u32`).
    POOL_LAST: i32 = 44, "offsetof(struct pool_header, maxnextoffset)";
    /// By how much the size of a block is shifted to get its place in the lists.
    ALIGNMENT_SHIFT: i32 = 4, "ALIGNMENT_SHIFT";
    /// In the runtime's state: the function that allocates objects.
    MALLOC: i32 = 1096, "offsetof(_PyRuntimeState, allocators.standard.obj.malloc)";
}

/// The size of the blocks for ints of one digit or two, and for floats, in bytes.
pub const NUMBER_BLOCK: i32 = 32;
/// What is asked for as an int of one digit at least, in bytes.
const NUMBER_SIZE: usize = 28;

/// Where to look when blocks for numbers are taken from the allocator.
#[derive(Clone, Copy, Debug)]
pub struct Blocks {
    /// pymalloc's function, and where the function is that is in use now.
    pub malloc: usize,
    pub malloc_in_use: usize,
    /// Where the first pool for blocks of [`NUMBER_BLOCK`] bytes is.
    pub pool: usize,
}

/// That, if objects are made by pymalloc without its debug hooks, which write a mark behind the last byte that was asked for. So ints
/// of one digit, and floats, have blocks with room for an int of two digits then. The GIL must be held at the first call.
pub fn blocks() -> Option<Blocks> {
    static BLOCKS: OnceLock<Option<Blocks>> = OnceLock::new();
    *BLOCKS.get_or_init(|| {
        // SAFETY: the function compares tables of the runtime; it returns null or a constant.
        let name = unsafe { ffi::_PyMem_GetCurrentAllocatorName() };
        // SAFETY: see above.
        if name.is_null() || unsafe { CStr::from_ptr(name) } != c"pymalloc" {
            return None;
        }
        let malloc_in_use = (&raw const ffi::_PyRuntime) as usize + MALLOC as usize;
        // SAFETY: the fields are there, and the calling thread is attached.
        let (malloc, state) =
            unsafe { (*(malloc_in_use as *const usize), memory::read::<usize, _>(Thread::current().interp(), STATE)) };
        let class = (NUMBER_BLOCK >> ALIGNMENT_SHIFT) - 1;
        Some(Blocks { malloc, malloc_in_use, pool: state + (USED_POOLS + class * 2 * 8) as usize })
    })
}

/// Whether the allocator gives the block that its pool says comes next, and counts it; `None` if it has to find another pool first.
/// The GIL must be held.
pub fn is_as_described(blocks: Blocks) -> Option<bool> {
    // SAFETY: the first pool of a list is a pool, or the list's own place in the allocator's state, which looks like one that is the
    // next one after itself. Its first block is free, so its first word is the allocator's.
    unsafe {
        let pool = *(blocks.pool as *const *const u8);
        let next: *const u8 = memory::read(pool, POOL_NEXT);
        let (count, free): (u32, *const u8) = (memory::read(pool, POOL_COUNT), memory::read(pool, POOL_FREE));
        if next == pool || free.is_null() {
            return None;
        }
        let after: *const u8 = *free.cast();
        let (unused, last): (u32, u32) = (memory::read(pool, POOL_UNUSED), memory::read(pool, POOL_LAST));
        let is_fresh = after.is_null() && unused <= last;
        let made = pyo3::ffi::PyObject_Malloc(NUMBER_SIZE);
        let is_next = made.cast_const().cast() == free
            && memory::read::<u32, _>(pool, POOL_COUNT) == count + 1
            && (after.is_null() || memory::read::<*const u8, _>(pool, POOL_FREE) == after)
            && (!is_fresh
                || memory::read::<u32, _>(pool, POOL_UNUSED) == unused + NUMBER_BLOCK as u32
                    && memory::read::<*const u8, _>(pool, POOL_FREE) == pool.add(unused as usize));
        pyo3::ffi::PyObject_Free(made);
        Some(is_next)
    }
}
