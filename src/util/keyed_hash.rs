//! The keyed hash of this process, for tables whose keys come from outside: crafted keys cannot collide on
//! purpose.

use std::sync::LazyLock;

use siphasher::sip::SipHasher13;

use super::random::Random;

/// The key is drawn once, from the operating system.
static HASHER: LazyLock<SipHasher13> = LazyLock::new(|| {
    let mut random = Random::from_os();
    SipHasher13::new_with_keys(random.next_u64(), random.next_u64())
});

/// A hash of good quality in all bits, which differs from process to process.
#[inline]
pub fn keyed_hash(bytes: &[u8]) -> u64 {
    HASHER.hash(bytes)
}
