//! The tables of what went another way: places where frames went on in the interpreter, and code that is not compiled.
//!
//! Records are found by what they say, so that code that is compiled again and again keeps its records. They are never given
//! up: what comes when a table is full is only counted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::image::store_bytes;
use super::{Page, SlotId, Table};
use crate::layout::{self, header, refusal, site};
use crate::snapshot::SiteKind;
use crate::text::{self, Keep};

/// Memory for records is reserved in steps of this many.
const RESERVED_AT_ONCE: usize = 64;

/// What the writer says about a place where a frame went on in the interpreter.
#[derive(Clone, Copy, Debug)]
pub struct SiteInfo<'a> {
    /// [`SiteKind::Deopt`] or [`SiteKind::Reification`].
    pub kind: SiteKind,
    /// Qualified name of the function whose frame it is.
    pub qualname: &'a str,
    /// Its file.
    pub filename: &'a str,
    /// Source line, zero when there is none.
    pub line: u32,
    /// Reason or cause, in words.
    pub reason: &'a str,
    /// Name of the bytecode instruction.
    pub opcode: &'a str,
    /// What was expected, if that is known.
    pub expected: Option<&'a str>,
    /// What there was.
    pub seen: Seen<'a>,
    /// Who looked, as `FUNCTION FILE:LINE`.
    pub observer: Option<&'a str>,
}

/// What there was instead of what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// Not known.
    Nothing,
    /// One of few things, such as a class: each has a record of its own.
    Kind(&'a str),
    /// One of many things, such as a number: the record says which came last.
    Value(&'a str),
}

/// What the writer says about code that is not compiled.
#[derive(Clone, Copy, Debug)]
pub struct RefusalInfo<'a> {
    /// Qualified name of the code object.
    pub qualname: &'a str,
    /// Its file.
    pub filename: &'a str,
    /// Its first line.
    pub first_line: u32,
    /// Line of what prevents compiling.
    pub line: u32,
    /// What prevents it, in words.
    pub construct: &'a str,
}

/// The place of a site in its table. Goes stale when the process forks; a stale one is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteId {
    index: u32,
    epoch: u64,
}

/// Which records of a table there are.
#[derive(Default)]
pub(super) struct Records {
    /// By what they say.
    known: HashMap<String, u32>,
    /// How many can be written without fear of a full disk.
    reserved: usize,
}

/// Where a table is in the page.
struct Place {
    offset: usize,
    size: usize,
    capacity: usize,
}

const SITES: Place = Place { offset: layout::SITES_OFFSET, size: layout::SITE_SIZE, capacity: layout::SITE_CAPACITY };
const REFUSALS: Place =
    Place { offset: layout::REFUSALS_OFFSET, size: layout::REFUSAL_SIZE, capacity: layout::REFUSAL_CAPACITY };

impl Page {
    /// Counts a frame of `executable` that went on in the interpreter at the place that `info` describes. The result finds the
    /// place again for [`Page::count_again`]; there is none when the table is full, in which case the frame is counted as lost.
    pub fn count_site(&self, executable: SlotId, info: &SiteInfo<'_>) -> Option<SiteId> {
        let mut table = self.table();
        let Table { sites, .. } = &mut *table;
        let Some((index, is_new)) = self.find(sites, &SITES, key_of_site(info)) else {
            self.counters().add(layout::COUNTER_SITES_LOST, 1);
            return None;
        };
        let id = SiteId { index, epoch: self.epoch.load(Ordering::Relaxed) };
        let words = self.site_words(id);
        let now = self.now();
        if is_new {
            write_record(words, site::GUARDED, &site_image(info, now));
            self.word(header::SITES_USED).store(u64::from(index) + 1, Ordering::Release);
        } else if let Seen::Value(seen) = info.seen {
            rewrite_seen(words, seen);
        }
        count_site(words, executable, now);
        Some(id)
    }

    /// Counts one more frame at a place that is known, where `value` is what was seen if that is one of many things. Says
    /// whether the place is still the same.
    pub fn count_again(&self, id: SiteId, executable: SlotId, value: Option<&str>) -> bool {
        if id.epoch != self.epoch.load(Ordering::Relaxed) {
            return false;
        }
        let words = self.site_words(id);
        if let Some(value) = value {
            let _one_writer_at_a_time = self.table();
            rewrite_seen(words, value);
        }
        count_site(words, executable, self.now());
        true
    }

    /// Counts an attempt to compile code that is known not to be compiled.
    pub fn refuse_again(&self, info: &RefusalInfo<'_>) {
        let mut table = self.table();
        let Table { refusals, .. } = &mut *table;
        let Some((index, is_new)) = self.find(refusals, &REFUSALS, key_of_refusal(info)) else {
            self.counters().add(layout::COUNTER_REFUSALS_LOST, 1);
            return;
        };
        let words = self.words(layout::REFUSALS_OFFSET + index as usize * layout::REFUSAL_SIZE, layout::REFUSAL_SIZE);
        let now = self.now();
        if is_new {
            write_record(words, refusal::GUARDED, &refusal_image(info, now));
            self.word(header::REFUSALS_USED).store(u64::from(index) + 1, Ordering::Release);
        }
        words[refusal::LAST / 8].store(now, Ordering::Relaxed);
        words[refusal::COUNT / 8].fetch_add(1, Ordering::Relaxed);
    }

    /// The record that says this, and whether it is yet to be written; none when the table is full.
    fn find(&self, records: &mut Records, place: &Place, key: String) -> Option<(u32, bool)> {
        if let Some(&index) = records.known.get(&key) {
            return Some((index, false));
        }
        let index = records.known.len();
        if index >= place.capacity {
            return None;
        }
        if index >= records.reserved {
            let end = (index + RESERVED_AT_ONCE).min(place.capacity);
            let offset = |index: usize| place.offset + index * place.size;
            self.mapping.reserve(offset(index), offset(end)).ok()?;
            records.reserved = end;
        }
        records.known.insert(key, index as u32);
        Some((index as u32, true))
    }

    fn site_words(&self, id: SiteId) -> &[AtomicU64] {
        self.words(layout::SITES_OFFSET + id.index as usize * layout::SITE_SIZE, layout::SITE_SIZE)
    }
}

fn count_site(words: &[AtomicU64], executable: SlotId, now: u64) {
    words[site::LAST / 8].store(now, Ordering::Relaxed);
    let identity = u64::from(executable.index) | u64::from(executable.generation) << 32;
    words[site::SLOT / 8].store(identity, Ordering::Relaxed);
    words[site::COUNT / 8].fetch_add(1, Ordering::Relaxed);
}

/// Writes the guarded part of a record under its sequence.
fn write_record(words: &[AtomicU64], guarded: usize, image: &[u8]) {
    under_sequence(words, || store_bytes(&words[guarded / 8..], &image[guarded..]));
}

/// Says what was seen last, if that is another thing than before.
fn rewrite_seen(words: &[AtomicU64], seen: &str) {
    let mut field = [0; site::SEEN_SIZE];
    text::store(&mut field, seen, Keep::Start);
    let words_of_field = &words[site::SEEN / 8..][..site::SEEN_SIZE / 8];
    let is_same = |(word, bytes): (&AtomicU64, &[u8; 8])| word.load(Ordering::Relaxed) == u64::from_le_bytes(*bytes);
    if !words_of_field.iter().zip(field.as_chunks().0).all(is_same) {
        under_sequence(words, || store_bytes(words_of_field, &field));
    }
}

fn under_sequence(words: &[AtomicU64], write: impl FnOnce()) {
    let sequence = words[0].load(Ordering::Relaxed);
    words[0].store(sequence.wrapping_add(1), Ordering::Relaxed);
    fence(Ordering::Release);
    write();
    words[0].store(sequence.wrapping_add(2), Ordering::Release);
}

fn site_image(info: &SiteInfo<'_>, now: u64) -> [u8; layout::SITE_SIZE] {
    let mut record = [0; layout::SITE_SIZE];
    record[site::FIRST..][..8].copy_from_slice(&now.to_le_bytes());
    record[site::LINE..][..4].copy_from_slice(&info.line.to_le_bytes());
    record[site::KIND] = info.kind.code();
    let seen = match info.seen {
        Seen::Nothing => "",
        Seen::Kind(text) | Seen::Value(text) => text,
    };
    let texts = [
        (site::OPCODE, site::OPCODE_SIZE, info.opcode, Keep::Start),
        (site::REASON, site::REASON_SIZE, info.reason, Keep::Start),
        (site::QUALNAME, site::QUALNAME_SIZE, info.qualname, Keep::Start),
        (site::FILENAME, site::FILENAME_SIZE, info.filename, Keep::End),
        (site::EXPECTED, site::EXPECTED_SIZE, info.expected.unwrap_or(""), Keep::Start),
        (site::SEEN, site::SEEN_SIZE, seen, Keep::Start),
        (site::OBSERVER, site::OBSERVER_SIZE, info.observer.unwrap_or(""), Keep::End),
    ];
    for (offset, size, value, keep) in texts {
        text::store(&mut record[offset..][..size], value, keep);
    }
    record
}

fn refusal_image(info: &RefusalInfo<'_>, now: u64) -> [u8; layout::REFUSAL_SIZE] {
    let mut record = [0; layout::REFUSAL_SIZE];
    record[refusal::FIRST..][..8].copy_from_slice(&now.to_le_bytes());
    record[refusal::FIRST_LINE..][..4].copy_from_slice(&info.first_line.to_le_bytes());
    record[refusal::LINE..][..4].copy_from_slice(&info.line.to_le_bytes());
    text::store(&mut record[refusal::QUALNAME..][..refusal::QUALNAME_SIZE], info.qualname, Keep::Start);
    text::store(&mut record[refusal::FILENAME..][..refusal::FILENAME_SIZE], info.filename, Keep::End);
    text::store(&mut record[refusal::CONSTRUCT..][..refusal::CONSTRUCT_SIZE], info.construct, Keep::Start);
    record
}

fn key_of_site(info: &SiteInfo<'_>) -> String {
    let SiteInfo { kind, qualname, filename, line, reason, opcode, expected, seen, observer } = *info;
    let kind = kind.code();
    let (expected, observer) = (expected.unwrap_or(""), observer.unwrap_or(""));
    let seen = if let Seen::Kind(seen) = seen { seen } else { "" };
    format!("{kind}\0{line}\0{reason}\0{opcode}\0{qualname}\0{filename}\0{expected}\0{seen}\0{observer}")
}

fn key_of_refusal(info: &RefusalInfo<'_>) -> String {
    let RefusalInfo { qualname, filename, first_line, line, construct } = *info;
    format!("{first_line}\0{line}\0{qualname}\0{filename}\0{construct}")
}
