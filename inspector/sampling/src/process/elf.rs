//! ELF files: where their parts lie in memory, and the names of their functions.

use object::elf;
use object::read::elf::{ElfFile64, ProgramHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SymbolKind};

/// Larger files are not looked into.
pub const LARGEST_FILE: u64 = 1 << 30;

/// A function of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Address in the file's own numbering.
    pub address: u64,
    /// Size in bytes; 0 where the file does not say.
    pub size: u64,
    /// Its symbol.
    pub name: String,
}

/// What is read of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// What is loaded: offset in the file, address, size in the file.
    segments: Vec<(u64, u64, u64)>,
    /// Functions by address.
    functions: Vec<Function>,
    /// Addresses of objects that were asked for by name.
    objects: Vec<(String, u64)>,
    /// The build's identity, which names the file with debug symbols.
    build_id: Option<Vec<u8>>,
    /// Where functions begin, those without symbols, too: by the index of the unwind tables.
    starts: Vec<u64>,
}

impl Image {
    /// Reads a file. `objects` are the symbols of data that will be asked for.
    ///
    /// # Errors
    /// When it is no ELF file of 64 bits, or is damaged.
    pub fn parse(bytes: &[u8], objects: &[&str]) -> Result<Self, object::Error> {
        let file = ElfFile64::<Endianness>::parse(bytes)?;
        let endian = file.endian();
        let segments = file.elf_program_headers().iter().filter(|header| header.p_type(endian) == elf::PT_LOAD);
        let mut image = Self {
            segments: segments
                .map(|header| (header.p_offset(endian), header.p_vaddr(endian), header.p_filesz(endian)))
                .collect(),
            build_id: file.build_id().ok().flatten().map(Vec::from),
            ..Self::default()
        };
        for symbol in file.symbols().chain(file.dynamic_symbols()).filter(|symbol| symbol.is_definition()) {
            let Ok(name) = symbol.name() else { continue };
            if symbol.kind() == SymbolKind::Text {
                image.functions.push(Function { address: symbol.address(), size: symbol.size(), name: name.into() });
            } else if objects.contains(&name) {
                image.objects.push((name.into(), symbol.address()));
            }
        }
        // Where symbols were stripped, the runtime state has a section of its own.
        if let Some(section) = file.section_by_name(".PyRuntime") {
            image.objects.push(("_PyRuntime".into(), section.address()));
        }
        if let Some(index) = file.section_by_name(".eh_frame_hdr") {
            image.starts = index.data().map(|bytes| function_starts(bytes, index.address())).unwrap_or_default();
        }
        image.sort();
        Ok(image)
    }

    /// Adds the functions of another file of the same build, one with debug symbols.
    pub fn add_functions(&mut self, other: Self) {
        if self.build_id == other.build_id {
            self.functions.extend(other.functions);
            self.sort();
        }
    }

    fn sort(&mut self) {
        // Of several names of a function the longest symbol is kept, and of these the first by alphabet.
        self.functions.sort_by(|a, b| (a.address, b.size, &a.name).cmp(&(b.address, a.size, &b.name)));
        self.functions.dedup_by_key(|function| function.address);
    }

    /// What is to be added to the file's addresses when the part at `offset` of the file lies at `address` in memory.
    pub fn bias(&self, address: u64, offset: u64) -> Option<u64> {
        let page = 4095;
        // Segments that meet within a page of the file have that page mapped for each of them: the later one begins with it.
        let inside =
            |&&(start, _, size): &&(u64, u64, u64)| start & !page <= offset && offset < start.saturating_add(size);
        let &(start, virtual_address, _) = self.segments.iter().filter(inside).max_by_key(|segment| segment.0)?;
        Some(address.wrapping_sub(offset).wrapping_add(start).wrapping_sub(virtual_address))
    }

    /// The address of an object that was asked for, in the file's own numbering.
    pub fn object(&self, name: &str) -> Option<u64> {
        self.objects.iter().find(|(known, _)| known == name).map(|&(_, address)| address)
    }

    /// The function that contains an address of the file's own numbering.
    pub fn function_at(&self, address: u64) -> Option<&Function> {
        let after = self.functions.partition_point(|function| function.address <= address);
        let found = self.functions.get(after.checked_sub(1)?)?;
        (address - found.address < found.size.max(1)).then_some(found)
    }

    /// Where the function that contains an address begins, whether it has a name or not.
    pub fn start_of(&self, address: u64) -> Option<u64> {
        let after = self.starts.partition_point(|&start| start <= address);
        after.checked_sub(1).map(|index| self.starts[index])
    }

    /// Where the function of a name begins.
    pub fn function(&self, name: &str) -> Option<u64> {
        self.functions.iter().find(|function| function.name == name).map(|function| function.address)
    }

    #[cfg(test)]
    pub fn with_starts(starts: Vec<u64>) -> Self {
        Self { starts, ..Self::default() }
    }

    /// Where systems keep the file with the debug symbols of this build.
    pub fn debug_file(&self) -> Option<String> {
        let hex: String = self.build_id.as_ref()?.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(format!("/usr/lib/debug/.build-id/{}/{}.debug", hex.get(..2)?, hex.get(2..)?))
    }
}

/// Reads the index of unwind tables (`.eh_frame_hdr`, Linux Standard Base) in the one form that linkers write: pairs of 32-bit
/// offsets from its own start. Other forms have no entries.
fn function_starts(bytes: &[u8], address: u64) -> Vec<u64> {
    const VERSION_AND_ENCODINGS: [u8; 4] = [1, 0x1b, 0x03, 0x3b];
    const HEADER: usize = 12;
    const PAIR: usize = 8;
    if !bytes.starts_with(&VERSION_AND_ENCODINGS) {
        return Vec::new();
    }
    let pairs = bytes.get(HEADER..).unwrap_or_default().chunks_exact(PAIR);
    let count = bytes.get(8..HEADER).and_then(|count| count.try_into().ok()).map_or(0, u32::from_le_bytes);
    let mut starts: Vec<u64> = pairs
        .take(count as usize)
        .filter_map(|pair| pair[..4].try_into().ok())
        .map(|offset| address.wrapping_add_signed(i32::from_le_bytes(offset).into()))
        .collect();
    starts.sort_unstable();
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        let function = |address, size, name: &str| Function { address, size, name: name.into() };
        let mut image = Image {
            segments: vec![(0, 0x40_0000, 0x11f0), (0x11f0, 0x40_21f0, 0x5000)],
            functions: vec![
                function(0x40_2000, 0x100, "second"),
                function(0x40_1200, 0x10, "first"),
                function(0x40_2000, 0x20, "alias"),
            ],
            ..Image::default()
        };
        image.sort();
        image
    }

    #[test]
    fn finds_functions() {
        let image = image();
        let at = |address| image.function_at(address).map(|function| function.name.as_str());
        assert_eq!(at(0x40_1200), Some("first"));
        assert_eq!(at(0x40_120f), Some("first"));
        assert_eq!(at(0x40_1210), None);
        assert_eq!(at(0x40_20ff), Some("second"));
        assert_eq!(at(0x40_2100), None);
        assert_eq!(at(0), None);
    }

    #[test]
    fn the_bias_is_the_same_for_all_segments() {
        let image = image();
        assert_eq!(image.bias(0x40_0000, 0), Some(0));
        assert_eq!(image.bias(0x40_2000, 0x1000), Some(0));
        assert_eq!(image.bias(0x7f00_0000_3000, 0x2000), Some(0x7f00_0000_0000_u64.wrapping_sub(0x40_0000)));
        assert_eq!(image.bias(0x7f00_0000_0000, 0x9_0000), None);
    }

    #[test]
    fn debug_symbols_have_to_be_of_the_same_build() {
        let mut image = Image { build_id: Some(vec![0xab, 1, 2]), ..image() };
        assert_eq!(image.debug_file().unwrap(), "/usr/lib/debug/.build-id/ab/0102.debug");
        let more = Function { address: 0x40_4000, size: 1, name: "more".into() };
        let other = Image { functions: vec![more], build_id: Some(vec![9]), ..Image::default() };
        image.add_functions(other.clone());
        assert!(image.function_at(0x40_4000).is_none());
        image.add_functions(Image { build_id: image.build_id.clone(), ..other });
        assert!(image.function_at(0x40_4000).is_some());
    }

    #[test]
    fn finds_where_functions_without_names_begin() {
        let mut bytes = vec![1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0, 3, 0, 0, 0];
        for offset in [-0x1000_i32, -0x800, 0x100, 0x7777] {
            bytes.extend(offset.to_le_bytes());
            bytes.extend(0_i32.to_le_bytes());
        }
        assert_eq!(function_starts(&bytes, 0x40_0000), [0x3f_f000, 0x3f_f800, 0x40_0100]);
        let image = Image { starts: function_starts(&bytes, 0x40_0000), ..Image::default() };
        assert_eq!(image.start_of(0x3f_f7ff), Some(0x3f_f000));
        assert_eq!(image.start_of(0), None);
        assert!(function_starts(&bytes[..10], 0).is_empty());
        bytes[3] = 0x1b;
        assert!(function_starts(&bytes, 0).is_empty());
    }

    #[test]
    fn reads_itself() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let image = Image::parse(&bytes, &[]).unwrap();
        assert!(image.starts.len() > 100);
        assert!(image.functions.iter().any(|function| function.name.contains("reads_itself")));
        assert!(Image::parse(&bytes[..100], &[]).is_err());
        assert!(Image::parse(b"#!/bin/sh", &[]).is_err());
    }
}
