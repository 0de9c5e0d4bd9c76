//! The direction of dependencies, as the map at the head of `src/lib.rs` states it: a layer uses
//! what stands above it; layers that share a line do not know each other.

use crate::source::Source;

/// Only these layers know sockets; the order alone would let everything below `net` use it.
const USERS_OF_NET: &[&str] = &["net", "server"];

pub struct Layers {
    /// Names of one line of the map together, in the order of the map.
    levels: Vec<Vec<String>>,
}

impl Layers {
    /// Reads the list of the map, and checks that it and the `pub mod` lines name the same layers.
    pub fn from_map(files: &[Source]) -> Self {
        let lib = files.iter().find(|file| file.path == "src/lib.rs").expect("src/lib.rs exists");
        let levels: Vec<Vec<String>> =
            lib.text.lines().filter_map(|line| line.strip_prefix("//! * [")).map(names_of_entry).collect();
        let mut mapped: Vec<&str> = levels.iter().flatten().map(String::as_str).collect();
        let mut declared: Vec<&str> =
            lib.text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
        mapped.sort_unstable();
        declared.sort_unstable();
        assert_eq!(
            mapped, declared,
            "src/lib.rs: the map (left) and the modules (right) differ: complete the map"
        );
        Self { levels }
    }

    /// Paths `crate::layer` that point the wrong way.
    pub fn violations(&self, file: &Source) -> Vec<String> {
        let Some(user) =
            file.path.strip_prefix("src/").and_then(|path| path.split_once('/')).map(|(top, _)| top)
        else {
            return Vec::new();
        };
        if user == "bin" {
            // Programs stand on top of everything.
            return Vec::new();
        }
        let Some(user_level) = self.level(user) else {
            return vec![format!("{}: the map of src/lib.rs has no `{user}`: add the layer", file.path)];
        };
        let mut found = Vec::new();
        for (index, line) in file.code.iter().enumerate() {
            for used in line.split("crate::").skip(1).flat_map(names_of_path) {
                let Some(used_level) = self.level(used) else { continue };
                let upwards = used_level > user_level || (used_level == user_level && used != user);
                if upwards || (used == "net" && !USERS_OF_NET.contains(&user)) {
                    found.push(format!(
                        "{}:{}: `{user}` uses `{used}`; pass what it needs as an argument or a return value, \
                         or move the code to the layer that knows both",
                        file.path,
                        index + 1
                    ));
                }
            }
        }
        found
    }

    fn level(&self, layer: &str) -> Option<usize> {
        self.levels.iter().position(|level| level.iter().any(|name| name == layer))
    }
}

/// The names in brackets before the colon of "`pubsub`], [`observe`]: features ...".
fn names_of_entry(entry: &str) -> Vec<String> {
    let names = entry.split(':').next().unwrap_or_default();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The layers named after `crate::`: one, or those of a group `crate::{engine::Client, net}`.
fn names_of_path(rest: &str) -> Vec<&str> {
    let end_of_name =
        |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    match rest.strip_prefix('{') {
        None => vec![&rest[..end_of_name(rest)]],
        Some(group) => group.split(',').map(str::trim).map(|item| &item[..end_of_name(item)]).collect(),
    }
}
