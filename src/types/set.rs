//! The set type.

/// A set.
#[derive(Debug, Clone, Default)]
pub struct Set(Box<[u8]>);

impl Set {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(&self) -> &'static str {
        "listpack"
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.0.len()
    }

    /// About how many allocations it takes to free this.
    pub fn free_effort(&self) -> usize {
        1
    }
}
