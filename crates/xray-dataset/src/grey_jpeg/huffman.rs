/// The bits of a code and of the value behind it that one look into a table settles.
const LOOKUP: u32 = 11;

/// Set in an entry whose value lies outside the bits looked at.
const LONG: u32 = 1 << 15;

/// The entry of a code that a table does not have; it ends the block.
const UNKNOWN: u32 = END_OF_BLOCK << 8;

/// The run that ends a block, longer than any block.
const END_OF_BLOCK: u32 = 64;

/// A Huffman table: from the next bits to how many zeros come and the value after them.
pub(super) struct Table {
    /// By the next [`LOOKUP`] bits: the value (16 bits), [`LONG`], the run (7 bits), the bits used (5 bits, from
    /// bit 0). With [`LONG`], the value is the size of the value and the bits are those of the code; with 0 bits
    /// the code itself is longer than the look.
    fast: Box<[u32; 1 << LOOKUP]>,
    /// By the length of a code: the first code of that length, and the place of its symbol.
    first: [(u32, usize); 17],
    /// By the length of a code: how many there are.
    counts: [u8; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// The table that a DHT segment describes: codes by length, and symbols in the order of their codes.
    /// Nothing if there are more codes of a length than fit.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            fast: Box::new([LONG; 1 << LOOKUP]),
            first: [(0, 0); 17],
            counts: [0; 17],
            symbols: symbols.to_vec(),
        };
        table.counts[1..].copy_from_slice(counts);
        let (mut code, mut place) = (0_u32, 0);
        for length in 1..=16_u32 {
            table.first[length as usize] = (code, place);
            for _ in 0..table.counts[length as usize] {
                if code >= 1 << length {
                    return None;
                }
                let symbol = *symbols.get(place)?;
                if length <= LOOKUP {
                    let rest = LOOKUP - length;
                    let from = (code << rest) as usize;
                    for (bits, slot) in table.fast[from..][..1 << rest].iter_mut().enumerate() {
                        *slot = entry(symbol, length, bits as u32, rest);
                    }
                }
                code += 1;
                place += 1;
            }
            code <<= 1;
        }
        Some(table)
    }
}

/// The entry of a code of `length` bits, followed by the `rest` bits in `bits`.
fn entry(symbol: u8, length: u32, bits: u32, rest: u32) -> u32 {
    let (run, size) = run_and_size(symbol);
    if size > rest {
        return size << 16 | LONG | run << 8 | length;
    }
    let value = extend(bits >> (rest - size), size);
    (value as u32) << 16 | run << 8 | (length + size)
}

fn run_and_size(symbol: u8) -> (u32, u32) {
    match (u32::from(symbol >> 4), u32::from(symbol & 15)) {
        (run, 0) if run < 15 => (END_OF_BLOCK, 0),
        both => both,
    }
}

/// A value of `size` bits as JPEG writes it: without its sign, negative values one less.
fn extend(bits: u32, size: u32) -> i32 {
    let bits = bits as i32;
    if size == 0 || bits >> (size - 1) != 0 { bits } else { bits - (1 << size) + 1 }
}

/// The bits of a scan, up to the next marker.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, from the highest on.
    buffer: u64,
    count: u32,
    /// How many of the bits were made up behind the end.
    beyond: u32,
    /// Whether a code was met that the table does not have.
    unknown_code: bool,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, count: 0, beyond: 0, unknown_code: false }
    }

    /// Whether everything so far was there and had a meaning.
    pub(super) fn sound(&self) -> bool {
        self.beyond <= self.count && !self.unknown_code
    }

    /// Goes on behind the restart marker that comes next; nothing if there is none.
    pub(super) fn restart(&mut self) -> Option<()> {
        let &[0xFF, 0xD0..=0xD7] = self.data.get(self.at..self.at + 2)? else { return None };
        let left = self.count.checked_sub(self.beyond)?;
        *self = Self { at: self.at + 2, unknown_code: self.unknown_code, ..Self::new(self.data) };
        (left < 8).then_some(())
    }

    /// How many zeros come, and the value after them.
    #[inline(always)]
    pub(super) fn next(&mut self, table: &Table) -> (usize, i32) {
        if self.count < 32 {
            self.refill();
        }
        let mut entry = table.fast[(self.buffer >> (64 - LOOKUP)) as usize];
        if entry & LONG != 0 {
            entry = long(self.buffer, entry, table);
            self.unknown_code |= entry == UNKNOWN;
        }
        let used = entry & 31;
        self.buffer <<= used;
        self.count -= used;
        ((entry >> 8 & 127) as usize, entry as i32 >> 16)
    }

    #[inline(always)]
    fn refill(&mut self) {
        if let Some(&[a, b, c, d]) = self.data.get(self.at..self.at + 4) {
            let word = u32::from_be_bytes([a, b, c, d]);
            // No byte is 0xFF: none of the complement is zero.
            if (!word).wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
                self.buffer |= u64::from(word) << (32 - self.count);
                self.count += 32;
                self.at += 4;
                return;
            }
        }
        let missing;
        (self.buffer, self.count, self.at, missing) =
            refill_bytes(self.data, self.buffer, self.count, self.at);
        self.beyond += missing;
    }
}

// What is rare takes and gives values, so that a reader's fields can stay in registers.

/// The entry of the next code where a look was not enough.
#[cold]
fn long(buffer: u64, entry: u32, table: &Table) -> u32 {
    let (length, run, size) = match entry & 31 {
        0 => match long_code(buffer, table) {
            Some(found) => found,
            None => return UNKNOWN,
        },
        length => (length, entry >> 8 & 127, entry >> 16),
    };
    let bits = if size == 0 { 0 } else { (buffer << length >> (64 - size)) as u32 };
    (extend(bits, size) as u32) << 16 | run << 8 | (length + size)
}

fn long_code(buffer: u64, table: &Table) -> Option<(u32, u32, u32)> {
    (LOOKUP + 1..=16).find_map(|length| {
        let code = (buffer >> (64 - length)) as u32;
        let (first, place) = table.first[length as usize];
        let number = code.checked_sub(first)?;
        let symbol = (number < table.counts[length as usize].into())
            .then(|| table.symbols.get(place + number as usize))??;
        let (run, size) = run_and_size(*symbol);
        Some((length, run, size))
    })
}

/// Byte for byte, without the zeros after 0xFF; zeros from the next marker on, whose number comes last.
#[cold]
fn refill_bytes(data: &[u8], mut buffer: u64, mut count: u32, mut at: usize) -> (u64, u32, usize, u32) {
    let mut missing = 0;
    while count <= 56 {
        let byte = match data.get(at..) {
            Some([0xFF, 0, ..]) => {
                at += 2;
                0xFF
            }
            Some([0xFF, ..] | []) | None => {
                missing += 8;
                0
            }
            Some([byte, ..]) => {
                at += 1;
                *byte
            }
        };
        buffer |= u64::from(byte) << (56 - count);
        count += 8;
    }
    (buffer, count, at, missing)
}
