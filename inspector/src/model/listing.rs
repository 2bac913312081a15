//! The code of an executable in all its forms, and which lines of one form belong to which of another.

use std::ops::Range;

use rjit_telemetry::Row;

use crate::model::Details;

/// A form of the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Source,
    Bytecode,
    Hir,
    Clif,
    Assembly,
    /// Guards, exits, inlined calls and assumptions.
    Facts,
}

impl Form {
    /// All forms, from what people write to what the processor reads.
    pub const ALL: [Self; 6] = [Self::Source, Self::Bytecode, Self::Hir, Self::Clif, Self::Assembly, Self::Facts];

    /// What stands above its pane.
    pub fn title(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::Bytecode => "Bytecode",
            Self::Hir => "HIR",
            Self::Clif => "CLIF",
            Self::Assembly => "Disassembly",
            Self::Facts => "Guards and exits",
        }
    }
}

/// One line of a form, and what it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeLine {
    pub text: String,
    /// Line of the source.
    pub line: Option<u32>,
    /// Byte offset of the bytecode.
    pub offset: Option<u32>,
    /// Address of the machine code.
    pub address: Option<u64>,
    /// It is a way out that was taken.
    pub taken: bool,
}

/// The text of a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceText {
    pub lines: Vec<String>,
    /// What has to be known about it, such as that it was changed since.
    pub caution: Option<String>,
}

/// An executable's code in all its forms.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    forms: [Vec<CodeLine>; Form::ALL.len()],
    /// Why a form is empty, or what has to be known about it.
    notes: [Option<String>; Form::ALL.len()],
    /// Where the machine code of a form's lines begins, in order, and whose it is.
    starts: [Vec<(u64, usize)>; Form::ALL.len()],
    /// The address behind the machine code.
    end: u64,
    /// Number of guards of each source line.
    pub guards: Vec<(u32, usize)>,
    /// Lines of inlined functions of the same file, and the line and offset of the call that they became a part of.
    inlined: Vec<(u32, Option<u32>, Option<u32>)>,
}

impl Listing {
    /// Puts together what the process and the file system have told about a file.
    pub fn new(filename: &str, details: &Result<Details, String>, source: &Result<SourceText, String>) -> Self {
        let mut listing = Self::default();
        match source {
            Ok(text) => {
                let numbered = text.lines.iter().zip(1..);
                listing.forms[Form::Source as usize] = numbered
                    .map(|(text, number)| CodeLine {
                        text: expand_tabs(text),
                        line: Some(number),
                        ..CodeLine::default()
                    })
                    .collect();
                listing.notes[Form::Source as usize].clone_from(&text.caution);
            }
            Err(why) => listing.notes[Form::Source as usize] = Some(why.clone()),
        }
        match details {
            Ok(details) => listing.take_in(details, filename),
            Err(why) => {
                for form in Form::ALL.into_iter().skip(1) {
                    listing.notes[form as usize] = Some(why.clone());
                }
            }
        }
        listing
    }

    /// The lines of a form.
    pub fn lines(&self, form: Form) -> &[CodeLine] {
        &self.forms[form as usize]
    }

    /// What has to be known about a form.
    pub fn note(&self, form: Form) -> Option<&str> {
        self.notes[form as usize].as_deref()
    }

    /// The addresses of a line's machine code: up to where that of another line begins.
    pub fn span(&self, form: Form, row: usize) -> Option<Range<u64>> {
        let address = self.lines(form).get(row)?.address?;
        let starts = &self.starts[form as usize];
        let found = starts.binary_search_by_key(&address, |&(start, _)| start).ok()?;
        let end = starts.get(found + 1).map_or(self.end, |&(next, _)| next);
        // Of several lines with the same machine code the first has it.
        (starts[found].1 == row && address < end).then_some(address..end)
    }

    /// The first line of a form that belongs to a source line, or else the one that comes next before it.
    pub fn row_of_line(&self, form: Form, line: u32) -> Option<usize> {
        let lines = self.lines(form);
        lines.iter().position(|row| row.line == Some(line)).or_else(|| {
            let before = lines.iter().enumerate().filter(|(_, row)| row.line.is_some_and(|its| its < line));
            before.max_by_key(|&(index, row)| (row.line, std::cmp::Reverse(index))).map(|(index, _)| index)
        })
    }

    /// The line of another form that belongs to a line of this one.
    pub fn corresponding(&self, from: Form, row: usize, to: Form) -> Option<usize> {
        let at = self.anchor(from, row)?;
        let same_offset = at.offset.and_then(|offset| {
            self.lines(to)
                .iter()
                .position(|other| other.offset == Some(offset) && (at.line.is_none() || other.line == at.line))
        });
        same_offset.or_else(|| {
            let line = at.line?;
            let exact = self.lines(to).iter().position(|other| other.line == Some(line));
            let inlined = self.inlined.iter().find(|(its, _, _)| *its == line && from == Form::Source);
            exact.or_else(|| match inlined {
                Some(&(_, call, offset)) => {
                    let of_offset = self.lines(to).iter().position(|other| offset.is_some() && other.offset == offset);
                    of_offset.or_else(|| self.row_of_line(to, call?))
                }
                None => self.row_of_line(to, line),
            })
        })
    }

    /// Whether a line comes from the source line that another one comes from, or from the call that this was inlined into.
    pub fn related(&self, from: Form, row: usize, other: &CodeLine) -> bool {
        let Some(line) = self.anchor(from, row).and_then(|at| at.line) else { return false };
        let call =
            self.inlined.iter().find(|(its, _, _)| *its == line && from == Form::Source).and_then(|found| found.1);
        other.line == Some(line) || call.is_some() && other.line == call
    }

    /// The line itself, or the nearest before it that says where it comes from: labels and blank lines do not.
    fn anchor(&self, form: Form, row: usize) -> Option<&CodeLine> {
        let lines = self.lines(form);
        let upto = &lines[..lines.len().min(row + 1)];
        upto.iter().rev().find(|line| line.line.is_some() || line.offset.is_some())
    }

    fn take_in(&mut self, details: &Details, filename: &str) {
        let forms = [
            (Form::Bytecode, &details.bytecode),
            (Form::Hir, &details.hir),
            (Form::Clif, &details.clif),
            (Form::Assembly, &details.assembly),
        ];
        for (form, rows) in forms {
            self.forms[form as usize] = rows.iter().map(code_line).collect();
            let starts = &mut self.starts[form as usize];
            starts.extend((0..).zip(rows).filter_map(|(row, line)| Some((line.address?, row))));
            starts.sort_unstable();
            starts.dedup_by_key(|&mut (start, _)| start);
            if rows.is_empty() {
                self.notes[form as usize] = Some("the process has not kept it".into());
            }
        }
        self.end = details.code.iter().map(|range| range.end).max().unwrap_or(0);
        self.forms[Form::Facts as usize] = facts(details);
        for range in &details.code {
            let of_file = range.inlined.iter().filter(|(_, file, _)| file == filename);
            for &(_, _, line) in of_file {
                if !self.inlined.iter().any(|(its, _, _)| *its == line) {
                    self.inlined.push((line, range.line, range.offset));
                }
            }
        }
        if details.filename != filename {
            // Lines of another file say nothing beside the source.
            for form in Form::ALL.into_iter().filter(|&form| form != Form::Source) {
                self.forms[form as usize].iter_mut().for_each(|line| line.line = None);
            }
            return;
        }
        for guard in &details.guards {
            let Some(line) = guard.line.filter(|_| guard.inlined.is_none()) else { continue };
            match self.guards.iter_mut().find(|(its, _)| *its == line) {
                Some((_, count)) => *count += 1,
                None => self.guards.push((line, 1)),
            }
        }
    }
}

fn code_line(row: &Row) -> CodeLine {
    let text = expand_tabs(&row.text);
    CodeLine { text, line: row.line, offset: row.offset, address: row.address, ..CodeLine::default() }
}

/// What the code tests, how it is left, and what it relies on, by source line.
fn facts(details: &Details) -> Vec<CodeLine> {
    let inside = |inlined: &Option<String>| inlined.as_ref().map_or(String::new(), |name| format!(" in {name}"));
    // Of code that was inlined the line is one of another function.
    let line = |line: Option<u32>, inlined: &Option<String>| if inlined.is_none() { line } else { None };
    let mut guards: Vec<CodeLine> = details
        .guards
        .iter()
        .map(|guard| {
            let expected = guard.expected.as_ref().map_or(String::new(), |expected| format!(", expects {expected}"));
            CodeLine {
                text: format!("tests {}{expected}{}", tested(&guard.reason), inside(&guard.inlined)),
                line: line(guard.line, &guard.inlined),
                offset: guard.offset,
                ..CodeLine::default()
            }
        })
        .collect();
    guards.extend(details.exits.iter().map(|exit| CodeLine {
        text: match exit.count {
            0 => format!("exit at {}: {}{}", exit.opcode, exit.reason, inside(&exit.inlined)),
            count => format!("{count} exits at {}: {}{}", exit.opcode, exit.reason, inside(&exit.inlined)),
        },
        line: line(exit.line, &exit.inlined),
        offset: exit.offset,
        address: None,
        taken: exit.count > 0,
    }));
    guards.extend(details.inlined.iter().map(|inlined| CodeLine {
        text: format!("inlines {} ({}:{})", inlined.qualname, inlined.filename, inlined.first_line),
        line: Some(inlined.call_line),
        ..CodeLine::default()
    }));
    guards.sort_by_key(|fact| (fact.line.is_none(), fact.line, fact.offset));
    let relies = details.assumptions.iter();
    guards.extend(relies.map(|assumption| CodeLine { text: format!("relies on {assumption}"), ..CodeLine::default() }));
    guards
}

/// What a guard tests, given why it fails.
fn tested(reason: &str) -> &str {
    let named = reason.strip_prefix("guard ").and_then(|rest| rest.strip_suffix(" failed"));
    named.unwrap_or(reason)
}

/// Tabs take no place of their own on the screen, so blanks take theirs.
fn expand_tabs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for letter in text.chars() {
        if letter == '\t' {
            let blanks = 8 - column % 8;
            out.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        } else {
            // A source file may hold anything, and what would steer the terminal is not to reach it.
            out.push(if letter.is_control() { '\u{fffd}' } else { letter });
            column += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn listing() -> Listing {
        Listing::new("/srv/app/deltablue.py", &Ok(sample::details()), &Ok(sample::source()))
    }

    #[test]
    fn lines_find_each_other_by_offset_and_line() {
        let listing = listing();
        let row = |form, part: &str| listing.lines(form).iter().position(|line| line.text.contains(part)).unwrap();
        let add = row(Form::Source, "total = a + b");
        let to =
            |form| listing.corresponding(Form::Source, add, form).map(|row| listing.lines(form)[row].text.as_str());
        assert_eq!(to(Form::Bytecode), Some("  8 LOAD_FAST_BORROW a"));
        assert!(to(Form::Hir).unwrap().contains("guard_int"));
        assert!(to(Form::Facts).unwrap().contains("tests int, expects int"));
        // From a bytecode instruction to its own machine code, not the first of its line.
        let binary = row(Form::Bytecode, "BINARY_OP");
        let code = listing.corresponding(Form::Bytecode, binary, Form::Assembly).unwrap();
        assert!(listing.lines(Form::Assembly)[code].text.contains("test dil"));
        assert!(listing.related(Form::Source, add, &listing.lines(Form::Bytecode)[binary]));
    }

    #[test]
    fn a_line_without_code_leads_to_the_one_before() {
        let listing = listing();
        let blank = listing.lines(Form::Source).iter().position(|line| line.text.trim().starts_with('#')).unwrap();
        let row = listing.corresponding(Form::Source, blank, Form::Bytecode).unwrap();
        assert_eq!(listing.lines(Form::Bytecode)[row].line, Some(61));
        assert_eq!(listing.corresponding(Form::Source, 0, Form::Bytecode), None);
    }

    #[test]
    fn an_inlined_line_leads_to_its_call() {
        let mut details = sample::details();
        details.code[1].inlined = vec![("helper".into(), "/srv/app/deltablue.py".into(), 12)];
        let listing = Listing::new("/srv/app/deltablue.py", &Ok(details.clone()), &Ok(sample::source()));
        let row = listing.corresponding(Form::Source, 11, Form::Bytecode).unwrap();
        assert_eq!(listing.lines(Form::Bytecode)[row].text, " 12 BINARY_OP +");
        let other = Listing::new("/srv/app/other.py", &Ok(details), &Ok(sample::source()));
        assert_eq!(other.corresponding(Form::Source, 62, Form::Bytecode), None, "it is line 63 of another file");
        assert!(listing.related(Form::Source, 11, &listing.lines(Form::Source)[62]));
        assert!(!listing.related(Form::Source, 62, &listing.lines(Form::Source)[11]));
    }

    #[test]
    fn guards_are_counted_by_line() {
        assert_eq!(listing().guards, [(63, 2)]);
    }

    #[test]
    fn facts_are_in_the_order_of_the_source() {
        let listing = listing();
        let facts: Vec<_> = listing.lines(Form::Facts).iter().map(|fact| fact.text.as_str()).collect();
        assert_eq!(
            facts,
            [
                "tests int, expects int",
                "tests int, expects int",
                "12000 exits at BINARY_OP: guard int failed",
                "relies on global ORDER is not rebound",
            ]
        );
    }

    #[test]
    fn tabs_and_control_characters_are_harmless() {
        assert_eq!(expand_tabs("\tx\ty"), "        x       y");
        assert_eq!(expand_tabs("a\x1b[31m"), "a\u{fffd}[31m");
    }
}
