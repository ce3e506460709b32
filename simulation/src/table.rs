//! Tables, for a terminal and for Markdown.

use std::fmt::Write;

/// Rows of text below a head.
pub(crate) struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, head: &[&str]) -> Self {
        Self { title: title.into(), rows: vec![head.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// With aligned columns: the first to the left, the others to the right.
    pub(crate) fn text(&self) -> String {
        let widths = self.widths();
        let mut text = format!("{}\n", self.title);
        for row in &self.rows {
            let cells = row.iter().zip(&widths).enumerate();
            let cells: Vec<String> = cells
                .map(|(at, (cell, width))| {
                    let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
                    if at == 0 { format!("{cell}{pad}") } else { format!("{pad}{cell}") }
                })
                .collect();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
        }
        text
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n", self.title);
        for (at, row) in self.rows.iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if at == 0 {
                let _ = writeln!(text, "|---|{}", "---:|".repeat(row.len().saturating_sub(1)));
            }
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |at: usize| self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
        (0..columns).map(|at| width(at).unwrap_or_default()).collect()
    }
}

/// A count with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of how many, as a percentage.
pub(crate) fn share(some: u64, all: u64) -> String {
    format!("{:.1} %", 100.0 * some as f64 / all.max(1) as f64)
}

/// What none among so many trials says with 95 % confidence: the chance is below 3 in that many.
pub(crate) fn bound(none: u64, trials: u64) -> String {
    match (none, trials) {
        (0, 1..) => format!("< {}", percent(300.0 / trials as f64)),
        _ => String::new(),
    }
}

fn percent(number: f64) -> String {
    let digits = (1.0 - number.log10().floor()).clamp(0.0, 8.0) as usize;
    format!("{number:.digits$} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([count(0), count(999), count(360_000)], ["0", "999", "360,000"]);
        assert_eq!([bound(0, 360_000), bound(0, 100), bound(1, 100), bound(0, 0)], ["< 0.00083 %", "< 3.0 %", "", ""]);
        assert_eq!(share(1, 3), "33.3 %");
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new("What", &["name", "number"]);
        table.row(["one".to_owned(), "1".to_owned()]);
        assert_eq!(table.text(), "What\n  name  number\n  one        1\n");
        assert_eq!(table.markdown(), "## What\n\n| name | number |\n|---|---:|\n| one | 1 |\n");
    }
}
