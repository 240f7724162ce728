//! Sorting and looking up, in little code.
//!
//! The standard library's sort is compiled for every type by itself, to some five kilobytes each in a page that is
//! downloaded before it can work; and collecting a map sorts first. For lists of thousands, one sort for all types is
//! fast enough.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::mem;

/// Sorts, and leaves what is equal in its order. Calls are indirect and things are moved twice: sort numbers, of which a
/// BAT has millions, with their own.
pub fn sort<T>(items: &mut Vec<T>, compare: &dyn Fn(&T, &T) -> Ordering) {
    let order = sorted(items.len(), &|one, other| compare(&items[one], &items[other]));
    let mut unsorted: Vec<Option<T>> = mem::take(items).into_iter().map(Some).collect();
    items.extend(order.into_iter().filter_map(|at| unsorted[at].take()));
}

/// The numbers below `count`, in the order of what they stand for.
fn sorted(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|one, other| compare(*one, *other));
    order
}

/// A map of these pairs; of several with one key the last stays.
pub fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec;

    use super::*;

    #[test]
    fn what_is_equal_stays_in_its_order() {
        let mut words: Vec<String> =
            "the quick brown fox jumps over the lazy dog".split(' ').map(str::to_string).collect();
        sort(&mut words, &|one, other| one.len().cmp(&other.len()));
        assert_eq!(words, ["the", "fox", "the", "dog", "over", "lazy", "quick", "brown", "jumps"]);
        let mut none: Vec<String> = vec![];
        sort(&mut none, &Ord::cmp);
        assert!(none.is_empty());
    }

    #[test]
    fn the_last_of_a_key_stays() {
        assert_eq!(map([(2, 'a'), (1, 'b'), (2, 'c')]).into_iter().collect::<Vec<_>>(), [(1, 'b'), (2, 'c')]);
    }
}
