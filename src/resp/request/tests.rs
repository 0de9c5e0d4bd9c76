//! Tests of the request parser.
use super::super::arguments::{TAKEN_HEAD_BYTES, Taken};
use super::*;
use proptest::prelude::*;

const OPEN: Limits = Limits { bulk_bytes_max: 512 * 1024 * 1024, authenticated: true, in_one_piece: false };
const LOCKED: Limits =
    Limits { bulk_bytes_max: 512 * 1024 * 1024, authenticated: false, in_one_piece: false };

/// Parses everything in `bytes`, handed over in pieces of `piece` bytes.
fn parse_in_pieces(bytes: &[u8], piece: usize) -> Result<Vec<Vec<Vec<u8>>>, ProtocolError> {
    let mut requests = Vec::new();
    let mut parser = Parser::default();
    let mut buffer: Vec<u8> = Vec::new();
    for part in bytes.chunks(piece) {
        buffer.extend_from_slice(part);
        while !buffer.is_empty() || parser.is_mid_request() {
            if parser.parse(&buffer, &OPEN)? == Progress::NeedMore {
                break;
            }
            let consumed = parser.consumed();
            requests.push(parser.request(&buffer).iter().map(<[u8]>::to_vec).collect());
            parser.reset();
            buffer.drain(..consumed);
        }
    }
    Ok(requests)
}

fn error_of(bytes: &[u8], limits: &Limits) -> String {
    Parser::default().parse(bytes, limits).unwrap_err().to_string()
}

fn encode(arguments: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[test]
fn a_pipeline_is_split_into_its_requests() {
    let requests = parse_in_pieces(b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", 1000).unwrap();
    assert_eq!(requests, [vec![b"PING".to_vec()], vec![b"GET".to_vec(), b"k".to_vec()]]);
}

#[test]
fn empty_and_negative_multibulks_are_requests_without_arguments() {
    for bytes in [&b"*0\r\n"[..], b"*-1\r\n", b"*-10\r\n", b"\r\n", b"   \r\n"] {
        assert_eq!(parse_in_pieces(bytes, 100).unwrap(), [Vec::<Vec<u8>>::new()], "{bytes:?}");
    }
}

#[test]
fn an_inline_request_is_split_at_blanks_and_quotes() {
    let requests = parse_in_pieces(b"SET  key \"a b\\x41\"\r\nGET 'k'\nPING\r\n", 100).unwrap();
    assert_eq!(requests[0], [b"SET".to_vec(), b"key".to_vec(), b"a bA".to_vec()]);
    assert_eq!(requests[1], [b"GET".to_vec(), b"k".to_vec()]);
    assert_eq!(requests[2], [b"PING".to_vec()]);
}

#[test]
fn malformed_requests_get_the_text_that_redis_sends() {
    let cases: [(&[u8], &str); 9] = [
        (b"*x\r\n", "Protocol error: invalid multibulk length"),
        (b"*20000000000\r\n", "Protocol error: invalid multibulk length"),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "Protocol error: expected '$', got 'f'"),
        (b"*1\r\n$-1\r\n", "Protocol error: invalid bulk length"),
        (b"*1\r\n$-10\r\n", "Protocol error: invalid bulk length"),
        (b"*1\r\n$2000000000\r\n", "Protocol error: invalid bulk length"),
        (b"*1\r\n$1000000000000\r\n", "Protocol error: invalid bulk length"),
        (b"*1\r\n$blabla\r\n", "Protocol error: invalid bulk length"),
        (b"SET \"unbalanced\r\n", "Protocol error: unbalanced quotes in request"),
    ];
    for (bytes, text) in cases {
        assert_eq!(error_of(bytes, &OPEN), text);
    }
}

#[test]
fn endless_lines_are_refused() {
    let mut line = vec![b'a'; LINE_BYTES_MAX + 1];
    assert_eq!(error_of(&line, &OPEN), "Protocol error: too big inline request");
    line[0] = b'*';
    assert_eq!(error_of(&line, &OPEN), "Protocol error: too big mbulk count string");
    let bulk = [b"*1\r\n$".to_vec(), vec![b'1'; LINE_BYTES_MAX + 1]].concat();
    assert_eq!(error_of(&bulk, &OPEN), "Protocol error: too big bulk count string");
}

#[test]
fn before_a_password_only_small_requests_are_read() {
    assert_eq!(error_of(b"*11\r\n", &LOCKED), "Protocol error: unauthenticated multibulk length");
    assert_eq!(error_of(b"*1\r\n$16385\r\n", &LOCKED), "Protocol error: unauthenticated bulk length");
    assert_eq!(Parser::default().parse(b"*10\r\n$16384\r\n", &LOCKED), Ok(Progress::NeedMore));
}

#[test]
fn an_announced_length_allocates_nothing_until_bytes_arrive() {
    let mut parser = Parser::default();
    assert_eq!(parser.parse(b"*2147483647\r\n$500000000\r\nab", &OPEN), Ok(Progress::NeedMore));
    assert!(parser.spans.capacity() < 100);
    assert!(parser.owned_bytes() < 100);
    let (bytes, missing) = parser.arriving().unwrap();
    assert_eq!(missing, 500_000_000);
    assert!(bytes.capacity() <= 2 * BIG_ARGUMENT_FIRST_BYTES);
}

#[test]
fn a_big_argument_arrives_in_the_allocation_that_is_taken() {
    let value = vec![b'v'; 100_000];
    let wire = encode(&[b"SET".to_vec(), b"k".to_vec(), value.clone()]);
    let (head, tail) = wire.split_at(40_000);
    let mut parser = Parser::default();
    assert_eq!(parser.parse(head, &OPEN), Ok(Progress::NeedMore));
    let (bytes, missing) = parser.arriving().unwrap();
    assert_eq!(missing, tail.len());
    bytes.extend_from_slice(tail);
    assert_eq!(parser.parse(head, &OPEN), Ok(Progress::Complete));
    assert_eq!(parser.consumed(), head.len());
    let mut request = parser.request(head);
    assert_eq!(request.copy(2), Taken::Owned(value.clone()));
    assert_eq!(request.copy(1), Taken::Bytes(b"k"));
    assert_eq!(request.copy(3), Taken::Bytes(b""));
    assert_eq!(request.take(2), Taken::Owned(value));
    assert_eq!((request.argument(2).unwrap().len(), request.argument_len(2)), (TAKEN_HEAD_BYTES, 100_000));
    assert_eq!(request.argument(1), Some(&b"k"[..]));
}

#[test]
fn an_owned_copy_of_a_request_reads_the_same() {
    let wire = encode(&[b"MSET".to_vec(), b"a".to_vec(), b"1".to_vec()]);
    let mut parser = Parser::default();
    assert_eq!(parser.parse(&wire, &OPEN), Ok(Progress::Complete));
    let mut copy = parser.request(&wire).to_owned_request();
    let words: Vec<Vec<u8>> = copy.view().iter().map(<[u8]>::to_vec).collect();
    assert_eq!(words, [b"MSET".to_vec(), b"a".to_vec(), b"1".to_vec()]);
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_requests(
        requests in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..6), 1..5),
        big in 0..70_000_usize,
        piece in 1..200_usize,
    ) {
        let mut requests = requests;
        requests.push(vec![b"SET".to_vec(), b"k".to_vec(), vec![b'x'; big]]);
        requests.push(vec![b"PING".to_vec()]);
        let wire: Vec<u8> = requests.iter().flat_map(|r| encode(r)).collect();
        prop_assert_eq!(parse_in_pieces(&wire, piece).unwrap(), requests);
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), piece in 1..50_usize) {
        let _ = parse_in_pieces(&bytes, piece);
    }

    #[test]
    fn damaged_requests_never_panic(
        at in 0..60_usize, byte in prop::sample::select(&b"*$-0123456789\r\n\x00\xffx"[..]), piece in 1..40_usize,
    ) {
        let mut wire = encode(&[b"SET".to_vec(), b"key:000000000001".to_vec(), vec![b'v'; 32]]);
        let at = at % wire.len();
        wire[at] = byte;
        let _ = parse_in_pieces(&wire, piece);
    }
}

#[test]
fn a_long_list_of_arguments_is_not_kept() {
    let mut parser = Parser::default();
    for (count, is_kept) in [(SPANS_KEPT_MAX, true), (SPANS_KEPT_MAX * 2, false)] {
        let bytes = encode(&vec![b"x".to_vec(); count]);
        assert_eq!(parser.parse(&bytes, &OPEN), Ok(Progress::Complete));
        parser.reset();
        assert_eq!(parser.spans.capacity() > 0, is_kept, "{count}");
    }
}
