//! What keys do, view by view. The help and the footer are made of the same tables, so that they cannot differ.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::app::tab::Tab;
use crate::model::listing::Form;
use crate::model::source::Seek;

/// Something the user wants, by key or by mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Quit,
    Help,
    Go(Tab),
    NextTab,
    PreviousTab,
    /// By so many lines.
    Move(i32),
    /// By so many screens.
    Page(i32),
    First,
    Last,
    /// Selects the line at this place, or opens it where it is selected already.
    Pick(usize),
    /// Looks at the selected line in detail.
    Open,
    /// Back from where the detail was opened.
    Back,
    Filter,
    ClearFilter,
    OrderBy(usize),
    NextColumn,
    PreviousColumn,
    Reverse,
    ShowRetired,
    Pause,
    Export,
    NextTheme,
    Mouse,
    /// Shows or hides a form of the code.
    Toggle(Form),
    /// The arrows move in this form.
    Focus(Form),
    /// Selects a line of a form.
    PickLine(Form, usize),
    NextPane,
    PreviousPane,
    Sideways(i32),
    NextHot,
    Seek(Seek),
}

/// Keys that do something.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    pub keys: &'static [KeyCode],
    /// The keys as they are written.
    pub label: &'static str,
    /// A word for the footer; empty if it does not stand there.
    pub word: &'static str,
    /// What it does, for the help.
    pub what: &'static str,
    pub action: Action,
}

const fn binding(
    keys: &'static [KeyCode],
    label: &'static str,
    word: &'static str,
    what: &'static str,
    action: Action,
) -> Binding {
    Binding { keys, label, word, what, action }
}

use KeyCode::{BackTab, Backspace, Char, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Up};

const EVERYWHERE: &[Binding] = &[
    binding(&[Char('q')], "q", "quit", "quit; the process goes on (Ctrl-C too)", Action::Quit),
    binding(&[Char('?'), Char('h')], "?", "help", "show or hide this help", Action::Help),
    binding(&[KeyCode::Tab], "tab", "", "go to the next view (1 to 8 lead there at once)", Action::NextTab),
    binding(&[BackTab], "shift-tab", "", "go to the view before", Action::PreviousTab),
    binding(&[Char('p')], "p", "pause", "hold what is shown, or go on", Action::Pause),
    binding(&[Char('w')], "w", "", "go to the next process (with --children)", Action::Seek(Seek::Process)),
    binding(&[Char('t')], "t", "", "change the theme", Action::NextTheme),
    binding(&[Char('m')], "m", "", "leave the mouse to the terminal, or take it back", Action::Mouse),
];

const MOVING: &[Binding] = &[
    binding(&[Up, Char('k')], "↑ k", "", "move up", Action::Move(-1)),
    binding(&[Down, Char('j')], "↓ j", "", "move down", Action::Move(1)),
    binding(&[PageUp], "PgUp", "", "move up by a screen", Action::Page(-1)),
    binding(&[PageDown, Char(' ')], "PgDn", "", "move down by a screen", Action::Page(1)),
    binding(&[Home, Char('g')], "Home g", "", "move to the first line", Action::First),
    binding(&[End, Char('G')], "End G", "", "move to the last line", Action::Last),
];

const OPENING: &[Binding] = &[binding(&[Enter], "enter", "detail", "show the code of the selected line", Action::Open)];

const FILTERING: &[Binding] = &[
    binding(&[Char('/')], "/", "filter", "show only rows with these words, or without a !word", Action::Filter),
    binding(&[Esc], "esc", "", "show all rows again", Action::ClearFilter),
    binding(&[Char('e')], "e", "export", "write the rows into a file", Action::Export),
];

const ORDERING: &[Binding] = &[
    binding(&[Char('>'), Char('s')], "< >", "sort", "order by the column to the left or right", Action::NextColumn),
    binding(&[Char('<')], "<", "", "", Action::PreviousColumn),
    binding(&[Char('r')], "r", "reverse", "turn the order round", Action::Reverse),
];

const EXECUTABLES: &[Binding] =
    &[binding(&[Char('a')], "a", "all", "show or hide retired executables", Action::ShowRetired)];

const DETAIL: &[Binding] = &[
    binding(&[Esc, Backspace], "esc", "back", "go back", Action::Back),
    binding(&[Right], "← →", "pane", "move to the pane to the left or right", Action::NextPane),
    binding(&[Left], "←", "", "", Action::PreviousPane),
    binding(&[Char('n')], "n", "next hot", "go to the next line that is hot or was left", Action::NextHot),
    binding(&[Char('s')], "s", "source", "show or hide the source", Action::Toggle(Form::Source)),
    binding(&[Char('b')], "b", "bytecode", "show or hide the bytecode", Action::Toggle(Form::Bytecode)),
    binding(&[Char('i')], "i", "HIR", "show or hide the HIR", Action::Toggle(Form::Hir)),
    binding(&[Char('c')], "c", "CLIF", "show or hide Cranelift's IR", Action::Toggle(Form::Clif)),
    binding(&[Char('d')], "d", "disassembly", "show or hide the disassembly", Action::Toggle(Form::Assembly)),
    binding(&[Char('x')], "x", "guards", "show or hide guards, exits and assumptions", Action::Toggle(Form::Facts)),
    binding(&[Char('.')], ", .", "", "scroll the text sideways", Action::Sideways(8)),
    binding(&[Char(',')], ",", "", "", Action::Sideways(-8)),
    binding(&[Char('e')], "e", "export", "write all forms into a file", Action::Export),
];

const RECORDING: &[Binding] = &[
    binding(&[Char('P')], "P", "play", "stop or go on", Action::Seek(Seek::Toggle)),
    binding(&[Char('[')], "[ ]", "wind", "wind back or on", Action::Seek(Seek::Back)),
    binding(&[Char(']')], "]", "", "", Action::Seek(Seek::Forward)),
    binding(&[Char('{')], "{ }", "", "to the start or the end of the recording", Action::Seek(Seek::Start)),
    binding(&[Char('}')], "}", "", "", Action::Seek(Seek::End)),
];

/// What keys do in a view, the more special ones first.
pub fn bindings(tab: Tab, recording: bool) -> impl Iterator<Item = &'static Binding> {
    let of_view: &[&[Binding]] = match tab {
        Tab::Overview => &[OPENING, ORDERING, FILTERING, MOVING],
        Tab::Executables => &[OPENING, FILTERING, ORDERING, EXECUTABLES, MOVING],
        Tab::Deopts | Tab::Reifications | Tab::Refused | Tab::Events => &[OPENING, FILTERING, ORDERING, MOVING],
        Tab::Stacks => &[OPENING, FILTERING, MOVING],
        Tab::Detail => &[DETAIL, MOVING],
    };
    let recording: &[Binding] = if recording { RECORDING } else { &[] };
    of_view.iter().copied().flatten().chain(recording).chain(EVERYWHERE)
}

/// What a key does in a view.
pub fn action(key: KeyEvent, tab: Tab, recording: bool) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == Char('c')).then_some(Action::Quit);
    }
    if let Char(digit) = key.code
        && let Some(tab) = Tab::ALL.into_iter().find(|tab| tab.digit() == digit)
    {
        return Some(Action::Go(tab));
    }
    bindings(tab, recording).find(|binding| binding.keys.contains(&key.code)).map(|binding| binding.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things_in_a_view() {
        for tab in Tab::ALL {
            let keys: Vec<_> = bindings(tab, true).flat_map(|binding| binding.keys).collect();
            for (index, key) in keys.iter().enumerate() {
                assert!(!keys[..index].contains(key), "{key} in {tab:?}");
            }
        }
    }

    #[test]
    fn keys_mean_what_their_view_says() {
        let press = |code, tab| action(KeyEvent::from(code), tab, false);
        assert_eq!(press(Char('3'), Tab::Overview), Some(Action::Go(Tab::Deopts)));
        assert_eq!(press(Char('9'), Tab::Overview), None);
        assert_eq!(press(Char('s'), Tab::Executables), Some(Action::NextColumn));
        assert_eq!(press(Char('s'), Tab::Detail), Some(Action::Toggle(Form::Source)));
        assert_eq!(press(Char('['), Tab::Detail), None);
        assert_eq!(action(KeyEvent::from(Char('[')), Tab::Detail, true), Some(Action::Seek(Seek::Back)));
        let control = |letter| action(KeyEvent::new(Char(letter), KeyModifiers::CONTROL), Tab::Events, false);
        assert_eq!((control('c'), control('q')), (Some(Action::Quit), None));
    }
}
