//! Parent locators of every kind, written over those of a built disk.

use crate::build::{HEADER_AT, SECTOR, number64, utf16};
use crate::bytes::{put, seal};

/// A parent locator.
#[derive(Clone, Debug)]
pub struct Locator {
    /// Its platform code.
    pub code: &'static [u8; 4],
    /// The room that it says it has, in bytes or sectors.
    pub space: u32,
    /// The length that it says its name has.
    pub length: u32,
    /// What is in its place, at most a sector.
    pub data: Vec<u8>,
}

impl Locator {
    /// A sound one, by its path as it stands in the file.
    pub fn new(code: &'static [u8; 4], path: &str) -> Self {
        let data = if code.starts_with(b"W") { utf16(path, u16::to_le_bytes) } else { path.as_bytes().to_vec() };
        Self { code, space: SECTOR as u32, length: data.len() as u32, data }
    }
}

/// The three of a tapdisk that finds its parent under this name.
pub fn usual(name: &str) -> Vec<Locator> {
    let relative = format!(".\\{name}");
    vec![
        Locator::new(b"MacX", &format!("file://./{name}")),
        Locator::new(b"W2ku", &relative),
        Locator::new(b"W2ru", &relative),
    ]
}

/// Gives a built differencing disk these locators, no more than it has, and its header this name.
pub fn relocate(image: &mut [u8], name: &str, locators: &[Locator]) {
    image[HEADER_AT + 64..HEADER_AT + 576].fill(0);
    put(image, HEADER_AT + 64, &utf16(name, u16::to_be_bytes));
    for number in 0..8 {
        let at = HEADER_AT + 576 + 24 * number;
        let place = number64(image, at + 16) as usize;
        assert_eq!(number < locators.len(), number < locators.len() && place > 0, "there is room for that many");
        image[at..at + 24].fill(0);
        if place > 0 {
            image[place..place + SECTOR].fill(0);
        }
        let Some(locator) = locators.get(number) else { continue };
        put(image, at, locator.code);
        put(image, at + 4, &locator.space.to_be_bytes());
        put(image, at + 8, &locator.length.to_be_bytes());
        put(image, at + 16, &(place as u64).to_be_bytes());
        put(image, place, &locator.data);
    }
    seal(&mut image[HEADER_AT..HEADER_AT + 1024], 36);
}
