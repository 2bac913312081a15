//! The terminal: taken at the start, and given back whatever happens.

use std::io::{self, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::execute;
use ratatui::DefaultTerminal;
use rustix::event::{PollFd, PollFlags, Timespec};
use signal_hook::consts::{SIGHUP, SIGTERM};

/// How soon a signal to end, or the end of the terminal, is noticed.
pub const PATIENCE: Duration = Duration::from_millis(200);

/// How long the main loop has to end by itself once it should.
const GRACE: Duration = Duration::from_secs(1);

/// Takes the terminal. The flag is set when the program is to end.
pub fn take() -> io::Result<(DefaultTerminal, Arc<AtomicBool>)> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // The mouse is all that ratatui's own hook, which comes first, does not give back.
        let _ = capture_mouse(false);
        hook(panic);
    }));
    let terminal = ratatui::try_init()?;
    capture_mouse(true)?;
    let guarded = Arc::clone(&ended);
    std::thread::spawn(move || leave_with_terminal(&guarded));
    Ok((terminal, ended))
}

/// Gives the terminal back.
pub fn give_back() -> io::Result<()> {
    let mouse = capture_mouse(false);
    ratatui::try_restore().and(mouse)
}

/// Has the terminal tell of clicks, or select text by itself.
pub fn capture_mouse(on: bool) -> io::Result<()> {
    if on { execute!(stdout(), EnableMouseCapture) } else { execute!(stdout(), DisableMouseCapture) }
}

/// Ends the process when its terminal is gone, or when it was told to end and does not: writing to a terminal that is
/// stopped never returns.
fn leave_with_terminal(ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) && !is_gone() {
        std::thread::sleep(PATIENCE);
    }
    ended.store(true, Ordering::Relaxed);
    std::thread::sleep(GRACE);
    // What cannot be put back is gone.
    let _ = give_back();
    std::process::exit(1);
}

fn is_gone() -> bool {
    let stdin = io::stdin();
    let mut input = [PollFd::new(&stdin, PollFlags::empty())];
    // Hanging up is reported without being asked for.
    rustix::event::poll(&mut input, Some(&Timespec::default())).is_ok()
        && input[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
}
