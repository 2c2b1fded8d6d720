//! When a burst of changes is over.

use std::time::{Duration, Instant};

/// Collects changes until nothing happened for a quiet time, or they have gone on for too long.
///
/// Editors save in several steps; rules must see the last one. Pure: time comes in.
#[derive(Clone, Copy, Debug)]
pub struct Burst {
    quiet: Duration,
    longest: Duration,
    times: Option<(Instant, Instant)>,
}

impl Burst {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(quiet: Duration, longest: Duration) -> Self {
        Self { quiet, longest, times: None }
    }

    /// Something changed.
    pub fn touch(&mut self, now: Instant) {
        let first = self.times.map_or(now, |(first, _)| first);
        self.times = Some((first, now));
    }

    /// How long to wait before asking [`Burst::settle`]; `None` when nothing has happened.
    #[must_use]
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        self.deadline().map(|deadline| deadline.saturating_duration_since(now))
    }

    /// Whether a burst is over; if so, the next change begins another.
    pub fn settle(&mut self, now: Instant) -> bool {
        let over = self.deadline().is_some_and(|deadline| deadline <= now);
        if over {
            self.times = None;
        }
        over
    }

    fn deadline(&self) -> Option<Instant> {
        self.times.map(|(first, last)| (last + self.quiet).min(first + self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds changes at these milliseconds and lists when bursts settled, asked every millisecond.
    fn settled(changes: &[u64]) -> Vec<u64> {
        let start = Instant::now();
        let mut burst = Burst::new(Duration::from_millis(75), Duration::from_millis(1000));
        (0..4000)
            .filter(|&at| {
                let now = start + Duration::from_millis(at);
                if changes.contains(&at) {
                    burst.touch(now);
                }
                burst.settle(now)
            })
            .collect()
    }

    #[test]
    fn a_burst_is_one_change() {
        assert!(settled(&[]).is_empty());
        assert_eq!(settled(&[10]), [85]);
        assert_eq!(settled(&[10, 20, 80, 150]), [225]);
        assert_eq!(settled(&[10, 100]), [85, 175]);
    }

    #[test]
    fn a_burst_that_never_ends_is_looked_at() {
        let restless: Vec<u64> = (0..2500).step_by(50).collect();
        assert_eq!(settled(&restless), [1000, 2050, 2525]);
    }

    #[test]
    fn says_how_long_to_wait() {
        let start = Instant::now();
        let mut burst = Burst::new(Duration::from_millis(75), Duration::from_millis(1000));
        assert_eq!(burst.wait(start), None);
        burst.touch(start);
        assert_eq!(burst.wait(start + Duration::from_millis(50)), Some(Duration::from_millis(25)));
        assert_eq!(burst.wait(start + Duration::from_millis(500)), Some(Duration::ZERO));
    }
}
