//! Sorted-set commands: scores, ranks, ranges, algebra, pops.
