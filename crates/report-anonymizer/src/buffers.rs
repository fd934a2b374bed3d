use std::cell::RefCell;

use crate::token::Token;

/// The memory of a document. A report needs what the one before it needed, so each thread keeps it.
#[derive(Default)]
pub(crate) struct Buffers {
    pub(crate) tokens: Vec<Token>,
    pub(crate) folded: String,
    pub(crate) first: Vec<u32>,
}

/// More tokens than any report has: what a whole archive in one text needed is given back.
const KEPT_TOKENS: usize = 1 << 14;

/// How many a thread keeps: the report's, that of its tagged form, that of a part of it.
const KEPT: usize = 3;

thread_local! {
    static SPARE: RefCell<Vec<Buffers>> = const { RefCell::new(Vec::new()) };
}

impl Buffers {
    /// Empty ones, with room for a text of `bytes` if there are none to be used again.
    pub(crate) fn taken(bytes: usize) -> Self {
        SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Self {
            tokens: Vec::with_capacity(bytes / 4 + 8),
            folded: String::with_capacity(bytes / 2),
            first: Vec::new(),
        })
    }

    /// Keeps them for the next document of this thread.
    pub(crate) fn give(mut self) {
        if self.tokens.capacity() > KEPT_TOKENS {
            return;
        }
        self.tokens.clear();
        self.folded.clear();
        self.first.clear();
        // A thread that ends has nothing to keep them in.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < KEPT {
                spare.push(self);
            }
        });
    }
}
