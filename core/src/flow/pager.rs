//! When a list ends, and when it goes in circles.

use std::collections::HashSet;

/// Walks the pages of one list.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    cursor: Option<String>,
    seen: HashSet<String>,
    empty: u32,
    done: bool,
}

/// Why a walk cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Circle {
    /// A cursor came twice.
    Repeated,
    /// A cursor longer than any real one.
    Oversized,
    /// Empty pages without end.
    Empty,
}

impl Walk {
    const LONGEST_CURSOR: usize = 4096;
    const EMPTY_PAGES: u32 = 100;

    /// The cursor of the next page: `None` after the last, `Some(None)` for the first.
    pub(crate) fn next(&self) -> Option<Option<&str>> {
        (!self.done).then_some(self.cursor.as_deref())
    }

    /// Takes note of a page; absent, null and empty cursors all mean the end.
    pub(crate) fn arrived(&mut self, items: usize, cursor: Option<String>) -> Result<(), Circle> {
        self.empty = if items == 0 { self.empty + 1 } else { 0 };
        let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else {
            self.done = true;
            return Ok(());
        };
        let circle = if cursor.len() > Self::LONGEST_CURSOR {
            Circle::Oversized
        } else if self.empty >= Self::EMPTY_PAGES {
            Circle::Empty
        } else if !self.seen.insert(cursor.clone()) {
            Circle::Repeated
        } else {
            self.cursor = Some(cursor);
            return Ok(());
        };
        self.done = true;
        Err(circle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn walk(cursors: &[Option<&str>]) -> (usize, Result<(), Circle>) {
        let mut walk = Walk::default();
        for (page, cursor) in cursors.iter().enumerate() {
            if walk.next().is_none() {
                return (page, Ok(()));
            }
            if let Err(circle) = walk.arrived(1, cursor.map(str::to_owned)) {
                return (page + 1, Err(circle));
            }
        }
        (cursors.len(), Ok(()))
    }

    #[test]
    fn absent_null_and_empty_all_mean_the_end() {
        assert_eq!(walk(&[Some("a"), None, Some("never")]), (2, Ok(())));
        assert_eq!(walk(&[Some(""), Some("never")]), (1, Ok(())));
    }

    #[test]
    fn circles_are_noticed() {
        assert_eq!(walk(&[Some("a"), Some("a")]), (2, Err(Circle::Repeated)));
        assert_eq!(walk(&[Some("a"), Some("b"), Some("a")]), (3, Err(Circle::Repeated)));
        assert_eq!(walk(&[Some(&"x".repeat(4097))]), (1, Err(Circle::Oversized)));
        assert_eq!(walk(&[Some(&"x".repeat(4096)), None]), (2, Ok(())));
    }

    #[test]
    fn empty_pages_with_cursors_go_on_for_a_while_only() {
        let mut walk = Walk::default();
        let pages = (0..1_000).take_while(|i| walk.arrived(0, Some(i.to_string())).is_ok()).count();
        assert_eq!(pages, 99);
    }

    proptest! {
        #[test]
        fn every_walk_ends(cursors in proptest::collection::vec("[ab]{0,3}", 40)) {
            let mut walk = Walk::default();
            let mut pages = 0;
            for cursor in cursors.iter().cycle() {
                if walk.next().is_none() { break; }
                let _ = walk.arrived(1, Some(cursor.clone()));
                pages += 1;
                prop_assert!(pages <= 16);
            }
        }
    }
}
