//! From placed letters to lines and paragraphs.
//!
//! Programs that write PDF draw text in reading order, columns and table cells included, so that order is kept; only
//! words, lines and paragraphs are found by their places.

use std::collections::BTreeMap;

use hayro_interpret::kurbo::Point;
use smol_str::SmolStr;

use super::line::Line;

/// A letter (or ligature) and where it stands: y grows downwards, both points lie on the baseline.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) text: SmolStr,
    pub(super) start: Point,
    pub(super) end: Point,
    pub(super) size: f64,
    pub(super) angle: f64,
}

/// A step to the next baseline longer than this many font sizes starts a paragraph, if the page shows no usual step.
const PARAGRAPH_STEP: f64 = 1.75;
/// A step longer than this many times the usual one starts a paragraph.
const LONGER: f64 = 1.25;
/// Beyond this many font sizes, lines are apart even where the page is set with wide steps.
const WIDEST_STEP: f64 = 2.6;
/// Lines whose sizes differ by more than this part are not of one paragraph.
const SIZE_STEP: f64 = 0.09;

pub(super) fn page_text(letters: &[Letter]) -> String {
    let mut lines: Vec<Line> = Vec::new();
    for letter in letters {
        let taken = lines.last_mut().is_some_and(|line| line.take(letter));
        if !taken && !letter.text.trim().is_empty() {
            lines.push(Line::new(letter));
        }
    }
    let usual = usual_step(&lines);
    let mut text = String::new();
    let mut above: Option<&Line> = None;
    for line in &lines {
        if let Some(above) = above {
            text.push_str(separator(above, line, usual));
        }
        text.push_str(&line.text());
        above = Some(line);
    }
    text
}

/// The longest step between baselines within a paragraph, in font sizes: a little more than that of most of the text.
fn usual_step(lines: &[Line]) -> f64 {
    let mut counts = BTreeMap::<i64, usize>::new();
    for pair in lines.windows(2) {
        if let [above, below] = pair {
            let step = (below.baseline - above.baseline) / below.size;
            if (0.8..3.0).contains(&step) && (above.size - below.size).abs() < 0.5 {
                // The cast rounds a small number to a twentieth.
                *counts.entry((step * 20.0).round() as i64).or_default() += above.length().min(below.length());
            }
        }
    }
    let most = counts.iter().max_by_key(|(_, count)| **count);
    most.map_or(PARAGRAPH_STEP, |(step, _)| (*step as f64 / 20.0 * LONGER).min(WIDEST_STEP))
}

fn separator(above: &Line, below: &Line, usual: f64) -> &'static str {
    let step = (below.baseline - above.baseline) / above.size.max(below.size);
    if step.abs() < 0.3 {
        return if below.left > above.right { "   " } else { "\n\n" };
    }
    let sized = (above.size / below.size).ln().abs() > SIZE_STEP;
    let apart = step < 0.0 || step > usual || !above.parallel(below.angle);
    if sized || apart { "\n\n" } else { "\n" }
}
