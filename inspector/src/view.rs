//! Draws the screen with ratatui widgets. State comes in, cells go out; what is drawn depends on nothing else.

mod panes;
mod table;

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph, TableState};

use crate::app::{App, KEYS};
use crate::theme::Theme;

/// Draws everything. The state of the table keeps how far it is scrolled.
pub fn draw(frame: &mut Frame<'_>, app: &App, theme: Theme, scroll: &mut TableState) {
    let height = frame.area().height;
    let shown = |least: u16, lines: u16| {
        if height >= least { Constraint::Length(lines) } else { Constraint::Length(0) }
    };
    let areas = Layout::vertical([
        Constraint::Length(2),
        shown(13, 6),
        Constraint::Min(4),
        shown(28, 4),
        shown(18, (height / 5).clamp(5, 12)),
        Constraint::Length(1),
    ]);
    let [header, counters, table, detail, events, footer] = areas.areas(frame.area());
    panes::header(frame, header, app, theme);
    panes::counters(frame, counters, app, theme);
    table::draw(frame, table, app, theme, scroll);
    panes::detail(frame, detail, app, theme);
    panes::events(frame, events, app, theme);
    panes::footer(frame, footer, theme);
    if app.help {
        help(frame, theme);
    }
}

fn help(frame: &mut Frame<'_>, theme: Theme) {
    let lines: Vec<Line<'_>> = KEYS.iter().map(|(keys, what)| Line::from(format!(" {keys:<14}{what}"))).collect();
    let area = centered(frame.area(), 56, lines.len() as u16 + 2);
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" Keys ").title_bottom(" any key closes this ").border_style(theme.focus());
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let [row] = Layout::vertical([Constraint::Length(height.min(area.height))]).flex(Flex::Center).areas(area);
    let [cell] = Layout::horizontal([Constraint::Length(width.min(area.width))]).flex(Flex::Center).areas(row);
    cell
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossterm::event::{KeyCode, KeyEvent};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::app::Status;
    use crate::model::Model;
    use crate::sample;

    fn app() -> App {
        let mut model = Model::new(sample::snapshot(), Duration::ZERO);
        let mut later = sample::snapshot();
        later.executables[1].entries += 25_000;
        later.executables[0].deopts += 2;
        model.update(later, Duration::from_secs(1));
        App::new(model, "python -m rjit deltablue.py".into(), 62_000_000_000)
    }

    fn screen(app: &App, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, app, Theme::plain(), &mut TableState::default())).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn a_wide_screen_shows_everything() {
        insta::assert_snapshot!(screen(&app(), 120, 32));
    }

    #[test]
    fn a_usual_screen_leaves_columns_out() {
        insta::assert_snapshot!(screen(&app(), 80, 24));
    }

    #[test]
    fn the_help_lies_above() {
        let mut app = app();
        app.handle(KeyEvent::from(KeyCode::Char('?')));
        insta::assert_snapshot!(screen(&app, 80, 24));
    }

    #[test]
    fn the_end_of_the_process_is_said() {
        let mut app = app();
        app.status = Status::Exited;
        assert!(screen(&app, 80, 24).contains("the process has exited"));
        app.status = Status::Unreadable("it was cut off".into());
        assert!(screen(&app, 80, 24).contains("it was cut off"));
        app.status = Status::Running;
        app.paused = true;
        assert!(screen(&app, 80, 24).contains("paused"));
    }

    #[test]
    fn no_size_is_too_small() {
        let mut app = app();
        for help in [false, true] {
            app.help = help;
            for width in [1, 2, 5, 20, 40, 79] {
                for height in 1..30 {
                    screen(&app, width, height);
                }
            }
        }
    }
}
