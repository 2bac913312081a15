//! Makes machine code, tells about it, and runs it for a while, to be looked at by real tools: `middle` calls `leaf`, which
//! spins.
//!
//!     cargo run -p rjit-perfmap --example spinning -- DIRECTORY ROUNDS

#[cfg(not(target_arch = "x86_64"))]
fn main() {
    eprintln!("its machine code is for x86-64");
}

#[cfg(target_arch = "x86_64")]
fn main() {
    x86_64::main();
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::path::PathBuf;

    use rjit_perfmap::gimli::X86_64;
    use rjit_perfmap::gimli::write::CallFrameInstruction;
    use rjit_perfmap::{CodeRegion, Config, FileIndex, LineRow, Registry, Source, Unwind};

    /// Counts its argument down; the loop begins at offset 4.
    const LEAF: &[u8] = &[
        0x55, // push rbp
        0x48, 0x89, 0xE5, // mov rbp, rsp
        0x48, 0xFF, 0xCF, // dec rdi
        0x75, 0xFB, // jne to dec
        0x5D, // pop rbp
        0xC3, // ret
    ];

    /// Where `middle` begins: behind the room that the rules for `leaf` take.
    const MIDDLE: usize = 0x200;

    /// Calls `leaf`, at offset 4, with a frame of its own.
    fn middle() -> Vec<u8> {
        let mut code = vec![0x55, 0x48, 0x89, 0xE5, 0xE8];
        code.extend_from_slice(&(-(MIDDLE as i32) - 9).to_ne_bytes());
        code.extend_from_slice(&[0x5D, 0xC3]);
        code
    }

    /// The rules for code that ends in `pop rbp` and `ret`, the latter at offset 10.
    fn unwind() -> Unwind {
        Unwind {
            return_address: X86_64::RA,
            entry: vec![CallFrameInstruction::Cfa(X86_64::RSP, 8), CallFrameInstruction::Offset(X86_64::RA, -8)],
            steps: vec![
                (1, CallFrameInstruction::CfaOffset(16)),
                (1, CallFrameInstruction::Offset(X86_64::RBP, -16)),
                (4, CallFrameInstruction::CfaRegister(X86_64::RBP)),
                (10, CallFrameInstruction::Cfa(X86_64::RSP, 8)),
                (10, CallFrameInstruction::SameValue(X86_64::RBP)),
            ],
        }
    }

    fn source(file: &str, lines: [(u32, u32); 3]) -> Source {
        let row = |(offset, line)| LineRow { offset, file: FileIndex(0), line, column: 5 };
        Source { files: vec![file.into()], line: lines[0].1, rows: lines.map(row).into(), inlined: Vec::new() }
    }

    pub(super) fn main() {
        let mut arguments = std::env::args().skip(1);
        let directory = PathBuf::from(arguments.next().expect("a directory for the jitdump"));
        let rounds: u64 = arguments.next().expect("rounds").parse().expect("a number of rounds");
        let memory = page();
        let middle = middle();
        // SAFETY: the page is ours and has room for both; nobody runs what is in it yet.
        let start = unsafe {
            memory.copy_from_nonoverlapping(LEAF.as_ptr(), LEAF.len());
            memory.add(MIDDLE).copy_from_nonoverlapping(middle.as_ptr(), middle.len());
            assert_eq!(libc::mprotect(memory.cast(), 4096, libc::PROT_READ | libc::PROT_EXEC), 0);
            memory as usize
        };

        let mut registry = Registry::new(Config { perf_map: None, jitdump: Some(directory), unwind: true, gdb: false });
        let leaf_source = source("/demo/leaf.src", [(0, 10), (4, 12), (9, 13)]);
        let middle_source = source("/demo/middle.src", [(0, 20), (4, 21), (9, 22)]);
        let unwind = unwind();
        for (name, start, code, source) in
            [("demo::leaf", start, LEAF, &leaf_source), ("demo::middle", start + MIDDLE, &middle[..], &middle_source)]
        {
            registry.register(&CodeRegion { start, code, name, source: Some(source), unwind: Some(&unwind) });
        }
        let warnings = registry.take_warnings();
        assert!(warnings.is_empty(), "{warnings:?}");
        // SAFETY: that is what was put there, and it follows the C calling convention.
        let function: extern "C" fn(u64) = unsafe { std::mem::transmute(start + MIDDLE) };
        function(rounds);
    }

    /// A page to write to.
    fn page() -> *mut u8 {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a mapping at an address of the kernel's choice touches no existing memory.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        assert_ne!(page, libc::MAP_FAILED);
        page.cast()
    }
}
