//! Numbers and times as people read them.

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
        0 if rest != 0.0 && rest < 10.0 && rest.fract() != 0.0 => format!("{rest:.1}"),
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
            [0.0, 0.5, 3.0, 999.4, 999.6, 1234.0, 56_789.0].map(short),
            ["0", "0.5", "3", "999", "1.0k", "1.2k", "57k"]
        );
        assert!(short(u64::MAX as f64).len() <= 6);
        assert_eq!([0, 2048, 3 << 20].map(bytes), ["0 B", "2.0 KiB", "3.0 MiB"]);
    }

    #[test]
    fn times_and_places() {
        let times = [20_000, 1_500_000, 2_500_000_000, 62_000_000_000, 7_260_000_000_000];
        assert_eq!(times.map(duration), ["20 µs", "1.5 ms", "2.5 s", "1m 02s", "2h 01m"]);
        assert_eq!(place("/srv/app/main.py", 7), "main.py:7");
        assert_eq!(place("<stdin>", 1), "<stdin>:1");
        assert_eq!(place("", 0), "");
    }
}
