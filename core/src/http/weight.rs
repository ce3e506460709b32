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
    /// A text stands there up to four times for a moment: as it came, mended, unescaped, and as it is read.
    const BYTE: usize = 4;
    const OBJECT: usize = 480;
    const LIST: usize = 300;
    const VALUE: usize = 80;
    const KEY: usize = 64;

    /// Takes in the next piece and gives the weight of all so far.
    pub(crate) fn add(&mut self, piece: &[u8]) -> usize {
        self.total += Self::BYTE * piece.len();
        for byte in piece {
            match (*byte, self.quoted) {
                _ if self.escaped => self.escaped = false,
                (b'\\', true) => self.escaped = true,
                (b'"', _) => self.quoted = !self.quoted,
                // Six letters where an error quotes it.
                (0x7F, true) => self.total += Self::BYTE,
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
        assert_eq!(Weight::default().add(br#""[{,:\"[{,:\\""#), 14 * Weight::BYTE);
        assert_eq!(Weight::default().add(b"[0,0]"), 5 * Weight::BYTE + Weight::LIST + Weight::VALUE);
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
