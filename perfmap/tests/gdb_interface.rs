//! The list of files that debuggers read, as they read it.

use std::collections::BTreeSet;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use object::{Object, ObjectSection, ObjectSymbol};
use rjit_perfmap::{CodeRegion, Config, FileIndex, LineRow, RegionId, Registry, Source};

#[repr(C)]
struct Entry {
    next: *mut Entry,
    previous: *mut Entry,
    file: *const u8,
    size: u64,
}

#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

unsafe extern "C" {
    static mut __jit_debug_descriptor: Descriptor;
}

/// The list is one for the whole process, and tests run at the same time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What all files in the list say, in lines `ADDRESS SIZE NAME`. Checks the list on the way.
fn listed() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // SAFETY: the list is not changed while a test reads it, and consists of entries that are alive.
    unsafe {
        let list = &raw const __jit_debug_descriptor;
        assert_eq!(((*list).version, (*list).action, (*list).relevant), (1, 0, ptr::null_mut()));
        let (mut previous, mut entry) = (ptr::null_mut(), (*list).first);
        while !entry.is_null() {
            assert_eq!((*entry).previous, previous);
            let file = std::slice::from_raw_parts((*entry).file, (*entry).size as usize);
            let file = object::File::parse(file).unwrap();
            // lldb takes all sections of a name for one.
            let sections: BTreeSet<_> = file.sections().map(|section| section.name().unwrap().to_owned()).collect();
            assert_eq!(sections.len(), file.sections().count());
            for symbol in file.symbols() {
                let text = file.section_by_index(symbol.section_index().unwrap()).unwrap();
                assert_eq!((text.address(), text.size()), (symbol.address(), symbol.size()));
                let line = format!("{:x} {:x} {}", symbol.address(), symbol.size(), symbol.name().unwrap());
                assert!(names.insert(line.clone()), "{line} is listed twice");
            }
            check_lines(&file);
            (previous, entry) = (entry, (*entry).next);
        }
    }
    names
}

/// Each function of a file is at the line that its number says.
fn check_lines(file: &object::File<'_>) {
    let load = |id: gimli::SectionId| {
        let data = file.section_by_name(id.name()).map_or(&[][..], |section| section.data().unwrap());
        Ok::<_, gimli::Error>(gimli::EndianSlice::new(data, gimli::LittleEndian))
    };
    let context = addr2line::Context::from_dwarf(gimli::Dwarf::load(load).unwrap()).unwrap();
    for symbol in file.symbols() {
        let location = context.find_location(symbol.address()).unwrap().unwrap();
        let number: u32 = symbol.name().unwrap()[1..].parse().unwrap();
        assert_eq!((location.file, location.line), (Some(&*format!("/{number}.py")), Some(number + 1)));
    }
}

fn registry() -> Registry {
    Registry::new(Config { perf_map: None, jitdump: None, unwind: false, gdb: true })
}

fn register(registry: &mut Registry, number: u32) -> RegionId {
    let row = LineRow { offset: 0, file: FileIndex(0), line: number + 1, column: 1 };
    let source = Source { files: vec![format!("/{number}.py")], line: number, rows: vec![row], inlined: Vec::new() };
    let (start, name) = (0x10_0000 + number as usize * 0x100, format!("f{number}"));
    registry.register(&CodeRegion { start, code: &[0xC3; 0x40], name: &name, source: Some(&source), unwind: None })
}

fn expected(numbers: impl IntoIterator<Item = u32>) -> BTreeSet<String> {
    numbers.into_iter().map(|number| format!("{:x} 40 f{number}", 0x10_0000 + number * 0x100)).collect()
}

fn entries() -> usize {
    let mut count = 0;
    // SAFETY: as in `listed`.
    unsafe {
        let mut entry = __jit_debug_descriptor.first;
        while !entry.is_null() {
            count += 1;
            entry = (*entry).next;
        }
    }
    count
}

#[test]
fn what_is_alive_is_listed_and_nothing_else() {
    let _alone = alone();
    let mut registry = registry();
    let ids: Vec<_> = (0..600).map(|number| register(&mut registry, number)).collect();
    assert_eq!(listed(), expected(0..600));
    assert!(entries() < 40, "{} files are too many for a debugger", entries());

    for number in (0..600).filter(|number| number % 3 != 0) {
        registry.unregister(ids[number]);
    }
    assert_eq!(listed(), expected((0..600).step_by(3)));
    let more: Vec<_> = (600..700).map(|number| register(&mut registry, number)).collect();
    assert_eq!(listed(), expected((0..600).step_by(3).chain(600..700)));

    ids.into_iter().chain(more).for_each(|id| registry.unregister(id));
    assert_eq!(listed(), expected([]));
    assert_eq!(entries(), 0);
}

#[test]
fn a_registry_that_goes_takes_its_files_with_it() {
    let _alone = alone();
    let mut registries = [registry(), registry()];
    for (number, registry) in (0..60).zip([0, 1].into_iter().cycle()) {
        register(&mut registries[registry], number);
    }
    assert_eq!(listed(), expected(0..60));
    let [first, second] = registries;
    drop(first);
    assert_eq!(listed(), expected((1..60).step_by(2)));
    drop(second);
    assert_eq!(entries(), 0);
}

#[test]
fn entries_of_other_compilers_stay() {
    let _alone = alone();
    let mut registry = registry();
    let before = register(&mut registry, 1);
    let mut foreign = Entry { next: ptr::null_mut(), previous: ptr::null_mut(), file: ptr::null(), size: 0 };
    let foreign = &raw mut foreign;
    // SAFETY: what another compiler does with its entry, which lives longer than it is listed.
    unsafe {
        (*foreign).next = __jit_debug_descriptor.first;
        (*(*foreign).next).previous = foreign;
        __jit_debug_descriptor.first = foreign;
    }
    let after = register(&mut registry, 2);
    assert_eq!(entries(), 3);
    registry.unregister(before);
    registry.unregister(after);
    // SAFETY: as above.
    unsafe {
        let first = __jit_debug_descriptor.first;
        assert_eq!(first, foreign);
        assert_eq!(((*foreign).next, (*foreign).previous), (ptr::null_mut(), ptr::null_mut()));
        __jit_debug_descriptor.first = ptr::null_mut();
    }
}
