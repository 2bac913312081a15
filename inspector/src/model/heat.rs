//! How hot the lines of an executable are: the samples of its addresses and of its source lines, by form.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::model::listing::{CodeLine, Form};
use crate::model::source::Samples;
use crate::model::{Details, share};

/// Shares of the samples, from 0 to 1.
#[derive(Clone, Debug, Default)]
pub struct Heat {
    lines: HashMap<u32, f64>,
    offsets: HashMap<u32, f64>,
    addresses: BTreeMap<u64, f64>,
}

impl Heat {
    /// The heat of the lines of a file and, where its code is known, of an executable's instructions.
    pub fn new(samples: &Samples, filename: &str, details: Option<&Details>) -> Self {
        let whole = samples.taken;
        let mut heat = Self::default();
        for ((file, line), count) in &samples.by_line {
            if file == filename {
                *heat.lines.entry(*line).or_default() += share(*count, whole);
            }
        }
        let sampled: BTreeMap<u64, u64> =
            samples.by_address.iter().map(|(&address, &count)| (address, count)).collect();
        let ranges = details.iter().flat_map(|details| &details.code);
        for range in ranges.filter(|range| range.start < range.end) {
            for (&address, &count) in sampled.range(range.start..range.end) {
                let part = share(count, whole);
                heat.addresses.insert(address, part);
                if let (Some(offset), true) = (range.offset, range.inlined.is_empty()) {
                    *heat.offsets.entry(offset).or_default() += part;
                }
            }
        }
        heat
    }

    /// The heat of a line of a form, given the addresses of its machine code.
    pub fn of(&self, form: Form, row: &CodeLine, span: Option<Range<u64>>) -> Option<f64> {
        let found = match form {
            Form::Source => self.lines.get(&row.line?).copied(),
            Form::Hir | Form::Clif | Form::Assembly => Some(self.addresses.range(span?).map(|(_, part)| part).sum()),
            Form::Bytecode => self.offsets.get(&row.offset?).copied(),
            Form::Facts => None,
        };
        found.filter(|&part| part > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::listing::Listing;
    use crate::sample;

    #[test]
    fn samples_heat_lines_instructions_and_addresses() {
        let (details, source) = (sample::details(), sample::source());
        let samples = sample::samples();
        let heat = Heat::new(&samples, &details.filename, Some(&details));
        let listing = Listing::new("/srv/app/deltablue.py", &Ok(details), &Ok(source));
        let hottest = |form| {
            let lines = listing.lines(form);
            let of = |row: usize| heat.of(form, &lines[row], listing.span(form, row));
            let found: Vec<_> = (0..lines.len()).filter_map(|row| of(row).map(|heat| (row, heat))).collect();
            found.into_iter().map(|(row, heat)| (lines[row].text.trim().to_string(), heat)).collect::<Vec<_>>()
        };
        assert_eq!(hottest(Form::Source), [("total = a + b".to_string(), 0.25)]);
        assert_eq!(hottest(Form::Bytecode), [("12 BINARY_OP +".to_string(), 0.25)]);
        assert_eq!(hottest(Form::Assembly), [("add rax, rdi".to_string(), 0.25)]);
        assert_eq!(hottest(Form::Hir), [("v4 = add_int v2, v3".to_string(), 0.25)]);
        assert_eq!(hottest(Form::Facts), []);
    }

    #[test]
    fn other_files_and_ranges_that_make_no_sense_stay_cold() {
        let mut details = sample::details();
        for range in &mut details.code {
            (range.start, range.end) = (range.end, range.start);
        }
        let heat = Heat::new(&sample::samples(), "/other.py", Some(&details));
        assert!(heat.lines.is_empty() && heat.offsets.is_empty() && heat.addresses.is_empty());
    }
}
