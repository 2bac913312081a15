//! A table without a terminal: rows of cells, ordered by a column, filtered, one of them selected.
//!
//! The selection belongs to a row and not to a place: where the order changes it moves along. Until somebody moves it,
//! it stays on top.

use std::cmp::Ordering;

use crate::app::filter::Filter;
use crate::model::Key;
use crate::theme::Tone;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub head: &'static str,
    pub width: Width,
    /// Columns of a higher rank go first where the screen is narrow. Those of rank 0 never do.
    pub rank: u8,
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A number, to the right of this many characters, most telling from the largest on.
    Number(u16),
    /// A word of at most this many characters.
    Word(u16),
    /// A text that takes what is left, with at least the first number and by the weight of the second.
    Text(u16, u16),
    /// A text that is cut at its start, because its end says more.
    Tail(u16, u16),
}

impl Width {
    /// Whether numbers stand in it.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Number(_))
    }
}

/// The code that a row leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The executable, if the code was compiled.
    pub key: Option<Key>,
    pub function: String,
    pub filename: String,
    /// The line to begin with, if it is known.
    pub line: Option<u32>,
}

/// A cell: what is shown, and what it is ordered by where that is a number.
#[derive(Clone, Debug)]
pub struct Cell {
    pub text: String,
    pub number: Option<f64>,
    /// Where it means something else than its row.
    pub tone: Option<Tone>,
}

impl Cell {
    /// A cell that is ordered by its letters.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), number: None, tone: None }
    }

    /// A cell that is ordered by a number.
    pub fn number(text: impl Into<String>, number: f64) -> Self {
        Self { text: text.into(), number: Some(number), tone: None }
    }

    /// The same with a tone of its own.
    pub fn toned(self, tone: Tone) -> Self {
        Self { tone: Some(tone), ..self }
    }
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The same for the same thing, from one look to the next.
    pub id: u64,
    pub cells: Vec<Cell>,
    pub tone: Tone,
    pub target: Option<Target>,
    /// All of it in a sentence or two, for below the table: columns cut long texts.
    pub note: String,
    /// Belongs to the rows below it and stays where it is; not for selecting.
    pub heading: bool,
}

/// A table and where the user is in it.
#[derive(Clone, Debug)]
pub struct List {
    pub columns: &'static [Column],
    pub filter: Filter,
    /// The column that orders, or none where rows stay as they come.
    pub column: Option<usize>,
    pub descending: bool,
    /// The first line on the screen.
    pub offset: usize,
    /// Lines on the screen.
    pub height: usize,
    rows: Vec<Row>,
    order: Vec<usize>,
    selected: Option<u64>,
    index: usize,
}

impl List {
    /// An empty table, ordered by a column from its most telling end.
    pub fn new(columns: &'static [Column], column: Option<usize>) -> Self {
        Self {
            columns,
            filter: Filter::default(),
            column,
            descending: column.is_some_and(|column| columns[column].width.is_number()),
            offset: 0,
            height: 1,
            rows: Vec::new(),
            order: Vec::new(),
            selected: None,
            index: 0,
        }
    }

    /// Takes in new rows. What was selected stays so if it is still there.
    pub fn set_rows(&mut self, rows: Vec<Row>) {
        self.rows = rows;
        self.arrange();
    }

    /// All rows, in the order they came in.
    pub fn all_rows(&self) -> usize {
        self.rows.iter().filter(|row| !row.heading).count()
    }

    /// The rows that the filter lets through, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> + DoubleEndedIterator {
        self.order.iter().map(|&index| &self.rows[index])
    }

    /// Number of rows that the filter lets through.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Place of the selected row.
    pub fn selected_index(&self) -> Option<usize> {
        let last = self.order.len().checked_sub(1)?;
        let same = self.selected.and_then(|id| self.rows().position(|row| row.id == id));
        Some(same.unwrap_or(self.index).min(last))
    }

    /// The selected row.
    pub fn selected_row(&self) -> Option<&Row> {
        self.selected_index().map(|index| &self.rows[self.order[index]])
    }

    /// Whether somebody has selected a row, rather than nobody having moved yet.
    pub fn was_selected(&self) -> bool {
        self.selected.is_some()
    }

    /// Selects the row at a place.
    pub fn select(&mut self, index: usize) {
        let Some(last) = self.order.len().checked_sub(1) else { return };
        self.index = index.min(last);
        self.selected = Some(self.rows[self.order[self.index]].id);
    }

    /// Moves the selection.
    pub fn step(&mut self, to: impl FnOnce(usize) -> usize) {
        if let Some(index) = self.selected_index() {
            self.select(to(index));
        }
    }

    /// Orders by a column; by the same once more, the other way round.
    pub fn order_by(&mut self, column: usize) {
        if self.column.is_none() || column >= self.columns.len() {
            return;
        }
        if self.column == Some(column) {
            self.descending = !self.descending;
        } else {
            self.column = Some(column);
            self.descending = self.columns[column].width.is_number();
        }
        self.arrange();
    }

    /// Orders by the next column to the right, or to the left.
    pub fn next_column(&mut self, right: bool) {
        if let Some(column) = self.column {
            let step = if right { 1 } else { self.columns.len() - 1 };
            self.order_by((column + step) % self.columns.len());
        }
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        if self.column.is_some() {
            self.descending = !self.descending;
            self.arrange();
        }
    }

    /// Lets only rows with these words through.
    pub fn set_filter(&mut self, text: &str) {
        self.filter = Filter::new(text);
        self.arrange();
    }

    /// Scrolls so that the selected row is within `height` lines.
    pub fn scroll_to_selection(&mut self, height: usize) {
        self.height = height.max(1);
        if let Some(index) = self.selected_index() {
            self.offset = self.offset.clamp((index + 1).saturating_sub(self.height), index);
        }
        self.offset = self.offset.min(self.order.len().saturating_sub(self.height));
    }

    /// The table as text with tabs between cells, as it is ordered and filtered.
    pub fn to_text(&self) -> String {
        let mut out = self.columns.iter().map(|column| column.head).collect::<Vec<_>>().join("\t");
        for row in self.rows() {
            out.push('\n');
            out += &row.cells.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join("\t");
        }
        out.push('\n');
        out
    }

    fn arrange(&mut self) {
        let mut order: Vec<usize> = (0..self.rows.len()).filter(|&index| self.lets_through(index)).collect();
        if let Some(column) = self.column {
            order.sort_by(|&a, &b| {
                let (a, b) = (&self.rows[a], &self.rows[b]);
                let compared = compare(&a.cells[column], &b.cells[column]);
                (if self.descending { compared.reverse() } else { compared }).then_with(|| a.id.cmp(&b.id))
            });
        }
        self.order = order;
    }

    /// Headings stand as long as something stands below them.
    fn lets_through(&self, index: usize) -> bool {
        if !self.rows[index].heading {
            return self.filter.matches(&self.rows[index]);
        }
        let mut below = self.rows[index + 1..].iter().take_while(|row| !row.heading).peekable();
        self.filter.is_empty() || below.any(|row| self.filter.matches(row))
    }
}

fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (a.number, b.number) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.text.cmp(&b.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { head: "name", width: Width::Text(4, 1), rank: 0 },
        Column { head: "size", width: Width::Number(5), rank: 1 },
    ];

    fn row(id: u64, name: &str, size: f64) -> Row {
        let cells = vec![Cell::text(name), Cell::number(format!("{size}"), size)];
        Row { id, cells, tone: Tone::Text, target: None, note: String::new(), heading: false }
    }

    fn list() -> List {
        let mut list = List::new(COLUMNS, Some(1));
        list.set_rows(vec![row(1, "beta", 5.0), row(2, "alpha", 100.0), row(3, "gamma", 20.0)]);
        list
    }

    fn names(list: &List) -> Vec<&str> {
        list.rows().map(|row| row.cells[0].text.as_str()).collect()
    }

    #[test]
    fn a_column_orders_and_turns_round() {
        let mut list = list();
        assert_eq!(names(&list), ["alpha", "gamma", "beta"]);
        list.order_by(1);
        assert_eq!(names(&list), ["beta", "gamma", "alpha"]);
        list.next_column(true);
        assert_eq!((list.column, names(&list)), (Some(0), vec!["alpha", "beta", "gamma"]));
        list.reverse();
        assert_eq!(names(&list), ["gamma", "beta", "alpha"]);
        list.next_column(false);
        assert_eq!(list.column, Some(1));
        list.order_by(7);
        assert_eq!(list.column, Some(1));
    }

    #[test]
    fn the_selection_follows_its_row() {
        let mut list = list();
        assert_eq!(list.selected_row().unwrap().id, 2);
        list.set_rows(vec![row(1, "beta", 500.0), row(2, "alpha", 100.0)]);
        assert_eq!(list.selected_row().unwrap().id, 1, "nobody has moved it, so it stays on top");
        list.step(|index| index + 1);
        assert_eq!(list.selected_row().unwrap().id, 2);
        list.set_rows(vec![row(1, "beta", 500.0), row(2, "alpha", 900.0)]);
        assert_eq!((list.selected_row().unwrap().id, list.selected_index()), (2, Some(0)));
        list.set_rows(vec![row(1, "beta", 500.0)]);
        assert_eq!(list.selected_row().unwrap().id, 1);
        list.set_rows(Vec::new());
        assert!(list.selected_row().is_none());
        list.step(|index| index + 1);
    }

    #[test]
    fn scrolling_keeps_the_selection_in_sight() {
        let mut list = List::new(COLUMNS, None);
        list.set_rows((0..50).map(|id| row(id, "x", 0.0)).collect());
        list.scroll_to_selection(10);
        assert_eq!(list.offset, 0);
        list.step(|_| 30);
        list.scroll_to_selection(10);
        assert_eq!(list.offset, 21);
        list.step(|_| 25);
        list.scroll_to_selection(10);
        assert_eq!(list.offset, 21);
        list.step(|_| usize::MAX);
        list.scroll_to_selection(60);
        assert_eq!(list.offset, 0);
    }

    #[test]
    fn headings_stay_with_what_is_below_them() {
        let mut list = List::new(COLUMNS, None);
        let heading = |id, name| Row { heading: true, ..row(id, name, 0.0) };
        list.set_rows(vec![heading(1, "one"), row(2, "a", 0.0), heading(3, "two"), row(4, "b", 0.0)]);
        list.set_filter("b");
        assert_eq!(names(&list), ["two", "b"]);
        assert_eq!(list.all_rows(), 2);
    }

    #[test]
    fn a_table_becomes_text() {
        assert_eq!(list().to_text(), "name\tsize\nalpha\t100\ngamma\t20\nbeta\t5\n");
    }
}
