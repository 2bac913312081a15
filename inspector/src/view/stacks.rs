//! The stack of each thread as it is now, newest frame on top.

use ratatui::layout::Rect;
use rjit_sampling::{Frame, FrameKind, ThreadStack};

use crate::app::list::{Cell, Column, Row, Target, Width};
use crate::app::{App, tab::Tab};
use crate::format;
use crate::model::{Model, id_of, key_of};
use crate::theme::Tone;
use crate::view::canvas::Canvas;
use crate::view::table;
use crate::words;

pub const COLUMNS: &[Column] = &[
    Column { head: "frame", width: Width::Text(16, 3), rank: 0 },
    Column { head: "line", width: Width::Tail(14, 2), rank: 1 },
    Column { head: "run by", width: Width::Word(13), rank: 0 },
];

/// A heading for each thread, and its frames.
pub fn rows(model: &Model) -> Vec<Row> {
    let threads = model.stacks.as_ref().map_or(&[][..], |threads| threads);
    threads.iter().flat_map(|thread| thread_rows(model, thread)).collect()
}

fn thread_rows(model: &Model, thread: &ThreadStack) -> Vec<Row> {
    let mut title = format!("thread {}", thread.tid);
    let flags = [
        (thread.holds_gil, "holds the GIL"),
        (thread.collecting, "collects garbage"),
        (thread.torn, "too quick to read"),
    ];
    let flags = flags.into_iter().filter(|(flag, _)| *flag).map(|(_, word)| word);
    for part in [thread.name.as_str(), words::thread(thread.state)].into_iter().chain(flags) {
        if !part.is_empty() {
            title += &format!("  {part}");
        }
    }
    let heading = Row {
        id: id_of(&thread.tid),
        cells: vec![Cell::text(&title), Cell::text(""), Cell::text("")],
        tone: Tone::Title,
        target: None,
        note: title,
        heading: true,
    };
    let mut rows = vec![heading];
    // The oldest frame is the same from look to look, so frames are counted from there.
    let depth = thread.frames.len();
    rows.extend((0..).zip(&thread.frames).map(|(index, frame)| row(model, thread.tid, depth - index, frame)));
    rows
}

fn row(model: &Model, tid: u32, height: usize, frame: &Frame) -> Row {
    let compiled = model.snapshot.executables.iter().find(|found| {
        let first = found.first_line <= frame.line && found.line <= frame.line;
        frame.kind == FrameKind::Compiled && found.qualname == frame.function && found.filename == frame.file && first
    });
    let target = Target {
        key: compiled.map(key_of),
        function: frame.function.clone(),
        filename: frame.file.clone(),
        line: Some(frame.line),
    };
    let (word, tone) = (words::frame(frame.kind), tone(frame.kind));
    Row {
        id: id_of(&(tid, height)),
        cells: vec![
            Cell::text(format!("  {}", frame.function)),
            Cell::text(format::place(&frame.file, frame.line)),
            Cell::text(format!("{} {word}", mark(frame.kind))).toned(tone),
        ],
        tone: Tone::Text,
        target: (frame.kind != FrameKind::Native && !frame.file.is_empty()).then_some(target),
        note: match frame.file.as_str() {
            "" => format!("{}, {word}", frame.function),
            file => format!("{}, {file}:{}, {word}", frame.function, frame.line),
        },
        heading: false,
    }
}

/// The tone of a kind of frame.
pub fn tone(kind: FrameKind) -> Tone {
    match kind {
        FrameKind::Compiled => Tone::Compiled,
        FrameKind::Inlined => Tone::Inlined,
        FrameKind::Interpreted => Tone::Interpreted,
        FrameKind::Native => Tone::Native,
    }
}

/// A mark that tells kinds of frames apart without colours.
fn mark(kind: FrameKind) -> char {
    match kind {
        FrameKind::Compiled => '█',
        FrameKind::Inlined => '▐',
        FrameKind::Interpreted => '▒',
        FrameKind::Native => '░',
    }
}

/// Draws the view.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    let (title, empty) = match &app.model.stacks {
        Ok(threads) => {
            let count = threads.len();
            let title = if count == 1 { "Stack of 1 thread".to_string() } else { format!("Stacks of {count} threads") };
            (title, "no thread has been seen yet".to_string())
        }
        Err(why) => ("Stacks".to_string(), format!("the stacks cannot be read: {why}")),
    };
    table::draw(canvas, area, app.list_of(Tab::Stacks), &title, &empty);
}
