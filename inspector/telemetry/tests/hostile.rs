//! Whatever bytes a page holds, reading it ends with data or an error.

use std::sync::OnceLock;

use proptest::prelude::*;
use rjit_telemetry::{
    EventKind, ExecutableInfo, Kind, Page, ParseError, RefusalInfo, Seen, SiteInfo, SiteKind, Snapshot, Subject, layout,
};

fn good_page() -> Vec<u8> {
    static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
    GOOD.get_or_init(make_good_page).clone()
}

fn make_good_page() -> Vec<u8> {
    let parent = tempfile::tempdir().unwrap();
    let page = Page::create_in(&parent.path().join("rjit"), "3.15.2", "0.1.0").unwrap();
    for line in 1..20 {
        let id = page.add_executable(&ExecutableInfo {
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
        let site = SiteInfo {
            kind: SiteKind::Deopt,
            qualname: "f",
            filename: "f.py",
            line,
            reason: "why",
            opcode: "NOP",
            expected: Some("int"),
            seen: Seen::Kind("str"),
            observer: Some("g g.py:1"),
        };
        page.count_site(id, &site).unwrap();
        let refusal = RefusalInfo { qualname: "f", filename: "f.py", first_line: line, line, construct: "why" };
        page.refuse(&refusal, 1);
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
    for offset in (8..152).step_by(4) {
        for value in [0, 1, 7, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, u32::MAX] {
            let mut bytes = good.clone();
            bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
            if let Ok(seen) = Snapshot::parse(&bytes) {
                seen.totals();
                assert!(seen.executables.len() <= layout::PAGE_SIZE / layout::SLOT_SIZE);
                assert!(seen.sites.len() <= layout::PAGE_SIZE / layout::SITE_SIZE);
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
    fn a_damaged_page_is_survived(changes in prop::collection::vec((0..6_usize, 0..14_000_usize, any::<u8>()), 1..60)) {
        let mut bytes = good_page();
        let areas = [
            0,
            layout::COUNTERS_OFFSET,
            layout::EVENTS_OFFSET,
            layout::SLOTS_OFFSET,
            layout::SITES_OFFSET,
            layout::REFUSALS_OFFSET,
        ];
        for (area, offset, value) in changes {
            bytes[areas[area] + offset] = value;
        }
        if let Ok(seen) = Snapshot::parse(&bytes) {
            seen.totals();
            let texts = seen.executables.iter().map(|found| &found.qualname).chain(seen.events.iter().map(|e| &e.reason));
            let sites = seen.sites.iter().flat_map(|site| {
                [&site.qualname, &site.filename, &site.reason, &site.opcode]
                    .into_iter()
                    .chain(&site.expected)
                    .chain(&site.seen)
                    .chain(&site.observer)
            });
            let refused = seen.refused.iter().flat_map(|found| [&found.qualname, &found.filename, &found.construct]);
            for text in texts.chain(sites).chain(refused) {
                prop_assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
