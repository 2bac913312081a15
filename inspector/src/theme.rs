//! Colours by meaning, and what takes their place where there are none.
//!
//! A view says what a piece of text means, a [`Tone`]; the theme knows how that looks on this terminal. Nothing is told by
//! colour alone: whatever has a tone has a word or a mark of its own too.

use std::env::var_os;

use clap::ValueEnum;
use ratatui::style::{Color, Modifier, Style};

/// The themes to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ThemeName {
    /// Colours that colour-blind people can tell apart (Okabe and Ito), for dark and light terminals.
    #[default]
    Colorblind,
    /// Bright colours for dark terminals.
    Dark,
    /// Deep colours for light terminals.
    Light,
    /// No colours.
    Mono,
}

impl ThemeName {
    /// The next one, or the first.
    pub fn next(self) -> Self {
        match self {
            Self::Colorblind => Self::Dark,
            Self::Dark => Self::Light,
            Self::Light => Self::Mono,
            Self::Mono => Self::Colorblind,
        }
    }

    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Colorblind => "colorblind",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }
}

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Text,
    Faint,
    Title,
    Focus,
    Good,
    Warning,
    Bad,
    Selected,
    /// Belongs to the selected line, in another pane.
    Related,
    Compiled,
    Inlined,
    Interpreted,
    Native,
    Gc,
    Idle,
    /// How hot, from 0 (cold) to 4.
    Heat(u8),
}

impl Tone {
    /// The heat of something that takes this share of the time.
    pub fn of_share(share: f64) -> Self {
        Self::Heat(match share {
            0.25.. => 4,
            0.1.. => 3,
            0.03.. => 2,
            0.005.. => 1,
            _ => 0,
        })
    }
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    None,
    Sixteen,
    Indexed,
    Full,
}

impl Depth {
    /// What the environment says: `NO_COLOR`, `COLORTERM` and `TERM`.
    pub fn from_environment() -> Self {
        let text = |name| var_os(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default();
        Self::of(&text("NO_COLOR"), &text("COLORTERM"), &text("TERM"))
    }

    fn of(no_color: &str, colorterm: &str, term: &str) -> Self {
        let plain = ["", "dumb", "vt100", "vt102", "vt220", "vt320", "ansi-m"];
        if !no_color.is_empty() || plain.contains(&term) || term.ends_with("-mono") || term.ends_with("-m") {
            Self::None
        } else if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::Full
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// A theme on a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub name: ThemeName,
    pub depth: Depth,
}

impl Theme {
    /// How a tone looks.
    pub fn style(self, tone: Tone) -> Style {
        let modifier = self.modifier(tone);
        let style = Style::new().add_modifier(modifier);
        if self.is_plain() {
            return style;
        }
        match tone {
            Tone::Text => style,
            Tone::Selected => match self.depth {
                Depth::Sixteen => style.add_modifier(Modifier::REVERSED),
                _ => style.fg(self.color(self.selection().0)).bg(self.color(self.selection().1)),
            },
            _ => style.fg(self.color(self.foreground(tone))),
        }
    }

    /// Without colours, parts of a bar have to differ by their filling.
    pub fn is_plain(self) -> bool {
        self.name == ThemeName::Mono || self.depth == Depth::None
    }

    fn modifier(self, tone: Tone) -> Modifier {
        match tone {
            Tone::Selected if self.is_plain() => Modifier::REVERSED,
            Tone::Faint | Tone::Idle | Tone::Heat(0) if self.is_plain() => Modifier::DIM,
            Tone::Title | Tone::Bad | Tone::Heat(4) | Tone::Selected => Modifier::BOLD,
            Tone::Related => Modifier::UNDERLINED,
            Tone::Heat(3) | Tone::Warning if self.is_plain() => Modifier::BOLD,
            _ => Modifier::empty(),
        }
    }

    fn color(self, (rgb, ansi): (u32, Color)) -> Color {
        let [_, red, green, blue] = rgb.to_be_bytes();
        match self.depth {
            Depth::Full => Color::Rgb(red, green, blue),
            Depth::Indexed => Color::Indexed(nearest_index([red, green, blue])),
            Depth::Sixteen | Depth::None => ansi,
        }
    }

    /// Foreground and background of the selected line.
    fn selection(self) -> ((u32, Color), (u32, Color)) {
        match self.name {
            ThemeName::Light => ((0x0010_1010, Color::Black), (0x00c6_dcf2, Color::Cyan)),
            _ => ((0x00ff_ffff, Color::White), (0x0000_5f87, Color::Blue)),
        }
    }

    fn foreground(self, tone: Tone) -> (u32, Color) {
        match self.name {
            ThemeName::Colorblind | ThemeName::Mono => colorblind(tone),
            ThemeName::Dark => dark(tone),
            ThemeName::Light => light(tone),
        }
    }
}

/// The palette of Masataka Okabe and Kei Ito, whose colours are told apart with any kind of colour vision.
fn colorblind(tone: Tone) -> (u32, Color) {
    match tone {
        Tone::Text | Tone::Selected | Tone::Heat(1) => (0x00cc_cccc, Color::Reset),
        Tone::Faint | Tone::Idle | Tone::Heat(0) => (0x0087_8787, Color::DarkGray),
        Tone::Title | Tone::Focus | Tone::Native | Tone::Related => (0x0056_b4e9, Color::Cyan),
        Tone::Good | Tone::Compiled => (0x0000_9e73, Color::Green),
        Tone::Warning | Tone::Interpreted | Tone::Heat(3) => (0x00e6_9f00, Color::Yellow),
        Tone::Heat(2) => (0x00f0_e442, Color::LightYellow),
        Tone::Bad | Tone::Gc | Tone::Heat(_) => (0x00d5_5e00, Color::Red),
        Tone::Inlined => (0x00cc_79a7, Color::Magenta),
    }
}

fn dark(tone: Tone) -> (u32, Color) {
    match tone {
        Tone::Text | Tone::Selected | Tone::Heat(1) => (0x00d0_d0d0, Color::Reset),
        Tone::Faint | Tone::Idle | Tone::Heat(0) => (0x0080_8080, Color::DarkGray),
        Tone::Title | Tone::Focus | Tone::Related => (0x005f_d7ff, Color::Cyan),
        Tone::Good | Tone::Compiled => (0x0087_d75f, Color::Green),
        Tone::Warning | Tone::Interpreted | Tone::Heat(2) => (0x00ff_d75f, Color::Yellow),
        Tone::Inlined => (0x00d7_87ff, Color::Magenta),
        Tone::Native => (0x005f_afff, Color::LightBlue),
        Tone::Gc | Tone::Heat(3) => (0x00ff_af5f, Color::LightRed),
        Tone::Bad | Tone::Heat(_) => (0x00ff_5f5f, Color::Red),
    }
}

fn light(tone: Tone) -> (u32, Color) {
    match tone {
        Tone::Text | Tone::Selected | Tone::Heat(1) => (0x0030_3030, Color::Reset),
        Tone::Faint | Tone::Idle | Tone::Heat(0) => (0x0080_8080, Color::DarkGray),
        Tone::Title | Tone::Focus | Tone::Related => (0x0000_5f87, Color::Blue),
        Tone::Good | Tone::Compiled => (0x0000_8700, Color::Green),
        Tone::Warning | Tone::Interpreted | Tone::Heat(2) => (0x0087_5f00, Color::Yellow),
        Tone::Inlined => (0x0087_0087, Color::Magenta),
        Tone::Native => (0x0000_5faf, Color::Blue),
        Tone::Gc | Tone::Heat(3) => (0x00af_5f00, Color::LightRed),
        Tone::Bad | Tone::Heat(_) => (0x00af_0000, Color::Red),
    }
}

/// The colour of the 256 that is nearest: of the cube of six levels, or of the greys.
fn nearest_index(rgb: [u8; 3]) -> u8 {
    const LEVELS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let rgb = rgb.map(i32::from);
    let distance = |to: [i32; 3]| -> i32 { rgb.iter().zip(to).map(|(a, b)| (a - b) * (a - b)).sum() };
    let cube = rgb.map(|part| (0..6).min_by_key(|&level| (LEVELS[level] - part).abs()).unwrap_or(0));
    let of_cube = distance(cube.map(|level| LEVELS[level]));
    let grey = (0..24).min_by_key(|&step| distance([8 + 10 * step; 3])).unwrap_or(0);
    if distance([8 + 10 * grey; 3]) < of_cube {
        232 + grey as u8
    } else {
        (16 + 36 * cube[0] + 6 * cube[1] + cube[2]) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(Depth::of("", "truecolor", "xterm-256color"), Depth::Full);
        assert_eq!(Depth::of("", "", "xterm-256color"), Depth::Indexed);
        assert_eq!(Depth::of("", "", "linux"), Depth::Sixteen);
        assert_eq!(Depth::of("1", "truecolor", "xterm-256color"), Depth::None);
        for plain in ["", "dumb", "vt100", "xterm-mono"] {
            assert_eq!(Depth::of("", "", plain), Depth::None);
        }
    }

    #[test]
    fn nothing_is_coloured_without_colours() {
        let tones = [Tone::Title, Tone::Bad, Tone::Selected, Tone::Compiled, Tone::Heat(4)];
        for theme in [
            Theme { name: ThemeName::Mono, depth: Depth::Full },
            Theme { name: ThemeName::Colorblind, depth: Depth::None },
        ] {
            assert!(tones.iter().all(|&tone| theme.style(tone).fg.is_none() && theme.style(tone).bg.is_none()));
            assert!(theme.style(Tone::Selected).add_modifier.contains(Modifier::REVERSED));
        }
    }

    #[test]
    fn what_a_bar_puts_side_by_side_differs_in_every_theme() {
        let parts = [Tone::Compiled, Tone::Interpreted, Tone::Native, Tone::Gc, Tone::Idle];
        for name in [ThemeName::Colorblind, ThemeName::Dark, ThemeName::Light] {
            for depth in [Depth::Sixteen, Depth::Indexed, Depth::Full] {
                let styles: Vec<_> = parts.iter().map(|&tone| Theme { name, depth }.style(tone)).collect();
                for (index, style) in styles.iter().enumerate() {
                    assert!(!styles[..index].contains(style), "{name:?} {depth:?} {:?}", parts[index]);
                }
            }
        }
    }

    #[test]
    fn colours_are_found_among_the_256() {
        assert_eq!(nearest_index([0, 0, 0]), 16);
        assert_eq!(nearest_index([255, 255, 255]), 231);
        assert_eq!(nearest_index([0x87, 0x87, 0x87]), 102);
        assert_eq!(nearest_index([0xd5, 0x5e, 0]), 166);
    }

    #[test]
    fn heat_follows_the_share() {
        assert_eq!([0.0, 0.01, 0.05, 0.2, 0.9].map(Tone::of_share), [0, 1, 2, 3, 4].map(Tone::Heat));
    }

    #[test]
    fn every_theme_follows_another() {
        let mut name = ThemeName::default();
        for _ in ThemeName::value_variants() {
            name = name.next();
        }
        assert_eq!(name, ThemeName::default());
    }
}
