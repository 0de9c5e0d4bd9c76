//! Bytes that redis-server 7.2 (version 11) and 7.0 (version 10) wrote.

use super::*;

const PROSE: &str = "she sells sea shells by the sea shore, the shells she sells are sea shells for sure";

const FUNCTION: &str = "#!lua name=lib\nredis.register_function(\"f\", function() return 1 end)";

/// SAVE of 7.2.6 with `rdbcompression no`.
const VERSION_11_PLAIN: &[u8] =
    b"REDIS0011\xfa\tredis-ver\x057.2.6\xfa\nredis-bits\xc0@\xfa\x05ctime\xc2\xc0{\0k\
      \xfa\x08used-mem\xc2p\x14\x10\0\xfa\x08aof-base\xc0\0\xf5@D#!lua name=lib\nredis.register_\
      function(\"f\", function() return 1 end)\xfe\0\xfb\t\x01\0\x03run@daaaaaaaaaaaaaaaaaaaaaaa\
      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\x05large\
      \xc2p\x11\x01\0\xfc{\xd8\xc3,\xbb\x03\0\0\0\x08volatile\x01x\0\x06medium\xc1\xd4\
      \xfe\0\x04long\x139223372036854775807\0\x04text\x05hello\0\x05small\xc0\xf9\0\xc190\x0bnum\
      eric key\0\x05prose@Sshe sells sea shells by the sea shore, the shells she sells are sea s\
      hells for sure\xfe\t\xfb\x01\0\0\x05other\x01y\xff\x7f\xb5{K\x84\xe9\xa3\x9a";

/// The same data with compression.
const VERSION_11: &[u8] = b"REDIS0011\xfa\tredis-ver\x057.2.6\xfa\nredis-bits\xc0@\xfa\x05ctime\xc2\xa6{\0k\
      \xfa\x08used-mem\xc2 \xb4\x0f\0\xfa\x08aof-base\xc0\0\xf5@D#!lua name=lib\nredis.register_\
      function(\"f\", function() return 1 end)\xfe\0\xfb\t\x01\0\x04text\x05hello\
      \xfc{\xd8\xc3,\xbb\x03\0\0\0\x08volatile\x01x\0\x05small\xc0\xf9\0\x05large\xc2p\x11\x01\0\
      \0\x04long\x139223372036854775807\0\x06medium\xc1\xd4\xfe\0\xc190\x0bnumeric key\0\x05pros\
      e\xc3=@S\x08she sells \x05\x03a sh`\n\x03by t`\x17@\x11\x03ore,\x80\x0e\x80\x1c \x06 +@1\
      \x01ar@\t@#`\x0e\x07for sure\0\x03run\xc3\t@d\x01aa\xe0W\0\x01aa\
      \xfe\t\xfb\x01\0\0\x05other\x01y\xff\r$B\x14\xffj\xf9;";

/// The same data in 7.0.15.
const VERSION_10: &[u8] = b"REDIS0010\xfa\tredis-ver\x067.0.15\xfa\nredis-bits\xc0@\xfa\x05ctime\xc2\xa6{\0k\
      \xfa\x08used-mem\xc2\x18\xdc\x0f\0\xfa\x08aof-base\xc0\0\xf5@D#!lua name=lib\nredis.regist\
      er_function(\"f\", function() return 1 end)\xfe\0\xfb\t\x01\0\x04text\x05hello\0\xc190\x0b\
      numeric key\xfc{\xd8\xc3,\xbb\x03\0\0\0\x08volatile\x01x\0\x05large\xc2p\x11\x01\0\0\x04lo\
      ng\x139223372036854775807\0\x05prose\xc3=@S\x08she sells \x05\x03a sh`\n\x03by t`\x17@\x11\
      \x03ore,\x80\x0e\x80\x1c \x06 +@1\x01ar@\t@#`\x0e\x07for sure\0\x05small\xc0\xf9\0\x03run\
      \xc3\t@d\x01aa\xe0W\0\x01aa\0\x06medium\xc1\xd4\xfe\xfe\t\xfb\x01\0\0\x05other\x01y\
      \xff\x9cP\x18Q\xed\x19\xff9";

/// One key under `maxmemory-policy allkeys-lfu`.
const WITH_FREQUENCY: &[u8] =
    b"REDIS0011\xfa\tredis-ver\x057.2.6\xfa\nredis-bits\xc0@\xfa\x05ctime\xc2\xa6{\0k\
      \xfa\x08used-mem\xc2\xd00\x11\0\xfa\x08aof-base\xc0\0\xfe\0\xfb\x01\0\xf9\x05\0\x01k\x01v\
      \xff:%mV\x18\x1d\x1bq";

/// One key under `maxmemory-policy allkeys-lru`.
const WITH_IDLE_TIME: &[u8] =
    b"REDIS0011\xfa\tredis-ver\x057.2.6\xfa\nredis-bits\xc0@\xfa\x05ctime\xc2\xa6{\0k\
      \xfa\x08used-mem\xc2\xd00\x11\0\xfa\x08aof-base\xc0\0\xfe\0\xfb\x01\0\xf8\x80\0u\xe3\xa0\0\
      \x01k\x01v\xff5\\\x02\x8cM$\xf6\x82";

fn sorted_items(bytes: &[u8]) -> Vec<String> {
    let mut lines = items(bytes).unwrap();
    lines.sort();
    lines
}

fn expected(redis_version: &str, created: u32, used_memory: u32) -> Vec<String> {
    let mut lines = vec![
        format!("aux redis-ver {redis_version}"),
        "aux redis-bits 64".to_owned(),
        format!("aux ctime {created}"),
        format!("aux used-mem {used_memory}"),
        "aux aof-base 0".to_owned(),
        format!("function {}", FUNCTION.escape_default()),
        "db 0".to_owned(),
        "resize 9 1".to_owned(),
        "text = \"hello\"".to_owned(),
        "small = -7".to_owned(),
        "medium = -300".to_owned(),
        "large = 70000".to_owned(),
        "long = \"9223372036854775807\"".to_owned(),
        format!("run = \"{}\"", "a".repeat(100)),
        "12345 = \"numeric key\"".to_owned(),
        format!("prose = \"{PROSE}\""),
        "volatile = \"x\" expires 4102444800123".to_owned(),
        "db 9".to_owned(),
        "resize 1 0".to_owned(),
        "other = \"y\"".to_owned(),
    ];
    lines.sort();
    lines
}

#[test]
fn files_of_redis_are_read() {
    assert_eq!(sorted_items(VERSION_11_PLAIN), expected("7.2.6", 1_795_193_792, 1_053_808));
    assert_eq!(sorted_items(VERSION_11), expected("7.2.6", 1_795_193_766, 1_029_152));
    assert_eq!(sorted_items(VERSION_10), expected("7.0.15", 1_795_193_766, 1_039_384));
}

#[test]
fn what_is_written_without_compression_is_byte_for_byte_what_redis_writes() {
    let options = WriterOptions { compression: false, ..WriterOptions::default() };
    let bytes = snapshot(options, |writer| {
        writer.aux(aux::REDIS_VERSION, b"7.2.6")?;
        writer.aux_int(aux::REDIS_BITS, 64)?;
        writer.aux_int(aux::CREATED, 1_795_193_792)?;
        writer.aux_int(aux::USED_MEMORY, 1_053_808)?;
        writer.aux_int(aux::AOF_BASE, 0)?;
        writer.function(FUNCTION.as_bytes())?;
        writer.select_db(0)?;
        writer.resize_db(9, 1)?;
        writer.value(b"run").string(&[b'a'; 100][..].into())?;
        writer.value(b"large").string(&StringValue::Int(70_000))?;
        writer.entry_head(Some(4_102_444_800_123), None)?;
        writer.value(b"volatile").string(&b"x"[..].into())?;
        writer.entry_head(None, None)?;
        writer.value(b"medium").string(&b"-300"[..].into())?;
        writer.value(b"long").string(&StringValue::Int(i64::MAX))?;
        writer.value(b"text").string(&b"hello"[..].into())?;
        writer.value(b"small").string(&StringValue::Int(-7))?;
        writer.value(b"12345").string(&b"numeric key"[..].into())?;
        writer.value(b"prose").string(&PROSE.as_bytes().into())?;
        writer.select_db(9)?;
        writer.resize_db(1, 0)?;
        writer.value(b"other").string(&b"y"[..].into())
    });
    assert_eq!(bytes.escape_ascii().to_string(), VERSION_11_PLAIN.escape_ascii().to_string());
}

#[test]
fn usage_is_read_as_redis_writes_it() {
    assert_eq!(items(WITH_FREQUENCY).unwrap().last().unwrap(), "k = \"v\" Frequency(5)");
    assert_eq!(items(WITH_IDLE_TIME).unwrap().last().unwrap(), "k = \"v\" IdleSeconds(7725984)");
}

#[test]
fn payloads_are_those_of_redis() {
    let cases: &[(StringValue<'_>, &[u8])] = &[
        (b"hello"[..].into(), b"\0\x05hello\x0b\0\n\xadb\x05\x98\xab\xc9\x83"),
        (StringValue::Int(-7), b"\0\xc0\xf9\x0b\x007\xf9lC*=\xab\""),
        (b"9223372036854775807"[..].into(), b"\0\x139223372036854775807\x0b\0S\xba\xc3\xe7|w\xb6\xab"),
    ];
    for (value, dump) in cases {
        assert_eq!(payload::dump(true, RDB_VERSION, |writer| writer.string(value)).unwrap(), *dump);
        let verified = payload::Payload(dump).verify(true).unwrap();
        let expected = payload::dump(false, RDB_VERSION, |writer| writer.string(value)).unwrap();
        assert_eq!(
            verified.load(shown).unwrap(),
            payload::Payload(&expected).verify(true).unwrap().load(shown).unwrap()
        );
    }
    let compressed = b"\0\xc3\t@d\x01aa\xe0W\0\x01aa\n\0\xe8\xa3\xb5\x07\xb0m\xf2q";
    let verified = payload::Payload(compressed).verify(true).unwrap();
    assert_eq!(verified.version(), 10);
    assert_eq!(verified.load(shown).unwrap(), format!("\"{}\"", "a".repeat(100)));
}
