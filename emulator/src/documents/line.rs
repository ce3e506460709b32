//! One line: which letters belong to it, and where its words part.

use hayro_interpret::kurbo::Point;
use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

use super::layout::Letter;

/// A gap wider than this part of the font size parts two words.
const WORD_GAP: f64 = 0.13;
/// A gap wider than this part of the font size parts two columns or cells.
const COLUMN_GAP: f64 = 1.6;
/// How far from the baseline, in font sizes, a letter may stand and still belong to the line, as superscripts do.
const SHIFT: f64 = 0.45;
/// How far a letter may step back, as accents and kerning do; a new cell or column steps back farther.
const BACK: f64 = 0.9;
/// A letter this much smaller and this much raised is a superscript.
const SUPER: (f64, f64) = (0.85, 0.15);

pub(super) struct Line {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) baseline: f64,
    pub(super) size: f64,
    pub(super) angle: f64,
    pieces: Vec<Piece>,
}

/// A letter within a line, and the gap before it in font sizes.
struct Piece {
    text: SmolStr,
    left: f64,
    right: f64,
    raised: f64,
    size: f64,
    gap: f64,
}

impl Line {
    pub(super) fn new(letter: &Letter) -> Self {
        let (left, baseline) = turned(letter.start, letter.angle);
        let mut line = Self { left, right: left, baseline, size: letter.size, angle: letter.angle, pieces: Vec::new() };
        line.push(letter, left, baseline);
        line
    }

    pub(super) fn parallel(&self, angle: f64) -> bool {
        (self.angle - angle).abs() < 0.02
    }

    /// How many letters it has.
    pub(super) fn length(&self) -> usize {
        self.pieces.len()
    }

    /// Takes the letter, unless it stands elsewhere.
    pub(super) fn take(&mut self, letter: &Letter) -> bool {
        let (left, baseline) = turned(letter.start, letter.angle);
        let size = self.size.max(letter.size);
        let here = self.parallel(letter.angle)
            && (self.baseline - baseline).abs() < SHIFT * size
            && left > self.right - BACK * size;
        if here {
            self.push(letter, left, baseline);
        }
        here
    }

    fn push(&mut self, letter: &Letter, left: f64, baseline: f64) {
        let (right, _) = turned(letter.end, letter.angle);
        let size = self.size.max(letter.size);
        if let Some(last) = self.pieces.last_mut() {
            // Bold is sometimes made by drawing a letter twice.
            if last.text == letter.text && (last.left - left).abs() < 0.1 * size {
                return;
            }
            // Accents are sometimes drawn apart, before their letter.
            if let Some(mark) = combining(&last.text).filter(|_| left < last.right) {
                last.text = letter.text.chars().chain([mark]).nfc().collect();
                last.gap += (left - last.left).min(0.0) / size;
                (last.left, last.right) = (last.left.min(left), right);
                self.right = self.right.max(right);
                return;
            }
        }
        let raised = (self.baseline - baseline) / size;
        let gap = (left - self.right) / size;
        // A line that began with a superscript goes by the larger letters that follow.
        if letter.size > self.size * 1.1 {
            (self.size, self.baseline) = (letter.size, baseline);
        }
        self.pieces.push(Piece { text: letter.text.clone(), left, right, raised, size: letter.size, gap });
        if !letter.text.trim().is_empty() {
            self.right = self.right.max(right);
        }
    }

    /// The line's words, with wide gaps kept as three spaces.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let word_gap = self.word_gap();
        for piece in &self.pieces {
            if piece.gap > COLUMN_GAP && !text.is_empty() {
                text.truncate(text.trim_end().len());
                text.push_str("   ");
            } else if (piece.gap > word_gap || piece.text.starts_with(' ')) && !text.ends_with(' ') {
                text.push(' ');
            }
            let (smaller, higher) = SUPER;
            if piece.size < self.size * smaller && piece.raised > higher {
                text.extend(piece.text.chars().map(superscript));
            } else {
                text.push_str(piece.text.trim());
            }
        }
        text.trim().nfc().collect()
    }

    /// Letter-spaced lines have wide gaps within their words, too.
    fn word_gap(&self) -> f64 {
        let within = self.pieces.windows(2).filter_map(|pair| match pair {
            [before, after] if before.is_word() && after.is_word() => Some(after.gap),
            _ => None,
        });
        let mut gaps: Vec<f64> = within.filter(|gap| *gap < COLUMN_GAP).collect();
        gaps.sort_by(f64::total_cmp);
        let low = gaps.get(gaps.len() / 4).copied().filter(|_| gaps.len() >= 6).unwrap_or_default();
        if low > WORD_GAP { low + WORD_GAP } else { WORD_GAP }
    }
}

impl Piece {
    fn is_word(&self) -> bool {
        self.text.chars().all(char::is_alphanumeric)
    }
}

/// The point in a frame whose first axis runs along the writing.
fn turned(point: Point, angle: f64) -> (f64, f64) {
    let (sin, cos) = angle.sin_cos();
    (point.x * cos + point.y * sin, point.y * cos - point.x * sin)
}

/// The mark that an accent standing alone puts on a letter.
fn combining(text: &str) -> Option<char> {
    Some(match text {
        "`" | "\u{300}" => '\u{300}',
        "´" | "\u{301}" => '\u{301}',
        "ˆ" | "\u{302}" => '\u{302}',
        "˜" | "\u{303}" => '\u{303}',
        "¨" | "\u{308}" => '\u{308}',
        "˚" | "\u{30a}" => '\u{30a}',
        "ˇ" | "\u{30c}" => '\u{30c}',
        "¸" | "\u{327}" => '\u{327}',
        _ => return None,
    })
}

/// Digits as superscripts, so that a footnote's mark does not become part of a number.
fn superscript(char: char) -> char {
    match char {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
    }
}
