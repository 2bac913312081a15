//! What the screen knows: the last snapshot, the rates since the one before, and the order of the table.
//!
//! Nothing here touches a terminal or a clock: snapshots come in with their time.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use rjit_telemetry::{Executable, Snapshot, State, Totals};

use crate::words;

/// Samples of the sparkline.
const HISTORY: usize = 240;

/// A column the table can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Function,
    Place,
    Kind,
    Size,
    Entries,
    Rate,
    Deopts,
    Reifications,
    State,
}

impl Column {
    /// All columns from left to right.
    pub const ALL: [Self; 9] = [
        Self::Function,
        Self::Place,
        Self::Kind,
        Self::Size,
        Self::Entries,
        Self::Rate,
        Self::Deopts,
        Self::Reifications,
        Self::State,
    ];

    /// The column to the right, or the first one.
    pub fn next(self) -> Self {
        let index = Self::ALL.iter().position(|&column| column == self).unwrap_or(0);
        Self::ALL[(index + 1) % Self::ALL.len()]
    }

    /// Numbers are most telling from the largest on, names from the first letter.
    fn starts_descending(self) -> bool {
        matches!(self, Self::Size | Self::Entries | Self::Rate | Self::Deopts | Self::Reifications)
    }
}

/// Slot and generation: one executable.
pub type Key = (u32, u32);

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    pub executable: Executable,
    pub rate: f64,
}

impl Row {
    /// Which executable this is.
    pub fn key(&self) -> Key {
        (self.executable.slot, self.executable.generation)
    }
}

/// Changes for each second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    pub entries: f64,
    pub deopts: f64,
    pub reifications: f64,
    pub evaluations: f64,
}

/// What the screen shows of the process.
pub struct Model {
    pub snapshot: Snapshot,
    pub totals: Totals,
    pub rates: Rates,
    pub rows: Vec<Row>,
    pub column: Column,
    pub descending: bool,
    pub show_retired: bool,
    history: VecDeque<u64>,
    at: Duration,
    entry_rates: HashMap<Key, f64>,
}

impl Model {
    /// Starts with a first snapshot, at a time from any fixed point.
    pub fn new(snapshot: Snapshot, at: Duration) -> Self {
        let mut model = Self {
            totals: snapshot.totals(),
            snapshot,
            rates: Rates::default(),
            rows: Vec::new(),
            column: Column::Entries,
            descending: true,
            show_retired: false,
            history: VecDeque::new(),
            at,
            entry_rates: HashMap::new(),
        };
        model.arrange();
        model
    }

    /// Takes in the next snapshot.
    pub fn update(&mut self, snapshot: Snapshot, at: Duration) {
        let seconds = at.saturating_sub(self.at).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let totals = snapshot.totals();
        let (now, before) = (&snapshot.counters, &self.snapshot.counters);
        self.rates = Rates {
            entries: rate(totals.entries, self.totals.entries),
            deopts: rate(totals.deopts, self.totals.deopts),
            reifications: rate(totals.reifications, self.totals.reifications),
            evaluations: rate(now.evaluations, before.evaluations),
        };
        let key = |found: &Executable| (found.slot, found.generation);
        let before: HashMap<Key, u64> =
            self.snapshot.executables.iter().map(|found| (key(found), found.entries)).collect();
        self.entry_rates = snapshot
            .executables
            .iter()
            .map(|found| (key(found), rate(found.entries, before.get(&key(found)).copied().unwrap_or(0))))
            .collect();
        self.history.push_back(self.rates.entries as u64);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        (self.totals, self.snapshot, self.at) = (totals, snapshot, at);
        self.arrange();
    }

    /// Entries for each second, oldest first, not more than fit.
    pub fn history(&self, width: usize) -> Vec<u64> {
        self.history.iter().skip(self.history.len().saturating_sub(width)).copied().collect()
    }

    /// Executables in a state.
    pub fn count(&self, state: State) -> usize {
        self.snapshot.executables.iter().filter(|found| found.state == state).count()
    }

    /// Orders by the next column.
    pub fn next_column(&mut self) {
        self.column = self.column.next();
        self.descending = self.column.starts_descending();
        self.arrange();
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        self.descending = !self.descending;
        self.arrange();
    }

    /// Shows or hides executables that are gone.
    pub fn toggle_retired(&mut self) {
        self.show_retired = !self.show_retired;
        self.arrange();
    }

    /// Makes the lines of the table.
    fn arrange(&mut self) {
        self.rows.clear();
        for executable in &self.snapshot.executables {
            if self.show_retired || executable.state != State::Retired {
                let rate = self.entry_rates.get(&(executable.slot, executable.generation)).copied();
                self.rows.push(Row { executable: executable.clone(), rate: rate.unwrap_or(0.0) });
            }
        }
        let (column, descending) = (self.column, self.descending);
        self.rows.sort_by(|a, b| {
            let order = compare(column, a, b);
            (if descending { order.reverse() } else { order }).then_with(|| a.key().cmp(&b.key()))
        });
    }
}

fn compare(column: Column, a: &Row, b: &Row) -> Ordering {
    let (x, y) = (&a.executable, &b.executable);
    match column {
        Column::Function => x.qualname.cmp(&y.qualname),
        Column::Place => (&x.filename, x.line).cmp(&(&y.filename, y.line)),
        Column::Kind => words::kind(x.kind).cmp(words::kind(y.kind)),
        Column::Size => x.size.cmp(&y.size),
        Column::Entries => x.entries.cmp(&y.entries),
        Column::Rate => a.rate.total_cmp(&b.rate),
        Column::Deopts => x.deopts.cmp(&y.deopts),
        Column::Reifications => x.reifications.cmp(&y.reifications),
        Column::State => x.state.cmp(&y.state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn names(model: &Model) -> Vec<&str> {
        model.rows.iter().map(|row| row.executable.qualname.as_str()).collect()
    }

    #[test]
    fn rates_are_changes_over_time() {
        let mut model = Model::new(sample::snapshot(), Duration::from_secs(10));
        assert_eq!(model.rates.entries, 0.0);
        let mut later = sample::snapshot();
        later.executables[0].entries += 500;
        later.counters.evaluations += 1;
        model.update(later.clone(), Duration::from_millis(10_500));
        assert_eq!((model.rates.entries, model.rates.evaluations), (1000.0, 2.0));
        assert_eq!(model.rows.iter().map(|row| row.rate).fold(0.0, f64::max), 1000.0);
        assert_eq!(model.history(10), [1000]);
        model.update(later.clone(), Duration::from_millis(10_500));
        assert_eq!(model.rates.entries, 1000.0);

        later.executables[0].generation += 1;
        later.executables[0].entries = 3;
        model.update(later, Duration::from_millis(11_500));
        assert_eq!(model.rates.entries, 0.0);
        assert!(model.rows.iter().any(|row| row.rate == 3.0), "a new executable in an old slot counts from zero");
    }

    #[test]
    fn rows_follow_the_column() {
        let mut model = Model::new(sample::snapshot(), Duration::ZERO);
        let entries: Vec<_> = model.rows.iter().map(|row| row.executable.entries).collect();
        assert!(entries.is_sorted_by(|a, b| a >= b));
        model.reverse();
        let entries: Vec<_> = model.rows.iter().map(|row| row.executable.entries).collect();
        assert!(entries.is_sorted());
        while model.column != Column::Function {
            model.next_column();
        }
        assert!(names(&model).is_sorted());
        assert!(!names(&model).contains(&"Old.gone"));
        model.toggle_retired();
        assert!(names(&model).contains(&"Old.gone"));
    }

    #[test]
    fn the_history_is_limited() {
        let mut model = Model::new(sample::snapshot(), Duration::ZERO);
        for second in 1..300 {
            model.update(sample::snapshot(), Duration::from_secs(second));
        }
        assert_eq!(model.history(1000).len(), HISTORY);
        assert_eq!(model.history(5).len(), 5);
    }
}
