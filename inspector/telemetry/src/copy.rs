//! Copying a page while another process writes it.
//!
//! Slots and events carry sequences. A record that changed while it was copied is copied again a few times; one that never
//! holds still is left marked as being written, and parsing skips it.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use crate::layout::{self, event, header, refusal, site, slot};
use crate::parse::Geometry;
use crate::snapshot::ParseError;

const ATTEMPTS: usize = 64;
const BEING_WRITTEN: u64 = 1;

/// Copies what is in use of a page; the rest stays zero.
pub(crate) fn copy(page: &[AtomicU64]) -> Result<Vec<u8>, ParseError> {
    let mut copy = vec![0; size_of_val(page)];
    let magic = page.first().map_or(0, |word| word.load(Ordering::Acquire));
    copy_words(page, &mut copy, 0, layout::HEADER_SIZE);
    if !magic.to_le_bytes().starts_with(&layout::MAGIC) {
        return Err(ParseError::NotAPage);
    }
    let geometry = Geometry::parse(&copy)?;
    let written = |offset: usize| page[offset / 8].load(Ordering::Acquire);
    let mut count = |offset| {
        let written = written(offset);
        store(&mut copy, offset, written);
        written
    };
    let (slots, events) = (count(header::SLOTS_USED), count(header::EVENTS_WRITTEN));
    let (sites, refusals) = (count(header::SITES_USED), count(header::REFUSALS_USED));
    copy_words(page, &mut copy, geometry.counters.offset, geometry.counters.capacity * 8);
    for number in geometry.events_in_ring(events) {
        copy_guarded(page, &mut copy, geometry.event_offset(number), layout::EVENT_SIZE, event::NUMBER, |_| true);
    }
    let settled = |sequence: u64| sequence.is_multiple_of(2);
    for index in geometry.slots_in_use(slots) {
        copy_guarded(page, &mut copy, geometry.slots.at(index), layout::SLOT_SIZE, slot::SEQUENCE, settled);
    }
    for index in geometry.sites.in_use(sites) {
        copy_guarded(page, &mut copy, geometry.sites.at(index), layout::SITE_SIZE, site::SEQUENCE, settled);
    }
    for index in geometry.refusals.in_use(refusals) {
        copy_guarded(page, &mut copy, geometry.refusals.at(index), layout::REFUSAL_SIZE, refusal::SEQUENCE, settled);
    }
    Ok(copy)
}

/// Copies one record whose sequence says whether it changed meanwhile.
fn copy_guarded(
    page: &[AtomicU64],
    copy: &mut [u8],
    offset: usize,
    size: usize,
    sequence: usize,
    settled: impl Fn(u64) -> bool,
) {
    let guard = &page[(offset + sequence) / 8];
    for _ in 0..ATTEMPTS {
        let before = guard.load(Ordering::Acquire);
        if settled(before) {
            copy_words(page, copy, offset, size);
            fence(Ordering::Acquire);
            if guard.load(Ordering::Relaxed) == before {
                store(copy, offset + sequence, before);
                return;
            }
        }
        std::hint::spin_loop();
    }
    store(copy, offset + sequence, BEING_WRITTEN);
}

fn copy_words(page: &[AtomicU64], copy: &mut [u8], offset: usize, size: usize) {
    let words = page.iter().skip(offset / 8).take(size / 8);
    for (word, bytes) in words.zip(copy[offset..].chunks_exact_mut(8)) {
        bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
    }
}

fn store(copy: &mut [u8], offset: usize, value: u64) {
    copy[offset..][..8].copy_from_slice(&value.to_le_bytes());
}
