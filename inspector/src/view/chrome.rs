//! What surrounds every view: whose process it is, the tabs, the keys, the help.

use ratatui::layout::{Constraint, Flex, Layout, Rect};

use crate::app::bindings::{Action, Binding, bindings};
use crate::app::{App, tab::Tab};
use crate::format;
use crate::model::source::{Sampling, Status};
use crate::theme::Tone;
use crate::view::canvas::{Canvas, row_of};

/// Which process this is, and how it is.
pub fn header(canvas: &mut Canvas<'_, '_>, area: Rect, app: &App) {
    let identity = &app.model.snapshot.identity;
    let (mark, status, tone) = match &app.model.status {
        Status::Exited => ("■", "the process has exited; q quits", Tone::Bad),
        Status::Unreadable(why) => ("■", why.as_str(), Tone::Bad),
        _ if app.paused => ("‖", "paused", Tone::Warning),
        Status::Running => ("●", "running", Tone::Good),
        Status::Closed => ("○", "rjit has ended in this process", Tone::Warning),
    };
    let status = format!("{mark} {status} ");
    let width = format::columns(&status).min(area.width.into()) as u16;
    let right = Rect { x: area.right() - width, width, ..area };
    let left = Rect { width: area.width - width, ..area };
    let x = canvas.line(left, 0, &format!(" rjit-inspect {}  ", identity.pid), Tone::Title);
    let room = usize::from(left.right().saturating_sub(x)).saturating_sub(1);
    canvas.text(left, x, left.y, &format::fit(&app.model.command, room), Tone::Text);
    canvas.line(right, 0, &status, tone);
    if area.height < 2 {
        return;
    }
    let mut second =
        format!(" Python {}, rjit {}, up {}", identity.python, identity.rjit, format::duration(app.model.age_ns));
    if let Some(position) = app.model.position {
        let (at, length) = (position.at.as_nanos() as u64, position.length.as_nanos() as u64);
        let word = if position.playing { "playing" } else { "stopped" };
        second += &format!(", recording {word} at {} of {}", format::duration(at), format::duration(length));
    } else if let Sampling::On(samples) = &app.model.sampling
        && let Some(overhead) = samples.overhead
    {
        second += &format!(", sampling costs {}", format::percent(overhead));
    }
    canvas.line(area, 1, &second, Tone::Faint);
}

/// The tabs. With little room titles get short, and in the end only the one of the view is left.
pub fn tabs(canvas: &mut Canvas<'_, '_>, line: Rect, current: Tab) {
    let long = |tab: Tab| format!(" {} {} ", tab.digit(), tab.title());
    let short = |tab: Tab| format!(" {} {} ", tab.digit(), tab.short_title());
    let least = |tab: Tab| {
        if tab == current { format!(" {} {} ", tab.digit(), tab.title()) } else { format!(" {}", tab.digit()) }
    };
    let width = |write: &dyn Fn(Tab) -> String| Tab::ALL.into_iter().map(|tab| write(tab).len()).sum::<usize>();
    let forms: [&dyn Fn(Tab) -> String; 3] = [&long, &short, &least];
    let room = usize::from(line.width);
    let write = forms.into_iter().find(|write| width(write) <= room).unwrap_or(&least);
    let mut x = line.x;
    for tab in Tab::ALL {
        let text = write(tab);
        let start = x;
        x = canvas.text(line, x, line.y, &text, if tab == current { Tone::Selected } else { Tone::Text });
        canvas.clickable(Rect { x: start, width: x - start, ..line }, Action::Go(tab));
    }
}

/// The keys of the view, or what is being typed or told.
pub fn footer(canvas: &mut Canvas<'_, '_>, line: Rect, app: &App) {
    if app.editing {
        let text = app.list().map_or("", |list| list.filter.text());
        let x = canvas.line(line, 0, &format!(" /{text}"), Tone::Text);
        let x = canvas.text(line, x, line.y, " ", Tone::Selected);
        canvas.text(line, x, line.y, "  enter keeps it, esc drops it, ! excludes a word", Tone::Faint);
        return;
    }
    if let Some(message) = &app.message {
        canvas.line(line, 0, &format!(" {message}"), Tone::Warning);
        return;
    }
    let shown = bindings(app.tab, app.is_recording()).filter(|binding| !binding.word.is_empty());
    let (general, special): (Vec<&Binding>, Vec<&Binding>) =
        shown.partition(|binding| matches!(binding.action, Action::Quit | Action::Help));
    let mut x = line.x + 1;
    for binding in general.into_iter().chain(special) {
        let width = format::columns(binding.label) + 1 + format::columns(binding.word);
        if usize::from(x) + width > usize::from(line.right()) {
            break;
        }
        let start = x;
        x = canvas.text(line, x, line.y, binding.label, Tone::Title);
        x = canvas.text(line, x + 1, line.y, binding.word, Tone::Faint);
        canvas.clickable(Rect { x: start, width: x - start, ..line }, binding.action);
        x += 2;
    }
}

/// All keys of the view, above it.
pub fn help(canvas: &mut Canvas<'_, '_>, screen: Rect, app: &App) {
    let lines: Vec<_> = bindings(app.tab, app.is_recording()).filter(|binding| !binding.what.is_empty()).collect();
    let notes = help_notes(app.tab);
    let height = (lines.len() + notes.len() + 3) as u16;
    let area = centered(screen, 74, height);
    canvas.clear(area);
    let inner = canvas.boxed(area, &format!("Keys of {}; any key closes this", app.tab.title()), true);
    for (down, binding) in (0..inner.height).zip(&lines) {
        let x = canvas.line(inner, down, &format!(" {:<10}", binding.label), Tone::Title);
        canvas.text(row_of(inner, down), x, inner.y + down, binding.what, Tone::Text);
    }
    for (down, note) in (lines.len() as u16 + 1..inner.height).zip(notes) {
        canvas.line(inner, down, &format!(" {note}"), Tone::Faint);
    }
}

/// What the signs and words of a view mean.
fn help_notes(tab: Tab) -> &'static [&'static str] {
    match tab {
        Tab::Overview => &["time is the part of all samples in which something ran; click a hint to follow it"],
        Tab::Executables => &[
            "an invalidated executable is not entered any more; a retired one is gone",
            "time is the part of the samples in which something ran; - without samples",
        ],
        Tab::Deopts => &[
            "a deopt is a return to the interpreter because a guess of the compiler failed;",
            "those that observers bring about are among the reifications",
        ],
        Tab::Reifications => &["a reification completes a frame of compiled code because somebody looks at it"],
        Tab::Refused => &["times is how often compiling was tried; enter shows the line that prevents it"],
        Tab::Stacks => &["█ compiled, ▐ inlined into a compiled caller, ▒ interpreted, ░ native"],
        Tab::Events => &["a failure at the same place is logged the 1st, 2nd, 4th, 8th ... time"],
        Tab::Detail => &[
            "before each line: its source line, its part of the time, and in the source",
            "12↯ deopts, 12@ reifications, 2? guards; ▌ marks what belongs to the cursor",
        ],
    }
}

fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let [row] = Layout::vertical([Constraint::Length(height.min(area.height))]).flex(Flex::Center).areas(area);
    let [cell] = Layout::horizontal([Constraint::Length(width.min(area.width))]).flex(Flex::Center).areas(row);
    cell
}
