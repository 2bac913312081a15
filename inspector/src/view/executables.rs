//! The executables: what is compiled, how hot it is, how often it was left.

use ratatui::layout::Rect;
use rjit_telemetry::{Executable, Kind, State};

use crate::app::list::{Cell, Column, Row, Target, Width};
use crate::app::{App, tab::Tab};
use crate::format;
use crate::model::{Model, key_of};
use crate::theme::Tone;
use crate::view::canvas::Canvas;
use crate::view::table;
use crate::words;

/// What it is ordered by at first.
pub const FIRST_ORDER: usize = 4;

pub const COLUMNS: &[Column] = &[
    Column { head: "function", width: Width::Text(20, 3), rank: 0 },
    Column { head: "line", width: Width::Tail(16, 2), rank: 5 },
    Column { head: "kind", width: Width::Word(8), rank: 8 },
    Column { head: "size", width: Width::Number(9), rank: 7 },
    Column { head: "entries", width: Width::Number(8), rank: 0 },
    Column { head: "/s", width: Width::Number(6), rank: 2 },
    Column { head: "time", width: Width::Number(6), rank: 1 },
    Column { head: "deopts", width: Width::Number(7), rank: 3 },
    Column { head: "reified", width: Width::Number(8), rank: 6 },
    Column { head: "state", width: Width::Word(11), rank: 4 },
];

/// One row for each executable.
pub fn rows(model: &Model, retired: bool) -> Vec<Row> {
    let shown = model.snapshot.executables.iter().filter(|found| retired || found.state != State::Retired);
    shown.map(|found| row(model, found)).collect()
}

/// What a row of an executable leads to.
pub fn target(found: &Executable) -> Option<Target> {
    (found.kind != Kind::Overflow).then(|| Target {
        key: Some(key_of(found)),
        function: found.qualname.clone(),
        filename: found.filename.clone(),
        line: Some(found.line),
    })
}

/// The tone of an executable's row.
pub fn tone(state: State) -> Tone {
    match state {
        State::Live | State::Unknown(_) => Tone::Text,
        State::Invalidated => Tone::Warning,
        State::Retired => Tone::Faint,
    }
}

fn row(model: &Model, found: &Executable) -> Row {
    let key = key_of(found);
    let (rate, share) = (model.entry_rate(key), model.share(key));
    let time = match share {
        Some(share) => Cell::number(format::percent(share), share).toned(Tone::of_share(share)),
        None => Cell::number("-", 0.0).toned(Tone::Faint),
    };
    let deopts = Cell::number(format::short(found.deopts as f64), found.deopts as f64);
    Row {
        id: u64::from(found.slot) << 32 | u64::from(found.generation),
        cells: vec![
            Cell::text(&found.qualname),
            Cell::text(format::place(&found.filename, found.line)),
            Cell::text(words::kind(found.kind)),
            Cell::number(format::bytes(found.size), found.size as f64),
            Cell::number(format::short(found.entries as f64), found.entries as f64),
            Cell::number(format::short(rate), rate),
            time,
            if found.deopts.saturating_mul(10) > found.entries { deopts.toned(Tone::Bad) } else { deopts },
            Cell::number(format::short(found.reifications as f64), found.reifications as f64),
            Cell::text(words::state(found.state)),
        ],
        tone: tone(found.state),
        target: target(found),
        note: format!(
            "{} {}, {}:{} - {} at {:#x}, compiled in {}; {} entries, {} deopts, {} reifications",
            words::kind(found.kind),
            found.qualname,
            found.filename,
            found.line,
            format::bytes(found.size),
            found.address,
            format::duration(found.compile_ns),
            format::count(found.entries),
            format::count(found.deopts),
            format::count(found.reifications),
        ),
        heading: false,
    }
}

/// Draws the view.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    let title = format!(
        "Executables: {} live, {} invalidated, {} retired",
        app.model.count(State::Live),
        app.model.count(State::Invalidated),
        app.model.count(State::Retired)
    );
    table::draw(canvas, area, app.list_of(Tab::Executables), &title, "nothing is compiled yet");
}
