//! A share of a processor, as Lambda gives it to a small function: a control group of the kernel, of either version.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Lambda gives a whole processor to 1,769 MB, and shares it out in periods of about 20 ms.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const WHOLE_PROCESSOR_MB: u64 = 1769;
const PERIOD_MICROS: u64 = 20_000;

/// A group of processes that share this share.
pub(super) struct Quota {
    group: PathBuf,
}

impl Quota {
    /// The share of a function with this memory. Needs the rights to make a control group.
    pub(super) fn new(megabytes: u64) -> io::Result<Self> {
        let quota = (PERIOD_MICROS * megabytes / WHOLE_PROCESSOR_MB).clamp(1000, PERIOD_MICROS);
        let name = format!("smac-measure-{}", std::process::id());
        if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
            let group = Path::new("/sys/fs/cgroup").join(name);
            fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+cpu")?;
            fs::create_dir(&group)?;
            let this = Self { group };
            fs::write(this.group.join("cpu.max"), format!("{quota} {PERIOD_MICROS}"))?;
            return Ok(this);
        }
        let group = Path::new("/sys/fs/cgroup/cpu").join(name);
        fs::create_dir(&group)?;
        let this = Self { group };
        fs::write(this.group.join("cpu.cfs_period_us"), PERIOD_MICROS.to_string())?;
        fs::write(this.group.join("cpu.cfs_quota_us"), quota.to_string())?;
        Ok(this)
    }

    /// Puts a process under it, with all its threads.
    pub(super) fn hold(&self, process: u32) -> io::Result<()> {
        fs::write(self.group.join("cgroup.procs"), process.to_string())
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // It is empty once its processes have ended; if not, it stays, and holds nobody.
        let _ = fs::remove_dir(&self.group);
    }
}
