//! Texts in fixed-size fields: cut on a character boundary, padded with zeros, and harmless to a terminal when read.

const ELLIPSIS: &str = "…";

/// Which end of a text that is too long is worth keeping.
#[derive(Clone, Copy)]
pub(crate) enum Keep {
    /// Names say what they are at their start.
    Start,
    /// Paths say what they are at their end.
    End,
}

/// Fills `field` with `text`, cut with an ellipsis when it is too long. Zero bytes end a text, so they are replaced.
pub(crate) fn store(field: &mut [u8], text: &str, keep: Keep) {
    let clean;
    let text = if text.contains('\0') {
        clean = text.replace('\0', "\u{fffd}");
        &clean
    } else {
        text
    };
    field.fill(0);
    if text.len() <= field.len() {
        field[..text.len()].copy_from_slice(text.as_bytes());
        return;
    }
    let room = field.len() - ELLIPSIS.len();
    let parts = match keep {
        Keep::Start => [&text[..text.floor_char_boundary(room)], ELLIPSIS],
        Keep::End => [ELLIPSIS, &text[text.ceil_char_boundary(text.len() - room)..]],
    };
    let cut = parts.concat();
    field[..cut.len()].copy_from_slice(cut.as_bytes());
}

/// Reads a text. Whatever is not UTF-8, or would steer a terminal, becomes a replacement character.
pub(crate) fn load(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    harmless(&String::from_utf8_lossy(&field[..end]))
}

/// The text with a replacement character for each that would steer a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if steers_terminal(c) { '\u{fffd}' } else { c }).collect()
}

/// Control characters, and the marks that reorder or break the text around them.
pub(crate) fn steers_terminal(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn through<const N: usize>(text: &str, keep: Keep) -> String {
        let mut field = [0xff; N];
        store(&mut field, text, keep);
        load(&field)
    }

    #[test]
    fn keeps_what_fits() {
        assert_eq!(through::<8>("main", Keep::Start), "main");
        assert_eq!(through::<4>("main", Keep::Start), "main");
        assert_eq!(through::<4>("", Keep::End), "");
    }

    #[test]
    fn cuts_at_the_duller_end() {
        assert_eq!(through::<8>("Simulation.run", Keep::Start), "Simul…");
        assert_eq!(through::<8>("/usr/lib/a.py", Keep::End), "…/a.py");
        assert_eq!(through::<8>("ααααα", Keep::Start), "αα…");
    }

    #[test]
    fn makes_terminal_control_harmless() {
        assert_eq!(through::<16>("a\x1b[2Jb\0c\n", Keep::Start), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
    }

    proptest! {
        #[test]
        fn always_a_clean_text(text in any::<String>()) {
            for keep in [Keep::Start, Keep::End] {
                let back = through::<32>(&text, keep);
                prop_assert!(!back.chars().any(char::is_control));
                if text.len() <= 32 && !text.chars().any(steers_terminal) {
                    prop_assert_eq!(&back, &text);
                }
            }
        }

        #[test]
        fn any_bytes_can_be_read(bytes in any::<[u8; 40]>()) {
            prop_assert!(!load(&bytes).chars().any(char::is_control));
        }
    }
}
