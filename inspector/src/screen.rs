//! The main loop: looks at the process, draws, and waits for keys, until the user quits.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event};
use ratatui::DefaultTerminal;
use ratatui::widgets::TableState;
use rjit_telemetry::{PageView, command_line};
use rustix::event::{PollFd, PollFlags, Timespec};
use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::app::{App, Flow, Status};
use crate::failure::Failure;
use crate::model::Model;
use crate::theme::Theme;
use crate::view;

/// How soon a signal to end is noticed.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long the main loop has to end by itself once it should.
const GRACE: Duration = Duration::from_secs(1);

/// Draws a process until the user quits.
pub fn run(page: &PageView, interval: Duration) -> Result<(), Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::NotATerminal);
    }
    let start = Instant::now();
    let identity = page.identity();
    let model = Model::new(page.snapshot()?, start.elapsed());
    let mut app = App::new(model, command_line(identity.pid), identity.age_ns());

    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&ended)).map_err(Failure::Terminal)?;
    }
    // This also puts the terminal back before a panic is reported.
    let mut terminal = ratatui::try_init().map_err(Failure::Terminal)?;
    let guarded = Arc::clone(&ended);
    std::thread::spawn(move || leave_with_terminal(&guarded));
    let outcome = watch(&mut terminal, page, &mut app, interval, start, &ended);
    let restored = ratatui::try_restore();
    outcome.and(restored).map_err(Failure::Terminal)
}

/// Ends the process when its terminal is gone, or when it was told to end and does not: reading events from a terminal
/// that hung up never returns.
fn leave_with_terminal(ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) && !terminal_is_gone() {
        std::thread::sleep(PATIENCE);
    }
    std::thread::sleep(GRACE);
    // What cannot be put back is gone.
    let _ = ratatui::try_restore();
    std::process::exit(1);
}

fn terminal_is_gone() -> bool {
    let stdin = io::stdin();
    let mut input = [PollFd::new(&stdin, PollFlags::empty())];
    // Hanging up is reported without being asked for.
    rustix::event::poll(&mut input, Some(&Timespec::default())).is_ok()
        && input[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
}

fn watch(
    terminal: &mut DefaultTerminal,
    page: &PageView,
    app: &mut App,
    interval: Duration,
    start: Instant,
    ended: &AtomicBool,
) -> io::Result<()> {
    let theme = Theme::from_environment();
    let mut scroll = TableState::default();
    let mut next_look = Instant::now() + interval;
    let mut changed = true;
    while !ended.load(Ordering::Relaxed) {
        if changed {
            terminal.draw(|frame| view::draw(frame, app, theme, &mut scroll))?;
        }
        changed = false;
        if event::poll(next_look.saturating_duration_since(Instant::now()).min(PATIENCE))? {
            match event::read()? {
                Event::Key(key) if app.handle(key) == Flow::Quit => break,
                _ => changed = true,
            }
        }
        if Instant::now() >= next_look {
            next_look = Instant::now() + interval;
            look(page, app, start);
            changed = true;
        }
    }
    Ok(())
}

/// Takes a new snapshot, unless there is nothing new to come.
fn look(page: &PageView, app: &mut App, start: Instant) {
    if matches!(app.status, Status::Exited | Status::Unreadable(_)) {
        return;
    }
    // Asked first, so that the snapshot of a process found dead is its last word.
    let alive = page.is_alive();
    if app.paused && alive {
        return;
    }
    match page.snapshot() {
        Ok(snapshot) => {
            app.status = match (alive, snapshot.closed) {
                (false, _) => Status::Exited,
                (true, true) => Status::Closed,
                (true, false) => Status::Running,
            };
            app.age_ns = page.identity().age_ns();
            app.model.update(snapshot, start.elapsed());
        }
        Err(error) => app.status = Status::Unreadable(error.to_string()),
    }
}
