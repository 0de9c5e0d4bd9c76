//! How often each error code was answered: the `errorstat_*` lines of INFO.

use std::collections::BTreeMap;

/// Codes told apart. Scripts can make up codes, so without a bound a client could grow this map.
const CODES_MAX: usize = 128;
/// The line that counts what came after [`CODES_MAX`] codes (named as in Valkey; 7.2 has no bound).
const OVERFLOW_CODE: &[u8] = b"ERRORSTATS_OVERFLOW";
/// Longer first words are not codes, but count as `ERR`.
const CODE_BYTES_MAX: usize = 30;

/// Count per error code.
#[derive(Debug, Default)]
pub struct ErrorStats {
    counts: BTreeMap<Box<[u8]>, u64>,
}

impl ErrorStats {
    /// Counts an error reply by its code; `text` is the reply without its leading `-`.
    pub fn record(&mut self, text: &[u8]) {
        let code = code_of(text);
        if let Some(count) = self.counts.get_mut(code) {
            *count += 1;
            return;
        }
        let code = if self.counts.len() < CODES_MAX { code } else { OVERFLOW_CODE };
        *self.counts.entry(code.into()).or_default() += 1;
    }

    /// Codes with their counts, in byte order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.counts.iter().map(|(code, &count)| (&**code, count))
    }

    pub fn reset(&mut self) {
        self.counts.clear();
    }
}

/// The first word; a text of one word has no code.
fn code_of(text: &[u8]) -> &[u8] {
    match memchr::memchr(b' ', text) {
        Some(end) if end <= CODE_BYTES_MAX => &text[..end],
        _ => b"ERR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(stats: &ErrorStats) -> Vec<(String, u64)> {
        stats.iter().map(|(code, count)| (String::from_utf8_lossy(code).into_owned(), count)).collect()
    }

    #[test]
    fn codes_are_counted_by_the_first_word() {
        let mut stats = ErrorStats::default();
        for line in ["WRONGTYPE Operation", "ERR syntax error", "ERR again", "NOSPACE", "ERR"] {
            stats.record(line.as_bytes());
        }
        assert_eq!(listed(&stats), [("ERR".to_owned(), 4), ("WRONGTYPE".to_owned(), 1)]);
    }

    #[test]
    fn a_first_word_beyond_30_bytes_is_no_code() {
        let mut stats = ErrorStats::default();
        stats.record(format!("{} x", "A".repeat(30)).as_bytes());
        stats.record(format!("{} x", "A".repeat(31)).as_bytes());
        assert_eq!(listed(&stats), [("A".repeat(30), 1), ("ERR".to_owned(), 1)]);
    }

    #[test]
    fn made_up_codes_do_not_grow_the_map_without_bound() {
        let mut stats = ErrorStats::default();
        for number in 0..1000 {
            stats.record(format!("C{number:03} x").as_bytes());
        }
        stats.record(b"C000 x");
        assert_eq!(stats.iter().count(), CODES_MAX + 1);
        let listed = listed(&stats);
        assert_eq!(listed[0], ("C000".to_owned(), 2));
        assert_eq!(listed[CODES_MAX], ("ERRORSTATS_OVERFLOW".to_owned(), 1000 - CODES_MAX as u64));
    }
}
