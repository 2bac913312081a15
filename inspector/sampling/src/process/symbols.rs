//! Names for addresses of native code, by the ELF files that a process has mapped. Files are read once.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::sync::Arc;

use super::elf::{Image, LARGEST_FILE};
use super::handlers;
use super::maps::{self, Mapping};
use crate::kernel::memory::ProcessMemory;

/// What is known of an address of native code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The function, if the file names it.
    pub function: Option<String>,
    /// The file, without its folder.
    pub module: String,
    /// Whether it is what the interpreter's loop does for one instruction.
    pub handler: bool,
}

/// The native code of a process.
pub struct Symbols {
    pid: u32,
    mappings: Vec<Mapping>,
    images: HashMap<String, Option<Arc<Image>>>,
    /// Where the functions begin that the interpreter's loop has for its instructions.
    handlers: HashSet<u64>,
}

impl Symbols {
    /// Starts with what the process has mapped now.
    ///
    /// # Errors
    /// When there is no such process, or it does not let us look.
    pub fn new(pid: u32) -> io::Result<Self> {
        Ok(Self { pid, mappings: maps::mappings(pid)?, images: HashMap::new(), handlers: HashSet::new() })
    }

    /// Finds out anew what is mapped: libraries may have been loaded.
    pub fn refresh(&mut self) {
        if let Ok(mappings) = maps::mappings(self.pid) {
            self.mappings = mappings;
        }
    }

    /// Whether an address lies in the machine code of a file, as far as is known.
    pub fn covers(&self, address: u64) -> bool {
        self.mapping_at(address).is_some()
    }

    /// What is known of an address; `None` if no file is mapped there.
    pub fn look_up(&mut self, address: u64) -> Option<Symbol> {
        let mapping = self.mapping_at(address)?.clone();
        let module = mapping.path.rsplit('/').next().unwrap_or_default().to_owned();
        let image = self.image(&mapping);
        let located = image.and_then(|image| {
            let bias = image.bias(mapping.start, mapping.offset)?;
            Some((image, bias))
        });
        let handler = located.as_ref().is_some_and(|(image, bias)| {
            let start = image.start_of(address.wrapping_sub(*bias));
            start.is_some_and(|start| self.handlers.contains(&start.wrapping_add(*bias)))
        });
        let function = located.and_then(|(image, bias)| {
            Some(format!("{:#}", rustc_demangle::demangle(&image.function_at(address.wrapping_sub(bias))?.name)))
        });
        Some(Symbol { function, module, handler })
    }

    fn mapping_at(&self, address: u64) -> Option<&Mapping> {
        self.mappings.iter().find(|mapping| mapping.executable && (mapping.start..mapping.end).contains(&address))
    }

    fn image(&mut self, mapping: &Mapping) -> Option<Arc<Image>> {
        if let Some(known) = self.images.get(&mapping.path) {
            return known.clone();
        }
        let image = read_image(self.pid, mapping, &[]).ok().map(|mut image| {
            let debug = image.debug_file().and_then(|path| fs::read(path).ok());
            if let Some(debug) = debug.and_then(|bytes| Image::parse(&bytes, &[]).ok()) {
                image.add_functions(debug);
            }
            if image.function(handlers::LOOP).is_some()
                && let Some(bias) = image.bias(mapping.start, mapping.offset)
            {
                let parts: Vec<&Mapping> = self.mappings.iter().filter(|other| other.path == mapping.path).collect();
                self.handlers = handlers::find(&ProcessMemory::new(self.pid), &parts, &image, bias);
            }
            Arc::new(image)
        });
        self.images.insert(mapping.path.clone(), image.clone());
        image
    }
}

/// Where objects of the interpreter lie in a process: the first file that is mapped and has all of them.
pub fn find_objects(pid: u32, mappings: &[Mapping], names: &[&str]) -> Option<Vec<u64>> {
    let mut seen: Vec<&str> = Vec::new();
    // A program that embeds the interpreter has it in itself, and is mapped first.
    let likely = |mapping: &&Mapping| mapping.path.contains("python") || mapping.path == mappings[0].path;
    for mapping in mappings.iter().filter(likely) {
        if seen.contains(&mapping.path.as_str()) {
            continue;
        }
        seen.push(&mapping.path);
        let Ok(image) = read_image(pid, mapping, names) else {
            continue;
        };
        let Some(bias) = image.bias(mapping.start, mapping.offset) else {
            continue;
        };
        let found: Option<Vec<u64>> =
            names.iter().map(|name| image.object(name).map(|address| address.wrapping_add(bias))).collect();
        if found.is_some() {
            return found;
        }
    }
    None
}

fn read_image(pid: u32, mapping: &Mapping, objects: &[&str]) -> io::Result<Image> {
    let mut bytes = Vec::new();
    maps::open(pid, mapping)?.take(LARGEST_FILE).read_to_end(&mut bytes)?;
    Image::parse(&bytes, objects).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn landmark() -> u64 {
        landmark as fn() -> u64 as usize as u64
    }

    #[test]
    fn names_its_own_functions() {
        let mut symbols = Symbols::new(std::process::id()).unwrap();
        let found = symbols.look_up(landmark() + 1).unwrap();
        let name = found.function.unwrap();
        assert!(name.contains("landmark"), "{name}");
        assert!(found.module.contains("rjit_sampling"));
        assert!(symbols.covers(landmark()));
        assert_eq!(symbols.look_up(16), None);
    }
}
