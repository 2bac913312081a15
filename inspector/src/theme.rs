//! Colours, and what takes their place where `NO_COLOR` asks for none.

use ratatui::style::{Color, Modifier, Style};

/// The styles of the screen.
#[derive(Clone, Copy)]
pub struct Theme {
    colored: bool,
}

impl Theme {
    /// Colours, unless the environment variable `NO_COLOR` holds anything.
    pub fn from_environment() -> Self {
        Self { colored: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    /// No colours.
    #[cfg(test)]
    pub fn plain() -> Self {
        Self { colored: false }
    }

    pub fn title(self) -> Style {
        self.style(Color::Cyan, Modifier::BOLD)
    }

    pub fn focus(self) -> Style {
        self.style(Color::Cyan, Modifier::empty())
    }

    pub fn faint(self) -> Style {
        self.style(Color::DarkGray, Modifier::DIM)
    }

    pub fn good(self) -> Style {
        self.style(Color::Green, Modifier::empty())
    }

    pub fn warning(self) -> Style {
        self.style(Color::Yellow, Modifier::empty())
    }

    pub fn bad(self) -> Style {
        self.style(Color::Red, Modifier::BOLD)
    }

    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn style(self, color: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        if self.colored { style.fg(color) } else { style }
    }
}
