//! What came of the runs, as a table and in ratios.

use std::time::Duration;

use super::world::Passed;
use crate::bench::median;

/// A first call may cost so much more than a warm one of its kind.
const ALLOWED: (f64, Duration) = (1.5, Duration::from_micros(300));

/// One start and its first calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) start: Duration,
    pub(super) start_cpu: Duration,
    pub(super) first: Duration,
    pub(super) first_cpu: Duration,
    /// Of a call whose credential is known already.
    pub(super) warm_cpu: Duration,
    /// Of a call that asks an upstream as the first one does, on the connection that is open by then.
    pub(super) asking_cpu: Option<Duration>,
    pub(super) at_start: Passed,
    pub(super) at_first: Passed,
}

/// A subject, and what came of its runs for one delay.
pub(super) struct Row {
    pub(super) delay: u64,
    pub(super) name: String,
    pub(super) is_peer: bool,
    pub(super) runs: Vec<Run>,
}

impl Row {
    pub(super) fn of<T: Ord + Copy + Default>(&self, figure: impl Fn(&Run) -> T) -> T {
        median(self.runs.iter().map(figure))
    }

    /// The processor time of the first call, as a share of what it may be beside a warm one.
    fn share_of_allowed(&self, warm: impl Fn(&Run) -> Duration) -> f64 {
        let (times, more) = ALLOWED;
        let share = |run: &Run| {
            let allowed = warm(run).as_secs_f64() * times + more.as_secs_f64();
            // Shares are compared, and only whole numbers can be.
            (run.first_cpu.as_secs_f64() / allowed * 1e6) as u64
        };
        self.of(share) as f64 / 1e6
    }

    /// The same beside a warm one that asks too, and the processor time of that one in milliseconds; for a table.
    fn beside_asking(&self) -> (String, String) {
        if self.runs.iter().any(|run| run.asking_cpu.is_none()) {
            return ("-".to_owned(), "-".to_owned());
        }
        let asking = |run: &Run| run.asking_cpu.unwrap_or_default();
        let millis = self.of(asking).as_secs_f64() * 1e3;
        (format!("{millis:.3}"), format!("{:.2}", self.share_of_allowed(asking)))
    }
}

pub(super) fn table(rows: &[Row]) -> String {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let mut lines = vec![
        "| round trip, ms | | start, ms | its CPU | round trips, connections | first call, ms | its CPU | round trips, connections | warm CPU | first CPU, of what it may be | warm CPU, asks too | first CPU, of what it may be |"
            .to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for row in rows {
        // Without a delay nothing tells what is side by side from what is one after the other.
        let passed = |passed: Passed| match (row.delay, passed) {
            (0, Passed { connections, .. }) => format!("-, {connections}"),
            (_, Passed { round_trips, connections }) => format!("{round_trips}, {connections}"),
        };
        let (asking, share_of_asking) = row.beside_asking();
        lines.push(format!(
            "| {} | {} | {:.2} | {:.2} | {} | {:.2} | {:.2} | {} | {:.3} | {:.2} | {asking} | {share_of_asking} |",
            row.delay,
            row.name,
            millis(row.of(|run| run.start)),
            millis(row.of(|run| run.start_cpu)),
            passed(row.of(|run| run.at_start)),
            millis(row.of(|run| run.first)),
            millis(row.of(|run| run.first_cpu)),
            passed(row.of(|run| run.at_first)),
            millis(row.of(|run| run.warm_cpu)),
            row.share_of_allowed(|run| run.warm_cpu),
        ));
    }
    let (times, more) = ALLOWED;
    lines.push(format!(
        "\nThe first call's CPU may be {times} times a warm one's and {} ms: its share of that is 1 or less. Who\n\
         makes a warm call is known already; of one that asks too, the connection alone is there.",
        millis(more)
    ));
    lines.extend(rows.iter().filter(|row| row.is_peer).filter_map(|peer| beside_ours(peer, rows)));
    lines.join("\n")
}

/// A peer's times as multiples of ours for the same token and delay.
fn beside_ours(peer: &Row, rows: &[Row]) -> Option<String> {
    let ours = rows.iter().find(|row| row.delay == peer.delay && row.name == super::SAME_AS_PEERS)?;
    let times =
        |time: fn(&Run) -> Duration| peer.of(time).as_secs_f64() / ours.of(time).as_secs_f64().max(f64::MIN_POSITIVE);
    Some(format!(
        "Round trips of {} ms, {}: start {:.1} x, its CPU {:.1} x, first call {:.1} x, its CPU {:.1} x, both {:.1} x those of {}.",
        peer.delay,
        peer.name,
        times(|run| run.start),
        times(|run| run.start_cpu),
        times(|run| run.first),
        times(|run| run.first_cpu),
        times(|run| run.start + run.first),
        ours.name,
    ))
}
