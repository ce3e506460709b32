//! What an answer would weigh in memory: its length says little, since `[0,0,0,…` grows forty-fold when it is read.

/// Weighs JSON while it arrives, by its marks; whether it is valid is not asked.
#[derive(Debug, Default)]
pub(crate) struct Weight {
    total: usize,
    quoted: bool,
    escaped: bool,
}

impl Weight {
    /// What serde_json's values take, measured with keys in order: an object with its first keys, a list with its
    /// first values, one more value, one more key.
    const OBJECT: usize = 480;
    const LIST: usize = 300;
    const VALUE: usize = 80;
    const KEY: usize = 64;

    /// Takes in the next piece and gives the weight of all so far.
    pub(crate) fn add(&mut self, piece: &[u8]) -> usize {
        // The text itself, and what is read out of it, stand side by side for a moment.
        self.total += 2 * piece.len();
        for byte in piece {
            match (*byte, self.quoted) {
                _ if self.escaped => self.escaped = false,
                (b'\\', true) => self.escaped = true,
                (b'"', _) => self.quoted = !self.quoted,
                (_, true) => {}
                (b'{', _) => self.total += Self::OBJECT,
                (b'[', _) => self.total += Self::LIST,
                (b',', _) => self.total += Self::VALUE,
                (b':', _) => self.total += Self::KEY,
                _ => {}
            }
        }
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_inside_text_weigh_no_more_than_letters() {
        assert_eq!(Weight::default().add(br#""[{,:\"[{,:\\""#), 28);
        assert_eq!(Weight::default().add(b"[0,0]"), 10 + Weight::LIST + Weight::VALUE);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_it_is_cut(text in r#"[\[\]{},:"\\a]{0,60}"#, at in 0usize..60) {
            let at = at.min(text.len());
            let mut cut = Weight::default();
            cut.add(&text.as_bytes()[..at]);
            prop_assert_eq!(cut.add(&text.as_bytes()[at..]), Weight::default().add(text.as_bytes()));
        }
    }
}
