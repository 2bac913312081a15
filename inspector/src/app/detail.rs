//! The state of the detail view: which code, which forms of it, and where in them.
//!
//! The cursor moves in one form; the others follow to the lines that belong to its line.

use std::collections::BTreeMap;

use crate::app::list::Target;
use crate::model::heat::Heat;
use crate::model::listing::{Form, Listing, SourceText};
use crate::model::{Details, Model};

const FORMS: usize = Form::ALL.len();

/// Share of the time from which on a line counts as hot.
const HOT: f64 = 0.005;

/// What came to a source line from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    pub deopts: u64,
    pub reifications: u64,
}

/// The code that is looked at.
pub struct Detail {
    pub target: Target,
    /// Nothing has come yet.
    pub loading: bool,
    pub listing: Listing,
    pub heat: Heat,
    pub counts: BTreeMap<u32, LineCounts>,
    pub focus: Form,
    shown: [bool; FORMS],
    cursor: [usize; FORMS],
    /// The first line on the screen, by form.
    pub offset: [usize; FORMS],
    pub sideways: [usize; FORMS],
    /// Lines on the screen.
    pub height: usize,
    details: Option<Details>,
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            target: Target::default(),
            loading: false,
            listing: Listing::default(),
            heat: Heat::default(),
            counts: BTreeMap::new(),
            focus: Form::Source,
            shown: [true, true, false, false, true, false],
            cursor: [0; FORMS],
            offset: [0; FORMS],
            sideways: [0; FORMS],
            height: 1,
            details: None,
        }
    }
}

impl Detail {
    /// Turns to other code. The choice of forms stays.
    pub fn open(&mut self, target: Target) {
        *self = Self { target, loading: true, shown: self.shown, ..Self::default() };
    }

    /// Takes in what was asked for.
    pub fn load(&mut self, details: Result<Details, String>, source: &Result<SourceText, String>) {
        self.loading = false;
        self.listing = Listing::new(&self.target.filename, &details, source);
        let own = details.as_ref().ok().filter(|details| details.filename == self.target.filename);
        let first = own.map(|details| details.first_line);
        self.details = details.ok();
        let has_lines = |form: &Form| !self.listing.lines(*form).is_empty();
        self.focus = self.forms().find(has_lines).or_else(|| Form::ALL.into_iter().find(has_lines)).unwrap_or_default();
        self.shown[self.focus as usize] = true;
        let line = self.target.line.or(first);
        if let Some(row) = line.and_then(|line| self.listing.row_of_line(self.focus, line)) {
            self.place(self.focus, row);
        }
        // Where there is room, the function is seen from its beginning.
        let beginning = first.and_then(|line| self.listing.row_of_line(self.focus, line)).unwrap_or(0);
        self.offset[self.focus as usize] = beginning.saturating_sub(1);
    }

    /// Looks up heat and counts anew.
    pub fn refresh(&mut self, model: &Model) {
        let filename = &self.target.filename;
        self.heat = model
            .sampling
            .samples()
            .map(|samples| Heat::new(samples, filename, self.details.as_ref()))
            .unwrap_or_default();
        self.counts.clear();
        for site in model.snapshot.sites.iter().filter(|site| site.filename == self.target.filename) {
            let counts = self.counts.entry(site.line).or_default();
            match site.kind {
                rjit_telemetry::SiteKind::Deopt => counts.deopts += site.count,
                rjit_telemetry::SiteKind::Reification => counts.reifications += site.count,
                rjit_telemetry::SiteKind::Unknown(_) => {}
            }
        }
    }

    /// The forms to show, from left to right.
    pub fn forms(&self) -> impl Iterator<Item = Form> + use<> {
        let shown = self.shown;
        Form::ALL.into_iter().filter(move |&form| shown[form as usize])
    }

    /// Where the cursor of a form is.
    pub fn cursor(&self, form: Form) -> usize {
        self.cursor[form as usize]
    }

    /// Shows or hides a form. One always stays.
    pub fn toggle(&mut self, form: Form) {
        self.shown[form as usize] ^= true;
        if !self.shown[form as usize] {
            match self.forms().next() {
                Some(left) if self.focus == form => self.focus = left,
                Some(_) => {}
                None => self.shown[form as usize] = true,
            }
        } else {
            self.focus = form;
        }
    }

    /// Puts the cursor into a form.
    pub fn focus(&mut self, form: Form) {
        self.focus = form;
        self.shown[form as usize] = true;
    }

    /// Puts the cursor into the form to the right, or to the left.
    pub fn next_pane(&mut self, right: bool) {
        let forms: Vec<Form> = self.forms().collect();
        let at = forms.iter().position(|&form| form == self.focus).unwrap_or(0);
        let step = if right { 1 } else { forms.len() - 1 };
        self.focus = forms[(at + step) % forms.len()];
    }

    /// Moves the cursor, and the other forms along.
    pub fn step(&mut self, to: impl FnOnce(usize) -> usize) {
        self.place(self.focus, to(self.cursor(self.focus)));
    }

    /// Puts the cursor on a line of a form, and the other forms to what belongs to it.
    pub fn place(&mut self, form: Form, row: usize) {
        self.focus = form;
        let row = row.min(self.listing.lines(form).len().saturating_sub(1));
        self.cursor[form as usize] = row;
        for other in Form::ALL.into_iter().filter(|&other| other != form) {
            if let Some(row) = self.listing.corresponding(form, row, other) {
                self.cursor[other as usize] = row;
            }
        }
    }

    /// Scrolls the text of the form in focus sideways.
    pub fn scroll_sideways(&mut self, by: i32) {
        let sideways = &mut self.sideways[self.focus as usize];
        *sideways = sideways.saturating_add_signed(by as isize).min(400);
    }

    /// Whether some line of a form is hot.
    pub fn has_heat(&self, form: Form) -> bool {
        (0..self.listing.lines(form).len()).any(|row| self.heat_of(form, row).is_some())
    }

    /// Goes to the next line that is hot or has been left, beginning anew after the last.
    pub fn next_hot(&mut self) {
        let (form, count) = (self.focus, self.listing.lines(self.focus).len());
        let start = self.cursor(form) + 1;
        let next = (start..start + count).map(|row| row % count).find(|&row| self.is_hot(form, row));
        if let Some(row) = next {
            self.place(form, row);
        }
    }

    /// How hot a line of a form is.
    pub fn heat_of(&self, form: Form, row: usize) -> Option<f64> {
        self.heat.of(form, &self.listing.lines(form)[row], self.listing.span(form, row))
    }

    /// Scrolls each form so that its cursor is on the screen, level with the one in focus where possible.
    pub fn scroll_to_cursor(&mut self, height: usize) {
        self.height = height.max(1);
        let focus = self.focus as usize;
        let cursor = self.cursor[focus];
        // Some lines around the cursor are worth seeing.
        let margin = (self.height / 4).min(3);
        let least = (cursor + 1 + margin).saturating_sub(self.height);
        self.offset[focus] = self.offset[focus].clamp(least, cursor.saturating_sub(margin).max(least));
        let level = cursor - self.offset[focus].min(cursor);
        for form in Form::ALL {
            let last = self.listing.lines(form).len().saturating_sub(self.height);
            let index = form as usize;
            if index != focus {
                self.offset[index] = self.cursor[index].saturating_sub(level);
            }
            self.offset[index] = self.offset[index].min(last);
        }
    }

    /// All forms as text.
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.target.function);
        for form in Form::ALL {
            out += &format!("\n{}\n", form.title());
            for line in self.listing.lines(form) {
                let number = line.line.map(|number| number.to_string()).unwrap_or_default();
                out += &format!("{number:>6}  {}\n", line.text);
            }
        }
        out
    }

    fn is_hot(&self, form: Form, row: usize) -> bool {
        let line = self.listing.lines(form)[row].line;
        let was_left = form == Form::Source && line.is_some_and(|line| self.counts.contains_key(&line));
        was_left || self.heat_of(form, row).is_some_and(|heat| heat >= HOT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn detail() -> Detail {
        let mut detail = Detail::default();
        detail.open(sample::target());
        assert!(detail.loading);
        detail.load(Ok(sample::details()), &Ok(sample::source()));
        detail
    }

    fn text(detail: &Detail, form: Form) -> &str {
        &detail.listing.lines(form)[detail.cursor(form)].text
    }

    #[test]
    fn the_forms_move_together() {
        let mut detail = detail();
        assert_eq!(text(&detail, Form::Source).trim(), "def weaker(a, b):");
        detail.step(|row| row + 2);
        assert_eq!(text(&detail, Form::Source).trim(), "total = a + b");
        assert!(text(&detail, Form::Bytecode).contains("8 LOAD_FAST"), "{}", text(&detail, Form::Bytecode));
        assert!(text(&detail, Form::Assembly).contains("test"), "{}", text(&detail, Form::Assembly));
        detail.focus(Form::Assembly);
        detail.step(|_| usize::MAX);
        assert_eq!(text(&detail, Form::Source).trim(), "return total");
    }

    #[test]
    fn other_forms_stand_level_with_the_cursor() {
        let mut detail = detail();
        detail.step(|row| row + 2);
        detail.scroll_to_cursor(4);
        let level = |form| detail.cursor(form) as i64 - detail.offset[form as usize] as i64;
        assert!((0..4).contains(&level(Form::Source)));
        assert!((0..4).contains(&level(Form::Bytecode)));
        detail.scroll_to_cursor(0);
        detail.scroll_to_cursor(1000);
        assert_eq!(detail.offset, [0; FORMS]);
    }

    #[test]
    fn one_form_always_stays() {
        let mut detail = detail();
        for form in Form::ALL {
            if detail.forms().any(|shown| shown == form) {
                detail.toggle(form);
            }
        }
        assert_eq!(detail.forms().count(), 1);
        let last = detail.forms().next().unwrap();
        assert_eq!(detail.focus, last);
        detail.toggle(Form::Hir);
        assert_eq!((detail.focus, detail.forms().count()), (Form::Hir, 2));
        detail.next_pane(true);
        assert_eq!(detail.focus, last);
        detail.next_pane(false);
        assert_eq!(detail.focus, Form::Hir);
    }

    #[test]
    fn the_next_hot_line_is_one_that_was_left_or_takes_time() {
        let mut detail = detail();
        detail.refresh(&sample::model());
        detail.next_hot();
        assert_eq!(text(&detail, Form::Source).trim(), "total = a + b");
        detail.next_hot();
        assert_eq!(text(&detail, Form::Source).trim(), "total = a + b", "it is the only one");
    }

    #[test]
    fn without_code_there_is_still_the_source() {
        let mut detail = Detail::default();
        detail.open(sample::target());
        detail.load(Err("the process has ended".into()), &Ok(sample::source()));
        assert_eq!(detail.focus, Form::Source);
        assert_eq!(detail.listing.note(Form::Assembly), Some("the process has ended"));
        detail.load(Err("no".into()), &Err("neither".into()));
        detail.step(|row| row + 1);
        detail.next_hot();
        detail.scroll_to_cursor(5);
        assert!(detail.to_text().contains("Disassembly"));
    }
}
