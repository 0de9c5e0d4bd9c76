//! Up to which size values take their small encodings: what the configuration says, in the terms of the types.

use super::parts::Engine;
use crate::dataset::Limits;
use crate::types::{HashLimits, ListLimits, SetLimits, ZsetLimits};

impl Engine {
    #[inline]
    pub fn list_limits(&self) -> ListLimits {
        let encoding = &self.config.encoding;
        ListLimits::new(encoding.list_max_listpack_size, encoding.list_compress_depth)
            .with_plain_bytes_min(self.debug.quicklist_packed_threshold_bytes)
    }

    #[inline]
    pub fn set_limits(&self) -> SetLimits {
        let encoding = &self.config.encoding;
        SetLimits {
            intset_entries_max: encoding.set_max_intset_entries,
            listpack_entries_max: encoding.set_max_listpack_entries,
            listpack_value_bytes_max: encoding.set_max_listpack_value,
        }
    }

    #[inline]
    pub fn hash_limits(&self) -> HashLimits {
        let encoding = &self.config.encoding;
        HashLimits {
            entries_max: encoding.hash_max_listpack_entries,
            value_bytes_max: encoding.hash_max_listpack_value,
        }
    }

    #[inline]
    pub fn zset_limits(&self) -> ZsetLimits {
        let encoding = &self.config.encoding;
        ZsetLimits {
            entries_max: encoding.zset_max_listpack_entries,
            value_bytes_max: encoding.zset_max_listpack_value,
        }
    }

    /// Those of all types, for values that are made as a whole.
    pub fn value_limits(&self) -> Limits {
        Limits {
            list: self.list_limits(),
            set: self.set_limits(),
            hash: self.hash_limits(),
            zset: self.zset_limits(),
        }
    }
}
