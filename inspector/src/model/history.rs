//! The rates of the last minutes, for sparklines.

use std::collections::VecDeque;

use crate::model::Rates;

/// Looks that are remembered: five minutes at the usual interval.
const LENGTH: usize = 600;

/// Rates of earlier looks, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    rates: VecDeque<Rates>,
}

impl History {
    /// Adds the newest.
    pub fn push(&mut self, rates: Rates) {
        if self.rates.len() == LENGTH {
            self.rates.pop_front();
        }
        self.rates.push_back(rates);
    }

    /// How many there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.rates.len()
    }

    /// The newest values of a rate, newest first, not more than `count`.
    pub fn newest(&self, count: usize, of: impl Fn(&Rates) -> f64) -> Vec<f64> {
        self.rates.iter().rev().take(count).map(of).collect()
    }

    /// Mean of a rate over the newest `count` looks.
    pub fn mean(&self, count: usize, of: impl Fn(&Rates) -> f64) -> f64 {
        let newest = self.newest(count, of);
        if newest.is_empty() { 0.0 } else { newest.iter().sum::<f64>() / newest.len() as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let mut history = History::default();
        assert_eq!(history.mean(5, |rates| rates.entries), 0.0);
        for number in 0..LENGTH + 5 {
            history.push(Rates { entries: number as f64, ..Rates::default() });
        }
        assert_eq!(history.len(), LENGTH);
        assert_eq!(history.newest(2, |rates| rates.entries), [(LENGTH + 4) as f64, (LENGTH + 3) as f64]);
        assert_eq!(history.mean(2, |rates| rates.entries), LENGTH as f64 + 3.5);
    }
}
