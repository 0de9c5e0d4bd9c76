//! Redis's serialized list, in memory as on disk.
