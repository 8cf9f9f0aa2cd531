//! Rate limits on lookups. They are handed in: a test can make them small.

use std::time::{Duration, SystemTime};

/// How many lookups are allowed: a burst, and then one more each time that the interval has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// This many at once.
    pub burst: u32,
    /// The time for one more.
    pub interval: Duration,
}

impl Limit {
    /// A burst, and then so many a minute.
    #[must_use]
    pub const fn per_minute(burst: u32, more: u32) -> Self {
        Self { burst, interval: Duration::from_micros(60_000_000 / more as u64) }
    }
}

/// What is left of a [`Limit`]: a token bucket in the form of a virtual scheduling time (ITU-T I.371, annex A).
#[derive(Debug)]
pub struct Allowance {
    limit: Limit,
    /// When the whole burst is available again.
    whole_at: SystemTime,
    /// When it was last used.
    used_at: SystemTime,
}

impl Allowance {
    /// The whole burst.
    #[must_use]
    pub const fn new(limit: Limit) -> Self {
        Self { limit, whole_at: SystemTime::UNIX_EPOCH, used_at: SystemTime::UNIX_EPOCH }
    }

    /// Takes one lookup, if one is left.
    #[must_use]
    pub fn take(&mut self, now: SystemTime) -> bool {
        // A clock that was set back takes nothing away: what was used stays used, and no more.
        if let Ok(set_back) = self.used_at.duration_since(now) {
            self.whole_at = self.whole_at.checked_sub(set_back).unwrap_or(now);
        }
        self.used_at = now;
        let empty = now + self.limit.interval * self.limit.burst;
        let next = self.whole_at.max(now) + self.limit.interval;
        if next > empty {
            return false;
        }
        self.whole_at = next;
        true
    }

    /// Gives back one that was used.
    pub fn give_back(&mut self) {
        self.whole_at = self.whole_at.checked_sub(self.limit.interval).unwrap_or(self.whole_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000) + Duration::from_millis(millis)
    }

    fn used_up() -> Allowance {
        let mut allowance = Allowance::new(Limit { burst: 3, interval: Duration::from_millis(100) });
        assert!((0..3).all(|_| allowance.take(at(0))));
        assert!(!allowance.take(at(0)));
        allowance
    }

    #[test]
    fn a_burst_and_then_one_for_each_interval() {
        let mut allowance = used_up();
        assert!(!allowance.take(at(99)));
        assert!(allowance.take(at(100)));
        assert!(!allowance.take(at(199)));
        assert!(allowance.take(at(500)) && allowance.take(at(500)) && allowance.take(at(500)));
        assert!(!allowance.take(at(500)));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut allowance = used_up();
        allowance.give_back();
        assert!(allowance.take(at(0)));
        assert!(!allowance.take(at(0)));
    }

    #[test]
    fn a_clock_that_is_set_back_uses_nothing_up() {
        let mut allowance = Allowance::new(Limit { burst: 3, interval: Duration::from_millis(100) });
        assert!(allowance.take(at(100_000)));
        // An hour back, and a moment back: two are left either way.
        for now in [at(0), at(0)] {
            assert!(allowance.take(now));
        }
        assert!(!allowance.take(at(0)));
        assert!(allowance.take(at(100)));
        let mut allowance = used_up();
        let long_ago = SystemTime::UNIX_EPOCH;
        assert!(!allowance.take(long_ago));
        assert!(allowance.take(long_ago + Duration::from_millis(100)));
    }

    #[test]
    fn a_rate_is_a_number_a_minute() {
        assert_eq!(Limit::per_minute(10, 600), Limit { burst: 10, interval: Duration::from_millis(100) });
    }
}
