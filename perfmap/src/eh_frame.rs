//! Call frame information as bytes: an `.eh_frame` section with the entries for one region, and the header by which tools
//! search such a section, `.eh_frame_hdr`.

use gimli::constants::{DW_EH_PE_datarel, DW_EH_PE_pcrel, DW_EH_PE_sdata4, DW_EH_PE_udata4};
use gimli::write::{Address, CommonInformationEntry, EhFrame, EndianVec, FrameDescriptionEntry, FrameTable, Result};
use gimli::{DwEhPe, Encoding, Format, NativeEndian};

use crate::region::Unwind;

/// The section for code of `size` bytes, with the terminator behind it. How `address` is written is for `pointers` to say;
/// relative ones count from the start of the section.
pub(crate) fn section(unwind: &Unwind, address: u64, size: u32, pointers: DwEhPe) -> Result<Vec<u8>> {
    let mut section = entries(unwind, address, size, pointers)?;
    section.extend_from_slice(&[0; 4]);
    Ok(section)
}

/// The section without the terminator, so that the next region's entries can follow.
pub(crate) fn entries(unwind: &Unwind, address: u64, size: u32, pointers: DwEhPe) -> Result<Vec<u8>> {
    let encoding = Encoding { address_size: 8, format: Format::Dwarf32, version: 1 };
    let mut entry = CommonInformationEntry::new(encoding, 1, -8, unwind.return_address);
    entry.fde_address_encoding = pointers;
    for instruction in &unwind.entry {
        entry.add_instruction(instruction.clone());
    }
    let mut description = FrameDescriptionEntry::new(Address::Constant(address), size);
    for (offset, instruction) in &unwind.steps {
        description.add_instruction(*offset, instruction.clone());
    }
    let mut table = FrameTable::default();
    let entry = table.add_cie(entry);
    table.add_fde(entry, description);
    let mut section = EhFrame(EndianVec::new(NativeEndian));
    table.write_eh_frame(&mut section)?;
    Ok(section.0.into_vec())
}

/// Bytes of [`header`].
pub(crate) const HEADER_SIZE: usize = 20;

/// The search table for a `section` made for code `distance` bytes before it, to be put right behind it. All pointers are
/// relative, so that both can be anywhere.
pub(crate) fn header(section: &[u8], distance: u32) -> Vec<u8> {
    let size = section.len() as i32;
    let entry_size = section.first_chunk().map_or(0, |length| i32::from_ne_bytes(*length));
    let mut header = vec![
        1, // the version
        (DW_EH_PE_pcrel | DW_EH_PE_sdata4).0,
        DW_EH_PE_udata4.0,
        (DW_EH_PE_datarel | DW_EH_PE_sdata4).0,
    ];
    // Where the section is, from here on; one row; the code and its description behind the common entry, from the header on.
    for number in [-(size + 4), 1, -(size + distance as i32), 4 + entry_size - size] {
        header.extend_from_slice(&number.to_ne_bytes());
    }
    header
}
