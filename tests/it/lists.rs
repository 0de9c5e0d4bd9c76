//! List commands: pushes and pops, ranges, moves, and the blocking forms.
