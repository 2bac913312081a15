//! The main loop: draws what the source has seen, and does what keys and clicks say, until the user quits.

mod export;
mod source_file;
mod terminal;
mod worker;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use crossterm::event::{self, Event};
use ratatui::DefaultTerminal;

use crate::app::{App, Effect};
use crate::failure::Failure;
use crate::model::source::{Look, Source};
use crate::screen::terminal::PATIENCE;
use crate::screen::worker::{Code, Wish};
use crate::theme::{Depth, Theme, ThemeName};
use crate::view;

/// What the main loop waits for.
enum Message {
    Input(io::Result<Event>),
    Look(Box<Look>),
    Code(Box<Code>),
}

/// Draws what a source sees every `interval`, until the user quits.
pub fn run(source: impl Source + Send + 'static, interval: Duration, theme: ThemeName) -> Result<(), Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::NotATerminal);
    }
    let mut app = App::new(Theme { name: theme, depth: Depth::from_environment() });
    let (messages, inbox) = mpsc::channel();
    let (wishes, wished) = mpsc::channel();
    let (mut terminal, ended) = terminal::take().map_err(Failure::Terminal)?;
    let looks = messages.clone();
    let worker = std::thread::spawn(move || worker::run(source, interval, &wished, &looks));
    std::thread::spawn(move || read_input(&messages));
    let outcome =
        watch(&mut terminal, &mut app, &inbox, &wishes, &|| ended.load(Ordering::Relaxed) || worker.is_finished());
    let restored = terminal::give_back();
    // It goes on for as long as somebody listens, so it has panicked, and told so.
    let watched = if worker.is_finished() { Err(io::Error::other("watching the process has failed")) } else { Ok(()) };
    outcome.and(restored).and(watched).map_err(Failure::Terminal)
}

/// Waits for keys. A terminal that hung up never answers, which is the main loop's to notice.
fn read_input(messages: &Sender<Message>) {
    loop {
        let input = event::read();
        let failed = input.is_err();
        if messages.send(Message::Input(input)).is_err() || failed {
            return;
        }
    }
}

fn watch(
    terminal: &mut DefaultTerminal,
    app: &mut App,
    inbox: &Receiver<Message>,
    wishes: &Sender<Wish>,
    is_over: &dyn Fn() -> bool,
) -> io::Result<()> {
    let mut wanted = app.wanted();
    while !is_over() {
        let mut message = match inbox.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        // All that has come is drawn at once: keys that repeat must not queue up behind drawing.
        loop {
            if let Some(effect) = take_in(app, message)?
                && !perform(app, effect, wishes)
            {
                return Ok(());
            }
            match inbox.try_recv() {
                Ok(next) => message = next,
                Err(_) => break,
            }
        }
        if app.wanted() != wanted {
            wanted = app.wanted();
            wish(wishes, Wish::Wanted(wanted));
        }
        terminal.draw(|frame| view::draw(frame, app))?;
    }
    Ok(())
}

fn take_in(app: &mut App, message: Message) -> io::Result<Option<Effect>> {
    match message {
        Message::Input(input) => match input? {
            Event::Key(key) => return Ok(app.key(key)),
            Event::Mouse(event) => return Ok(app.mouse(event)),
            _ => {}
        },
        Message::Look(look) => app.take_in(*look),
        Message::Code(code) => app.load(&code.request, code.details, &code.source),
    }
    Ok(None)
}

/// Does what the user wants. False to quit.
fn perform(app: &mut App, effect: Effect, wishes: &Sender<Wish>) -> bool {
    match effect {
        Effect::Quit => return false,
        Effect::Fetch(request) => wish(wishes, Wish::Fetch(request)),
        Effect::Seek(to) => wish(wishes, Wish::Seek(to)),
        Effect::Mouse(on) => {
            if let Err(error) = terminal::capture_mouse(on) {
                app.message = Some(format!("the terminal refuses: {error}"));
            }
        }
        Effect::Export { name, text } => {
            app.message = Some(match export::write(Path::new("."), &name, &text) {
                Ok(path) => format!("written to {}", path.display()),
                Err(error) => format!("cannot write {name}: {error}"),
            });
        }
    }
    true
}

/// The thread that looks lives as long as the screen, so there is somebody to hear it.
fn wish(wishes: &Sender<Wish>, wish: Wish) {
    let _ = wishes.send(wish);
}
