use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives; nothing if it panicked, as libraries of others do on files that break the rules. It must
/// have no state that could stay broken.
///
/// The panic's message is not printed, because it may quote the file. Every other panic is printed as before.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    let outer = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(outer);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_nests() {
        assert_eq!(caught(|| 3), Some(3));
        let inner = || caught(|| panic!("what a file holds")).map_or(5, |(): ()| 6);
        assert_eq!(caught(inner), Some(5));
        assert!(!QUIET.get());
    }
}
