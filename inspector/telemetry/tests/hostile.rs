//! Whatever bytes a page holds, reading it ends with data or an error.

use proptest::prelude::*;
use rjit_telemetry::{EventKind, ExecutableInfo, Kind, Page, ParseError, Snapshot, Subject, layout};

fn good_page() -> Vec<u8> {
    let parent = tempfile::tempdir().unwrap();
    let page = Page::create_in(&parent.path().join("rjit"), "3.15.2", "0.1.0").unwrap();
    for line in 1..20 {
        page.add_executable(&ExecutableInfo {
            qualname: "f",
            filename: "f.py",
            first_line: line,
            line,
            kind: Kind::Function,
            address: 0,
            size: 1,
            compile_ns: 0,
        });
        page.record(EventKind::Deopt, Subject::Code("f"), line, "why");
    }
    std::fs::read(page.path().unwrap()).unwrap()
}

#[test]
fn every_shorter_page_is_refused() {
    let good = good_page();
    assert!(Snapshot::parse(&good).is_ok());
    for length in (0..good.len()).step_by(977).chain([0, 7, 8, 4095, 4096, good.len() - 1]) {
        assert!(Snapshot::parse(&good[..length]).is_err(), "{length} bytes were accepted");
    }
}

#[test]
fn the_extremes_of_every_header_field_are_survived() {
    let good = good_page();
    for offset in (8..104).step_by(4) {
        for value in [0, 1, 7, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, u32::MAX] {
            let mut bytes = good.clone();
            bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
            if let Ok(seen) = Snapshot::parse(&bytes) {
                seen.totals();
                assert!(seen.executables.len() <= layout::SLOT_CAPACITY);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..20_000), named in any::<bool>()) {
        if named && bytes.len() > 16 {
            bytes[..8].copy_from_slice(&layout::MAGIC);
            bytes[8] = layout::MAJOR as u8;
            bytes[9] = 0;
        } else {
            prop_assert_eq!(Snapshot::parse(&bytes), Err(ParseError::NotAPage));
        }
        let _ = Snapshot::parse(&bytes);
    }

    #[test]
    fn a_damaged_page_is_survived(changes in prop::collection::vec((0..120_000_usize, any::<u8>()), 1..60)) {
        let mut bytes = good_page();
        for (offset, value) in changes {
            bytes[offset] = value;
        }
        if let Ok(seen) = Snapshot::parse(&bytes) {
            seen.totals();
            let texts = seen.executables.iter().map(|found| &found.qualname).chain(seen.events.iter().map(|e| &e.reason));
            for text in texts {
                prop_assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
