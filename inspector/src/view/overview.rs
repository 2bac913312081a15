//! The overview: does rjit do well for this program, where does the time go, what to look at next.

use std::collections::HashSet;

use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{RenderDirection, Sparkline};
use rjit_sampling::Shares;
use rjit_telemetry::{EventKind, State};

use crate::app::bindings::Action;
use crate::app::list::{Cell, Column, Row, Width};
use crate::app::{App, tab::Tab};
use crate::format;
use crate::model::hints::{Hint, hints};
use crate::model::source::{Samples, Sampling};
use crate::model::{Model, Rates, key_of};
use crate::report;
use crate::theme::Tone;
use crate::view::canvas::{Canvas, row_of};
use crate::view::{events, executables, table};
use crate::words;

/// What the table of the hottest is ordered by at first.
pub const FIRST_ORDER: usize = 2;

pub const COLUMNS: &[Column] = &[
    Column { head: "hottest", width: Width::Text(18, 3), rank: 0 },
    Column { head: "line", width: Width::Tail(16, 2), rank: 2 },
    Column { head: "time", width: Width::Number(6), rank: 0 },
    Column { head: "entries/s", width: Width::Number(10), rank: 1 },
    Column { head: "deopts", width: Width::Number(7), rank: 3 },
    Column { head: "state", width: Width::Word(11), rank: 4 },
];

/// Warnings that are shown at once, if there is room.
const WARNINGS: usize = 20;
/// Hints that are shown at once.
const HINTS: u16 = 4;

/// One row for each executable that can run.
pub fn rows(model: &Model) -> Vec<Row> {
    let shown = model.snapshot.executables.iter().filter(|found| found.state != State::Retired);
    let row = |found: &rjit_telemetry::Executable| {
        let key = key_of(found);
        let rate = model.entry_rate(key);
        // Without samples, entries are the next best thing to order by.
        let time = match model.share(key) {
            Some(share) => Cell::number(format::percent(share), share).toned(Tone::of_share(share)),
            None => Cell::number("-", rate).toned(Tone::Faint),
        };
        Row {
            id: u64::from(found.slot) << 32 | u64::from(found.generation),
            cells: vec![
                Cell::text(&found.qualname),
                Cell::text(format::place(&found.filename, found.line)),
                time,
                Cell::number(format::short(rate), rate),
                Cell::number(format::short(found.deopts as f64), found.deopts as f64),
                Cell::text(words::state(found.state)),
            ],
            tone: executables::tone(found.state),
            target: executables::target(found),
            note: String::new(),
            heading: false,
        }
    };
    shown.map(row).collect()
}

/// Draws the view.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    let hints = hints(&app.model);
    if area.height >= 21 && area.width >= 60 {
        let count = (hints.len() as u16).clamp(1, HINTS);
        let four = area.width >= 104;
        let rates = if four { 6 } else { 8 };
        let [verdict, time, code, rates, rest] = Layout::vertical([
            Constraint::Length(count + 2),
            Constraint::Length(4),
            Constraint::Length(1),
            Constraint::Length(rates),
            Constraint::Min(4),
        ])
        .areas(area);
        let inner = canvas.boxed(verdict, "What to look at", false);
        draw_hints(canvas, inner, &hints);
        let inner = canvas.boxed(time, &time_title(&app.model.sampling), false);
        draw_time(canvas, inner, &app.model.sampling);
        canvas.line(code, 0, &format!(" {}", code_line(&app.model)), Tone::Text);
        draw_rates(canvas, rates, &app.model, four);
        draw_bottom(canvas, rest, app);
    } else {
        draw_small(canvas, area, app, &hints);
    }
}

fn draw_bottom(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    let warnings = warnings(&app.model);
    let (left, right) = if area.width >= 110 && !warnings.is_empty() {
        let [left, right] = Layout::horizontal([Constraint::Percentage(58), Constraint::Min(0)]).areas(area);
        (left, right)
    } else {
        let below = if area.height >= 14 { 6.min(warnings.len() as u16 + 2) } else { 0 };
        let [left, right] = Layout::vertical([Constraint::Min(0), Constraint::Length(below)]).areas(area);
        (left, right)
    };
    let title = "Hottest executables";
    table::draw_table(canvas, left, app.list_of(Tab::Overview), title, "nothing is compiled yet");
    if right.height > 2 && !warnings.is_empty() {
        let inner = canvas.boxed(right, "Newest warnings", false);
        canvas.clickable(inner, Action::Go(Tab::Events));
        for (down, (text, tone)) in (0..inner.height).zip(warnings) {
            canvas.line(inner, down, &format::fit(&text, inner.width.into()), tone);
        }
    }
}

/// The least that says it all: for small terminals.
fn draw_small(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App, hints: &[Hint]) {
    let tall = area.height >= 12;
    let [verdict, time, rates, table] = Layout::vertical([
        Constraint::Length(if tall { 2 } else { 1 }),
        Constraint::Length(if tall { 2 } else { 1 }),
        Constraint::Length(if tall { 4 } else { 1 }),
        Constraint::Min(0),
    ])
    .areas(area);
    draw_hints(canvas, verdict, hints);
    draw_time(canvas, time, &app.model.sampling);
    let rates_now = app.model.rates;
    if tall {
        for (down, series) in (0..).zip(SERIES) {
            draw_series_line(canvas, row_of(rates, down), &app.model, &series);
        }
    } else {
        let text = format!(
            "{} entries  {} deopts  {} reified",
            format::rate(rates_now.entries),
            format::rate(rates_now.deopts),
            format::rate(rates_now.reifications)
        );
        canvas.line(rates, 0, &text, Tone::Text);
    }
    table::draw_table(canvas, table, app.list_of(Tab::Overview), "Hottest", "nothing is compiled yet");
}

fn draw_hints(canvas: &mut Canvas<'_, '_>, area: Rect, hints: &[Hint]) {
    for (down, hint) in (0..area.height).zip(hints) {
        let mark = match hint.tone {
            Tone::Good => "✓ ",
            Tone::Bad => "‼ ",
            Tone::Warning => "! ",
            _ => "· ",
        };
        let line = row_of(area, down);
        let see = hint.see.map(|tab| format!(": see {}", tab.digit())).unwrap_or_default();
        let room = usize::from(area.width).saturating_sub(see.len() + 2);
        let x = canvas.line(line, 0, mark, hint.tone);
        canvas.text(line, x, line.y, &(format::fit(&hint.text, room) + &see), hint.tone);
        if let Some(tab) = hint.see {
            canvas.clickable(line, Action::Go(tab));
        }
    }
}

fn time_title(sampling: &Sampling) -> String {
    let Sampling::On(samples) = sampling else {
        return "Where the time goes".into();
    };
    let mut title = format!(
        "Where the time goes: {} samples, {} at {:.0} Hz",
        format::count(samples.taken),
        samples.method,
        samples.hz
    );
    if let Some(overhead) = samples.overhead {
        title += &format!(", overhead {}", format::percent(overhead));
    }
    if samples.lost > 0 {
        title += &format!(", {} lost", format::count(samples.lost));
    }
    title
}

/// The parts of the bar: word, tone, filling without colours.
const PARTS: [(&str, Tone, &str); 5] = [
    ("compiled", Tone::Compiled, "█"),
    ("interpreted", Tone::Interpreted, "▒"),
    ("native", Tone::Native, "░"),
    ("GC", Tone::Gc, "▚"),
    ("idle", Tone::Idle, "·"),
];

fn parts(shares: Shares) -> [f64; 5] {
    [shares.compiled, shares.interpreted, shares.native, shares.gc, shares.idle]
}

fn draw_time(canvas: &mut Canvas<'_, '_>, area: Rect, sampling: &Sampling) {
    match sampling {
        Sampling::Starting => {
            canvas.line(area, 0, "the first samples are on their way", Tone::Faint);
        }
        Sampling::Off(why) => {
            let text = format!("no samples: {why}");
            for (down, line) in (0..area.height).zip(table::wrap(&text, area.width.into())) {
                canvas.line(area, down, &line, Tone::Faint);
            }
        }
        Sampling::On(samples) => draw_bar(canvas, area, samples),
    }
}

fn draw_bar(canvas: &mut Canvas<'_, '_>, area: Rect, samples: &Samples) {
    let shares = if samples.recent == Shares::default() { samples.total } else { samples.recent };
    let parts_of_time = parts(shares);
    let bar = row_of(area, 0);
    let (mut before, mut x) = (0.0, bar.x);
    for (part, (_, tone, filling)) in parts_of_time.into_iter().zip(PARTS) {
        before += part;
        let end = bar.x + (before * f64::from(bar.width)).round() as u16;
        let filling = if canvas.theme.is_plain() || tone == Tone::Idle { filling } else { "█" };
        x = canvas.text(bar, x, bar.y, &filling.repeat(usize::from(end.saturating_sub(x))), tone).max(end);
    }
    let legend = row_of(area, 1);
    let mut x = legend.x;
    for (part, (word, tone, filling)) in parts_of_time.into_iter().zip(PARTS) {
        x = canvas.text(legend, x, legend.y, filling, tone);
        let text = format!(" {word} {}   ", format::percent(part));
        x = canvas.text(legend, x, legend.y, &text, Tone::Text);
    }
}

fn code_line(model: &Model) -> String {
    let counters = &model.snapshot.counters;
    format!(
        "code {} in {} executables, compiled {}, refused {}, invalidated {}, compile time {}",
        format::bytes(counters.code_bytes),
        format::count((model.count(State::Live) + model.count(State::Invalidated)) as u64),
        format::count(counters.compiles),
        format::count(counters.refusals),
        format::count(counters.invalidations),
        format::duration(counters.compile_ns),
    )
}

/// A rate over time.
struct Series {
    name: &'static str,
    tone: Tone,
    of: fn(&Rates) -> f64,
    write: fn(f64) -> String,
}

const SERIES: [Series; 4] = [
    Series { name: "entries", tone: Tone::Good, of: |rates| rates.entries, write: format::rate },
    Series { name: "deopts", tone: Tone::Warning, of: |rates| rates.deopts, write: format::rate },
    Series { name: "reifications", tone: Tone::Focus, of: |rates| rates.reifications, write: format::rate },
    Series {
        name: "compiling",
        tone: Tone::Inlined,
        of: |rates| rates.compile_ns / 1e9,
        write: |part| format!("{} of the time", format::percent(part)),
    },
];

fn draw_rates(canvas: &mut Canvas<'_, '_>, area: Rect, model: &Model, four: bool) {
    let quarters = [Constraint::Ratio(1, 4); 4];
    let halves = [Constraint::Ratio(1, 2); 2];
    let areas: Vec<Rect> = if four {
        Layout::horizontal(quarters).split(area).to_vec()
    } else {
        let rows = Layout::vertical(halves).split(area);
        rows.iter().flat_map(|&row| Layout::horizontal(halves).split(row).to_vec()).collect()
    };
    for (area, series) in areas.into_iter().zip(SERIES) {
        let now = (series.write)((series.of)(&model.rates));
        let inner = canvas.boxed(area, &format!("{} {now}", series.name), false);
        sparkline(canvas, inner, model, &series);
    }
}

fn draw_series_line(canvas: &mut Canvas<'_, '_>, line: Rect, model: &Model, series: &Series) {
    let now = (series.write)((series.of)(&model.rates));
    let x = canvas.line(line, 0, &format!("{:<12} {now:>8} ", series.name), Tone::Text);
    let rest = Rect { x, width: line.right().saturating_sub(x), ..line };
    sparkline(canvas, rest, model, series);
}

/// Draws a rate over time, the newest to the right.
fn sparkline(canvas: &mut Canvas<'_, '_>, area: Rect, model: &Model, series: &Series) {
    // Bars are whole numbers, while rates may be small.
    let values = model.history.newest(area.width.into(), series.of);
    let most = values.iter().copied().fold(0.0, f64::max);
    let scale = if most > 0.0 { 1_000.0 / most } else { 0.0 };
    let bars: Vec<u64> = values.iter().map(|value| (value * scale).ceil() as u64).collect();
    let line = Sparkline::default()
        .data(bars)
        .max(1_000)
        .direction(RenderDirection::RightToLeft)
        .style(canvas.theme.style(series.tone));
    canvas.frame.render_widget(line, area);
}

/// The newest events that somebody may want to know of. What keeps coming back stands there once.
fn warnings(model: &Model) -> Vec<(String, Tone)> {
    let kinds = [EventKind::Refused, EventKind::Deopt, EventKind::Invalidated, EventKind::Disabled, EventKind::Reified];
    let mut seen = HashSet::new();
    let telling = model.events.iter().rev().filter(|event| kinds.contains(&event.kind));
    let telling =
        telling.filter(|event| seen.insert((words::event(event.kind), &event.subject, event.line, &event.reason)));
    telling
        .take(WARNINGS)
        .map(|event| (report::event_line(event).trim_start().to_string(), events::tone(event.kind)))
        .collect()
}
