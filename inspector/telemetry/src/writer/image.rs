//! Descriptions of executables as the words of a slot.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ExecutableInfo;
use crate::layout::{self, slot};
use crate::snapshot::{Kind, State};
use crate::text::{self, Keep};

/// What stands for the names of executables that found the table full.
pub(super) const OVERFLOW_NAME: &str = "(executables beyond the table)";

/// All words of a slot; the sequence and the counters in it mean nothing.
pub(super) type SlotImage = [u64; layout::SLOT_SIZE / 8];

/// The description of a live executable.
pub(super) fn image(info: &ExecutableInfo<'_>, generation: u32, created: u64) -> SlotImage {
    let mut record = [0; layout::SLOT_SIZE];
    record[slot::ADDRESS..][..8].copy_from_slice(&info.address.to_le_bytes());
    record[slot::SIZE..][..8].copy_from_slice(&info.size.to_le_bytes());
    record[slot::CREATED..][..8].copy_from_slice(&created.to_le_bytes());
    record[slot::COMPILE_NS..][..8].copy_from_slice(&info.compile_ns.to_le_bytes());
    record[slot::GENERATION..][..4].copy_from_slice(&generation.to_le_bytes());
    record[slot::FIRST_LINE..][..4].copy_from_slice(&info.first_line.to_le_bytes());
    record[slot::LINE..][..4].copy_from_slice(&info.line.to_le_bytes());
    record[slot::KIND] = info.kind.code();
    record[slot::STATE] = State::Live.code();
    text::store(&mut record[slot::QUALNAME..][..slot::QUALNAME_SIZE], info.qualname, Keep::Start);
    text::store(&mut record[slot::FILENAME..][..slot::FILENAME_SIZE], info.filename, Keep::End);
    let mut image = [0; layout::SLOT_SIZE / 8];
    for (word, bytes) in image.iter_mut().zip(record.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    image
}

/// The description of the overflow slot.
pub(super) fn overflow_image() -> SlotImage {
    let nothing = ExecutableInfo {
        qualname: OVERFLOW_NAME,
        filename: "",
        first_line: 0,
        line: 0,
        kind: Kind::Overflow,
        address: 0,
        size: 0,
        compile_ns: 0,
    };
    image(&nothing, 0, 0)
}

/// The generation in a description.
pub(super) fn generation_of(image: &SlotImage) -> u32 {
    image[slot::GENERATION / 8] as u32
}

/// The code of the state in a description.
pub(super) fn state_of(image: &SlotImage) -> u8 {
    image[slot::STATE / 8].to_le_bytes()[slot::STATE % 8]
}

/// Stores bytes as words.
pub(super) fn store_bytes(words: &[AtomicU64], bytes: &[u8]) {
    for (word, bytes) in words.iter().zip(bytes.as_chunks().0) {
        word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
    }
}

/// The qualified name in a description.
pub(super) fn qualname_of(image: &SlotImage) -> String {
    let words = &image[slot::QUALNAME / 8..][..slot::QUALNAME_SIZE / 8];
    text::load(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
}

/// Changes the state in a description.
pub(super) fn set_state(image: &mut SlotImage, state: State) {
    let mut word = image[slot::STATE / 8].to_le_bytes();
    word[slot::STATE % 8] = state.code();
    image[slot::STATE / 8] = u64::from_le_bytes(word);
}
