//! RLE Lossless (DICOM PS3.5, annex G) of 16-bit grey values.

/// One frame: a header of sixteen numbers, then the high bytes and the low bytes, row by row.
pub(crate) fn encode(pixels: &[u16], width: usize) -> Vec<u8> {
    let segments = [8, 0].map(|shift| {
        let mut segment = Vec::with_capacity(pixels.len());
        for row in pixels.chunks(width.max(1)) {
            let bytes: Vec<u8> = row.iter().map(|p| (p >> shift & 0xff) as u8).collect();
            pack(&bytes, &mut segment);
        }
        if segment.len() % 2 == 1 {
            segment.push(0);
        }
        segment
    });
    let mut header = [0u32; 16];
    header[0] = 2;
    header[1] = 64;
    header[2] = 64 + segments[0].len() as u32;
    header.into_iter().flat_map(u32::to_le_bytes).chain(segments.into_iter().flatten()).collect()
}

/// PackBits: `n` from 0 to 127 precedes n + 1 bytes as they are, and 257 - n precedes a byte to be
/// repeated n times.
fn pack(bytes: &[u8], out: &mut Vec<u8>) {
    let run = |at: usize| bytes[at..].iter().take(128).take_while(|b| **b == bytes[at]).count();
    let mut at = 0;
    while at < bytes.len() {
        let repeats = run(at);
        if repeats > 1 {
            out.extend([(257 - repeats) as u8, bytes[at]]);
            at += repeats;
            continue;
        }
        let mut end = at + 1;
        while end < bytes.len() && end - at < 128 && run(end) < 3 {
            end += 1;
        }
        out.push((end - at - 1) as u8);
        out.extend(&bytes[at..end]);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_method_is_packed_as_printed() {
        // Apple technical note 1023, "Understanding PackBits".
        let unpacked = [
            0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22, 0xAA, 0xAA,
            0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA,
        ];
        let mut packed = Vec::new();
        pack(&unpacked, &mut packed);
        let printed =
            [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
        assert_eq!(packed, printed);
    }
}
