//! The locks of what requests share. The test crate in `tests/interleavings` compiles the same modules with locks whose
//! every interleaving it tries.

pub(crate) use std::sync::{Mutex, MutexGuard};

pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
}
