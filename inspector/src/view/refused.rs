//! The functions that were not compiled, and what in them prevents it.

use ratatui::layout::Rect;
use rjit_telemetry::Refused;

use crate::app::list::{Cell, Column, Row, Target, Width};
use crate::app::{App, tab::Tab};
use crate::format;
use crate::model::{Model, refused_id};
use crate::theme::Tone;
use crate::view::canvas::Canvas;
use crate::view::table;

/// What it is ordered by at first.
pub const FIRST_ORDER: usize = 0;

pub const COLUMNS: &[Column] = &[
    Column { head: "times", width: Width::Number(7), rank: 0 },
    Column { head: "last", width: Width::Number(7), rank: 2 },
    Column { head: "function", width: Width::Text(16, 2), rank: 0 },
    Column { head: "line", width: Width::Tail(15, 2), rank: 1 },
    Column { head: "what prevents it", width: Width::Text(20, 4), rank: 0 },
];

/// One row for each function and reason.
pub fn rows(model: &Model) -> Vec<Row> {
    model.snapshot.refused.iter().map(|refused| row(model, refused)).collect()
}

fn row(model: &Model, refused: &Refused) -> Row {
    let id = refused_id(refused);
    Row {
        id,
        cells: vec![
            Cell::number(format::short(refused.count as f64), refused.count as f64),
            Cell::number(format::ago(model.age_ns, refused.last_ns), refused.last_ns as f64),
            Cell::text(&refused.qualname),
            Cell::text(format::place(&refused.filename, refused.line)),
            Cell::text(&refused.construct),
        ],
        tone: if model.refused_rate(id) > 0.0 { Tone::Warning } else { Tone::Text },
        target: Some(Target {
            key: None,
            function: refused.qualname.clone(),
            filename: refused.filename.clone(),
            line: Some(refused.line),
        }),
        note: format!(
            "{} ({}:{}) stays interpreted because of line {}: {}",
            refused.qualname, refused.filename, refused.first_line, refused.line, refused.construct
        ),
        heading: false,
    }
}

/// Draws the view.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    let snapshot = &app.model.snapshot;
    let mut title = format!(
        "Refused: {} functions, {} attempts",
        format::count(snapshot.refused.len() as u64),
        format::count(snapshot.counters.refusals)
    );
    if snapshot.refused_lost > 0 {
        title += &format!(", {} that found no room here", format::count(snapshot.refused_lost));
    }
    let empty = "every function that was called often enough could be compiled";
    table::draw(canvas, area, app.list_of(Tab::Refused), &title, empty);
}
