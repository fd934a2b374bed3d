use crate::ImageFault;

/// The bits of a scan. After a byte of ones comes a byte of seven bits.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    word: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, word: 0, count: 0 }
    }

    fn fill(&mut self) {
        while self.count <= 48 {
            let after_ones = self.at > 0 && self.bytes[self.at - 1] == 0xFF;
            let Some(byte) = self.bytes.get(self.at).filter(|byte| !after_ones || **byte < 0x80) else {
                return;
            };
            let width = if after_ones { 7 } else { 8 };
            self.word = self.word << width | u64::from(*byte);
            self.count += width;
            self.at += 1;
        }
    }

    pub(super) fn take(&mut self, count: u32) -> Result<u32, ImageFault> {
        if self.count < count {
            self.fill();
        }
        self.count = self.count.checked_sub(count).ok_or(ImageFault::DamagedPixels)?;
        let mask = (1_u64 << count) - 1;
        Ok((self.word >> self.count & mask) as u32)
    }

    /// A number in the Golomb code of parameter `k`, with at most `limit` bits.
    pub(super) fn golomb(&mut self, k: u32, limit: u32, qbpp: u32) -> Result<i32, ImageFault> {
        let most = limit.saturating_sub(qbpp + 1);
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if zeros > most {
                return Err(ImageFault::DamagedPixels);
            }
        }
        let value = if zeros < most { zeros << k | self.take(k)? } else { self.take(qbpp)? + 1 };
        i32::try_from(value).map_err(|_| ImageFault::DamagedPixels)
    }
}
