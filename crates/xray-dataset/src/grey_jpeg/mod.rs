//! A decoder for the JPEG files that radiographs are kept in: sequential, Huffman-coded, 8 or 12 bits, grey or YCbCr. It
//! reads the luma alone and can put it out at 1/2, 1/4 or 1/8 of its size. What it does not take, or finds damaged, is left to
//! the `image` and `jpeg-decoder` crates, which it outruns.

mod block;
mod huffman;

use block::{Block, Means, Transform};
use huffman::{Bits, Class, Table};

/// Grey values in `[0, 1]`.
pub(crate) struct Grey {
    pub(crate) pixels: Vec<f32>,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// The luma of `bytes`, at one over 1, 2, 4 or 8 of its size: the largest of them at which both sides are at
/// least `least` pixels. Nothing if this is no file for this decoder.
pub(crate) fn decode(bytes: &[u8], least: usize, max_pixels: usize) -> Option<Grey> {
    let file = File::read(bytes, 8, max_pixels)?;
    let shortest = file.height.min(file.width);
    match [8, 4, 2].into_iter().find(|times| shortest / times >= least) {
        Some(8) => file.luma::<Means<1>>(),
        Some(4) => file.luma::<Means<2>>(),
        Some(2) => file.luma::<Block<4>>(),
        _ => file.luma::<Block<8>>(),
    }
}

/// As [`decode`], whole, of a file with 12 bits: each grey value is one of 4,096.
pub(crate) fn decode_12_bits(bytes: &[u8], max_pixels: usize) -> Option<Grey> {
    File::read(bytes, 12, max_pixels)?.luma::<Block<8, 12>>()
}

#[derive(Clone, Copy)]
struct Component {
    id: u8,
    /// Blocks across and down in a unit of the scan.
    blocks: [usize; 2],
    quantisation: usize,
    /// The numbers of its tables for the first coefficient of a block, and for the others.
    tables: [usize; 2],
}

/// What the segments before the scan say, and the scan.
struct File<'a> {
    height: usize,
    width: usize,
    components: Vec<Component>,
    quantisation: [Option<[u16; 64]>; 4],
    /// Huffman tables by class (first coefficients, others) and number.
    huffman: [[Option<Table>; 4]; 2],
    restart_interval: usize,
    /// Whether Adobe's segment says that three components are not YCbCr.
    not_ycc: bool,
    scan: &'a [u8],
}

impl<'a> File<'a> {
    /// Reads the segments of a file of `bits` bits and at most `max_pixels` pixels.
    fn read(bytes: &'a [u8], bits: u8, max_pixels: usize) -> Option<Self> {
        let mut file = Self {
            height: 0,
            width: 0,
            components: Vec::new(),
            quantisation: [None; 4],
            huffman: Default::default(),
            restart_interval: 0,
            not_ycc: false,
            scan: &[],
        };
        let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
        loop {
            let (&[0xFF, marker], after) = rest.split_first_chunk()? else { return None };
            if marker == 0xFF {
                rest = &rest[1..];
                continue;
            }
            let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
            let segment = after.get(2..length)?;
            rest = &after[length..];
            match marker {
                0xDB => file.quantisation(segment)?,
                0xC4 => file.huffman(segment)?,
                // Sequential, Huffman-coded: baseline and extended.
                0xC0 | 0xC1 => file.frame(segment, bits)?,
                0xDD => file.restart_interval = usize::from(u16::from_be_bytes(segment.try_into().ok()?)),
                0xEE if segment.starts_with(b"Adobe") => file.not_ycc = segment.get(11) != Some(&1),
                0xDA => {
                    file.scan_header(segment)?;
                    file.scan = rest;
                    let pixels = file.height * file.width;
                    // Every block takes two bits or more.
                    return (pixels <= max_pixels && pixels / 64 <= 4 * rest.len()).then_some(file);
                }
                0xE0..=0xEF | 0xFE => {}
                _ => return None,
            }
        }
    }

    fn quantisation(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((kind, rest)) = segment.split_first() {
            let wide = kind >> 4 == 1;
            let (values, rest) = rest.split_at_checked(if wide { 128 } else { 64 })?;
            let value = |i: usize| {
                if wide {
                    u16::from_be_bytes([values[2 * i], values[2 * i + 1]])
                } else {
                    u16::from(values[i])
                }
            };
            *self.quantisation.get_mut(usize::from(kind & 15))? = Some(std::array::from_fn(value));
            segment = rest;
        }
        Some(())
    }

    fn huffman(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((kind, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let total = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, rest) = rest.split_at_checked(total)?;
            // The symbol of a first coefficient is no more than a number of bits.
            if kind >> 4 == 0 && symbols.iter().any(|symbol| *symbol > 15) {
                return None;
            }
            let class = if kind >> 4 == 0 { Class::First } else { Class::Others };
            let tables = self.huffman.get_mut(usize::from(kind >> 4))?;
            *tables.get_mut(usize::from(kind & 15))? = Some(Table::new(class, counts, symbols)?);
            segment = rest;
        }
        Some(())
    }

    fn frame(&mut self, segment: &[u8], bits: u8) -> Option<()> {
        let (&[precision, high, low, left, right, count], rest) = segment.split_first_chunk()?;
        if precision != bits
            || !self.components.is_empty()
            || !matches!(count, 1 | 3)
            || rest.len() != 3 * usize::from(count)
        {
            return None;
        }
        self.height = usize::from(u16::from_be_bytes([high, low]));
        self.width = usize::from(u16::from_be_bytes([left, right]));
        let component = |part: &[u8]| Component {
            id: part[0],
            // A lone component is not interleaved: its unit is a block, whatever its sampling says.
            blocks: if count == 1 { [1, 1] } else { [part[1] >> 4, part[1] & 15].map(usize::from) },
            quantisation: part[2].into(),
            tables: [0, 0],
        };
        self.components = rest.chunks_exact(3).map(component).collect();
        let luma = self.components[0].blocks;
        let sampled = |component: &Component| {
            let [across, down] = component.blocks;
            (1..=luma[0]).contains(&across) && (1..=luma[1]).contains(&down)
        };
        // Luma comes first, at full size; RGB says so by its names.
        let grey_first = self.components[0].id != b'R' && luma[0] <= 4 && luma[1] <= 4;
        (grey_first && self.height > 0 && self.width > 0 && self.components.iter().all(sampled)).then_some(())
    }

    fn scan_header(&mut self, segment: &[u8]) -> Option<()> {
        let (count, rest) = segment.split_first()?;
        // All components in one scan, all coefficients, all bits.
        let unlike = usize::from(*count) != self.components.len() || *count == 0;
        if unlike || *count == 3 && self.not_ycc {
            return None;
        }
        let (chosen, spectrum) = rest.split_at_checked(2 * usize::from(*count))?;
        for (component, choice) in self.components.iter_mut().zip(chosen.chunks_exact(2)) {
            if component.id != choice[0] {
                return None;
            }
            component.tables = [choice[1] >> 4, choice[1] & 15].map(usize::from);
        }
        (spectrum == [0, 63, 0]).then_some(())
    }

    fn luma<T: Transform>(&self) -> Option<Grey> {
        let quantisation = self.quantisation.get(self.components[0].quantisation)?.as_ref()?;
        let mut block = T::new(quantisation);
        let table = |class: usize, number: usize| self.huffman[class].get(number)?.as_ref();
        let tables =
            |component: &Component| Some((table(0, component.tables[0])?, table(1, component.tables[1])?));
        let tables: Vec<_> = self.components.iter().map(tables).collect::<Option<_>>()?;
        let [across, down] = self.components[0].blocks;
        let (units_across, units_down) = (self.width.div_ceil(8 * across), self.height.div_ceil(8 * down));
        let stride = units_across * across * T::SIDE;
        let mut pixels = vec![0.0; stride * units_down * down * T::SIDE];
        let mut bits = Bits::new(self.scan);
        let mut level = 0_i32;
        for unit in 0..units_across * units_down {
            if self.restart_interval > 0 && unit > 0 && unit % self.restart_interval == 0 {
                bits.restart()?;
                level = 0;
            }
            let (top, left) = (unit / units_across * down, unit % units_across * across);
            for number in 0..across * down {
                let (y, x) = (top + number / across, left + number % across);
                level = level.wrapping_add(bits.next(tables[0].0));
                block.put(0, level);
                let last = others(&mut bits, tables[0].1, |place, value| block.put(place, value));
                block.finish(last, &mut pixels[(y * stride + x) * T::SIDE..], stride);
            }
            for (component, (first, rest)) in self.components.iter().zip(&tables).skip(1) {
                for _ in 0..component.blocks[0] * component.blocks[1] {
                    bits.next(first);
                    others(&mut bits, rest, |_, _| ());
                }
            }
        }
        let size = |side: usize| (side * T::SIDE).div_ceil(8);
        let (height, width) = (size(self.height), size(self.width));
        if width < stride {
            for row in 1..height {
                pixels.copy_within(row * stride..row * stride + width, row * width);
            }
        }
        pixels.truncate(height * width);
        bits.sound().then_some(Grey { pixels, height, width })
    }
}

/// Reads the coefficients of a block behind the first; gives the place of the last.
#[inline(always)]
fn others(bits: &mut Bits<'_>, table: &Table, mut put: impl FnMut(usize, i32)) -> usize {
    const END: usize = 63;
    let (mut place, mut last) = (1, 0);
    loop {
        let entry = bits.look(table);
        let first = place + entry.run();
        if first >= END {
            // What comes behind the last coefficient is of another block.
            bits.pass(entry.used_by_first());
            if first == END {
                put(END, entry.first());
                last = END;
            }
            return last;
        }
        bits.pass(entry.used());
        let second = first + entry.further();
        if second <= END {
            // Where there is no second value, the first takes its place.
            put(second, entry.second());
            last = second;
        } else {
            last = first;
        }
        put(first, entry.first());
        if second >= END {
            return last;
        }
        place = second + 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;

    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/grey_jpeg");

    fn file(name: &str) -> Vec<u8> {
        fs::read(format!("{FOLDER}/{name}.jpg")).unwrap()
    }

    /// By file and by the number that its sides are divided by.
    fn opencv() -> HashMap<String, HashMap<usize, Vec<i32>>> {
        serde_json::from_str(&fs::read_to_string(format!("{FOLDER}/opencv.json")).unwrap()).unwrap()
    }

    #[test]
    fn every_size_is_what_libjpeg_gives_within_two_levels() {
        let expected = opencv();
        for name in ["grey", "fine", "restart", "colour-420", "colour-422-restart"] {
            // The picture has 43 by 59 pixels.
            for (times, least) in [(1, 22), (2, 21), (4, 10), (8, 5)] {
                let grey = decode(&file(name), least, 1 << 20).unwrap();
                assert_eq!((grey.height, grey.width), (43_usize.div_ceil(times), 59_usize.div_ceil(times)));
                let expected = &expected[name][&times];
                assert_eq!(grey.pixels.len(), expected.len());
                let level = |pixel: &f32| (pixel * 255.0).round() as i32;
                let furthest =
                    grey.pixels.iter().zip(expected).map(|(ours, theirs)| (level(ours) - theirs).abs());
                assert!(furthest.clone().max() <= Some(2), "{name} 1/{times}: {:?}", furthest.max());
            }
        }
    }

    #[test]
    fn what_is_not_sequential_or_not_whole_is_left_to_others() {
        assert!(decode(&file("progressive"), 1, 1 << 20).is_none());
        assert!(decode(b"\xFF\xD8\xFF\xD9", 1, 1 << 20).is_none());
        assert!(decode(&file("grey"), 1, 43 * 59 - 1).is_none());
        for name in ["grey", "restart", "colour-420"] {
            let bytes = file(name);
            for cut in 0..bytes.len() - 4 {
                assert!(decode(&bytes[..cut], usize::MAX, 1 << 20).is_none(), "{name} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_changed_byte_never_panics() {
        for name in ["fine", "colour-422-restart"] {
            let bytes = file(name);
            for (at, with) in (0..bytes.len()).flat_map(|at| [0, 0x7F, 0xFF].map(|with| (at, with))) {
                let mut changed = bytes.clone();
                changed[at] = with;
                for least in [1, 21, usize::MAX] {
                    let _ = decode(&changed, least, 1 << 20);
                }
            }
        }
    }
}
