//! What the user does with the screen: keys in, state out, still without a terminal.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use rjit_telemetry::Event;

use crate::model::{Key, Model, Row};

const PAGE: usize = 10;

/// The keys and what they do, for the help.
pub const KEYS: [(&str, &str); 9] = [
    ("↑ ↓ j k", "move by one line"),
    ("PgUp PgDn", "move by ten lines"),
    ("Home End g G", "move to the first, the last line"),
    ("tab", "switch between executables and events"),
    ("s", "order by the next column"),
    ("r", "reverse the order"),
    ("a", "show or hide retired executables"),
    ("p", "pause or go on"),
    ("q Ctrl-C", "quit; the process goes on"),
];

/// The part of the screen that the arrows move in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Executables,
    Events,
}

/// How the process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Running,
    Closed,
    Exited,
    Unreadable(String),
}

/// Whether to go on after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Quit,
}

/// Everything that is drawn.
pub struct App {
    pub model: Model,
    pub command: String,
    pub age_ns: u64,
    pub status: Status,
    pub focus: Pane,
    pub paused: bool,
    pub help: bool,
    selected: Option<Key>,
    row: usize,
    /// How many of the newest events are scrolled out of sight.
    pub events_back: usize,
}

impl App {
    /// Starts with the table in focus and its first line selected.
    pub fn new(model: Model, command: String, age_ns: u64) -> Self {
        Self {
            model,
            command,
            age_ns,
            status: Status::Running,
            focus: Pane::Executables,
            paused: false,
            help: false,
            selected: None,
            row: 0,
            events_back: 0,
        }
    }

    /// Index of the selected line. It follows its executable when the order changes.
    pub fn selected_index(&self) -> Option<usize> {
        let last = self.model.rows.len().checked_sub(1)?;
        let same = self.selected.and_then(|key| self.model.rows.iter().position(|row| row.key() == key));
        Some(same.unwrap_or(self.row).min(last))
    }

    /// The selected line.
    pub fn selected_row(&self) -> Option<&Row> {
        self.selected_index().map(|index| &self.model.rows[index])
    }

    /// The events to show in this many lines, newest first.
    pub fn visible_events(&self, lines: usize) -> impl Iterator<Item = &Event> {
        let events = &self.model.snapshot.events;
        let back = self.events_back.min(events.len().saturating_sub(lines));
        events.iter().rev().skip(back).take(lines)
    }

    /// Does what a key says.
    pub fn handle(&mut self, key: KeyEvent) -> Flow {
        if key.kind == KeyEventKind::Release {
            return Flow::Continue;
        }
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Flow::Quit;
        }
        if self.help {
            self.help = false;
            if !matches!(key.code, KeyCode::Char('q')) {
                return Flow::Continue;
            }
        }
        match key.code {
            KeyCode::Char('q') => return Flow::Quit,
            KeyCode::Up | KeyCode::Char('k') => self.step(|line| line.saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.step(|line| line.saturating_add(1)),
            KeyCode::PageUp => self.step(|line| line.saturating_sub(PAGE)),
            KeyCode::PageDown => self.step(|line| line.saturating_add(PAGE)),
            KeyCode::Home | KeyCode::Char('g') => self.step(|_| 0),
            KeyCode::End | KeyCode::Char('G') => self.step(|_| usize::MAX),
            KeyCode::Tab | KeyCode::BackTab => {
                self.focus = match self.focus {
                    Pane::Executables => Pane::Events,
                    Pane::Events => Pane::Executables,
                }
            }
            KeyCode::Char('s') => self.model.next_column(),
            KeyCode::Char('r') => self.model.reverse(),
            KeyCode::Char('a') => self.model.toggle_retired(),
            KeyCode::Char('p') => self.paused = !self.paused,
            KeyCode::Char('?') | KeyCode::Char('h') => self.help = true,
            _ => {}
        }
        Flow::Continue
    }

    fn step(&mut self, to: impl FnOnce(usize) -> usize) {
        match self.focus {
            Pane::Executables => {
                let Some(index) = self.selected_index() else {
                    return;
                };
                self.row = to(index).min(self.model.rows.len() - 1);
                self.selected = Some(self.model.rows[self.row].key());
            }
            Pane::Events => {
                let last = self.model.snapshot.events.len().saturating_sub(1);
                self.events_back = to(self.events_back).min(last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sample;

    fn app() -> App {
        App::new(Model::new(sample::snapshot(), Duration::ZERO), "python app.py".into(), 0)
    }

    fn press(app: &mut App, keys: &str) -> Flow {
        let mut flow = Flow::Continue;
        for key in keys.chars() {
            flow = app.handle(KeyEvent::from(if key == '\t' { KeyCode::Tab } else { KeyCode::Char(key) }));
        }
        flow
    }

    fn selected(app: &App) -> &str {
        &app.selected_row().unwrap().executable.qualname
    }

    #[test]
    fn the_selection_follows_its_executable() {
        let mut app = app();
        assert_eq!(selected(&app), "Constraint.satisfy");
        press(&mut app, "j");
        assert_eq!(selected(&app), "Planner.make_plan");
        press(&mut app, "rs");
        assert_eq!(selected(&app), "Planner.make_plan");
        press(&mut app, "g");
        assert_eq!(app.selected_index(), Some(0));
        press(&mut app, "Gjjj");
        assert_eq!(app.selected_index(), Some(3));
        let mut gone = sample::snapshot();
        gone.executables.truncate(1);
        app.model.update(gone, Duration::from_secs(1));
        assert_eq!(app.selected_index(), Some(0));
    }

    #[test]
    fn keys_move_in_the_pane_in_focus() {
        let mut app = app();
        press(&mut app, "\tj");
        assert_eq!((app.events_back, app.focus), (1, Pane::Events));
        assert_eq!(app.visible_events(2).map(|event| event.number).collect::<Vec<_>>(), [7, 6]);
        press(&mut app, "G");
        assert_eq!(app.visible_events(2).map(|event| event.number).collect::<Vec<_>>(), [5, 4]);
        assert_eq!(app.visible_events(50).count(), 5);
    }

    #[test]
    fn quitting_and_help() {
        let mut app = app();
        assert_eq!(press(&mut app, "p"), Flow::Continue);
        assert!(app.paused);
        press(&mut app, "?");
        assert!(app.help);
        assert_eq!(press(&mut app, "x"), Flow::Continue);
        assert!(!app.help);
        assert_eq!(press(&mut app, "?q"), Flow::Quit);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(app.handle(interrupt), Flow::Quit);
    }

    #[test]
    fn an_empty_table_is_no_trouble() {
        let mut nothing = sample::snapshot();
        nothing.executables.clear();
        nothing.events.clear();
        let mut app = App::new(Model::new(nothing, Duration::ZERO), String::new(), 0);
        press(&mut app, "jkgGsra\tjkgG");
        assert!(app.selected_row().is_none());
        assert_eq!(app.visible_events(3).count(), 0);
    }
}
