//! The ELF file around the sections.

use std::borrow::Cow;

use object::elf::{
    ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, ELFMAG, ELFOSABI_NONE, EM_AARCH64, EM_X86_64, ET_EXEC, EV_CURRENT,
    FileHeader64, Ident, SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, SHT_NULL, SHT_PROGBITS, SHT_STRTAB, SHT_SYMTAB,
    STB_GLOBAL, STT_FUNC, STV_DEFAULT, SectionHeader64, Sym64,
};
use object::endian::{NativeEndian, U16, U32, U64};
use object::pod::bytes_of;

use super::{Part, Piece, dwarf};

type Header = FileHeader64<NativeEndian>;
type Section = SectionHeader64<NativeEndian>;
type Symbol = Sym64<NativeEndian>;

const MACHINE: u16 = if cfg!(target_arch = "aarch64") { EM_AARCH64 } else { EM_X86_64 };

/// The names of the sections, in their order. After the last come those of further regions, which have names of their
/// own: lldb takes all sections of a name for one.
const NAMES: [&str; 10] = [
    "",
    ".shstrtab",
    ".strtab",
    ".symtab",
    ".debug_abbrev",
    ".debug_str",
    ".debug_info",
    ".debug_line",
    ".eh_frame",
    ".text",
];
const SECTION_NAMES: u16 = 1;
const SYMBOL_NAMES: u32 = 2;
const FIRST_TEXT: usize = NAMES.len() - 1;

/// Writes a file that describes the regions of the pieces, and says where in it each one's parts are. It contains the
/// `code` if there is some, which is for files of one region. Without, it says at which address that is.
pub(super) fn file(pieces: &[Piece<'_>], directory: &str, code: Option<&[u8]>) -> (Vec<u8>, Vec<Part>) {
    let mut parts: Vec<Part> = pieces.iter().map(|piece| piece.part.clone()).collect();
    let mut file = File::new(pieces, directory, code);
    let numbered = (1..pieces.len()).map(|number| Cow::from(format!("{}.{number}", NAMES[FIRST_TEXT])));
    let mut section_names = Vec::with_capacity(128 + 12 * pieces.len());
    for name in NAMES.into_iter().map(Cow::from).chain(numbered) {
        file.names.push(section_names.len() as u32);
        section_names.extend_from_slice(name.as_bytes());
        section_names.push(0);
    }
    file.section(SHT_NULL, 1, |_| {});
    file.section(SHT_STRTAB, 1, |bytes| bytes.extend_from_slice(&section_names));
    let mut names = Vec::with_capacity(parts.len());
    file.section(SHT_STRTAB, 1, |bytes| {
        let start = bytes.len();
        bytes.push(0);
        for (piece, part) in pieces.iter().zip(&mut parts) {
            names.push((bytes.len() - start) as u32);
            part.name = append(bytes, piece.name());
        }
    });
    let symbols = file.section(SHT_SYMTAB, align_of::<u64>(), |bytes| {
        bytes.resize(bytes.len() + size_of::<Symbol>(), 0);
        for (number, (part, name)) in parts.iter().zip(names).enumerate() {
            bytes.extend_from_slice(bytes_of(&symbol(part, name, (FIRST_TEXT + number) as u16)));
        }
    });
    symbols.sh_link.set(NativeEndian, SYMBOL_NAMES);
    symbols.sh_info.set(NativeEndian, 1); // All but the first are global.
    symbols.sh_entsize.set(NativeEndian, size_of::<Symbol>() as u64);

    file.section(SHT_PROGBITS, 1, |bytes| bytes.extend_from_slice(&dwarf::ABBREVIATIONS_SECTION));
    file.section(SHT_PROGBITS, 1, |bytes| bytes.extend(dwarf::strings(directory).concat()));
    file.section(SHT_PROGBITS, 1, |bytes| {
        let mut lines = 0;
        for (piece, part) in pieces.iter().zip(&mut parts) {
            part.info = append(bytes, piece.info());
            if !piece.lines().is_empty() {
                let offset = part.info.start + dwarf::LINES_OFFSET;
                bytes[offset..offset + 4].copy_from_slice(&u32::to_ne_bytes(lines));
            }
            lines += piece.lines().len() as u32;
        }
    });
    file.section(SHT_PROGBITS, 1, |bytes| {
        for (piece, part) in pieces.iter().zip(&mut parts) {
            part.lines = append(bytes, piece.lines());
        }
    });
    file.section(SHT_PROGBITS, align_of::<u64>(), |bytes| {
        for (piece, part) in pieces.iter().zip(&mut parts) {
            part.frames = append(bytes, piece.frames());
        }
        bytes.extend_from_slice(&[0; 4]);
    });

    for part in &parts {
        let text = match code {
            Some(code) => file.section(SHT_PROGBITS, 16, |bytes| bytes.extend_from_slice(code)),
            None => file.section(SHT_NOBITS, 1, |_| {}),
        };
        text.sh_flags.set(NativeEndian, u64::from(SHF_ALLOC | SHF_EXECINSTR));
        text.sh_addr.set(NativeEndian, part.start);
        text.sh_size.set(NativeEndian, part.size);
    }
    (file.finish(), parts)
}

fn append(bytes: &mut Vec<u8>, piece: &[u8]) -> std::ops::Range<usize> {
    let start = bytes.len();
    bytes.extend_from_slice(piece);
    start..bytes.len()
}

fn symbol(part: &Part, name: u32, section: u16) -> Symbol {
    Symbol {
        st_name: U32::new(NativeEndian, name),
        st_info: STB_GLOBAL << 4 | STT_FUNC,
        st_other: STV_DEFAULT,
        st_shndx: U16::new(NativeEndian, section),
        st_value: U64::new(NativeEndian, part.start),
        st_size: U64::new(NativeEndian, part.size),
    }
}

struct File {
    bytes: Vec<u8>,
    /// Where the names of the sections are among these names.
    names: Vec<u32>,
    sections: Vec<Section>,
}

impl File {
    fn new(pieces: &[Piece<'_>], directory: &str, code: Option<&[u8]>) -> Self {
        const AROUND: usize = 1024; // The header, what is the same in each file, and what alignment costs.
        let sections = FIRST_TEXT + pieces.len();
        let headers = (size_of::<Section>() + ".text.000\0".len()) * sections;
        let pieces_size: usize = pieces.iter().map(|piece| piece.part.size_in_file() + size_of::<Symbol>()).sum();
        let size = AROUND + directory.len() + headers + pieces_size + code.map_or(0, <[u8]>::len);
        let mut bytes = Vec::with_capacity(size);
        bytes.resize(size_of::<Header>(), 0);
        Self { bytes, names: Vec::with_capacity(sections), sections: Vec::with_capacity(sections) }
    }

    /// Adds the next section; returns its header.
    fn section(&mut self, kind: u32, alignment: usize, write: impl FnOnce(&mut Vec<u8>)) -> &mut Section {
        let name = self.names[self.sections.len()];
        self.align(alignment);
        let start = self.bytes.len();
        write(&mut self.bytes);
        let zero = U64::new(NativeEndian, 0);
        self.sections.push(Section {
            sh_name: U32::new(NativeEndian, name),
            sh_type: U32::new(NativeEndian, kind),
            sh_flags: zero,
            sh_addr: zero,
            sh_offset: U64::new(NativeEndian, if kind == SHT_NULL { 0 } else { start as u64 }),
            sh_size: U64::new(NativeEndian, (self.bytes.len() - start) as u64),
            sh_link: U32::new(NativeEndian, 0),
            sh_info: U32::new(NativeEndian, 0),
            sh_addralign: U64::new(NativeEndian, if kind == SHT_NULL { 0 } else { alignment as u64 }),
            sh_entsize: zero,
        });
        self.sections.last_mut().expect("one was just added")
    }

    fn align(&mut self, alignment: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(alignment), 0);
    }

    fn finish(mut self) -> Vec<u8> {
        self.align(align_of::<u64>());
        let header = Header {
            e_ident: Ident {
                magic: ELFMAG,
                class: ELFCLASS64,
                data: if cfg!(target_endian = "little") { ELFDATA2LSB } else { ELFDATA2MSB },
                version: EV_CURRENT,
                os_abi: ELFOSABI_NONE,
                abi_version: 0,
                padding: [0; 7],
            },
            // Symbols have addresses, which in a file that is yet to be linked they had not.
            e_type: U16::new(NativeEndian, ET_EXEC),
            e_machine: U16::new(NativeEndian, MACHINE),
            e_version: U32::new(NativeEndian, EV_CURRENT.into()),
            e_entry: U64::new(NativeEndian, 0),
            e_phoff: U64::new(NativeEndian, 0),
            e_shoff: U64::new(NativeEndian, self.bytes.len() as u64),
            e_flags: U32::new(NativeEndian, 0),
            e_ehsize: U16::new(NativeEndian, size_of::<Header>() as u16),
            e_phentsize: U16::new(NativeEndian, 0),
            e_phnum: U16::new(NativeEndian, 0),
            e_shentsize: U16::new(NativeEndian, size_of::<Section>() as u16),
            e_shnum: U16::new(NativeEndian, self.sections.len() as u16),
            e_shstrndx: U16::new(NativeEndian, SECTION_NAMES),
        };
        self.bytes[..size_of::<Header>()].copy_from_slice(bytes_of(&header));
        for section in &self.sections {
            self.bytes.extend_from_slice(bytes_of(section));
        }
        self.bytes
    }
}
