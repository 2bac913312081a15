//! Numbers and times as people read them.

use rjit_telemetry::Site;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const ELLIPSIS: &str = "…";

/// A count, with digits grouped by thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count in at most six characters.
pub fn short(number: f64) -> String {
    let units = ["", "k", "M", "G", "T", "P"];
    let mut rest = number;
    let mut unit = 0;
    while rest >= 999.5 && unit + 1 < units.len() {
        rest /= 1000.0;
        unit += 1;
    }
    match unit {
        0 if rest != 0.0 && rest < 9.95 && rest.fract() != 0.0 => format!("{rest:.1}"),
        0 => format!("{rest:.0}"),
        _ if rest < 9.95 => format!("{rest:.1}{}", units[unit]),
        _ => format!("{rest:.0}{}", units[unit]),
    }
}

/// A number of bytes.
pub fn bytes(number: u64) -> String {
    match number {
        0..1024 => format!("{number} B"),
        1024..1_048_576 => format!("{:.1} KiB", number as f64 / 1024.0),
        _ => format!("{:.1} MiB", number as f64 / 1_048_576.0),
    }
}

/// A duration in nanoseconds, to a resolution that fits its length.
pub fn duration(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    match seconds {
        0 if ns < 1_000_000 => format!("{:.0} µs", ns as f64 / 1e3),
        0 => format!("{:.1} ms", ns as f64 / 1e6),
        1..60 => format!("{:.1} s", ns as f64 / 1e9),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// A number of times for each second.
pub fn rate(number: f64) -> String {
    format!("{}/s", short(number))
}

/// A part of a whole, given from 0 to 1.
pub fn percent(part: f64) -> String {
    match part * 100.0 {
        0.0 => "0 %".into(),
        percent @ ..0.1 if percent > 0.0 => "<0.1 %".into(),
        percent @ ..9.95 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// How long ago something was, given the times of both in nanoseconds.
pub fn ago(now_ns: u64, then_ns: u64) -> String {
    match now_ns.saturating_sub(then_ns) / 1_000_000_000 {
        0 => "now".into(),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// Why a guess failed, as a sentence: what was expected and what came.
pub fn guess(site: &Site) -> String {
    match (&site.expected, &site.seen) {
        (Some(expected), Some(seen)) => format!("{}, expected {expected}, got {seen}", site.reason),
        (Some(expected), None) => format!("{}, expected {expected}", site.reason),
        (None, Some(seen)) => format!("{}, got {seen}", site.reason),
        (None, None) => site.reason.clone(),
    }
}

/// How many columns of the screen a text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// An observer's call site, `FUNCTION FILE:LINE`, with the last part of its path.
pub fn observer(site: &str) -> String {
    match site.split_once(' ') {
        Some((function, place)) => format!("{function} {}", place.rsplit('/').next().unwrap_or(place)),
        None => site.into(),
    }
}

/// A text cut at its end to fit into so many columns of the screen.
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used < width
    });
    let kept: String = kept.collect();
    if width == 0 { kept } else { kept + ELLIPSIS }
}

/// A text cut at its start to fit into so many columns of the screen.
pub fn fit_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    let mut used = 0;
    let kept = text.char_indices().rev().take_while(|(_, c)| {
        used += c.width().unwrap_or(0);
        used < width
    });
    let start = kept.last().map_or(text.len(), |(index, _)| index);
    if width == 0 { String::new() } else { format!("{ELLIPSIS}{}", &text[start..]) }
}

/// The last part of a path with a line.
pub fn place(filename: &str, line: u32) -> String {
    if filename.is_empty() {
        return String::new();
    }
    let name = filename.rsplit('/').next().unwrap_or(filename);
    format!("{name}:{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1 000", "1 234 567"]);
        assert_eq!(
            [0.0, 0.5, 3.0, 9.97, 999.4, 999.6, 1234.0, 56_789.0].map(short),
            ["0", "0.5", "3", "10", "999", "1.0k", "1.2k", "57k"]
        );
        assert!(short(u64::MAX as f64).len() <= 6);
        assert_eq!([0, 2048, 3 << 20].map(bytes), ["0 B", "2.0 KiB", "3.0 MiB"]);
    }

    #[test]
    fn parts_and_rates() {
        assert_eq!(
            [0.0, 0.0004, 0.031, 0.0996, 0.714, 1.0].map(percent),
            ["0 %", "<0.1 %", "3.1 %", "10 %", "71 %", "100 %"]
        );
        assert_eq!(rate(12_345.0), "12k/s");
        assert_eq!(
            [0, 5, 61, 7_300].map(|seconds| ago(8_000_000_000_000, (8_000 - seconds) * 1_000_000_000)),
            ["now", "5 s", "1 min", "2 h"]
        );
    }

    #[test]
    fn texts_are_cut_where_they_do_not_fit() {
        assert_eq!([fit("abcdef", 6), fit("abcdef", 4), fit("abc", 1), fit("abc", 0)], ["abcdef", "abc…", "…", ""]);
        assert_eq!(
            [fit_end("abcdef", 6), fit_end("abcdef", 4), fit_end("abc", 1), fit_end("abc", 0)],
            ["abcdef", "…def", "…", ""]
        );
        assert_eq!((fit("日本語", 5), fit_end("日本語", 5)), ("日本…".into(), "…本語".into()));
    }

    #[test]
    fn times_and_places() {
        let times = [20_000, 1_500_000, 2_500_000_000, 62_000_000_000, 7_260_000_000_000];
        assert_eq!(times.map(duration), ["20 µs", "1.5 ms", "2.5 s", "1m 02s", "2h 01m"]);
        assert_eq!(place("/srv/app/main.py", 7), "main.py:7");
        assert_eq!(place("<stdin>", 1), "<stdin>:1");
        assert_eq!(place("", 0), "");
        assert_eq!(observer("Logger.find /usr/lib/logging.py:16"), "Logger.find logging.py:16");
        assert_eq!(observer("somebody"), "somebody");
    }
}
