//! Commands on strings.

use crate::support::{Server, check_all};

#[test]
fn a_value_set_is_read_back() {
    let server = Server::start();
    check_all(&mut server.client(), &[("SET k v", "+OK"), ("GET k", "$v"), ("GET missing", "$nil")]);
}
