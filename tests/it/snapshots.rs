//! SAVE, BGSAVE and loading.
