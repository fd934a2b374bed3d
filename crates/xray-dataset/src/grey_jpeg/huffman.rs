/// The bits of codes and of the values behind them that one look into a table settles.
const LOOKUP: u32 = 11;

/// The run that ends a block, longer than any block.
const END_OF_BLOCK: u32 = 64;

/// Which coefficients of a block a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The first of each block.
    First,
    /// All others.
    Others,
}

/// A Huffman table: from the next bits to one or two runs of zeros and the value after each.
pub(super) struct Table {
    /// By the next [`LOOKUP`] bits.
    fast: Box<[Entry; 1 << LOOKUP]>,
    /// By the length of a code: the first code of that length, and the place of its symbol.
    first: [(u32, usize); 17],
    /// By the length of a code: how many there are.
    counts: [u8; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// The table that a DHT segment describes: codes by length, and symbols in the order of their codes.
    /// Nothing if there are more codes of a length than fit.
    pub(super) fn new(class: Class, counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            fast: Box::new([Entry::LONG; 1 << LOOKUP]),
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
        if class == Class::Others {
            table.pair();
        }
        Some(table)
    }

    /// Puts a second value into every entry whose bits hold it whole.
    fn pair(&mut self) {
        let single = self.fast.clone();
        for (bits, slot) in self.fast.iter_mut().enumerate() {
            let used = slot.used_by_first();
            if slot.is_long() || slot.run() == END_OF_BLOCK as usize {
                continue;
            }
            let second = single[(bits << used) % (1 << LOOKUP)];
            if !second.is_long() && used + second.used_by_first() <= LOOKUP {
                *slot = slot.followed_by(second);
            }
        }
    }
}

/// What a look finds, packed: the bits used by the first value (5 bits, from bit 0) and by both (5), the first run
/// (7), how far on the second value is (7), whether the look is too short (1); from bit 32, both values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry(u64);

impl Entry {
    /// A code longer than the look. With bits used, only the value behind the code is: they are those of the code, and
    /// the first value is the size of the value.
    const LONG: Self = Self(1 << 24);
    /// A code that the table does not have; it ends the block.
    const UNKNOWN: Self = Self((END_OF_BLOCK as u64) << 10);

    fn single(run: u32, value: i32, used: u32) -> Self {
        let value = u64::from(value as u16);
        Self(value << 32 | u64::from(run) << 10 | u64::from(used << 5 | used))
    }

    fn followed_by(self, next: Self) -> Self {
        let used = u64::from(self.used_by_first() + next.used_by_first());
        let kept = self.0 & !(31 << 5);
        Self(kept | used << 5 | (next.run() as u64 + 1) << 17 | (next.first() as u16 as u64) << 48)
    }

    fn is_long(self) -> bool {
        self.0 & Self::LONG.0 != 0
    }

    #[inline(always)]
    pub(super) fn used_by_first(self) -> u32 {
        self.0 as u32 & 31
    }

    #[inline(always)]
    pub(super) fn used(self) -> u32 {
        self.0 as u32 >> 5 & 31
    }

    /// How many zeros come before the first value.
    #[inline(always)]
    pub(super) fn run(self) -> usize {
        (self.0 >> 10 & 127) as usize
    }

    /// By how many places the second value lies behind the first; 0 if there is none.
    #[inline(always)]
    pub(super) fn further(self) -> usize {
        (self.0 >> 17 & 127) as usize
    }

    #[inline(always)]
    pub(super) fn first(self) -> i32 {
        i32::from((self.0 >> 32) as i16)
    }

    #[inline(always)]
    pub(super) fn second(self) -> i32 {
        i32::from((self.0 >> 48) as i16)
    }
}

/// The entry of a code of `length` bits, followed by the `rest` bits in `bits`.
fn entry(symbol: u8, length: u32, bits: u32, rest: u32) -> Entry {
    let (run, size) = run_and_size(symbol);
    if size > rest {
        return Entry(Entry::single(run, size as i32, length).0 | Entry::LONG.0);
    }
    Entry::single(run, extend(bits >> (rest - size), size), length + size)
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

    /// What comes next, which is not gone past: see [`Bits::pass`].
    #[inline(always)]
    pub(super) fn look(&mut self, table: &Table) -> Entry {
        if self.count < 32 {
            self.refill();
        }
        let entry = table.fast[(self.buffer >> (64 - LOOKUP)) as usize];
        if entry.is_long() {
            let found = long(self.buffer, entry, table);
            self.unknown_code |= found.is_none();
            return found.unwrap_or(Entry::UNKNOWN);
        }
        entry
    }

    /// Goes past `count` bits of what was looked at.
    #[inline(always)]
    pub(super) fn pass(&mut self, count: u32) {
        self.buffer <<= count;
        self.count -= count;
    }

    /// The value of a table of [`Class::First`].
    #[inline(always)]
    pub(super) fn next(&mut self, table: &Table) -> i32 {
        let entry = self.look(table);
        self.pass(entry.used_by_first());
        entry.first()
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
fn long(buffer: u64, entry: Entry, table: &Table) -> Option<Entry> {
    let (length, run, size) = match entry.used_by_first() {
        0 => long_code(buffer, table)?,
        length => (length, entry.run() as u32, entry.first() as u32),
    };
    let bits = if size == 0 { 0 } else { (buffer << length >> (64 - size)) as u32 };
    Some(Entry::single(run, extend(bits, size), length + size))
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
