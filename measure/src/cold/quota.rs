//! A share of a processor, as Lambda gives it to a small function: a control group of the kernel, of either version; or, where
//! none can be made, signals.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::processor_time_of;

/// Lambda gives a whole processor to 1,769 MB, and shares it out in periods of about 20 ms.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const WHOLE_PROCESSOR_MB: u64 = 1769;
const PERIOD: Duration = Duration::from_millis(20);

/// How often the stand-in looks at what a process has used.
const LOOK: Duration = Duration::from_micros(200);

/// Processes that share this share.
pub(super) enum Quota {
    /// The kernel keeps to it.
    Group(PathBuf),
    /// A thread stops each process for the rest of a period in which it has used so much.
    Signals(Duration),
}

impl Quota {
    /// The share of a function with this memory.
    pub(super) fn new(megabytes: u64, by_signals: bool) -> Self {
        let micros = u64::try_from(PERIOD.as_micros()).unwrap_or(u64::MAX);
        let share = (micros * megabytes / WHOLE_PROCESSOR_MB).clamp(1000, micros);
        let group = if by_signals { None } else { group(share, micros).ok() };
        group.map_or(Self::Signals(Duration::from_micros(share)), Self::Group)
    }

    /// What keeps to it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Group(_) => "a control group",
            Self::Signals(_) => "signals, since no control group can be made",
        }
    }

    /// Puts a process under it, with all its threads.
    pub(super) fn hold(&self, process: u32) -> io::Result<()> {
        match self {
            Self::Group(group) => fs::write(group.join("cgroup.procs"), process.to_string()),
            Self::Signals(share) => {
                let mut shell = Command::new("sh").stdin(Stdio::piped()).stderr(Stdio::null()).spawn()?;
                let signals = shell.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
                let share = *share;
                thread::spawn(move || {
                    // It ends with the process.
                    let _ = stop_and_continue(process, share, signals);
                    shell.wait()
                });
                Ok(())
            }
        }
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        if let Self::Group(group) = self {
            // It is empty once its processes have ended; if not, it stays, and holds nobody.
            let _ = fs::remove_dir(group);
        }
    }
}

/// Needs the rights to make a control group.
fn group(share: u64, period: u64) -> io::Result<PathBuf> {
    let name = format!("smac-measure-{}", std::process::id());
    let (group, limits) = if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+cpu")?;
        (Path::new("/sys/fs/cgroup").join(name), vec![("cpu.max", format!("{share} {period}"))])
    } else {
        let limits = vec![("cpu.cfs_period_us", period.to_string()), ("cpu.cfs_quota_us", share.to_string())];
        (Path::new("/sys/fs/cgroup/cpu").join(name), limits)
    };
    fs::create_dir(&group)?;
    for (file, limit) in limits {
        fs::write(group.join(file), limit)?;
    }
    Ok(group)
}

/// A shell sends the signals, since there is no safe call for that in the standard library.
fn stop_and_continue(process: u32, share: Duration, mut signals: ChildStdin) -> io::Result<()> {
    loop {
        let end = Instant::now() + PERIOD;
        let limit = processor_time_of(process)? + share;
        while processor_time_of(process)? < limit && Instant::now() < end {
            thread::sleep(LOOK);
        }
        let left = end.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            writeln!(signals, "kill -s STOP {process}")?;
            thread::sleep(left);
            writeln!(signals, "kill -s CONT {process}")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_process_gets_its_share_by_signals_too() {
        let mut busy = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        Quota::new(256, true).hold(busy.id()).unwrap();
        thread::sleep(PERIOD);
        let before = processor_time_of(busy.id()).unwrap();
        thread::sleep(PERIOD * 20);
        let used = processor_time_of(busy.id()).unwrap() - before;
        busy.kill().unwrap();
        busy.wait().unwrap();
        // A seventh of a processor, and some more for how late a signal is.
        assert!(used > PERIOD && used < PERIOD * 10, "{used:?}");
    }
}
