//! The frames that were completed because somebody looked: why, and who.

use ratatui::layout::Rect;
use rjit_telemetry::SiteKind;

use crate::app::list::{Cell, Column, Row, Width};
use crate::app::{App, tab::Tab};
use crate::format;
use crate::model::{Model, Place};
use crate::theme::Tone;
use crate::view::canvas::Canvas;
use crate::view::{deopts, table};

/// What it is ordered by at first.
pub const FIRST_ORDER: usize = 0;

pub const COLUMNS: &[Column] = &[
    Column { head: "count", width: Width::Number(7), rank: 0 },
    Column { head: "part", width: Width::Number(6), rank: 4 },
    Column { head: "/s", width: Width::Number(6), rank: 1 },
    Column { head: "last", width: Width::Number(7), rank: 5 },
    Column { head: "cause", width: Width::Text(14, 2), rank: 0 },
    Column { head: "observer", width: Width::Text(20, 3), rank: 0 },
    Column { head: "observed", width: Width::Text(16, 2), rank: 2 },
    Column { head: "line", width: Width::Tail(15, 1), rank: 3 },
];

/// One row for each cause and observer.
pub fn rows(model: &Model) -> Vec<Row> {
    let all = model.places(SiteKind::Reification).map(|place| place.site.count).sum();
    model.places(SiteKind::Reification).map(|place| row(model, place, all)).collect()
}

fn row(model: &Model, place: Place<'_>, all: u64) -> Row {
    let Place { site, id, rate } = place;
    let observer = site.observer.as_deref().map_or("-".into(), format::observer);
    let mut cells = deopts::figures(model, place, all);
    cells.extend([
        Cell::text(&site.reason),
        Cell::text(observer),
        Cell::text(&site.qualname),
        Cell::text(format::place(&site.filename, site.line)),
    ]);
    Row {
        id,
        cells,
        tone: if rate > 0.0 { Tone::Warning } else { Tone::Text },
        target: Some(deopts::target(site)),
        note: format!(
            "{} looked at {} ({}:{}): {}, {} times, for the first time after {}",
            site.observer.as_deref().unwrap_or("somebody"),
            site.qualname,
            site.filename,
            site.line,
            site.reason,
            format::count(site.count),
            format::duration(site.first_ns),
        ),
        heading: false,
    }
}

/// Draws the view.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    let title = format!(
        "Reifications: {}, {} now",
        format::count(app.model.totals.reifications),
        format::rate(app.model.rates.reifications)
    );
    let empty = "nobody has asked for the locals of a compiled frame, traced it or changed it";
    table::draw(canvas, area, app.list_of(Tab::Reifications), &title, empty);
}
