//! Frames as bytes: whole, in pieces, and damaged.

#![expect(clippy::unwrap_used, reason = "tests")]

use bytes::{BufMut, Bytes, BytesMut};
use spdy::{Decoder, Encoder, Error, Frame, GoAwayStatus, Headers, MAX_BLOCK, MAX_PIECE, Reset};

fn headers(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| (*name, *value)).collect()
}

fn frames() -> Vec<Frame> {
    let (asked, data) = (
        headers(&[("streamType", "error"), ("port", "8080")]),
        Bytes::from_static(b"some bytes"),
    );
    vec![
        Frame::SynStream {
            id: 1,
            headers: asked.clone(),
            fin: false,
            unidirectional: false,
        },
        Frame::SynStream {
            id: 3,
            headers: asked.clone(),
            fin: true,
            unidirectional: true,
        },
        Frame::SynReply {
            id: 1,
            headers: Headers::default(),
            fin: false,
        },
        Frame::Data { id: 1, data, fin: false },
        Frame::Data {
            id: 1,
            data: Bytes::new(),
            fin: true,
        },
        Frame::Headers {
            id: 1,
            headers: asked,
            fin: true,
        },
        Frame::RstStream {
            id: 3,
            status: Reset::CANCEL,
        },
        Frame::Ping(7),
        Frame::Settings(vec![(4, 100), (7, 65536)]),
        Frame::WindowUpdate { id: 1, delta: 4096 },
        Frame::GoAway {
            last: 3,
            status: GoAwayStatus::OK,
        },
    ]
}

/// All frames of some bytes, and what is left.
fn decode(bytes: &[u8]) -> Result<(Vec<Frame>, bool), Error> {
    let (mut decoder, mut received, mut found) = (Decoder::default(), BytesMut::from(bytes), Vec::new());
    while let Some(frame) = decoder.decode(&mut received)? {
        found.push(frame);
    }
    Ok((found, decoder.is_between(&received)))
}

fn encoded(frames: &[Frame]) -> BytesMut {
    let (mut encoder, mut out) = (Encoder::default(), BytesMut::new());
    frames.iter().for_each(|frame| encoder.encode(frame, &mut out).unwrap());
    out
}

#[test]
fn what_is_written_is_read() {
    let bytes = encoded(&frames());
    assert_eq!(decode(&bytes).unwrap(), (frames(), true));
    // Byte by byte, only data comes in more pieces.
    let (mut decoder, mut received, mut found) = (Decoder::default(), BytesMut::new(), Vec::new());
    for byte in &bytes {
        received.put_u8(*byte);
        found.extend(decoder.decode(&mut received).unwrap());
    }
    found.retain(|frame| !matches!(frame, Frame::Data { .. }));
    let mut expected = frames();
    expected.retain(|frame| !matches!(frame, Frame::Data { .. }));
    assert_eq!(found, expected);
}

#[test]
fn headers_are_found_by_any_case() {
    let found = headers(&[("streamType", "data"), ("many", "a\0b")]);
    assert_eq!(
        (found.get("STREAMTYPE"), found.get("many"), found.get("none")),
        (Some("data"), Some("a"), None)
    );
}

#[test]
fn large_headers_are_packed_and_unpacked() {
    let long: String = (0..MAX_BLOCK / 16).map(|at| char::from(b'a' + (at * at % 23) as u8)).collect();
    let frame = Frame::SynReply {
        id: 2,
        headers: headers(&[("long", &long)]),
        fin: false,
    };
    let all = vec![frame.clone(), frame.clone(), frame];
    assert_eq!(decode(&encoded(&all)).unwrap().0, all);
}

#[test]
fn data_comes_in_pieces_before_its_frame_is_whole() {
    let data = Bytes::from(vec![5; MAX_PIECE * 2 + 1]);
    let bytes = encoded(&[Frame::Data { id: 9, data, fin: true }]);
    let (pieces, whole) = decode(&bytes).unwrap();
    let lengths: Vec<(usize, bool)> = pieces
        .iter()
        .map(|piece| match piece {
            Frame::Data { id: 9, data, fin } => (data.len(), *fin),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((lengths, whole), (vec![(MAX_PIECE, false), (MAX_PIECE, false), (1, true)], true));
    let (pieces, whole) = decode(&bytes[..100]).unwrap();
    assert_eq!((pieces.len(), whole), (1, false));
}

#[test]
fn unknown_control_frames_are_passed_over() {
    let mut bytes = vec![0x80, 3, 0, 10, 0, 0, 0, 3, 1, 2, 3];
    bytes.extend_from_slice(&encoded(&[Frame::Ping(1)]));
    assert_eq!(decode(&bytes).unwrap(), (vec![Frame::Ping(1)], true));
    assert_eq!(decode(&bytes[..9]).unwrap(), (vec![], false));
}

/// A control frame with a body of one's own.
fn control(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 3, 0, kind, flags];
    bytes.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    bytes.extend_from_slice(body);
    bytes
}

/// A SYN_REPLY whose header block is zlib's for `block`, written as it is.
fn stored(block: &[u8]) -> Vec<u8> {
    // zlib's head with the dictionary's checksum, one stored block, an empty one: a flush.
    let mut packed = vec![0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2, 0];
    packed.put_u16_le(block.len() as u16);
    packed.put_u16_le(!(block.len() as u16));
    packed.extend_from_slice(block);
    packed.extend_from_slice(&[0, 0, 0, 0xff, 0xff]);
    let mut body = vec![0, 0, 0, 1];
    body.extend_from_slice(&packed);
    control(2, 0, &body)
}

#[test]
fn damaged_frames_are_errors() {
    let text = |text: &str| [&(text.len() as u32).to_be_bytes(), text.as_bytes()].concat();
    let block = |count: u8, texts: &[&str]| [vec![0, 0, 0, count], texts.iter().flat_map(|part| text(part)).collect()].concat();
    // What damaged blocks are compared with.
    let sound = Frame::SynReply {
        id: 1,
        headers: headers(&[("a", "b")]),
        fin: false,
    };
    assert_eq!(decode(&stored(&block(1, &["a", "b"]))).unwrap().0, [sound]);
    let other_dictionary = {
        let mut bytes = stored(&block(0, &[]));
        bytes[16] ^= 1;
        bytes
    };
    let mut failures = Vec::new();
    for (what, bytes, expected) in [
        (
            "another version",
            vec![0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1],
            "a control frame of SPDY version 2, not 3",
        ),
        (
            "data for stream 0",
            vec![0, 0, 0, 0, 0, 0, 0, 1, 9],
            "a frame of type 0 for stream 0",
        ),
        ("HTTP", b"GET / HTTP/1.1\r\n".to_vec(), ""),
        (
            "a control frame too large",
            vec![0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff],
            "a control frame of type 1 with 16777215 bytes",
        ),
        (
            "SYN_STREAM too short",
            control(1, 0, &[0, 0, 0, 1, 0, 0]),
            "a control frame of type 1 with 6 bytes",
        ),
        (
            "SYN_STREAM of nothing",
            control(1, 0, &[]),
            "a control frame of type 1 with 0 bytes",
        ),
        ("SYN_STREAM of stream 0", control(1, 0, &[0; 12]), "a frame of type 1 for stream 0"),
        (
            "SYN_STREAM without headers",
            control(1, 0, &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
            "a header block that is shorter than it says",
        ),
        (
            "SYN_REPLY of no zlib",
            control(2, 0, &[0, 0, 0, 1, 9, 9, 9, 9]),
            "a header block that zlib does not unpack",
        ),
        ("SYN_REPLY of stream 0", control(2, 0, &[0; 8]), "a frame of type 2 for stream 0"),
        (
            "RST_STREAM too short",
            control(3, 0, &[0, 0, 0, 1]),
            "a control frame of type 3 with 4 bytes",
        ),
        ("RST_STREAM of stream 0", control(3, 0, &[0; 8]), "a frame of type 3 for stream 0"),
        (
            "SETTINGS too short",
            control(4, 0, &[0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1]),
            "a control frame of type 4 with 12 bytes",
        ),
        (
            "SETTINGS without end",
            control(4, 0, &[0xff, 0xff, 0xff, 0xff]),
            "a control frame of type 4 with 4 bytes",
        ),
        ("SETTINGS of nothing", control(4, 0, &[]), "a control frame of type 4 with 0 bytes"),
        ("PING too long", control(6, 0, &[0; 8]), "a control frame of type 6 with 8 bytes"),
        ("GOAWAY too short", control(7, 0, &[0; 4]), "a control frame of type 7 with 4 bytes"),
        (
            "HEADERS too short",
            control(8, 0, &[0; 3]),
            "a control frame of type 8 with 3 bytes",
        ),
        (
            "WINDOW_UPDATE too short",
            control(9, 0, &[0; 7]),
            "a control frame of type 9 with 7 bytes",
        ),
        (
            "fewer headers than said",
            stored(&block(2, &["a", "b"])),
            "a header block that is shorter than it says",
        ),
        (
            "more headers than said",
            stored(&block(1, &["a", "b", "c", "d"])),
            "a header block with bytes after its end",
        ),
        (
            "a length beyond the block",
            stored(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]),
            "a header block that is shorter than it says",
        ),
        ("a count beyond all", stored(&[0xff; 4]), "a header block with too many headers"),
        (
            "no name",
            stored(&block(1, &["", "b"])),
            "a header block with a name that is empty or not in lower case",
        ),
        (
            "upper case",
            stored(&block(1, &["A", "b"])),
            "a header block with a name that is empty or not in lower case",
        ),
        (
            "a name twice",
            stored(&block(2, &["a", "b", "a", "c"])),
            "a header block with a name that comes twice",
        ),
        (
            "no UTF-8",
            stored(&[0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0, 0, 0, 0]),
            "a header block that is not UTF-8",
        ),
        ("a block too large", bomb(), "a header block that is too large"),
        ("another dictionary", other_dictionary, "a header block with an unknown dictionary"),
    ] {
        match decode(&bytes) {
            Err(error) if error.to_string() == expected => {}
            // Data for a stream with an odd number, which is cut off.
            Ok((frames, false)) if expected.is_empty() && frames.iter().all(|frame| matches!(frame, Frame::Data { .. })) => {}
            other => failures.push(format!("{what}: {:?}", other.map_err(|error| error.to_string()))),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Little that unpacks to more than a block may have: a value of nothing but one letter.
fn bomb() -> Vec<u8> {
    let value = "a".repeat(MAX_BLOCK - 64);
    let (mut encoder, mut out) = (Encoder::default(), BytesMut::new());
    let frame = Frame::SynReply {
        id: 1,
        headers: headers(&[("a", &value)]),
        fin: false,
    };
    encoder.encode(&frame, &mut out).unwrap();
    encoder.encode(&frame, &mut out).unwrap();
    // Both blocks in one frame.
    let (_, second) = split(&out);
    let first = out.len() - second.len();
    let body = [&out[8..first], &second[12..]].concat();
    control(2, 0, &body)
}

/// The bytes after the first frame, with it.
fn split(bytes: &[u8]) -> (usize, &[u8]) {
    let length = u32::from_be_bytes([0, bytes[5], bytes[6], bytes[7]]) as usize;
    (length, &bytes[8 + length..])
}

/// Every frame of a conversation cut short at each place, and with each byte changed: an error or other frames, never a panic.
#[test]
fn no_damage_panics() {
    let bytes = encoded(&frames());
    for at in 0..bytes.len() {
        let (found, _) = decode(&bytes[..at]).unwrap();
        assert!(found.len() <= frames().len());
        for change in [1_u8, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            if let Ok((found, _)) = decode(&damaged) {
                // Nothing comes out of nothing: what is found is no larger than what was sent.
                assert!(found.len() <= bytes.len() / 8);
            }
        }
    }
}
