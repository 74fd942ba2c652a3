//! Telling packets apart, and cutting a byte stream into them (RFC 8656, sections 2.1 and 12.5; RFC 7983).

/// Length of a STUN header in bytes.
pub const STUN_HEADER: usize = 20;
/// Length of a ChannelData header in bytes.
pub const CHANNEL_HEADER: usize = 4;
/// The longest frame that either header can announce, padding included.
pub const LONGEST_FRAME: usize = STUN_HEADER + 0xFFFF + 1;

/// What a packet is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A STUN message: the two topmost bits are zero, and every assigned method stays below 0x04.
    Stun,
    /// ChannelData: channel numbers are 0x4000 to 0x7FFF.
    ChannelData,
    /// Anything else, which a TURN server ignores.
    Other,
}

/// What the packet that begins with `first` is.
pub fn kind(first: u8) -> Kind {
    match first {
        0x00..=0x03 => Kind::Stun,
        0x40..=0x7F => Kind::ChannelData,
        _ => Kind::Other,
    }
}

/// What stands at the front of a stream's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A whole frame.
    Frame {
        /// Bytes of the frame itself.
        len: usize,
        /// Bytes to take off the stream: the frame and its padding.
        taken: usize,
    },
    /// Not enough bytes yet; this many are needed at least.
    Need(usize),
    /// Not TURN: the stream cannot be brought back into step.
    Broken,
}

/// Looks at the front of a stream's buffer.
///
/// On streams ChannelData is padded to a multiple of four bytes (RFC 8656, section 12.5); STUN messages are by nature.
pub fn next(buffer: &[u8]) -> Next {
    let Some(&first) = buffer.first() else { return Next::Need(1) };
    let header = match kind(first) {
        Kind::Stun => STUN_HEADER,
        Kind::ChannelData => CHANNEL_HEADER,
        Kind::Other => return Next::Broken,
    };
    let Some(&[high, low]) = buffer.get(2..4) else { return Next::Need(header) };
    let body = usize::from(u16::from_be_bytes([high, low]));
    if header == STUN_HEADER && body % 4 != 0 {
        return Next::Broken;
    }
    let len = header + body;
    let taken = len.next_multiple_of(4);
    if buffer.len() < taken { Next::Need(taken) } else { Next::Frame { len, taken } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn channel_data_is_padded_on_streams_and_messages_are_not() {
        assert_eq!(next(&[0x40, 0, 0, 5, 1, 2, 3, 4, 5]), Next::Need(12));
        assert_eq!(next(&[0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 9]), Next::Frame { len: 9, taken: 12 });
        let mut binding = [0; 21];
        binding[1] = 1;
        assert_eq!(next(&binding), Next::Frame { len: 20, taken: 20 });
    }

    #[test]
    fn what_is_not_turn_breaks_the_stream_at_once() {
        assert_eq!(next(&[0x16, 3, 1]), Next::Broken);
        assert_eq!(next(&[0x00, 1, 0, 3]), Next::Broken);
    }

    proptest! {
        #[test]
        fn a_frame_never_reaches_beyond_what_is_there(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            match next(&bytes) {
                Next::Frame { len, taken } => prop_assert!(len <= taken && taken <= bytes.len() && taken - len < 4),
                Next::Need(n) => prop_assert!(n > bytes.len() && n <= LONGEST_FRAME),
                Next::Broken => {}
            }
        }
    }
}
