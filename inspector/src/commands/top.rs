//! The functions that take the time of a process, most first.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyModifiers};
use crossterm::{cursor, execute, terminal};
use rjit_sampling::{FrameKind, Profile, Shares};
use serde::Serialize;

use crate::args::Sampled;
use crate::commands::sampled::{self, Family};
use crate::commands::{print, target, until_signal};
use crate::failure::Failure;
use crate::format;

const SCHEMA: u32 = 1;
/// Lines above the functions and below them.
const AROUND: usize = 5;

/// Shows the functions, again and again on a terminal, else once.
pub fn run(arguments: &Sampled, json: bool, once: bool, limit: usize) -> Result<ExitCode, Failure> {
    let live = arguments.recording.is_none() && io::stdout().is_terminal() && io::stdin().is_terminal();
    if json || once || !live {
        return sampled::with(arguments, |profile, title| {
            print(if json { as_json(profile, title, limit) } else { as_text(profile, title, limit, 100) })
        });
    }
    target::with(&arguments.target, true, |attached| {
        let mut family = Family::attach(attached, arguments.children, arguments.rate.hz)?;
        let ended = until_signal()?;
        terminal::enable_raw_mode().map_err(Failure::Terminal)?;
        let shown = execute!(io::stdout(), terminal::EnterAlternateScreen, cursor::Hide)
            .and_then(|()| watch(&mut family, limit, &ended));
        let left = execute!(io::stdout(), cursor::Show, terminal::LeaveAlternateScreen)
            .and_then(|()| terminal::disable_raw_mode());
        shown.and(left).map_err(Failure::Terminal)?;
        // What it ended with stays to be read.
        print(as_text(&family.profile, &family.title(), limit, 100))
    })
}

fn watch(family: &mut Family, limit: usize, ended: &std::sync::atomic::AtomicBool) -> io::Result<()> {
    const REFRESH: Duration = Duration::from_millis(500);
    while !ended.load(std::sync::atomic::Ordering::Relaxed) && !family.is_over() {
        family.collect();
        let (width, height) = terminal::size()?;
        let rows = limit.min(usize::from(height).saturating_sub(AROUND));
        let mut text = as_text(&family.profile, &family.title(), rows, width.into());
        if let Some(why) = family.why_not() {
            let _ = write!(text, "{why}");
        }
        execute!(io::stdout(), cursor::MoveTo(0, 0), terminal::Clear(terminal::ClearType::All))?;
        print(text.replace('\n', "\r\n") + "q quits").map_err(|failure| io::Error::other(failure.to_string()))?;
        if event::poll(REFRESH)?
            && let Event::Key(key) = event::read()?
        {
            let interrupted = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if key.code == KeyCode::Char('q') || interrupted {
                break;
            }
        }
    }
    Ok(())
}

/// How a frame is run, in a word. Scripts read them, so they stay as they are.
pub fn runs(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Compiled => "compiled",
        FrameKind::Interpreted => "interpreted",
        FrameKind::Inlined => "inlined",
        FrameKind::Native => "native",
    }
}

/// The time by what it went to, in a line.
pub fn shares_in_words(shares: &Shares) -> String {
    let parts = [
        ("compiled", shares.compiled),
        ("interpreted", shares.interpreted),
        ("native", shares.native),
        ("GC", shares.gc),
        ("idle", shares.idle),
    ];
    parts.map(|(name, part)| format!("{:.0} % {name}", part * 100.0)).join(", ")
}

fn as_text(profile: &Profile, title: &str, limit: usize, width: usize) -> String {
    let (busy, _) = profile.times_ns();
    let mut text = format!("{title}\n");
    let all = profile.samples();
    let _ = writeln!(
        text,
        "{} samples of {} of CPU time; {}\n",
        format::count(all),
        format::duration(busy),
        shares_in_words(&profile.shares())
    );
    let _ = writeln!(text, "   own  total  runs         function");
    let part = |count: u64| if all == 0 { 0.0 } else { count as f64 * 100.0 / all as f64 };
    for (key, count) in profile.functions().into_iter().take(limit) {
        let place = if key.file.is_empty() { String::new() } else { format!(" ({})", key.file) };
        let line = format!(
            "{:5.1}% {:5.1}% {:<12} {}{place}",
            part(count.own),
            part(count.total),
            runs(key.kind),
            key.function
        );
        text.extend(line.chars().filter(|char| !char.is_control()).take(width.max(40)));
        text.push('\n');
    }
    text
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    command: &'a str,
    samples: u64,
    busy_ns: u64,
    idle_ns: u64,
    shares: Shares,
    functions: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    function: &'a str,
    file: &'a str,
    runs: &'static str,
    own: u64,
    total: u64,
}

fn as_json(profile: &Profile, title: &str, limit: usize) -> String {
    let (busy_ns, idle_ns) = profile.times_ns();
    let functions = profile.functions().into_iter().take(limit).map(|(key, count)| Row {
        function: &key.function,
        file: &key.file,
        runs: runs(key.kind),
        own: count.own,
        total: count.total,
    });
    let report = Report {
        schema: SCHEMA,
        command: title,
        samples: profile.samples(),
        busy_ns,
        idle_ns,
        shares: profile.shares(),
        functions: functions.collect(),
    };
    serde_json::to_string_pretty(&report).expect("a report is plain data") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tally::build::step;

    fn profile() -> Profile {
        let mut profile = Profile::default();
        profile.add(&step(0, 50).window);
        profile
    }

    #[test]
    fn text_has_shares_and_functions() {
        let text = as_text(&profile(), "python app.py", 10, 60);
        assert!(
            text.contains(
                "50 samples of 500.0 ms of CPU time; 50 % compiled, 0 % interpreted, 0 % native, 0 % GC, 50 % idle"
            ),
            "{text}"
        );
        assert!(text.contains("100.0% 100.0% compiled     work (/srv/app/main.py)"), "{text}");
        assert!(as_text(&Profile::default(), "x", 10, 60).contains("0 samples"));
    }

    #[test]
    fn json_has_the_promised_fields() {
        let report: serde_json::Value = serde_json::from_str(&as_json(&profile(), "python app.py", 10)).unwrap();
        assert_eq!((&report["schema"], &report["samples"]), (&1.into(), &50.into()));
        assert_eq!(report["functions"][0]["runs"], "compiled");
        assert_eq!(report["shares"]["idle"], 0.5);
    }
}
