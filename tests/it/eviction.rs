//! maxmemory and its policies; memory of clients.
