//! Screens as they should look: text and colours of each view, in several sizes and themes.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::render_for_test;
use crate::app::App;
use crate::app::tab::Tab;
use crate::model::listing::Form;
use crate::model::source::{Look, Position, Sampling, Status};
use crate::sample;
use crate::theme::{Depth, Theme, ThemeName};

/// A screen as text, without the blanks at the ends of lines.
fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let line = |cells: &[ratatui::buffer::Cell]| {
        let mut out = String::new();
        let mut covered = 0;
        for cell in cells {
            // The cells behind a wide letter are covered by it.
            if covered == 0 {
                out.push_str(cell.symbol());
                covered = crate::format::columns(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        out.trim_end().to_string()
    };
    buffer.content.chunks(width).map(line).collect::<Vec<_>>().join("\n")
}

/// The runs of equal style in each line: what they say, in which colours.
fn colours(buffer: &Buffer) -> String {
    let mut out = String::new();
    for (number, cells) in buffer.content.chunks(usize::from(buffer.area.width)).enumerate() {
        let style = |cell: &ratatui::buffer::Cell| (cell.fg, cell.bg, cell.modifier);
        for run in cells.chunk_by(|a, b| style(a) == style(b)) {
            let said: String = run.iter().map(ratatui::buffer::Cell::symbol).collect();
            let (fg, bg, modifier) = style(&run[0]);
            if !said.trim().is_empty() && (fg, bg, modifier) != (Color::Reset, Color::Reset, Modifier::empty()) {
                let background = if bg == Color::Reset { String::new() } else { format!(" on {bg}") };
                let modifier = if modifier.is_empty() { String::new() } else { format!(" {modifier:?}") };
                out += &format!("{number:>2} {fg}{background}{modifier}: {}\n", said.trim());
            }
        }
    }
    out
}

fn app_at(tab: Tab) -> App {
    let mut app = sample::app();
    press(&mut app, &tab.digit().to_string());
    app
}

fn detail() -> App {
    let mut app = app_at(Tab::Deopts);
    let effect = app.key(KeyEvent::from(KeyCode::Enter));
    let Some(crate::app::Effect::Fetch(request)) = effect else { panic!("nothing is fetched") };
    app.load(&request, Ok(sample::details()), &Ok(sample::source()));
    app
}

fn press(app: &mut App, keys: &str) {
    for key in keys.chars() {
        app.key(KeyEvent::from(KeyCode::Char(key)));
    }
}

macro_rules! screens {
    ($($name:ident: $app:expr, $width:expr, $height:expr;)*) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(text(&render_for_test(&mut $app, $width, $height)));
            }
        )*
    };
}

screens! {
    overview_wide: app_at(Tab::Overview), 130, 36;
    overview_usual: app_at(Tab::Overview), 80, 24;
    overview_tiny: app_at(Tab::Overview), 40, 10;
    executables_wide: app_at(Tab::Executables), 130, 24;
    executables_usual: app_at(Tab::Executables), 80, 24;
    executables_tiny: app_at(Tab::Executables), 40, 10;
    deopts_wide: app_at(Tab::Deopts), 130, 20;
    deopts_usual: app_at(Tab::Deopts), 80, 24;
    deopts_tiny: app_at(Tab::Deopts), 40, 10;
    reifications_wide: app_at(Tab::Reifications), 130, 20;
    reifications_usual: app_at(Tab::Reifications), 80, 20;
    refused_wide: app_at(Tab::Refused), 130, 20;
    refused_tiny: app_at(Tab::Refused), 40, 10;
    stacks_usual: app_at(Tab::Stacks), 80, 24;
    stacks_tiny: app_at(Tab::Stacks), 40, 10;
    events_usual: app_at(Tab::Events), 80, 24;
    events_tiny: app_at(Tab::Events), 40, 10;
    detail_wide: detail(), 160, 20;
    detail_usual: detail(), 80, 24;
    detail_tiny: detail(), 40, 10;
}

#[test]
fn the_help_lies_above() {
    let mut app = app_at(Tab::Executables);
    press(&mut app, "?");
    insta::assert_snapshot!(text(&render_for_test(&mut app, 80, 30)));
}

#[test]
fn a_filter_is_typed_in_the_footer() {
    let mut app = app_at(Tab::Executables);
    press(&mut app, "/plan");
    insta::assert_snapshot!(text(&render_for_test(&mut app, 80, 16)));
}

#[test]
fn colours_of_every_theme() {
    for (name, depth) in [
        (ThemeName::Colorblind, Depth::Full),
        (ThemeName::Colorblind, Depth::Indexed),
        (ThemeName::Dark, Depth::Sixteen),
        (ThemeName::Light, Depth::Full),
        (ThemeName::Mono, Depth::Full),
    ] {
        let mut app = app_at(Tab::Overview);
        app.theme = Theme { name, depth };
        let shown = colours(&render_for_test(&mut app, 80, 24));
        insta::assert_snapshot!(format!("overview_{name:?}_{depth:?}").to_lowercase(), shown);
    }
    for app in [&mut app_at(Tab::Stacks), &mut app_at(Tab::Events), &mut detail()] {
        let shown = colours(&render_for_test(app, 100, 20));
        insta::assert_snapshot!(format!("colours_of_{:?}", app.tab).to_lowercase(), shown);
    }
}

#[test]
fn no_colour_is_left_without_colours() {
    for tab in Tab::ALL {
        let mut app = app_at(tab);
        app.theme = Theme { name: ThemeName::Dark, depth: Depth::None };
        for cell in &render_for_test(&mut app, 100, 30).content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{tab:?}");
        }
    }
}

#[test]
fn the_end_of_the_process_is_said() {
    let mut app = app_at(Tab::Overview);
    let mut says = |status: Status| {
        app.take_in(Look { status, ..sample::look(9) });
        text(&render_for_test(&mut app, 80, 24))
    };
    assert!(says(Status::Exited).contains("the process has exited; q quits"));
    assert!(says(Status::Closed).contains("rjit has ended in this process"));
    assert!(says(Status::Unreadable("it was cut off".into())).contains("it was cut off"));
    app.model.status = Status::Running;
    press(&mut app, "p");
    assert!(text(&render_for_test(&mut app, 80, 24)).contains("paused"));
}

#[test]
fn what_is_missing_is_explained() {
    let mut app = app_at(Tab::Overview);
    app.model.sampling = Sampling::Off("perf_event_paranoid is 3; run sysctl kernel.perf_event_paranoid=1".into());
    let shown = text(&render_for_test(&mut app, 100, 30));
    assert!(shown.contains("no samples: perf_event_paranoid is 3"), "{shown}");
    app.model.stacks = Err("not permitted".into());
    press(&mut app, "6");
    let shown = text(&render_for_test(&mut app, 100, 30));
    assert!(!shown.contains("MainThread") && shown.contains("the stacks cannot be read: not permitted"), "{shown}");
}

#[test]
fn a_recording_says_how_far_it_is() {
    let mut app = app_at(Tab::Overview);
    let seconds = std::time::Duration::from_secs;
    app.take_in(Look {
        position: Some(Position { at: seconds(12), length: seconds(60), playing: true }),
        ..sample::look(9)
    });
    let shown = text(&render_for_test(&mut app, 100, 30));
    assert!(shown.contains("recording playing at 12.0 s of 1m 00s"), "{shown}");
    assert!(shown.contains("[ ] wind"), "{shown}");
}

#[test]
fn every_size_of_terminal_can_be_drawn_on() {
    let mut apps: Vec<App> = Tab::ALL.into_iter().map(app_at).collect();
    let mut full = detail();
    for form in Form::ALL {
        full.detail.focus(form);
    }
    apps.push(full);
    for app in &mut apps {
        for help in [false, true] {
            app.help = help;
            for width in (1..60).chain([80, 110, 250]) {
                for height in (1..30).chain([50, 80]) {
                    render_for_test(app, width, height);
                }
            }
        }
    }
}

#[test]
fn thousands_of_executables_are_no_trouble() {
    let mut look = sample::look(7);
    let snapshot = look.snapshot.as_mut().unwrap();
    let one = snapshot.executables[0].clone();
    snapshot.executables =
        (0..4_096).map(|slot| rjit_telemetry::Executable { slot, entries: slot.into(), ..one.clone() }).collect();
    let mut app = app_at(Tab::Executables);
    app.take_in(look);
    press(&mut app, "G");
    let shown = text(&render_for_test(&mut app, 100, 30));
    assert!(shown.contains("4096 live"), "{shown}");
    assert_eq!(app.list().unwrap().selected_index(), Some(4_095));
}
