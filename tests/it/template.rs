//! The templates, the examples and the runbook against the code: settings, metrics, log fields, reasons.

mod alarms;
mod files;
mod log;
mod metrics;
mod parameters;
mod reached;
mod resources;
mod runbook;
mod stack;
mod starts;
