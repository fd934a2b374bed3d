//! JPEG Lossless (ITU-T T.81, annex H) of one grey component, predicted from the pixel to the left.

/// One frame of pixels of so many bits. Dimensions are those of DICOM, which fit 16 bits.
pub(crate) fn encode(pixels: &[u16], width: usize, bits: u16) -> Vec<u8> {
    let width = width.max(1);
    let [rows, columns] = [pixels.len() / width, width].map(|size| (size as u16).to_be_bytes());
    let mut out = vec![0xFF, 0xD8];
    // Frame: precision, size, one component that is not subsampled.
    out.extend([0xFF, 0xC3, 0, 11, bits as u8, rows[0], rows[1], columns[0], columns[1], 1, 1, 0x11, 0]);
    out.extend([0xFF, 0xC4, 0, 19 + CLASSES.len() as u8, 0]);
    out.extend(LENGTHS);
    out.extend(CLASSES);
    // Scan: the component, its table, the first predictor.
    out.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 0, 0]);
    let codes = codes();
    let mut scan = Scan { out, held: 0, count: 0 };
    for (at, pixel) in pixels.iter().enumerate() {
        let predicted = match (at / width, at % width) {
            (0, 0) => 1 << (bits - 1),
            (_, 0) => pixels[at - width],
            _ => pixels[at - 1],
        };
        // Modulo 2^16, as the standard counts.
        let difference = i32::from(pixel.wrapping_sub(predicted) as i16);
        let class = 32 - difference.unsigned_abs().leading_zeros();
        let (code, length) = codes[class as usize];
        scan.put(code, length);
        if class < 16 {
            let below = if difference < 0 { (1 << class) - 1 } else { 0 };
            scan.put((difference + below) as u32, class);
        }
    }
    scan.finish()
}

/// How many codes have 1, 2, 3 … bits.
const LENGTHS: [u8; 16] = [0, 0, 7, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0];
/// The numbers of bits of a difference, those with the shortest codes first.
const CLASSES: [u8; 17] = [3, 4, 2, 5, 1, 0, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// The code of each class and its length, counted up as the standard does.
fn codes() -> [(u32, u32); 17] {
    let mut codes = [(0, 0); 17];
    let (mut next, mut class) = (0u32, CLASSES.iter());
    for (length, count) in (1u32..).zip(LENGTHS) {
        for class in class.by_ref().take(usize::from(count)) {
            codes[usize::from(*class)] = (next, length);
            next += 1;
        }
        next <<= 1;
    }
    codes
}

/// Bits on their way to bytes.
struct Scan {
    out: Vec<u8>,
    held: u64,
    count: u32,
}

impl Scan {
    fn put(&mut self, bits: u32, count: u32) {
        self.held = self.held << count | u64::from(bits);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.held >> self.count) as u8;
            self.out.push(byte);
            // A marker cannot stand in a scan.
            if byte == 0xFF {
                self.out.push(0);
            }
        }
        self.held &= (1 << self.count) - 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let left = (8 - self.count) % 8;
        self.put((1 << left) - 1, left);
        self.out.extend([0xFF, 0xD9]);
        if self.out.len() % 2 == 1 {
            self.out.push(0);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_decoder_reads_the_same_pixels() {
        let (width, height) = (37u32, 23u32);
        for bits in [10u16, 12, 15, 16] {
            let most = ((1u32 << bits) - 1) as u16;
            let noise = |k: u32| (k.wrapping_mul(2_654_435_761) >> 13) as u16 & most;
            let pixels: Vec<u16> =
                (0..width * height).map(|k| if k % 5 == 0 { noise(k) } else { most / 3 }).collect();
            let file = encode(&pixels, width as usize, bits);
            let mut decoder = jpeg_decoder::Decoder::new(file.as_slice());
            let bytes = decoder.decode().unwrap();
            let read: Vec<u16> = bytes.chunks_exact(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect();
            assert!(read == pixels, "{bits} bits");
        }
    }
}
