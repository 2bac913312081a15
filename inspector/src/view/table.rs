//! Draws a table. Where the screen is narrow, columns are left out by their rank; what is left never overlaps.

use ratatui::layout::{Margin, Rect};
use ratatui::widgets::{Scrollbar, ScrollbarOrientation, ScrollbarState};

use crate::app::bindings::Action;
use crate::app::list::{Column, List, Row, Width};
use crate::format;
use crate::theme::Tone;
use crate::view::canvas::{Canvas, row_of};

/// Blank columns between two columns of the table.
const GAP: u16 = 1;
/// Lines from which on the note of the selected row is shown below.
const ROOM_FOR_NOTE: u16 = 12;
const NOTE: u16 = 4;

/// Draws a table in a box, with the note of its selected row below where there is room.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, list: &mut List, title: &str, empty: &str) {
    let note = if area.height >= ROOM_FOR_NOTE { NOTE } else { 0 };
    let table = Rect { height: area.height - note, ..area };
    let below = Rect { y: area.y + table.height, height: note, ..area };
    draw_table(canvas, table, list, title, empty);
    if note > 0 {
        let text = list.selected_row().map(|row| row.note.clone()).unwrap_or_default();
        let inner = canvas.boxed(below, "Selected", false);
        for (down, line) in (0..inner.height).zip(wrap(&text, inner.width.into())) {
            canvas.line(inner, down, &line, Tone::Text);
        }
    }
}

/// Draws a table in a box, or without one where there is little room.
pub fn draw_table(canvas: &mut Canvas<'_, '_>, area: Rect, list: &mut List, title: &str, empty: &str) {
    let inner = if area.height >= 6 { canvas.boxed(area, &headline(list, title), true) } else { area };
    if inner.height == 0 {
        return;
    }
    list.scroll_to_selection(usize::from(inner.height - 1));
    let columns = layout(list.columns, inner.width);
    draw_heads(canvas, row_of(inner, 0), list, &columns);
    let selected = list.selected_index();
    if list.len() == 0 {
        let said = if list.filter.is_empty() { empty } else { "no row has these words; esc shows all" };
        for (down, line) in (1..inner.height).zip(wrap(said, inner.width.into())) {
            canvas.line(inner, down, &line, Tone::Faint);
        }
    }
    for (down, (index, row)) in (1..inner.height).zip(list.rows().enumerate().skip(list.offset)) {
        let line = row_of(inner, down);
        draw_row(canvas, line, row, list.columns, &columns, selected == Some(index));
        canvas.clickable(line, Action::Pick(index));
    }
    if list.len() > list.height && area.height >= 6 {
        let mut state = ScrollbarState::new(list.len() - list.height).position(list.offset);
        let bar = Scrollbar::new(ScrollbarOrientation::VerticalRight)
            .begin_symbol(None)
            .end_symbol(None)
            .style(canvas.theme.style(Tone::Faint));
        canvas.frame.render_stateful_widget(bar, area.inner(Margin::new(0, 1)), &mut state);
    }
}

fn headline(list: &List, title: &str) -> String {
    if list.filter.is_empty() {
        return title.into();
    }
    let shown = list.rows().filter(|row| !row.heading).count();
    format!("{title}, {shown} of {} with /{}", list.all_rows(), list.filter.text())
}

fn draw_heads(canvas: &mut Canvas<'_, '_>, line: Rect, list: &List, columns: &[Placed]) {
    for placed in columns {
        let column = &list.columns[placed.index];
        let mark = match (list.column == Some(placed.index), list.descending) {
            (false, _) => "",
            (true, true) => "▼",
            (true, false) => "▲",
        };
        let area = Rect { x: line.x + placed.x, width: placed.width, ..line };
        write_cell(canvas, area, column.width, &format!("{}{mark}", column.head), Tone::Title);
        if list.column.is_some() {
            canvas.clickable(area, Action::OrderBy(placed.index));
        }
    }
}

fn draw_row(canvas: &mut Canvas<'_, '_>, line: Rect, row: &Row, all: &[Column], columns: &[Placed], selected: bool) {
    if row.heading {
        canvas.line(line, 0, &format::fit(&row.cells[0].text, line.width.into()), Tone::Title);
    } else {
        for placed in columns {
            let (cell, area) = (&row.cells[placed.index], Rect { x: line.x + placed.x, width: placed.width, ..line });
            write_cell(canvas, area, all[placed.index].width, &cell.text, cell.tone.unwrap_or(row.tone));
        }
    }
    if selected {
        canvas.fill(line, Tone::Selected);
    }
}

fn write_cell(canvas: &mut Canvas<'_, '_>, area: Rect, width: Width, text: &str, tone: Tone) {
    let room = usize::from(area.width);
    let text = if matches!(width, Width::Tail(..)) { format::fit_end(text, room) } else { format::fit(text, room) };
    let left = if width.is_number() { room - format::columns(&text).min(room) } else { 0 };
    canvas.text(area, area.x + left as u16, area.y, &text, tone);
}

/// A column that is shown, from a column of the screen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Placed {
    index: usize,
    x: u16,
    width: u16,
}

/// Leaves out what does not fit, and hands what is left over to the texts by their weights.
fn layout(columns: &[Column], width: u16) -> Vec<Placed> {
    let least = |column: &Column| match column.width {
        Width::Number(width) | Width::Word(width) | Width::Text(width, _) | Width::Tail(width, _) => width,
    };
    let weight = |column: &Column| match column.width {
        Width::Number(_) | Width::Word(_) => 0,
        Width::Text(_, weight) | Width::Tail(_, weight) => weight,
    };
    let needed = |rank: u8| {
        let shown = columns.iter().filter(|column| column.rank <= rank);
        shown.map(|column| least(column) + GAP).sum::<u16>().saturating_sub(GAP)
    };
    let highest = columns.iter().map(|column| column.rank).max().unwrap_or(0);
    let rank = (0..=highest).rev().find(|&rank| needed(rank) <= width).unwrap_or(0);
    let mut spare = width.saturating_sub(needed(rank));
    let mut weights: u16 = columns.iter().filter(|column| column.rank <= rank).map(weight).sum();
    let (mut placed, mut x) = (Vec::new(), 0);
    for (index, column) in columns.iter().enumerate().filter(|(_, column)| column.rank <= rank) {
        let extra = if weights == 0 { 0 } else { u32::from(spare) * u32::from(weight(column)) / u32::from(weights) };
        spare -= extra as u16;
        weights -= weight(column);
        let own = (least(column) + extra as u16).min(width.saturating_sub(x));
        if own > 0 {
            placed.push(Placed { index, x, width: own });
        }
        x += own + GAP;
    }
    placed
}

/// Breaks a text into lines at blanks.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if format::columns(line) + 1 + format::columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { head: "function", width: Width::Text(10, 3), rank: 0 },
        Column { head: "line", width: Width::Tail(10, 1), rank: 2 },
        Column { head: "count", width: Width::Number(6), rank: 0 },
        Column { head: "state", width: Width::Word(8), rank: 1 },
    ];

    #[test]
    fn columns_go_by_their_rank() {
        let shown = |width| layout(COLUMNS, width).iter().map(|placed| placed.index).collect::<Vec<_>>();
        assert_eq!(shown(40), [0, 1, 2, 3]);
        assert_eq!(shown(36), [0, 2, 3]);
        assert_eq!(shown(25), [0, 2]);
        assert_eq!(shown(5), [0]);
        assert!(shown(0).is_empty());
    }

    #[test]
    fn columns_never_overlap_and_fill_the_line() {
        for width in 0..200 {
            let placed = layout(COLUMNS, width);
            for pair in placed.windows(2) {
                assert!(pair[0].x + pair[0].width < pair[1].x + 1, "{placed:?}");
            }
            if let Some(last) = placed.last() {
                assert!(last.x + last.width <= width, "{width}: {placed:?}");
                assert!(width < 17 || last.x + last.width == width, "{width}: {placed:?}");
            }
        }
    }

    #[test]
    fn long_texts_are_broken_at_blanks() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("", 8), [""]);
    }
}
