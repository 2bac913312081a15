//! The parts of the screen around the table.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Sparkline};
use rjit_telemetry::EventKind;

use crate::app::{App, Pane, Status};
use crate::theme::Theme;
use crate::{format, report, words};

/// A frame with a title, marked when the arrows move in it.
pub fn block(title: String, focused: bool, theme: Theme) -> Block<'static> {
    let (border, title_style) = if focused { (theme.focus(), theme.title()) } else { (theme.faint(), Style::new()) };
    Block::bordered().border_style(border).title(Span::styled(title, title_style))
}

/// Which process this is, and how it is.
pub fn header(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) {
    let identity = &app.model.snapshot.identity;
    let status = match &app.status {
        Status::Running if app.paused => Span::styled("paused", theme.warning()),
        Status::Running => Span::styled("running", theme.good()),
        Status::Closed => Span::styled("rjit has ended in this process", theme.warning()),
        Status::Exited => Span::styled("the process has exited; q quits", theme.bad()),
        Status::Unreadable(why) => Span::styled(why.clone(), theme.bad()),
    };
    let first = Line::from(vec![
        Span::styled(format!(" rjit-inspect {}  ", identity.pid), theme.title()),
        Span::raw(app.command.clone()),
    ]);
    let second = Line::from(vec![
        Span::raw(format!(
            " Python {}, rjit {}, up {}  ",
            identity.python,
            identity.rjit,
            format::duration(app.age_ns)
        )),
        status,
    ]);
    frame.render_widget(Paragraph::new(vec![first, second]), area);
}

/// The counters of the process, and its entries over time.
pub fn counters(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) {
    let [left, right] = Layout::horizontal([Constraint::Max(66), Constraint::Min(0)]).areas(area);
    let (totals, rates, counters) = (app.model.totals, app.model.rates, app.model.snapshot.counters);
    let rated = |name, total: u64, rate: f64| {
        format!(" {name:<13}{:>15} {:>8}", format::count(total), format!("{}/s", format::short(rate)))
    };
    let plain = |name, number: String| format!("   {name:<13}{number:>10}");
    let lines = [
        (rated("entries", totals.entries, rates.entries), plain("machine code", format::bytes(counters.code_bytes))),
        (rated("deopts", totals.deopts, rates.deopts), plain("compile time", format::duration(counters.compile_ns))),
        (
            rated("reifications", totals.reifications, rates.reifications),
            plain("compiled", format::count(counters.compiles)),
        ),
        (
            rated("evaluations", counters.evaluations, rates.evaluations),
            plain("refused", format::count(counters.refusals)),
        ),
    ];
    let lines: Vec<Line<'_>> = lines.into_iter().map(|(first, second)| Line::from(first + &second)).collect();
    frame.render_widget(Paragraph::new(lines).block(block(" Counters ".into(), false, theme)), left);
    let history = app.model.history(usize::from(right.width.saturating_sub(2)));
    let most = format::short(history.iter().copied().max().unwrap_or(0) as f64);
    let line =
        Sparkline::default().data(history).style(theme.good()).block(block(format!(" most {most}/s "), false, theme));
    frame.render_widget(line, right);
}

/// The selected executable in full.
pub fn detail(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) {
    let Some(found) = app.selected_row().map(|row| &row.executable) else {
        let empty = Paragraph::new(" nothing is compiled yet").style(theme.faint());
        frame.render_widget(empty.block(block(" Selected ".into(), false, theme)), area);
        return;
    };
    let lines = vec![
        Line::from(format!(" {} {}, {}:{}", words::kind(found.kind), found.qualname, found.filename, found.line)),
        Line::from(format!(
            " {} at {:#x}, compiled in {}; {} entries, {} deopts",
            format::bytes(found.size),
            found.address,
            format::duration(found.compile_ns),
            format::count(found.entries),
            format::count(found.deopts)
        )),
    ];
    frame.render_widget(Paragraph::new(lines).block(block(" Selected ".into(), false, theme)), area);
}

/// The events, newest on top.
pub fn events(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) {
    let lost = app.model.snapshot.events_lost;
    let title = match lost {
        0 => " Events ".to_string(),
        _ => format!(" Events, {} older ones lost ", format::count(lost)),
    };
    let lines: Vec<Line<'_>> = app
        .visible_events(usize::from(area.height.saturating_sub(2)))
        .map(|event| {
            let style = match event.kind {
                EventKind::Compiled | EventKind::Enabled => theme.good(),
                EventKind::Refused | EventKind::Deopt => theme.warning(),
                EventKind::Invalidated | EventKind::Disabled => theme.bad(),
                EventKind::Retired | EventKind::Reified | EventKind::Unknown(_) => theme.faint(),
            };
            Line::styled(report::event_line(event), style)
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(block(title, app.focus == Pane::Events, theme)), area);
}

/// The most needed keys.
pub fn footer(frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let keys = " q quit  ↑↓ move  tab pane  s sort  r reverse  a all  p pause  ? help";
    frame.render_widget(Paragraph::new(Line::styled(keys, theme.faint())), area);
}
