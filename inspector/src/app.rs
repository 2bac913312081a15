//! What the user does with the screen: keys, clicks and looks in, state and wishes out, still without a terminal.

pub mod bindings;
pub mod detail;
pub mod filter;
pub mod list;
pub mod tab;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::app::bindings::Action;
use crate::app::detail::Detail;
use crate::app::list::{List, Target};
use crate::app::tab::Tab;
use crate::model::listing::SourceText;
use crate::model::source::{Look, Seek, Status, Wanted};
use crate::model::{Details, Key, Model};
use crate::theme::Theme;
use crate::view;

/// Lines that one notch of the mouse wheel moves.
const NOTCH: i32 = 3;

/// What the screen is to do for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Quit,
    /// Fetch the code of an executable and the text of a file.
    Fetch(Request),
    /// Write a file with a name like this.
    Export {
        name: String,
        text: String,
    },
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    Seek(Seek),
}

/// Code that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub key: Option<Key>,
    pub filename: String,
    /// When the code was compiled, nanoseconds since 1970: whether the file was changed after that matters.
    pub compiled_unix_ns: u64,
}

/// Everything that is drawn.
pub struct App {
    pub model: Model,
    pub theme: Theme,
    pub tab: Tab,
    pub help: bool,
    pub paused: bool,
    /// The user types a filter.
    pub editing: bool,
    pub mouse: bool,
    pub show_retired: bool,
    /// Something to tell until the next key.
    pub message: Option<String>,
    pub detail: Detail,
    /// What a click does where. Drawing fills it.
    pub hits: Vec<(Rect, Action)>,
    lists: [List; Tab::ALL.len() - 1],
    /// Where the detail was opened.
    back: Tab,
}

impl App {
    /// Starts with the overview.
    pub fn new(theme: Theme) -> Self {
        Self {
            model: Model::default(),
            theme,
            tab: Tab::Overview,
            help: false,
            paused: false,
            editing: false,
            mouse: true,
            show_retired: false,
            message: None,
            detail: Detail::default(),
            hits: Vec::new(),
            lists: std::array::from_fn(|index| view::list(Tab::ALL[index])),
            back: Tab::Executables,
        }
    }

    /// Takes in a look. While the screen is held, only the end of the process gets through.
    pub fn take_in(&mut self, look: Look) {
        if self.paused && matches!(look.status, Status::Running | Status::Closed) {
            return;
        }
        self.model.update(look);
        self.refresh();
    }

    /// Takes in the code that was asked for, unless something else is looked at by now.
    pub fn load(&mut self, request: &Request, details: Result<Details, String>, source: &Result<SourceText, String>) {
        if self.detail.loading
            && self.detail.target.key == request.key
            && self.detail.target.filename == request.filename
        {
            self.detail.load(details, source);
            self.refresh();
        }
    }

    /// What has to be looked at for the view.
    pub fn wanted(&self) -> Wanted {
        Wanted { stacks: self.tab == Tab::Stacks }
    }

    /// Whether a recording is shown.
    pub fn is_recording(&self) -> bool {
        self.model.position.is_some()
    }

    /// The table of the view.
    pub fn list(&self) -> Option<&List> {
        self.lists.get(self.tab as usize)
    }

    /// The table of a view that has one.
    pub fn list_of(&mut self, tab: Tab) -> &mut List {
        &mut self.lists[tab as usize]
    }

    /// The table of the view, to move in it.
    pub fn list_mut(&mut self) -> Option<&mut List> {
        self.lists.get_mut(self.tab as usize)
    }

    /// Does what a key says.
    pub fn key(&mut self, key: KeyEvent) -> Option<Effect> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        self.message = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if self.editing && !(control && key.code == KeyCode::Char('c')) {
            self.edit(key.code, control);
            return None;
        }
        if self.help {
            self.help = false;
            let goes_on = matches!(key.code, KeyCode::Char('q')) || control;
            if !goes_on {
                return None;
            }
        }
        let action = bindings::action(key, self.tab, self.is_recording())?;
        self.act(action)
    }

    /// Does what a click or a turn of the wheel says.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Effect> {
        match event.kind {
            MouseEventKind::ScrollUp => self.act(Action::Move(-NOTCH)),
            MouseEventKind::ScrollDown => self.act(Action::Move(NOTCH)),
            MouseEventKind::Down(MouseButton::Left) if self.help => {
                self.help = false;
                None
            }
            MouseEventKind::Down(MouseButton::Left) => {
                self.message = None;
                let at = Position::new(event.column, event.row);
                let action = self.hits.iter().rev().find(|(area, _)| area.contains(at)).map(|&(_, action)| action)?;
                self.act(action)
            }
            _ => None,
        }
    }

    /// Does something.
    pub fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Quit => return Some(Effect::Quit),
            Action::Help => self.help = true,
            Action::Go(tab) => return self.go(tab),
            Action::NextTab => return self.go(self.tab.next()),
            Action::PreviousTab => return self.go(self.tab.previous()),
            Action::Move(by) => self.step(|row, _| row.saturating_add_signed(by as isize)),
            Action::Page(by) => self.step(|row, height| row.saturating_add_signed(by as isize * height as isize)),
            Action::First => self.step(|_, _| 0),
            Action::Last => self.step(|_, _| usize::MAX),
            Action::Pick(index) => {
                let list = self.list_mut()?;
                if list.selected_index() == Some(index) && list.was_selected() {
                    return self.open();
                }
                list.select(index);
            }
            Action::Open => return self.open(),
            Action::Back => return self.go(self.back),
            Action::Filter => self.editing = self.list().is_some(),
            Action::ClearFilter => self.set_filter(""),
            Action::OrderBy(column) => self.list_mut()?.order_by(column),
            Action::NextColumn => self.list_mut()?.next_column(true),
            Action::PreviousColumn => self.list_mut()?.next_column(false),
            Action::Reverse => self.list_mut()?.reverse(),
            Action::ShowRetired => {
                self.show_retired ^= true;
                self.refresh();
            }
            Action::Pause => self.paused ^= true,
            Action::Export => return self.export(),
            Action::NextTheme => {
                self.theme.name = self.theme.name.next();
                self.message = Some(format!("theme {}", self.theme.name.word()));
            }
            Action::Mouse => {
                self.mouse ^= true;
                self.message = Some(if self.mouse { "the mouse clicks" } else { "the mouse selects text" }.into());
                return Some(Effect::Mouse(self.mouse));
            }
            Action::Toggle(form) => self.detail.toggle(form),
            Action::Focus(form) => self.detail.focus(form),
            Action::PickLine(form, row) => self.detail.place(form, row),
            Action::NextPane => self.detail.next_pane(true),
            Action::PreviousPane => self.detail.next_pane(false),
            Action::Sideways(by) => self.detail.scroll_sideways(by),
            Action::NextHot => self.detail.next_hot(),
            Action::Seek(to) => return Some(Effect::Seek(to)),
        }
        None
    }

    fn go(&mut self, tab: Tab) -> Option<Effect> {
        if tab == Tab::Detail && self.tab != Tab::Detail && self.detail.target == Target::default() {
            return self.open();
        }
        if tab == Tab::Detail && self.tab != Tab::Detail {
            self.back = self.tab;
        }
        self.tab = tab;
        self.editing = false;
        self.refresh();
        None
    }

    fn open(&mut self) -> Option<Effect> {
        let Some(target) = self.list().and_then(List::selected_row).and_then(|row| row.target.clone()) else {
            self.message = Some("there is no code to show".into());
            return None;
        };
        let identity = &self.model.snapshot.identity;
        let compiled = target.key.and_then(|key| self.model.executable(key)).map_or(0, |found| found.created_ns);
        let request = Request {
            key: target.key,
            filename: target.filename.clone(),
            compiled_unix_ns: identity.created_unix_ns.saturating_add(compiled),
        };
        self.back = self.tab;
        self.tab = Tab::Detail;
        self.detail.open(target);
        self.refresh();
        Some(Effect::Fetch(request))
    }

    fn step(&mut self, to: impl FnOnce(usize, usize) -> usize) {
        match self.list_mut() {
            Some(list) => {
                let height = list.height;
                list.step(|row| to(row, height));
            }
            None => {
                let height = self.detail.height;
                self.detail.step(|row| to(row, height));
            }
        }
    }

    fn edit(&mut self, code: KeyCode, control: bool) {
        let Some(mut text) = self.list().map(|list| list.filter.text().to_string()) else { return };
        match code {
            KeyCode::Enter => self.editing = false,
            KeyCode::Esc => {
                self.editing = false;
                text.clear();
            }
            KeyCode::Char('u') if control => text.clear(),
            KeyCode::Char(letter) if !control => text.push(letter),
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Up => self.step(|row, _| row.saturating_sub(1)),
            KeyCode::Down => self.step(|row, _| row.saturating_add(1)),
            _ => {}
        }
        self.set_filter(&text);
    }

    fn set_filter(&mut self, text: &str) {
        if let Some(list) = self.list_mut() {
            list.set_filter(text);
        }
    }

    fn export(&mut self) -> Option<Effect> {
        let (pid, view) = (self.model.snapshot.identity.pid, self.tab.title().to_lowercase());
        let (text, ending) = match self.list() {
            Some(list) => (list.to_text(), "tsv"),
            None => (self.detail.to_text(), "txt"),
        };
        Some(Effect::Export { name: format!("rjit-{pid}-{view}.{ending}"), text })
    }

    /// Makes the rows of the view anew.
    fn refresh(&mut self) {
        if self.tab == Tab::Detail {
            self.detail.refresh(&self.model);
        } else {
            let rows = view::rows(self.tab, &self.model, self.show_retired);
            if let Some(list) = self.list_mut() {
                list.set_rows(rows);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn press(app: &mut App, keys: &str) -> Option<Effect> {
        let mut effect = None;
        for key in keys.chars() {
            effect = app.key(KeyEvent::from(match key {
                '\t' => KeyCode::Tab,
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                '\x08' => KeyCode::Backspace,
                other => KeyCode::Char(other),
            }));
        }
        effect
    }

    fn click(app: &mut App, wanted: Action) -> Option<Effect> {
        let (area, _) = *app.hits.iter().find(|(_, action)| *action == wanted).expect("it can be clicked");
        app.mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: area.x,
            row: area.y,
            modifiers: KeyModifiers::NONE,
        })
    }

    fn selected(app: &App) -> &str {
        &app.list().unwrap().selected_row().unwrap().cells[0].text
    }

    #[test]
    fn digits_and_tab_lead_to_the_views() {
        let mut app = sample::app();
        press(&mut app, "3");
        assert_eq!(app.tab, Tab::Deopts);
        press(&mut app, "\t\t");
        assert_eq!(app.tab, Tab::Refused);
        press(&mut app, "6");
        assert!(app.wanted().stacks);
        press(&mut app, "1");
        assert!(!app.wanted().stacks);
    }

    #[test]
    fn the_selection_follows_its_executable() {
        let mut app = sample::app();
        press(&mut app, "2j");
        let name = selected(&app).to_string();
        press(&mut app, "sr<>");
        assert_eq!(selected(&app), name);
        press(&mut app, "g");
        assert_eq!(app.list().unwrap().selected_index(), Some(0));
        press(&mut app, "Gj");
        assert_eq!(app.list().unwrap().selected_index(), Some(3));
        press(&mut app, "a");
        assert_eq!(app.list().unwrap().len(), 5);
    }

    #[test]
    fn a_filter_works_while_it_is_typed() {
        let mut app = sample::app();
        press(&mut app, "2/plan");
        assert!(app.editing);
        assert_eq!(app.list().unwrap().len(), 1);
        press(&mut app, "\x08\x08\x08\x08\n");
        assert!(!app.editing);
        assert_eq!(app.list().unwrap().len(), 4);
        press(&mut app, "/q?3\n");
        assert_eq!((app.tab, app.list().unwrap().len()), (Tab::Executables, 0));
        press(&mut app, "\x1b");
        assert_eq!(app.list().unwrap().len(), 4);
        press(&mut app, "/zzz\x1b");
        assert_eq!((app.editing, app.list().unwrap().len()), (false, 4));
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        press(&mut app, "/");
        assert_eq!(app.key(interrupt), Some(Effect::Quit));
    }

    #[test]
    fn enter_fetches_the_code_and_escape_goes_back() {
        let mut app = sample::app();
        let Some(Effect::Fetch(request)) = press(&mut app, "3\n") else { panic!("nothing is fetched") };
        assert_eq!((request.key, request.filename.as_str()), (Some((3, 0)), "/srv/app/deltablue.py"));
        assert_eq!(app.tab, Tab::Detail);
        assert!(app.detail.loading);
        let other = Request { key: Some((1, 1)), ..request.clone() };
        app.load(&other, Err("late".into()), &Err("late".into()));
        assert!(app.detail.loading, "it is the answer to an earlier question");
        app.load(&request, Ok(sample::details()), &Ok(sample::source()));
        assert!(!app.detail.loading);
        press(&mut app, "\x1b");
        assert_eq!(app.tab, Tab::Deopts);
        press(&mut app, "8");
        assert_eq!((app.tab, app.detail.loading), (Tab::Detail, false));
    }

    #[test]
    fn pausing_holds_the_numbers_but_not_the_end() {
        let mut app = sample::app();
        press(&mut app, "p");
        let before = app.model.totals;
        let mut later = sample::look(10);
        later.snapshot.as_mut().unwrap().executables[0].entries += 1_000_000;
        app.take_in(later.clone());
        assert_eq!(app.model.totals, before);
        app.take_in(Look { status: Status::Exited, ..later });
        assert_eq!(app.model.status, Status::Exited);
        assert_ne!(app.model.totals, before);
    }

    #[test]
    fn what_is_shown_can_be_exported() {
        let mut app = sample::app();
        let Some(Effect::Export { name, text }) = press(&mut app, "7e") else { panic!("nothing is exported") };
        assert_eq!(name, "rjit-4242-events.tsv");
        assert!(text.contains("global ORDER was rebound"), "{text}");
        let Some(Effect::Export { name, .. }) = press(&mut app, "2\ne") else { panic!("nothing is exported") };
        assert_eq!(name, "rjit-4242-detail.txt");
    }

    #[test]
    fn clicks_do_what_is_drawn_there() {
        let mut app = sample::app();
        view::render_for_test(&mut app, 120, 30);
        click(&mut app, Action::Go(Tab::Executables));
        assert_eq!(app.tab, Tab::Executables);
        view::render_for_test(&mut app, 120, 30);
        click(&mut app, Action::OrderBy(0));
        assert_eq!(app.list().unwrap().column, Some(0));
        view::render_for_test(&mut app, 120, 30);
        assert_eq!(click(&mut app, Action::Pick(2)), None);
        assert_eq!(app.list().unwrap().selected_index(), Some(2));
        assert!(matches!(click(&mut app, Action::Pick(2)), Some(Effect::Fetch(_))));
        view::render_for_test(&mut app, 120, 30);
        assert_eq!(click(&mut app, Action::Quit), Some(Effect::Quit));
    }

    #[test]
    fn the_wheel_moves() {
        let mut app = sample::app();
        press(&mut app, "2");
        let wheel = |kind| MouseEvent { kind, column: 5, row: 5, modifiers: KeyModifiers::NONE };
        app.mouse(wheel(MouseEventKind::ScrollDown));
        assert_eq!(app.list().unwrap().selected_index(), Some(3));
        app.mouse(wheel(MouseEventKind::ScrollUp));
        assert_eq!(app.list().unwrap().selected_index(), Some(0));
    }

    #[test]
    fn quitting_help_themes_and_the_mouse() {
        let mut app = sample::app();
        press(&mut app, "?");
        assert!(app.help);
        assert_eq!(press(&mut app, "x"), None);
        assert!(!app.help);
        assert_eq!(press(&mut app, "?q"), Some(Effect::Quit));
        let before = app.theme.name;
        press(&mut app, "t");
        assert_ne!(app.theme.name, before);
        assert_eq!(press(&mut app, "m"), Some(Effect::Mouse(false)));
        assert!(app.message.is_some());
        press(&mut app, "j");
        assert!(app.message.is_none());
    }

    #[test]
    fn an_empty_process_is_no_trouble() {
        let mut app = App::new(sample::theme());
        for tab in "12345678".chars() {
            press(&mut app, &format!("{tab}jkgG<>rasne\n\x1b/x\n\x1b"));
        }
        app.take_in(Look::default());
    }
}
