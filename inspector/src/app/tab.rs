//! The views, in the order of their tabs.

/// A view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tab {
    #[default]
    Overview,
    Executables,
    Deopts,
    Reifications,
    Refused,
    Stacks,
    Events,
    Detail,
}

impl Tab {
    /// All views from left to right.
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Executables,
        Self::Deopts,
        Self::Reifications,
        Self::Refused,
        Self::Stacks,
        Self::Events,
        Self::Detail,
    ];

    /// What stands on its tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Executables => "Executables",
            Self::Deopts => "Deopts",
            Self::Reifications => "Reifications",
            Self::Refused => "Refused",
            Self::Stacks => "Stacks",
            Self::Events => "Events",
            Self::Detail => "Detail",
        }
    }

    /// What stands there where there is little room.
    pub fn short_title(self) -> &'static str {
        match self {
            Self::Overview => "Over",
            Self::Executables => "Exec",
            Self::Deopts => "Deopt",
            Self::Reifications => "Reif",
            Self::Refused => "Refus",
            Self::Stacks => "Stack",
            Self::Events => "Event",
            Self::Detail => "Detail",
        }
    }

    /// The key that leads to it.
    pub fn digit(self) -> char {
        (b'1' + self as u8) as char
    }

    /// The tab to the right, or the first.
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// The tab to the left, or the last.
    pub fn previous(self) -> Self {
        Self::ALL[(self as usize + Self::ALL.len() - 1) % Self::ALL.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_follow_each_other() {
        let mut tab = Tab::default();
        for (place, expected) in Tab::ALL.into_iter().enumerate() {
            assert_eq!((tab, tab as usize), (expected, place));
            assert_eq!(tab.next().previous(), tab);
            tab = tab.next();
        }
        assert_eq!((tab, Tab::Detail.digit()), (Tab::Overview, '8'));
    }
}
