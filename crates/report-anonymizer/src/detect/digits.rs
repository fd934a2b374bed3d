/// The first digits of a code, enough to tell every number that has a form from a longer one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Digits {
    bytes: [u8; 24],
    len: usize,
}

impl Digits {
    /// Adds the ASCII digits of `text`.
    pub(crate) fn extend(&mut self, text: &str) {
        for byte in text.bytes().filter(u8::is_ascii_digit) {
            let Some(slot) = self.bytes.get_mut(self.len) else { return };
            *slot = byte;
            self.len += 1;
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }

    /// How many there are, 24 at most.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}
