//! What the kernel writes into rings (`perf_event_open(2)`, "MMAP layout"): bytes in, records out.

use crate::python::memory::{half_at, word_at};

const LOST: u32 = 2;
const FORK: u32 = 7;
const SAMPLE: u32 = 9;
const MODE_MASK: u16 = 7;
const MODE_USER: u16 = 2;
const HEADER: usize = 8;
/// Entries of call chains from here on are no addresses: they say whose addresses follow.
const FIRST_MARKER: u64 = -4095_i64 as u64;

/// A record of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A call chain.
    Sample(RawSample),
    /// So many records found the ring full.
    Lost(u64),
    /// A thread was started by one that is followed, and is followed, too.
    Started {
        /// The process.
        pid: u32,
        /// The thread.
        tid: u32,
    },
}

/// A call chain as the kernel notes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawSample {
    /// The process.
    pub pid: u32,
    /// The thread.
    pub tid: u32,
    /// When, in nanoseconds of the monotonic clock.
    pub time_ns: u64,
    /// Whether the thread was in the kernel.
    pub in_kernel: bool,
    /// Addresses in the program, innermost first: where it was, then where its callers go on.
    pub chain: Vec<u64>,
}

/// Reads records of the form that the events of `kernel::counter` ask for. What is not understood is left out; what follows
/// a record with an impossible length is, too.
pub fn parse(mut bytes: &[u8]) -> Vec<Record> {
    let mut found = Vec::new();
    while let (Some(kind), Some(rest)) = (half_at(bytes, 0), half_at(bytes, 4)) {
        let (misc, size) = (rest as u16, (rest >> 16) as usize);
        if size < HEADER || size > bytes.len() {
            break;
        }
        let (record, next) = bytes.split_at(size);
        let body = &record[HEADER..];
        found.extend(match kind {
            SAMPLE => sample(misc, body).map(Record::Sample),
            LOST => word_at(body, 8).map(Record::Lost),
            FORK => half_at(body, 0).zip(half_at(body, 8)).map(|(pid, tid)| Record::Started { pid, tid }),
            _ => None,
        });
        bytes = next;
    }
    found
}

fn sample(misc: u16, body: &[u8]) -> Option<RawSample> {
    let in_kernel = misc & MODE_MASK != MODE_USER;
    let place = word_at(body, 0)?;
    let (pid, tid) = (half_at(body, 8)?, half_at(body, 12)?);
    let time_ns = word_at(body, 16)?;
    let count = usize::try_from(word_at(body, 24)?).ok()?;
    let entries = body.get(32..)?.chunks_exact(8).take(count);
    let mut chain: Vec<u64> = entries
        .filter_map(|entry| entry.try_into().ok().map(u64::from_le_bytes))
        .filter(|&entry| entry < FIRST_MARKER)
        .collect();
    if chain.is_empty() && !in_kernel {
        chain.push(place);
    }
    Some(RawSample { pid, tid, time_ns, in_kernel, chain })
}

#[cfg(test)]
pub mod build {
    use super::{HEADER, SAMPLE};

    pub fn record(kind: u32, misc: u16, words: &[u64]) -> Vec<u8> {
        let size = (HEADER + words.len() * 8) as u16;
        let mut bytes = [&kind.to_le_bytes()[..], &misc.to_le_bytes(), &size.to_le_bytes()].concat();
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes
    }

    pub fn sample(misc: u16, chain: &[u64]) -> Vec<u8> {
        let head = [0x1234, 7 | 9 << 32, 5_000, chain.len() as u64];
        record(SAMPLE, misc, &[&head, chain].concat())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_samples_and_leaves_markers_out() {
        let marker = -512_i64 as u64;
        let bytes = [
            build::sample(2, &[marker, 0x10, 0x20]),
            build::record(LOST, 0, &[1, 40]),
            build::record(99, 0, &[1]),
            build::record(FORK, 0, &[7 | 7 << 32, 11 | 9 << 32, 0]),
            build::sample(1, &[marker]),
            build::sample(2, &[]),
        ]
        .concat();
        let sample = |in_kernel, chain: &[u64]| {
            Record::Sample(RawSample { pid: 7, tid: 9, time_ns: 5_000, in_kernel, chain: chain.into() })
        };
        assert_eq!(
            parse(&bytes),
            [
                sample(false, &[0x10, 0x20]),
                Record::Lost(40),
                Record::Started { pid: 7, tid: 11 },
                sample(true, &[]),
                sample(false, &[0x1234]),
            ]
        );
    }

    #[test]
    fn a_length_that_cannot_be_ends_it() {
        let mut bytes = build::sample(2, &[1]);
        bytes[6] = 3;
        assert_eq!(parse(&bytes), []);
        let bytes = build::sample(2, &[1, 2, 3]);
        assert_eq!(parse(&bytes[..bytes.len() - 1]), []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            parse(&bytes);
        }
    }
}
