//! Draws the screen: a file for each view, a table that most of them share, and what surrounds them.
//!
//! State comes in, cells go out; what is drawn depends on nothing else. Drawing notes in the state what it alone knows: how
//! many lines there is room for, and what a click would hit.

mod canvas;
mod chrome;
mod deopts;
mod detail;
mod events;
mod executables;
mod overview;
mod refused;
mod reifications;
mod stacks;
mod table;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};

use crate::app::App;
use crate::app::list::{List, Row};
use crate::app::tab::Tab;
use crate::model::Model;
use crate::view::canvas::Canvas;

/// The empty table of a view.
pub fn list(tab: Tab) -> List {
    let (columns, order) = match tab {
        Tab::Overview => (overview::COLUMNS, Some(overview::FIRST_ORDER)),
        Tab::Executables => (executables::COLUMNS, Some(executables::FIRST_ORDER)),
        Tab::Deopts => (deopts::COLUMNS, Some(deopts::FIRST_ORDER)),
        Tab::Reifications => (reifications::COLUMNS, Some(reifications::FIRST_ORDER)),
        Tab::Refused => (refused::COLUMNS, Some(refused::FIRST_ORDER)),
        Tab::Stacks => (stacks::COLUMNS, None),
        Tab::Events => (events::COLUMNS, Some(events::FIRST_ORDER)),
        Tab::Detail => unreachable!("the detail view has no table"),
    };
    List::new(columns, order)
}

/// The rows of a view.
pub fn rows(tab: Tab, model: &Model, retired: bool) -> Vec<Row> {
    match tab {
        Tab::Overview => overview::rows(model),
        Tab::Executables => executables::rows(model, retired),
        Tab::Deopts => deopts::rows(model),
        Tab::Reifications => reifications::rows(model),
        Tab::Refused => refused::rows(model),
        Tab::Stacks => stacks::rows(model),
        Tab::Events => events::rows(model),
        Tab::Detail => Vec::new(),
    }
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &mut App) {
    let screen = frame.area();
    let [header, tabs, body, footer] = Layout::vertical([
        Constraint::Length(if screen.height >= 16 { 2 } else { 1 }),
        Constraint::Length(u16::from(screen.height >= 4)),
        Constraint::Min(0),
        Constraint::Length(u16::from(screen.height >= 3)),
    ])
    .areas(screen);
    let mut canvas = Canvas { theme: app.theme, frame, hits: std::mem::take(&mut app.hits) };
    canvas.hits.clear();
    chrome::header(&mut canvas, header, app);
    chrome::tabs(&mut canvas, tabs, app.tab);
    let draw_view = match app.tab {
        Tab::Overview => overview::draw,
        Tab::Executables => executables::draw,
        Tab::Deopts => deopts::draw,
        Tab::Reifications => reifications::draw,
        Tab::Refused => refused::draw,
        Tab::Stacks => stacks::draw,
        Tab::Events => events::draw,
        Tab::Detail => detail::draw,
    };
    draw_view(&mut canvas, body, app);
    chrome::footer(&mut canvas, footer, app);
    if app.help {
        chrome::help(&mut canvas, screen, app);
    }
    app.hits = canvas.hits;
}

/// Draws a screen of this size, and tells what stands on it.
#[cfg(test)]
pub fn render_for_test(app: &mut App, width: u16, height: u16) -> ratatui::buffer::Buffer {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app)).unwrap();
    terminal.backend().buffer().clone()
}

#[cfg(test)]
mod tests;
