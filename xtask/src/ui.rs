//! What a task tells its user. All of it goes to stderr: stdout carries results only, so that a task can be used in
//! `$(…)`.

use anyhow::Error;
use std::fmt::Display;
use std::io::{IsTerminal, stderr};

/// Announces a step that may take a while.
pub fn step(text: impl Display) {
    if stderr().is_terminal() {
        eprintln!("\x1b[1;32m==>\x1b[0m {text}");
    } else {
        eprintln!("==> {text}");
    }
}

/// Adds a detail to the step at hand.
pub fn note(text: impl Display) {
    eprintln!("    {}", text.to_string().replace('\n', "\n    "));
}

/// Reports what ended a task, with the causes indented below it.
pub fn error(error: &Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        note(cause);
    }
}

/// Lays out rows in columns: the first column is left-aligned, the others right-aligned, as numbers want it.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let line: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(
                |(column, (cell, &width))| {
                    if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                },
            )
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn numbers_line_up_on_the_right() {
        let rows = [["name", "ms"], ["nbody", "1234"], ["wörter", "9"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.map(String::from).to_vec()).collect();
        assert_eq!(table(&rows), "name      ms\nnbody   1234\nwörter     9\n");
    }

    #[test]
    fn short_rows_are_allowed() {
        assert_eq!(table(&[vec!["a".into(), "b".into()], vec!["only".into()]]), "a     b\nonly\n");
    }
}
