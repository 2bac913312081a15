//! Measures what it costs to tell gdb about functions: `gdb_cost COUNT [wait]`.
//!
//! With `wait` it goes on to call three of the functions, one within the other, and waits below them, so that one can
//! measure how long gdb takes to attach, and see what it shows: `gdb -p PID -batch -ex bt`.

use std::time::Instant;

use rjit_perfmap::gimli::X86_64;
use rjit_perfmap::gimli::write::CallFrameInstruction::{Cfa, CfaOffset, CfaRegister, Offset};
use rjit_perfmap::{CodeRegion, Config, FileIndex, LineRow, Registry, Source, Unwind};

/// Bytes of machine code and rows of the line table in each function: about what a function of 20 lines has.
const SIZE: usize = 2048;
const ROWS: u32 = 60;
/// Each function has a page of its own.
const PAGE: usize = 4096;

extern "C" fn wait() {
    println!("{}", std::process::id());
    // SAFETY: it has no preconditions.
    unsafe { libc::pause() };
}

fn main() {
    const { assert!(cfg!(target_arch = "x86_64"), "the machine code is for x86-64") };
    let arguments: Vec<String> = std::env::args().collect();
    let count: usize = arguments.get(1).and_then(|count| count.parse().ok()).expect("a number of functions");
    let memory = map(count * PAGE);
    for index in 0..count {
        let callee = if index == 0 { wait as extern "C" fn() as usize } else { memory + (index - 1) * PAGE };
        // SAFETY: the page is ours and writable.
        unsafe { std::ptr::copy_nonoverlapping(code(callee).as_ptr(), (memory + index * PAGE) as *mut u8, SIZE) };
    }

    let mut registry = Registry::new(Config { perf_map: None, jitdump: None, unwind: false, gdb: true });
    let functions: Vec<_> = (0..count).map(describe).collect();
    let unwind = unwind();
    let mut ids = Vec::with_capacity(count);
    let before = allocated();
    let start = Instant::now();
    for (index, (name, source)) in functions.iter().enumerate() {
        let start = memory + index * PAGE;
        // SAFETY: the page is filled in and does not change any more.
        let code = unsafe { std::slice::from_raw_parts(start as *const u8, SIZE) };
        ids.push(registry.register(&CodeRegion { start, code, name, source: Some(source), unwind: Some(&unwind) }));
    }
    let each = |start: Instant| start.elapsed().as_secs_f64() * 1e6 / count as f64;
    println!("registered: {:.2} us, {} bytes each", each(start), (allocated() - before) / count);

    if arguments.get(2).is_some_and(|word| word == "wait") {
        // SAFETY: the code is that of a function without parameters, and does not change any more.
        let outermost: extern "C" fn() = unsafe { std::mem::transmute(memory + count.min(3).saturating_sub(1) * PAGE) };
        outermost();
    }
    let start = Instant::now();
    for id in ids {
        registry.unregister(id);
    }
    println!("unregistered: {:.2} us each", each(start));
}

/// The name and the source of a function.
fn describe(index: usize) -> (String, Source) {
    let file = format!("/usr/lib/python3.15/package{}/module.py", index % 50);
    let name = format!("py::Class.method_{index}:{file}");
    let step = SIZE as u32 / ROWS;
    let rows = (0..ROWS).map(|row| LineRow {
        offset: row * step,
        file: FileIndex(0),
        line: index as u32 * 25 + 2 + row / 3,
        column: 5 + row % 3 * 8,
    });
    let source = Source { line: index as u32 * 25 + 1, rows: rows.collect(), files: vec![file], inlined: Vec::new() };
    (name, source)
}

fn unwind() -> Unwind {
    Unwind {
        return_address: X86_64::RA,
        entry: vec![Cfa(X86_64::RSP, 8), Offset(X86_64::RA, -8)],
        steps: vec![
            (1, CfaOffset(16)),
            (1, Offset(X86_64::RBP, -16)),
            (4, CfaRegister(X86_64::RBP)),
            (17, Cfa(X86_64::RSP, 8)),
        ],
    }
}

/// A function that sets up a frame and calls another one.
fn code(callee: usize) -> [u8; SIZE] {
    let mut code = [0x90; SIZE];
    code[..6].copy_from_slice(&[0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8]);
    code[6..14].copy_from_slice(&callee.to_ne_bytes());
    code[14..18].copy_from_slice(&[0xff, 0xd0, 0x5d, 0xc3]);
    code
}

fn map(size: usize) -> usize {
    let access = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    // SAFETY: a mapping at an address of the kernel's choice touches no existing memory.
    let start =
        unsafe { libc::mmap(std::ptr::null_mut(), size, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
    assert_ne!(start, libc::MAP_FAILED, "no memory");
    start as usize
}

/// Bytes that are allocated.
fn allocated() -> usize {
    // SAFETY: it has no preconditions.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}
