//! One executable in all its forms, side by side: source, bytecode, HIR, CLIF, machine code, guards.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::app::App;
use crate::app::bindings::Action;
use crate::app::detail::Detail;
use crate::format;
use crate::model::Model;
use crate::model::listing::Form;
use crate::theme::Tone;
use crate::view::canvas::{Canvas, row_of};
use crate::view::table::wrap;
use crate::words;

/// The least width of a pane that shares the screen with others.
const PANE: u16 = 36;

/// Draws the view.
pub fn draw(canvas: &mut Canvas<'_, '_>, area: Rect, app: &mut App) {
    if app.detail.target.function.is_empty() && app.detail.target.filename.is_empty() {
        canvas.line(area, 0, "choose a line of another view with enter, to see its code here", Tone::Faint);
        return;
    }
    let heads = if area.height >= 8 { 2 } else { 1 };
    let [head, panes] = Layout::vertical([Constraint::Length(heads), Constraint::Min(0)]).areas(area);
    draw_head(canvas, head, &app.detail, &app.model);
    let boxed = panes.height >= 5;
    let inside = panes.height.saturating_sub(if boxed { 2 } else { 1 });
    app.detail.scroll_to_cursor(inside.into());
    let forms = forms_that_fit(&app.detail, panes.width);
    // People read the source; the rest they look things up in.
    let widths =
        forms.iter().map(|&form| Constraint::Fill(if matches!(form, Form::Source | Form::Facts) { 4 } else { 3 }));
    for (&pane, form) in Layout::horizontal(widths).split(panes).iter().zip(forms) {
        let focused = form == app.detail.focus;
        canvas.clickable(pane, Action::Focus(form));
        let inner = if boxed {
            canvas.boxed(pane, form.title(), focused)
        } else {
            canvas.line(pane, 0, form.title(), Tone::Title);
            Rect { y: pane.y + 1, height: pane.height.saturating_sub(1), ..pane }
        };
        draw_form(canvas, inner, &app.detail, form);
    }
}

/// As many forms as there is room for, the one with the cursor among them.
fn forms_that_fit(detail: &Detail, width: u16) -> Vec<Form> {
    let forms: Vec<Form> = detail.forms().collect();
    let room = usize::from((width / PANE).max(1)).min(forms.len());
    let focus = forms.iter().position(|&form| form == detail.focus).unwrap_or(0);
    let first = focus.saturating_sub(room - 1).min(forms.len() - room);
    forms[first..first + room].to_vec()
}

fn draw_head(canvas: &mut Canvas<'_, '_>, area: Rect, detail: &Detail, model: &Model) {
    let target = &detail.target;
    let found = target.key.and_then(|key| model.executable(key));
    let line = target.line.map_or(String::new(), |line| format!(":{line}"));
    let x = canvas.line(area, 0, &target.function, Tone::Title);
    canvas.text(area, x, area.y, &format!("  {}{line}", target.filename), Tone::Faint);
    let second = match found {
        Some(found) => format!(
            "{}{}, {}, {}; {} entries, {} now; {} deopts; {} reifications{}",
            if found.qualname == target.function {
                String::new()
            } else {
                format!("inlined into {}: ", found.qualname)
            },
            words::kind(found.kind),
            words::state(found.state),
            format::bytes(found.size),
            format::count(found.entries),
            format::rate(model.entry_rate((found.slot, found.generation))),
            format::count(found.deopts),
            format::count(found.reifications),
            target
                .key
                .and_then(|key| model.share(key))
                .map(|share| format!("; {} of the time", format::percent(share)))
                .unwrap_or_default(),
        ),
        None if target.key.is_some() => "the executable is gone".into(),
        None => "not compiled".into(),
    };
    canvas.line(area, 1, &second, Tone::Text);
}

fn draw_form(canvas: &mut Canvas<'_, '_>, area: Rect, detail: &Detail, form: Form) {
    if detail.loading {
        canvas.line(area, 0, "asking the process for it", Tone::Faint);
        return;
    }
    let lines = detail.listing.lines(form);
    let mut area = area;
    if let Some(note) = detail.listing.note(form) {
        let wrapped = wrap(note, area.width.into());
        let room = if lines.is_empty() { area.height } else { area.height.min(2) };
        for (down, text) in (0..room).zip(&wrapped) {
            canvas.line(area, down, text, Tone::Warning);
        }
        let used = room.min(wrapped.len() as u16);
        area = Rect { y: area.y + used, height: area.height - used, ..area };
    }
    let offset = detail.offset[form as usize];
    let gutter = Gutter {
        heat: detail.has_heat(form),
        counts: form == Form::Source && (!detail.counts.is_empty() || !detail.listing.guards.is_empty()),
    };
    for (down, row) in (0..area.height).zip(offset..lines.len()) {
        let line = row_of(area, down);
        draw_line(canvas, line, detail, &gutter, (form, row));
        canvas.clickable(line, Action::PickLine(form, row));
    }
}

/// What stands before the lines of a form. What no line has takes no place.
struct Gutter {
    heat: bool,
    counts: bool,
}

/// A line: the source line it belongs to, its heat, how often it was left, a mark if it belongs to the cursor, its text.
fn draw_line(canvas: &mut Canvas<'_, '_>, area: Rect, detail: &Detail, gutter: &Gutter, (form, row): (Form, usize)) {
    let code = &detail.listing.lines(form)[row];
    let number = code.line.map(|line| line.to_string()).unwrap_or_default();
    let mut x = canvas.line(area, 0, &format!("{number:>4} "), Tone::Faint);
    let heat = detail.heat_of(form, row);
    if gutter.heat {
        let percent = heat.map(format::percent).unwrap_or_default();
        x = canvas.text(area, x, area.y, &format!("{percent:>6} "), heat.map_or(Tone::Faint, Tone::of_share));
    }
    if gutter.counts {
        x = draw_counts(canvas, area, x, detail, code.line);
    }
    let cursor = row == detail.cursor(form);
    let related = detail.listing.related(detail.focus, detail.cursor(detail.focus), code);
    let mark = match (cursor && form == detail.focus, related) {
        (true, _) => "▶",
        (false, true) => "▌",
        (false, false) => " ",
    };
    x = canvas.text(area, x, area.y, mark, Tone::Related);
    let tone = match heat {
        Some(heat) => Tone::of_share(heat.max(0.005)),
        None if code.taken => Tone::Warning,
        None if form == Form::Source && code.text.trim_start().starts_with('#') => Tone::Faint,
        None => Tone::Text,
    };
    let text: String = code.text.chars().skip(detail.sideways[form as usize]).collect();
    canvas.text(area, x, area.y, &text, tone);
    if cursor && form == detail.focus {
        canvas.fill(area, Tone::Selected);
    }
}

/// How often a source line was left or looked at, or else how many guards it has.
fn draw_counts(canvas: &mut Canvas<'_, '_>, area: Rect, x: u16, detail: &Detail, line: Option<u32>) -> u16 {
    let counts = line.and_then(|line| detail.counts.get(&line)).copied().unwrap_or_default();
    let guards = detail.listing.guards.iter().find(|(its, _)| Some(*its) == line).map_or(0, |(_, count)| *count);
    let (text, tone) = match (counts.deopts, counts.reifications, guards) {
        (0, 0, 0) => (String::new(), Tone::Faint),
        (0, 0, guards) => (format!("{guards}?"), Tone::Faint),
        (0, looks, _) => (format!("{}@", format::short(looks as f64)), Tone::Focus),
        (deopts, _, _) => (format!("{}↯", format::short(deopts as f64)), Tone::Bad),
    };
    canvas.text(area, x, area.y, &format!("{text:>6}"), tone)
}
