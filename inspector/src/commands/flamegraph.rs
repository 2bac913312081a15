//! Flame graphs: who runs a frame says its colour.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use inferno::flamegraph::color::{Color, PaletteMap};
use inferno::flamegraph::{self, Options};
use rjit_sampling::{FrameKind, FunctionKey, Profile};

use crate::commands::top::{runs, shares_in_words};
use crate::failure::Failure;
use crate::format;

const WIDTH: usize = 1200;
/// Colours that are told apart with any colour vision (Okabe and Ito).
const COLOURS: [(FrameKind, Color); 4] = [
    (FrameKind::Compiled, Color { r: 0, g: 158, b: 115 }),
    (FrameKind::Inlined, Color { r: 86, g: 180, b: 233 }),
    (FrameKind::Interpreted, Color { r: 230, g: 159, b: 0 }),
    (FrameKind::Native, Color { r: 170, g: 170, b: 170 }),
];

/// Writes the picture, or the folded stacks.
pub fn write(profile: &Profile, title: &str, output: &Path, folded: bool) -> Result<(), Failure> {
    let content = if folded { fold(profile).join("\n") + "\n" } else { draw(profile, title)? };
    fs::write(output, content).map_err(|source| Failure::File { path: output.into(), source })?;
    eprintln!(
        "rjit-inspect: {} samples in {}: {}",
        format::count(profile.samples()),
        output.display(),
        shares_in_words(&profile.shares())
    );
    Ok(())
}

/// A line for each stack: its frames from the outermost in, with semicolons between them, and the number of samples.
fn fold(profile: &Profile) -> Vec<String> {
    let stack = |stack: &[FunctionKey]| match stack {
        [] => "[nothing known] [native]".to_owned(),
        frames => frames.iter().map(frame).collect::<Vec<_>>().join(";"),
    };
    profile.stacks().into_iter().map(|(frames, count)| format!("{} {count}", stack(frames))).collect()
}

/// A frame in words that cannot be taken for several.
fn frame(key: &FunctionKey) -> String {
    let file = key.file.rsplit('/').next().unwrap_or_default();
    let place = if file.is_empty() { String::new() } else { format!(" ({file})") };
    let text = format!("{}{place}", key.function).replace(';', ":");
    let text: String = text.chars().filter(|char| !char.is_control()).collect();
    format!("{text} [{}]", runs(key.kind))
}

fn draw(profile: &Profile, title: &str) -> Result<String, Failure> {
    let mut colours = PaletteMap::default();
    let frames: BTreeSet<&FunctionKey> = profile.stacks().into_iter().flat_map(|(stack, _)| stack).collect();
    for key in frames {
        let found = COLOURS.iter().find(|(kind, _)| *kind == key.kind);
        found.map(|&(_, colour)| colours.insert(frame(key), colour));
    }
    let mut options = Options::default();
    options.palette_map = Some(&mut colours);
    options.title = title.chars().filter(|char| !char.is_control()).take(100).collect();
    options.subtitle = Some(shares_in_words(&profile.shares()));
    options.image_width = Some(WIDTH);
    options.count_name = "samples".into();
    options.deterministic = true;
    let lines = fold(profile);
    let mut picture = Vec::new();
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut picture)
        .map_err(|error| Failure::NoSamples(format!("the flame graph cannot be drawn: {error}")))?;
    let mut picture = String::from_utf8_lossy(&picture).into_owned();
    // The frames are a picture within the picture, which scrolls and zooms.
    let end = picture.rfind("</svg>").unwrap_or(picture.len());
    picture.insert_str(end, &legend());
    Ok(picture)
}

fn legend() -> String {
    const STEP: usize = 92;
    const TOP: usize = 40;
    let mut text = String::from("<g id=\"legend\">");
    for (index, (kind, colour)) in COLOURS.iter().enumerate() {
        let left = WIDTH - 10 - STEP * (COLOURS.len() - index);
        let _ = write!(
            text,
            "<rect x=\"{left}\" y=\"{TOP}\" width=\"12\" height=\"12\" fill=\"rgb({},{},{})\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            colour.r,
            colour.g,
            colour.b,
            left + 16,
            TOP + 10,
            runs(*kind)
        );
    }
    text + "</g>"
}

#[cfg(test)]
mod tests {
    use rjit_sampling::{Sample, SampleFrame, Share, Window};

    use super::*;

    fn profile() -> Profile {
        let frame = |function: &str, file: &str, kind| SampleFrame {
            function: function.into(),
            file: file.into(),
            line: 1,
            kind,
            executable: None,
            address: None,
        };
        let frames = vec![
            frame("memcpy;<", "libc.so.6", FrameKind::Native),
            frame("leaf", "/srv/app/main.py", FrameKind::Inlined),
            frame("work", "/srv/app/main.py", FrameKind::Compiled),
            frame("<module>", "/srv/app/main.py", FrameKind::Interpreted),
        ];
        let sample = Sample { time_ns: 1, tid: 1, share: Share::Native, frames };
        let known = Sample { frames: Vec::new(), ..sample.clone() };
        let mut profile = Profile::default();
        profile.add(&Window { samples: vec![sample.clone(), sample, known], cpu_ns: 3, ..Window::default() });
        profile
    }

    #[test]
    fn folded_stacks_are_lines() {
        assert_eq!(
            fold(&profile()),
            [
                "[nothing known] [native] 1",
                "<module> (main.py) [interpreted];work (main.py) [compiled];leaf (main.py) [inlined];\
                 memcpy:< (libc.so.6) [native] 2",
            ]
        );
    }

    #[test]
    fn who_runs_a_frame_says_its_colour() {
        let picture = draw(&profile(), "python app.py").unwrap();
        for (name, colour) in [
            ("work (main.py) [compiled]", "rgb(0,158,115)"),
            ("leaf (main.py) [inlined]", "rgb(86,180,233)"),
            ("&lt;module&gt; (main.py) [interpreted]", "rgb(230,159,0)"),
            ("memcpy:&lt; (libc.so.6) [native]", "rgb(170,170,170)"),
        ] {
            let title = format!("<title>{name} (2 samples, ");
            let after = picture.split(&title).nth(1).unwrap_or_else(|| panic!("{name} is missing in\n{picture}"));
            let rectangle = after.split("/>").next().unwrap();
            assert!(rectangle.contains(&format!("fill=\"{colour}\"")), "{name}: {rectangle}");
        }
        assert_eq!(picture.matches("<g id=\"legend\">").count(), 1);
        assert!(picture.ends_with("</g></svg>"), "{}", &picture[picture.len() - 100..]);
    }
}
