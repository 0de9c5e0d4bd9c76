//! What a running server notices about itself: counters behind INFO, per-command statistics, the
//! slow log and the latency monitor.
//!
//! **Invariant:** nothing here reads a clock, a configuration or a socket; times, limits and
//! thresholds are arguments, and replies are written elsewhere.

pub mod command_stats;
pub mod error_stats;
pub mod latency;
mod latency_doctor;
mod latency_graph;
pub mod slowlog;
pub mod stats;

pub use command_stats::{CommandCounters, CommandStats};
pub use error_stats::ErrorStats;
pub use latency::LatencyMonitor;
pub use latency_doctor::DoctorContext;
pub use slowlog::SlowLog;
pub use stats::Stats;
