//! The table of executables. Narrow screens leave out the columns that say least.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Margin, Rect};
use ratatui::style::Style;
use ratatui::text::Text;
use ratatui::widgets::{Cell, Row, Scrollbar, ScrollbarOrientation, ScrollbarState, Table, TableState};
use rjit_telemetry::State;

use crate::app::{App, Pane};
use crate::format;
use crate::model::{self, Column};
use crate::theme::Theme;
use crate::view::panes;
use crate::words;

/// Draws the table.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme, scroll: &mut TableState) {
    let model = &app.model;
    let columns: Vec<Column> = Column::ALL.into_iter().filter(|&column| area.width >= least_width(column)).collect();
    let heads = columns.iter().map(|&column| {
        let mark = match (column == model.column, model.descending) {
            (false, _) => "",
            (true, true) => "▼",
            (true, false) => "▲",
        };
        Cell::from(Text::from(format!("{}{mark}", head(column))).alignment(alignment(column)))
    });
    let rows = model.rows.iter().map(|row| {
        let style = match row.executable.state {
            State::Live | State::Unknown(_) => Style::new(),
            State::Invalidated => theme.warning(),
            State::Retired => theme.faint(),
        };
        Row::new(columns.iter().map(|&column| Text::from(cell(column, row)).alignment(alignment(column)))).style(style)
    });
    let title = format!(
        " Executables: {} live, {} invalidated, {} retired ",
        model.count(State::Live),
        model.count(State::Invalidated),
        model.count(State::Retired)
    );
    let table = Table::new(rows, columns.iter().map(|&column| width(column)))
        .header(Row::new(heads).style(theme.title()))
        .row_highlight_style(theme.selected())
        .block(panes::block(title, app.focus == Pane::Executables, theme));
    scroll.select(app.selected_index());
    frame.render_stateful_widget(table, area, scroll);

    let lines = usize::from(area.height.saturating_sub(3));
    if model.rows.len() > lines && area.height > 4 {
        let mut state = ScrollbarState::new(model.rows.len() - lines).position(scroll.offset());
        let bar = Scrollbar::new(ScrollbarOrientation::VerticalRight).begin_symbol(None).end_symbol(None);
        frame.render_stateful_widget(bar, area.inner(Margin::new(0, 1)), &mut state);
    }
}

fn head(column: Column) -> &'static str {
    match column {
        Column::Function => "function",
        Column::Place => "line",
        Column::Kind => "kind",
        Column::Size => "size",
        Column::Entries => "entries",
        Column::Rate => "/s",
        Column::Deopts => "deopts",
        Column::Reifications => "reified",
        Column::State => "state",
    }
}

fn cell(column: Column, row: &model::Row) -> String {
    let found = &row.executable;
    match column {
        Column::Function => found.qualname.clone(),
        Column::Place => format::place(&found.filename, found.line),
        Column::Kind => words::kind(found.kind).into(),
        Column::Size => format::bytes(found.size),
        Column::Entries => format::short(found.entries as f64),
        Column::Rate => format::short(row.rate),
        Column::Deopts => format::short(found.deopts as f64),
        Column::Reifications => format::short(found.reifications as f64),
        Column::State => words::state(found.state).into(),
    }
}

fn width(column: Column) -> Constraint {
    match column {
        Column::Function => Constraint::Fill(3),
        Column::Place => Constraint::Fill(2),
        Column::Kind | Column::Entries | Column::Reifications => Constraint::Length(8),
        Column::Size => Constraint::Length(9),
        Column::Rate => Constraint::Length(6),
        Column::Deopts => Constraint::Length(7),
        Column::State => Constraint::Length(11),
    }
}

fn alignment(column: Column) -> Alignment {
    match column {
        Column::Size | Column::Entries | Column::Rate | Column::Deopts | Column::Reifications => Alignment::Right,
        Column::Function | Column::Place | Column::Kind | Column::State => Alignment::Left,
    }
}

fn least_width(column: Column) -> u16 {
    match column {
        Column::Function | Column::Entries => 0,
        Column::Rate => 36,
        Column::Deopts => 44,
        Column::State => 60,
        Column::Place => 76,
        Column::Reifications => 92,
        Column::Size => 100,
        Column::Kind => 110,
    }
}
