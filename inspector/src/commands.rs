//! What the program does without its screen, and what leads to it.

mod explain;
mod flamegraph;
mod generate;
mod launch;
mod record;
mod sampled;
mod target;
mod top;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rjit_telemetry::{PageView, command_line, list};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::args::{Args, Command};
use crate::commands::target::Attached;
use crate::failure::Failure;
use crate::source::live::Live;
use crate::source::recording::Recording;
use crate::source::replay::Replay;
use crate::source::watch::Watch;
use crate::{report, screen};

/// Does what the command line says. Of a program that was started the exit code is passed on.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let Some(command) = args.command else {
        return target::with(&args.target, !args.json && !args.once, |attached| {
            if !args.json && !args.once {
                let watch = Watch::attach(attached.pid, args.rate.hz)?;
                let children = args.children.then_some(args.rate.hz);
                return screen::run(Live::new(watch, children), args.interval, args.theme);
            }
            print_page(attached, args.json)
        });
    };
    match command {
        Command::List { json } => show_list(json)?,
        Command::Record { target, output, duration, interval, rate } => {
            return target::with(&target, false, |attached| {
                record::run(attached, &output, duration, interval, rate.hz)
            });
        }
        Command::Open { file, json, once, theme } => open(&file, json, once, theme)?,
        Command::Flamegraph { sampled, output, folded } => {
            return sampled::with(&sampled, |profile, title| flamegraph::write(profile, title, &output, folded));
        }
        Command::Top { sampled, json, once, limit } => return top::run(&sampled, json, once, limit),
        Command::Explain { function, target, json } => {
            return target::with(&target, false, |attached| explain::run(attached.pid, &function, json));
        }
        Command::Completions { shell } => print(generate::completions(shell))?,
        Command::Man => print(generate::man())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print_page(attached: &Attached, json: bool) -> Result<(), Failure> {
    let page = PageView::open(attached.pid)?;
    let (snapshot, command) = (page.snapshot()?, command_line(attached.pid));
    print(if json { report::json(&snapshot, &command) } else { report::text(&snapshot, &command) })
}

fn open(file: &Path, json: bool, once: bool, theme: crate::theme::ThemeName) -> Result<(), Failure> {
    /// How smoothly a recording is played.
    const FRAME: std::time::Duration = std::time::Duration::from_millis(250);
    let recording = Recording::open(file)?;
    if recording.truncated {
        eprintln!("rjit-inspect: {} is cut off; it is shown up to there", file.display());
    }
    if !json && !once {
        return screen::run(Replay::new(recording), FRAME, theme);
    }
    let command = &recording.header.command;
    let last = recording.steps.iter().rev().find_map(|step| step.snapshot.as_ref());
    let Some(snapshot) = last else {
        return Err(Failure::NothingRecorded(file.into()));
    };
    print(if json { report::json(snapshot, command) } else { report::text(snapshot, command) })
}

fn show_list(json: bool) -> Result<(), Failure> {
    let listing = list();
    if !json {
        for (_, error) in &listing.unreadable {
            eprintln!("rjit-inspect: {error}");
        }
    }
    print(if json { report::list_json(&listing) } else { report::list_text(&listing) })
}

/// Prints to standard output. A reader that has seen enough and closed it is no failure.
fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// Becomes true when somebody wants this program to end.
fn until_signal() -> Result<Arc<AtomicBool>, Failure> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&ended)).map_err(Failure::Terminal)?;
    }
    Ok(ended)
}
