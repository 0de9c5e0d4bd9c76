//! Directives that take one word of a list. Each list is written once: the enum, its words in the
//! order in which an error message names them, and the conversions come from it.

use crate::keyspace::EvictionPolicy;

/// An enum whose values have names in configuration files.
pub trait Choice: Copy + Eq + 'static {
    /// The words, in the order in which an error message lists them.
    const NAMES: &'static [&'static str];
    /// The value of the word at the same place in `NAMES`.
    const VALUES: &'static [Self];
}

macro_rules! choice {
    ($(#[$about:meta])* $type:ident {
        $($(#[$about_variant:meta])* $variant:ident = $($word:literal)|+),+ $(,)?
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $type {
            $($(#[$about_variant])* $variant),+
        }

        impl Choice for $type {
            const NAMES: &'static [&'static str] = &[$($($word),+),+];
            const VALUES: &'static [Self] = &[$($(choice!(@value $word, $variant)),+),+];
        }

        impl $type {
            /// The word CONFIG GET and INFO show.
            pub fn name(self) -> &'static str {
                <Self as Choice>::NAMES[index_of(self)]
            }
        }
    };
    (@value $word:literal, $variant:ident) => { Self::$variant };
}

/// The place of the first word that means `value`.
pub(super) fn index_of<T: Choice>(value: T) -> usize {
    T::VALUES.iter().position(|known| *known == value).expect("VALUES lists every variant")
}

/// `maxmemory-policy`: the keyspace knows what the policies mean.
impl Choice for EvictionPolicy {
    const NAMES: &'static [&'static str] = &Self::NAMES;
    const VALUES: &'static [Self] = &Self::ALL;
}

choice! {
    /// The least severe message that is logged.
    LogLevel {
        Debug = "debug",
        Verbose = "verbose",
        #[default]
        Notice = "notice",
        Warning = "warning",
        Nothing = "nothing",
    }
}

choice! {
    /// The facility under which syslog files our messages.
    SyslogFacility {
        User = "user",
        #[default]
        Local0 = "local0",
        Local1 = "local1",
        Local2 = "local2",
        Local3 = "local3",
        Local4 = "local4",
        Local5 = "local5",
        Local6 = "local6",
        Local7 = "local7",
    }
}

choice! {
    /// The supervisor that waits for word that the server is ready.
    Supervised {
        Upstart = "upstart",
        Systemd = "systemd",
        Auto = "auto",
        #[default]
        No = "no",
    }
}

choice! {
    /// When the append-only file is forced to disk.
    AppendFsync {
        #[default]
        Everysec = "everysec",
        Always = "always",
        No = "no",
    }
}

choice! {
    /// How a replica takes a snapshot that its primary streams.
    DisklessLoad {
        #[default]
        Disabled = "disabled",
        OnEmptyDb = "on-empty-db",
        SwapDb = "swapdb",
    }
}

choice! {
    /// Whether, and relative to what, `oom_score_adj` of the process is set.
    OomScoreAdj {
        #[default]
        No = "no",
        Relative = "yes" | "relative",
        Absolute = "absolute",
    }
}

choice! {
    /// Channels a new ACL user may use.
    AclPubsubDefault {
        Allchannels = "allchannels",
        #[default]
        Resetchannels = "resetchannels",
    }
}

choice! {
    /// Whose serialized values are checked in depth before they are used.
    SanitizeDumpPayload {
        #[default]
        No = "no",
        Yes = "yes",
        Clients = "clients",
    }
}

choice! {
    /// What becomes of a server on which a command fails that has succeeded elsewhere, or before.
    PropagationErrorBehavior {
        #[default]
        Ignore = "ignore",
        Panic = "panic",
        /// But not for commands of the append-only file.
        PanicOnReplicas = "panic-on-replicas",
    }
}

choice! {
    /// Who may do what is off by default.
    ProtectedAction {
        #[default]
        No = "no",
        Yes = "yes",
        /// Only connections from this machine.
        Local = "local",
    }
}

impl ProtectedAction {
    /// Is the action open to a client, given whether it connects from this machine?
    pub fn allows(self, client_is_local: bool) -> bool {
        self == Self::Yes || (self == Self::Local && client_is_local)
    }
}
