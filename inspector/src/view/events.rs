//! The log: what was compiled, refused, left and given up, with the time.

use ratatui::layout::Rect;
use rjit_telemetry::{Event, EventKind};

use crate::app::list::{Cell, Column, Row, Target, Width};
use crate::app::{App, tab::Tab};
use crate::format;
use crate::model::Model;
use crate::report;
use crate::theme::Tone;
use crate::view::canvas::Canvas;
use crate::view::table;
use crate::words;

/// What it is ordered by at first.
pub const FIRST_ORDER: usize = 0;

pub const COLUMNS: &[Column] = &[
    Column { head: "time", width: Width::Number(10), rank: 0 },
    Column { head: "event", width: Width::Word(11), rank: 0 },
    Column { head: "function", width: Width::Text(12, 2), rank: 0 },
    Column { head: "line", width: Width::Number(6), rank: 2 },
    Column { head: "why", width: Width::Text(16, 4), rank: 1 },
];

/// One row for each event.
pub fn rows(model: &Model) -> Vec<Row> {
    model.events.iter().map(|event| row(model, event)).collect()
}

/// The tone of an event.
pub fn tone(kind: EventKind) -> Tone {
    match kind {
        EventKind::Compiled | EventKind::Enabled => Tone::Good,
        EventKind::Refused | EventKind::Deopt => Tone::Warning,
        EventKind::Invalidated | EventKind::Disabled => Tone::Bad,
        EventKind::Retired | EventKind::Reified | EventKind::Unknown(_) => Tone::Faint,
    }
}

fn row(model: &Model, event: &Event) -> Row {
    let found = event.executable.and_then(|key| model.executable(key));
    Row {
        id: event.number,
        cells: vec![
            Cell::number(format!("{:.3}s", event.time_ns as f64 / 1e9), event.number as f64).toned(Tone::Text),
            Cell::text(words::event(event.kind)),
            Cell::text(&event.subject).toned(Tone::Text),
            Cell::number(event.line.map_or(String::new(), |line| line.to_string()), event.line.unwrap_or(0).into())
                .toned(Tone::Text),
            Cell::text(&event.reason).toned(Tone::Text),
        ],
        tone: tone(event.kind),
        target: found.map(|found| Target {
            key: event.executable,
            function: found.qualname.clone(),
            filename: found.filename.clone(),
            line: event.line.or(Some(found.line)),
        }),
        note: report::event_line(event).trim_start().to_string(),
        heading: false,
    }
}

/// Draws the view.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    let events = &app.model.events;
    let mut title = format!("Events: {}", format::count(events.iter().len() as u64));
    if events.lost > 0 {
        title += &format!(", {} older ones lost", format::count(events.lost));
    }
    table::draw(canvas, area, app.list_of(Tab::Events), &title, "nothing has happened yet");
}
