//! A full-text index of passages and of their sentences, in memory.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Result};

use super::passages::Passage;

const TABLES: &str = "
    CREATE VIRTUAL TABLE passages USING fts5(text, heading, tokenize = 'porter unicode61 remove_diacritics 2', detail = full);
    CREATE VIRTUAL TABLE sentences USING fts5(text, tokenize = 'porter unicode61 remove_diacritics 2', detail = full);
    CREATE TABLE place (sentence INTEGER PRIMARY KEY, passage INTEGER NOT NULL, number INTEGER NOT NULL);
";

pub(super) struct Index {
    connection: Connection,
}

/// Which of the asked words a sentence has: passage, sentence within it → numbers of the words.
pub(super) type Hits = BTreeMap<(u32, u32), BTreeSet<usize>>;

impl Index {
    pub(super) fn build(all: &[Passage]) -> Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        connection.execute_batch(TABLES)?;
        let transaction = connection.transaction()?;
        {
            let mut passage = transaction.prepare("INSERT INTO passages (rowid, text, heading) VALUES (?, ?, ?)")?;
            let mut sentence = transaction.prepare("INSERT INTO sentences (rowid, text) VALUES (?, ?)")?;
            let mut place = transaction.prepare("INSERT INTO place VALUES (?, ?, ?)")?;
            let mut count: i64 = 0;
            for (entry, number) in all.iter().zip(0_u32..) {
                passage.execute((number, entry.text(), entry.heading.as_deref().unwrap_or_default()))?;
                for (text, within) in entry.sentences.iter().zip(0_u32..) {
                    count += 1;
                    sentence.execute((count, text.own()))?;
                    place.execute((count, number, within))?;
                }
            }
        }
        transaction.commit()?;
        Ok(Self { connection })
    }

    /// Passages with any of the words, the best first, each with a positive score.
    pub(super) fn ranked(&self, terms: &[String], most: u32) -> Result<Vec<(u32, f64)>> {
        let mut statement = self.connection.prepare(
            "SELECT rowid, -bm25(passages, 1.0, 0.7) AS score FROM passages WHERE passages MATCH ?
             ORDER BY score DESC, rowid LIMIT ?",
        )?;
        let any: Vec<String> = terms.iter().map(|term| quoted(term)).collect();
        statement.query_map((any.join(" OR "), most), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// The passages that have the word, in their text or their heading.
    pub(super) fn passages_with(&self, term: &str) -> Result<BTreeSet<u32>> {
        let mut statement = self.connection.prepare("SELECT rowid FROM passages WHERE passages MATCH ?")?;
        statement.query_map([quoted(term)], |row| row.get(0))?.collect()
    }

    /// The passages that have the word in their heading.
    pub(super) fn headed_with(&self, term: &str) -> Result<BTreeSet<u32>> {
        let mut statement = self.connection.prepare("SELECT rowid FROM passages WHERE passages MATCH ?")?;
        statement.query_map([format!("heading : {}", quoted(term))], |row| row.get(0))?.collect()
    }

    /// The sentences that have any of the words.
    pub(super) fn sentences_with<'a>(&self, terms: impl IntoIterator<Item = &'a str>) -> Result<Hits> {
        let mut hits = Hits::new();
        let mut statement = self.connection.prepare(
            "SELECT passage, number FROM sentences JOIN place ON place.sentence = sentences.rowid WHERE sentences MATCH ?",
        )?;
        for (number, term) in terms.into_iter().enumerate() {
            for place in statement.query_map([quoted(term)], |row| Ok((row.get(0)?, row.get(1)?)))? {
                hits.entry(place?).or_default().insert(number);
            }
        }
        Ok(hits)
    }
}

/// A phrase in the index's query language, in which only a quotation mark could end it.
fn quoted(term: &str) -> String {
    format!("\"{}\"", term.replace('"', "\"\""))
}
