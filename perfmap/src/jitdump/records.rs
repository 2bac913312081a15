//! The records of a dump as bytes, in this machine's byte order. Version 1 of the format, as Linux's
//! `tools/perf/Documentation/jitdump-specification.txt` describes it.

use std::mem::MaybeUninit;
use std::process;

use gimli::constants::{DW_EH_PE_pcrel, DW_EH_PE_sdata4};
use gimli::write::{Error, Result};

use crate::eh_frame;
use crate::region::{CodeRegion, LineRow, Source, Unwind, printable};

/// Bytes of the file's header.
pub(super) const FILE_HEADER_SIZE: usize = 40;
/// Bytes of what each record begins with: its kind, its size and its time.
const PREFIX_SIZE: usize = 16;

const MAGIC: u32 = u32::from_be_bytes(*b"JiTD");
const VERSION: u32 = 1;

const CODE_LOAD: u32 = 0;
const CODE_DEBUG_INFO: u32 = 2;
const CODE_CLOSE: u32 = 3;
const CODE_UNWINDING_INFO: u32 = 4;

/// ELF's number for this machine.
const MACHINE: u32 = if cfg!(target_arch = "x86_64") {
    62
} else if cfg!(target_arch = "aarch64") {
    183
} else {
    0
};

/// When a record was made, and by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    /// By the clock that `perf record -k 1` uses.
    pub(super) nanoseconds: u64,
    pub(super) pid: u32,
    pub(super) tid: u32,
}

impl Stamp {
    pub(super) fn now() -> Self {
        let mut now = MaybeUninit::<libc::timespec>::uninit();
        // SAFETY: it fills in the time, and cannot fail for this clock.
        let now = unsafe {
            libc::clock_gettime(libc::CLOCK_MONOTONIC, now.as_mut_ptr());
            now.assume_init()
        };
        // SAFETY: it has no preconditions and cannot fail.
        let tid = unsafe { libc::gettid() };
        Self {
            nanoseconds: now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64,
            pid: process::id(),
            tid: tid.cast_unsigned(),
        }
    }
}

/// What a file begins with.
pub(super) fn file_header(stamp: Stamp) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FILE_HEADER_SIZE);
    for field in [MAGIC, VERSION, FILE_HEADER_SIZE as u32, MACHINE, 0, stamp.pid] {
        put32(&mut bytes, field);
    }
    put64(&mut bytes, stamp.nanoseconds);
    put64(&mut bytes, 0); // No flags: the clock is not the machine's own.
    bytes
}

/// The records for a region: lines and unwind rules, if they are known, and then the code that they are for. From the start of
/// the region on, `room` bytes of addresses belong to nobody else.
pub(super) fn of_region(region: &CodeRegion<'_>, index: u64, room: usize, stamp: Stamp) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(region.size() + 512);
    if let Some(source) = region.source.filter(|source| !source.rows.is_empty()) {
        record(&mut bytes, CODE_DEBUG_INFO, stamp, |bytes| {
            debug_info(bytes, source, region);
            Ok(())
        })?;
    }
    if let Some(unwind) = region.unwind {
        record(&mut bytes, CODE_UNWINDING_INFO, stamp, |bytes| unwinding_info(bytes, unwind, region.size(), room))?;
    }
    record(&mut bytes, CODE_LOAD, stamp, |bytes| {
        put32(bytes, stamp.pid);
        put32(bytes, stamp.tid);
        // Where it runs, and where it would if that were not the same.
        for field in [region.start as u64, region.start as u64, region.size() as u64, index] {
            put64(bytes, field);
        }
        put_text(bytes, &region.printable_name());
        bytes.extend_from_slice(region.code);
        Ok(())
    })?;
    Ok(bytes)
}

/// The last record of a process.
pub(super) fn close(stamp: Stamp) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PREFIX_SIZE);
    prefix(&mut bytes, CODE_CLOSE, PREFIX_SIZE as u32, stamp);
    bytes
}

/// Has records say that they were made at another time by another process.
pub(super) fn restamp(mut records: &mut [u8], stamp: Stamp) {
    while let Some((head, _)) = records.split_first_chunk::<PREFIX_SIZE>() {
        let field = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (kind, size) = (field(0), field(4) as usize);
        let (one, others) = records.split_at_mut(size);
        one[8..16].copy_from_slice(&stamp.nanoseconds.to_ne_bytes());
        if kind == CODE_LOAD {
            one[16..20].copy_from_slice(&stamp.pid.to_ne_bytes());
            one[20..24].copy_from_slice(&stamp.tid.to_ne_bytes());
        }
        records = others;
    }
}

/// Appends a record with the payload that `fill` appends.
fn record(bytes: &mut Vec<u8>, kind: u32, stamp: Stamp, fill: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let start = bytes.len();
    prefix(bytes, kind, 0, stamp);
    fill(bytes)?;
    let size = u32::try_from(bytes.len() - start).map_err(|_| Error::ValueTooLarge)?;
    bytes[start + 4..start + 8].copy_from_slice(&size.to_ne_bytes());
    Ok(())
}

fn prefix(bytes: &mut Vec<u8>, kind: u32, size: u32, stamp: Stamp) {
    put32(bytes, kind);
    put32(bytes, size);
    put64(bytes, stamp.nanoseconds);
}

fn debug_info(bytes: &mut Vec<u8>, source: &Source, region: &CodeRegion<'_>) {
    let start = region.start as u64;
    let files: Vec<String> = source.files.iter().map(|file| printable(file)).collect();
    // perf takes the last row for the end of what is described.
    let end = source.rows.last().map(|last| LineRow { offset: region.size() as u32, ..*last });
    put64(bytes, start);
    put64(bytes, (source.rows.len() + usize::from(end.is_some())) as u64);
    for row in source.rows.iter().chain(&end) {
        put64(bytes, start + u64::from(row.offset));
        put32(bytes, row.line);
        put32(bytes, row.column);
        put_text(bytes, files.get(row.file.0 as usize).map_or("?", String::as_str));
    }
}

/// `perf inject` puts the section behind the code, at the next multiple of eight, and its header behind the section.
fn unwinding_info(bytes: &mut Vec<u8>, unwind: &Unwind, size: usize, room: usize) -> Result<()> {
    let size = u32::try_from(size).map_err(|_| Error::ValueTooLarge)?;
    let distance = size.checked_next_multiple_of(8).ok_or(Error::ValueTooLarge)?;
    let code = u64::from(distance).wrapping_neg();
    let section = eh_frame::section(unwind, code, size, DW_EH_PE_pcrel | DW_EH_PE_sdata4)?;
    let header = eh_frame::header(&section, distance);
    let total = section.len() + header.len();
    // perf takes it for mapped behind the code. Where others have that place it would take their code for ours, so there
    // the rules are for those readers only that do not go by mappings.
    let mapped = if distance as usize + total <= room { total } else { 0 };
    for field in [total, eh_frame::HEADER_SIZE, mapped] {
        put64(bytes, field as u64);
    }
    bytes.extend_from_slice(&section);
    bytes.extend_from_slice(&header);
    Ok(())
}

fn put32(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend_from_slice(&value.to_ne_bytes());
}

fn put64(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend_from_slice(&value.to_ne_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
}
