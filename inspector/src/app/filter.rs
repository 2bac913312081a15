//! What `/` looks for: words that have to occur in a row, and words with `!` that must not.

use crate::app::list::Row;

/// The words of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    text: String,
    wanted: bool,
    /// A capital letter says that capitals matter.
    exact: bool,
}

impl Filter {
    /// Takes a text apart at its blanks.
    pub fn new(text: &str) -> Self {
        let words = text.split_whitespace().filter(|word| *word != "!").map(|word| {
            let (wanted, word) = word.strip_prefix('!').map_or((true, word), |word| (false, word));
            Word { text: word.into(), wanted, exact: word.chars().any(char::is_uppercase) }
        });
        Self { words: words.collect(), text: text.into() }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a row passes.
    pub fn matches(&self, row: &Row) -> bool {
        self.words.iter().all(|word| row.cells.iter().any(|cell| word.is_in(&cell.text)) == word.wanted)
    }
}

impl Word {
    fn is_in(&self, text: &str) -> bool {
        if self.exact { text.contains(&self.text) } else { text.to_lowercase().contains(&self.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::list::Cell;
    use crate::theme::Tone;

    fn passes(filter: &str, cells: &[&str]) -> bool {
        let cells = cells.iter().map(|&text| Cell::text(text)).collect();
        Filter::new(filter).matches(&Row {
            id: 0,
            cells,
            tone: Tone::Text,
            target: None,
            note: String::new(),
            heading: false,
        })
    }

    #[test]
    fn every_word_has_to_occur() {
        let row = ["Planner.make_plan", "deltablue.py:412", "live"];
        for yes in ["", "plan", "make delta", "Planner live", "!retired", "! plan"] {
            assert!(passes(yes, &row), "{yes}");
        }
        for no in ["plans", "plan retired", "PLAN", "!live", "planner !delta"] {
            assert!(!passes(no, &row), "{no}");
        }
    }
}
