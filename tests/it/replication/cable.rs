//! A way to a server through the test, which cuts it after so many bytes.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Where a connection ends: behind so many bytes of one direction.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    ToServer(u64),
    FromServer(u64),
}

/// Each connection in turn meets the next cut; those that come behind the last one stay.
pub struct Cable {
    pub port: u16,
    cuts: Arc<Mutex<VecDeque<Cut>>>,
    is_removed: Arc<AtomicBool>,
}

impl Cable {
    pub fn to(server_port: u16, cuts: impl IntoIterator<Item = Cut>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cable =
            Self { port, cuts: Arc::new(Mutex::new(cuts.into_iter().collect())), is_removed: Arc::default() };
        let (cuts, is_removed) = (Arc::clone(&cable.cuts), Arc::clone(&cable.is_removed));
        thread::spawn(move || {
            for client in listener.incoming() {
                if is_removed.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)) else { continue };
                let cut = cuts.lock().unwrap().pop_front();
                let (to_server, from_server) = match cut {
                    Some(Cut::ToServer(bytes)) => (bytes, u64::MAX),
                    Some(Cut::FromServer(bytes)) => (u64::MAX, bytes),
                    None => (u64::MAX, u64::MAX),
                };
                let client = client.unwrap();
                pump(client.try_clone().unwrap(), server.try_clone().unwrap(), to_server);
                pump(server, client, from_server);
            }
        });
        cable
    }

    pub fn cuts_to_come(&self) -> usize {
        self.cuts.lock().unwrap().len()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.is_removed.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Carries bytes in a thread of its own until either end closes, or so many have passed.
fn pump(mut from: TcpStream, mut to: TcpStream, bytes_max: u64) {
    thread::spawn(move || {
        let mut left = bytes_max;
        let mut buffer = [0; 4096];
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let Ok(count @ 1..) = from.read(&mut buffer[..room]) else { break };
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
            left -= count as u64;
        }
        for end in [from, to] {
            // It may be closed already.
            let _ = end.shutdown(Shutdown::Both);
        }
    });
}
