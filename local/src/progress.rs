//! A line on a terminal while something takes its time.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// What is quicker needs no line.
const PATIENCE: Duration = Duration::from_secs(1);

const TICK: Duration = Duration::from_millis(100);

/// Waits for it. After a second a terminal shows what is waited for, and for how long; anything else than a terminal
/// gets nothing.
pub async fn during<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(PATIENCE, work.as_mut()).await {
        return done;
    }
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style).with_message(what).with_elapsed(PATIENCE);
    bar.enable_steady_tick(TICK);
    let done = work.await;
    bar.finish_and_clear();
    done
}

/// How many of so many steps are done, on a terminal.
#[derive(Debug)]
pub struct Steps(ProgressBar);

impl Steps {
    pub fn new(what: &'static str, count: usize) -> Self {
        let style = ProgressStyle::with_template("{msg} {pos}/{len} ({elapsed}, {eta} left)");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(count as u64).with_style(style).with_message(what))
    }

    pub fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_waited_for_comes_whether_it_is_quick_or_not() {
        assert_eq!(during("quick", async { 1 }).await, 1);
        let slow = async {
            tokio::time::sleep(PATIENCE + TICK).await;
            2
        };
        assert_eq!(during("slow", slow).await, 2);
    }
}
