//! The places where compiled code was left: which guess failed, what came instead, how often.

use ratatui::layout::Rect;
use rjit_telemetry::{Site, SiteKind};

use crate::app::list::{Cell, Column, Row, Target, Width};
use crate::app::{App, tab::Tab};
use crate::format;
use crate::model::{Model, Place, share};
use crate::theme::Tone;
use crate::view::canvas::Canvas;
use crate::view::table;

/// What it is ordered by at first.
pub const FIRST_ORDER: usize = 0;

pub const COLUMNS: &[Column] = &[
    Column { head: "count", width: Width::Number(7), rank: 0 },
    Column { head: "part", width: Width::Number(6), rank: 3 },
    Column { head: "/s", width: Width::Number(6), rank: 1 },
    Column { head: "last", width: Width::Number(7), rank: 5 },
    Column { head: "line", width: Width::Tail(15, 1), rank: 0 },
    Column { head: "function", width: Width::Text(16, 2), rank: 2 },
    Column { head: "why", width: Width::Text(24, 4), rank: 0 },
    Column { head: "instruction", width: Width::Text(14, 1), rank: 4 },
];

/// One row for each place and reason.
pub fn rows(model: &Model) -> Vec<Row> {
    let all = model.places(SiteKind::Deopt).map(|place| place.site.count).sum();
    model.places(SiteKind::Deopt).map(|place| row(model, place, all)).collect()
}

/// What a row of a place leads to.
pub fn target(site: &Site) -> Target {
    Target {
        key: Some((site.slot, site.generation)),
        function: site.qualname.clone(),
        filename: site.filename.clone(),
        line: Some(site.line),
    }
}

/// How often frames went on in the interpreter at a place: in all, of `all` that did so anywhere, per second, and when last.
pub fn figures(model: &Model, Place { site, rate, .. }: Place<'_>, all: u64) -> Vec<Cell> {
    let part = share(site.count, all);
    vec![
        Cell::number(format::short(site.count as f64), site.count as f64),
        Cell::number(format::percent(part), part),
        Cell::number(format::short(rate), rate),
        Cell::number(format::ago(model.age_ns, site.last_ns), site.last_ns as f64),
    ]
}

fn row(model: &Model, place: Place<'_>, all: u64) -> Row {
    let Place { site, id, rate } = place;
    let mut cells = figures(model, place, all);
    cells.extend([
        Cell::text(format::place(&site.filename, site.line)),
        Cell::text(&site.qualname),
        Cell::text(format::guess(site)),
        Cell::text(&site.opcode),
    ]);
    Row {
        id,
        cells,
        tone: if rate >= 1000.0 {
            Tone::Bad
        } else if rate > 0.0 {
            Tone::Warning
        } else {
            Tone::Text
        },
        target: Some(target(site)),
        note: format!(
            "{} at {} ({}:{}): {}, {} times, for the first time after {}",
            site.qualname,
            site.opcode,
            site.filename,
            site.line,
            format::guess(site),
            format::count(site.count),
            format::duration(site.first_ns),
        ),
        heading: false,
    }
}

/// Draws the view.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    let mut title = format!(
        "Deopts: {}, {} now",
        format::count(app.model.totals.deopts.saturating_sub(app.model.totals.reifications)),
        format::rate(app.model.rates.failed_guesses())
    );
    if app.model.snapshot.sites_lost > 0 {
        title += &format!(", {} at places that found no room here", format::count(app.model.snapshot.sites_lost));
    }
    let empty = "no guess has failed: compiled code was never left for the interpreter";
    table::draw(canvas, area, app.list_of(Tab::Deopts), &title, empty);
}
