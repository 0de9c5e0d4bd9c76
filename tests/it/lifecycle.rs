//! Start, stop, signals, logs.
