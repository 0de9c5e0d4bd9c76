//! What the operating system does for us, behind safe functions.
//!
//! Home of most `unsafe` of the package: each block is a system call or a C library call that
//! std does not wrap, with its argument. Linux is the target.
//!
//! **Invariant:** nothing here knows commands, clients, keys or configuration; whatever a
//! directive decides arrives as an argument.
//!
//! * [`clock`]: the one door through which time enters.
//! * [`cpu`]: hints to the processor.
//! * [`log`]: lines in Redis's format, to stdout, a file, syslog.
//! * [`signals`]: requests to stop as an event of the loop; crash reports.
//! * [`watchdog`], [`task`]: a look at a loop that does not come round, and what it is doing.
//! * [`process`]: fork, daemon, title, supervision, limits, CPU times.
//! * [`memory`]: the allocator and what it, and the kernel, say about memory.
//! * [`files`]: atomic replacement, directory sync, writing back early.
//! * [`sockets`]: ending connections that somebody else owns.
//! * [`storage`]: the disk as a trait, for what must survive a loss of power at any moment.
//! * [`read`]: reading into memory that is not initialized yet.
//! * [`worker`]: helper threads for what blocks and touches no state.
//! * [`collation`]: the order of text in the process's locale.
//! * [`check`]: `--check-system` and `--test-memory`.

pub mod check;
pub mod clock;
pub mod collation;
pub mod cpu;
mod crash;
pub mod files;
pub mod log;
pub mod memory;
pub mod process;
pub mod read;
pub mod signals;
pub mod sockets;
pub mod storage;
pub mod task;
pub mod watchdog;
pub mod worker;
