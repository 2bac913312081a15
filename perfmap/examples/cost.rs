//! Measures what it takes to tell about a function, in microseconds.
//!
//!     cargo run --release -p rjit-perfmap --example cost

use std::time::Instant;

use rjit_perfmap::gimli::X86_64;
use rjit_perfmap::gimli::write::CallFrameInstruction;
use rjit_perfmap::{CodeRegion, Config, FileIndex, LineRow, Registry, Source, Unwind};

const FUNCTIONS: usize = 2_000;
const ROUNDS: usize = 5;

fn main() {
    let nothing = Config { perf_map: None, jitdump: None, unwind: false, gdb: false };
    for (size, rows) in [(500, 20), (4_000, 200), (40_000, 2_000)] {
        println!("{size} bytes of machine code, {rows} rows:");
        let folder = || tempfile::tempdir().expect("a directory for files");
        let time = |name: &str, config: &dyn Fn(&std::path::Path) -> Config| {
            let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| microseconds(config(folder().path()), size, rows)).collect();
            rounds.sort_by(f64::total_cmp);
            println!("  {name:8} {:8.2} µs a function (median of {ROUNDS}, best {:.2})", rounds[ROUNDS / 2], rounds[0]);
        };
        time("map", &|folder| Config { perf_map: Some(folder.into()), ..nothing.clone() });
        time("jitdump", &|folder| Config { jitdump: Some(folder.into()), ..nothing.clone() });
        time("unwind", &|_| Config { unwind: true, ..nothing.clone() });
    }
}

/// How long it takes to tell about one of many functions.
fn microseconds(config: Config, size: usize, rows: u32) -> f64 {
    let code = vec![0x90; size];
    let row = |n: u32| LineRow { offset: n * (size as u32 / rows), file: FileIndex(0), line: n + 1, column: 5 };
    let source = Source {
        files: vec!["/home/somebody/project/package/module.py".into()],
        line: 1,
        rows: (0..rows).map(row).collect(),
        inlined: Vec::new(),
    };
    let unwind = Unwind {
        return_address: X86_64::RA,
        entry: vec![CallFrameInstruction::Cfa(X86_64::RSP, 8), CallFrameInstruction::Offset(X86_64::RA, -8)],
        steps: vec![
            (1, CallFrameInstruction::CfaOffset(16)),
            (1, CallFrameInstruction::Offset(X86_64::RBP, -16)),
            (4, CallFrameInstruction::CfaRegister(X86_64::RBP)),
        ],
    };
    let mut registry = Registry::new(config);
    let begin = Instant::now();
    for n in 0..FUNCTIONS {
        let start = 0x7000_0000_0000 + n * 2 * size.next_multiple_of(4096);
        let name = "py::Class.method:/home/somebody/project/package/module.py";
        registry.register(&CodeRegion { start, code: &code, name, source: Some(&source), unwind: Some(&unwind) });
    }
    let time = begin.elapsed();
    assert!(registry.take_warnings().is_empty());
    time.as_secs_f64() * 1e6 / FUNCTIONS as f64
}
