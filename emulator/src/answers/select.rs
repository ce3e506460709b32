//! Which sentences are quoted.

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;

use rusqlite::Result;

use super::index::{Hits, Index};
use super::passages::{Passage, Sentence};
use super::question::Question;
use super::{Finding, Found};

/// How many passages a question's answer quotes at most.
const MOST_QUOTES: usize = 6;
/// How many bullets a list has at most.
const MOST_BULLETS: usize = 20;
/// How many passages a summary quotes at most.
const MOST_SUMMARY: usize = 8;
/// Passages worth a closer look.
const CANDIDATES: u32 = 80;
/// A passage scoring less than this part of the best is not quoted.
const WORTHY: f64 = 0.35;
/// What the score of a passage is worth that has none of the words itself, only its heading has.
const HEADED: f64 = 0.6;
/// A quotation takes further sentences up to this many bytes.
const QUOTE: usize = 420;

/// What requirements are told with.
const DUTIES: [&str; 13] = [
    "shall", "must", "should", "replace", "repair", "install", "remove", "provide", "refix", "extend", "required",
    "fit a", "fit an",
];
/// What defects are told with.
const DEFECTS: [&str; 24] = [
    "missing",
    "crack",
    "broken",
    "is blocked",
    "are blocked",
    "blocked by",
    "obstructed",
    "leak",
    "corroded",
    "corrosion",
    "failed",
    "fails",
    "overdue",
    "loose",
    "worn",
    "blistered",
    "ponding",
    "deficient",
    "adjust",
    "does not",
    "do not",
    "did not",
    "is not",
    "are not",
];

/// Passages with their scores, the best first, and the words that no passage has.
#[derive(Default)]
struct Ranking {
    passages: Vec<(u32, f64)>,
    unknown: Vec<String>,
}

/// A sentence that begins with one of these says little without the one before it.
const POINTERS: &[&str] = &["these", "this", "it", "its", "they", "their", "those", "such"];

/// The passages that have most of the question's words, each cut down to the sentences that do.
pub(super) fn find(question: &Question, passages: &[Passage]) -> Result<Found> {
    let index = Index::build(passages)?;
    let Ranking { passages: mut ranked, unknown } = ranked(&index, question)?;
    let hits = index.sentences_with(question.terms.iter().map(String::as_str))?;
    let own = |number: u32| hits.range((number, 0)..=(number, u32::MAX)).next().is_some();
    // What only stands below such a heading comes later, and rows that only have such a column do not come at all.
    let any = ranked.iter().any(|(number, _)| own(*number));
    if any || !unknown.is_empty() {
        let is_row = |number: u32| passages.get(number as usize).is_some_and(Passage::is_known_rows);
        ranked.retain(|(number, _)| own(*number) || !is_row(*number));
    }
    if any {
        ranked.iter_mut().filter(|(number, _)| !own(*number)).for_each(|(_, score)| *score *= HEADED);
        ranked.sort_by(|(place, score), (other, than)| than.total_cmp(score).then(place.cmp(other)));
    }
    let mut findings: Vec<Finding> = Vec::new();
    let best = ranked.first().map_or(0.0, |(_, score)| *score);
    let solid = |number: u32| passages.get(number as usize).is_some_and(Passage::is_solid);
    let any_solid = ranked.iter().any(|(number, _)| solid(*number));
    for (number, score) in ranked {
        // Labels and other fragments count only where there is nothing better.
        let Some(passage) = passages.get(number as usize).filter(|_| solid(number) || !any_solid) else { continue };
        for range in quotes(passage, number, &hits) {
            let finding = finding(passage, range, score);
            let repeated = findings.iter().any(|before| before.quote == finding.quote);
            if score >= best * WORTHY && findings.len() < MOST_QUOTES && !repeated {
                findings.push(finding);
            }
        }
    }
    Ok(Found { findings, unknown })
}

/// Every sentence that tells of something to do, about the question's words if it has any.
pub(super) fn list(question: &Question, passages: &[Passage]) -> Result<Found> {
    let index = Index::build(passages)?;
    let unknown = ranked(&index, question)?.unknown;
    let asked = index.sentences_with(question.terms.iter().map(String::as_str))?;
    let mut headed = BTreeSet::new();
    for term in &question.terms {
        headed.extend(index.headed_with(term)?);
    }
    let about = |(passage, sentence): (u32, u32)| {
        let back = sentence_at(passages, passage, sentence).is_some_and(|(_, found)| points_back(&found.text));
        let before = (sentence.saturating_sub(2)..sentence).any(|before| asked.contains_key(&(passage, before)));
        let here = headed.contains(&passage) || asked.contains_key(&(passage, sentence));
        question.terms.is_empty() || here || (back && before)
    };
    let work = index.sentences_with(DUTIES.into_iter().chain(DEFECTS))?;
    let mut scored: Vec<((u32, u32), f64)> = work
        .iter()
        .filter(|(place, _)| about(**place))
        .map(|(place, words)| (*place, weight(words, asked.get(place).map_or(0, BTreeSet::len))))
        .collect();
    if scored.is_empty() {
        // Nothing to do: then whatever has the words.
        scored = asked.iter().map(|(place, words)| (*place, words.len() as f64)).collect();
    }
    let mut seen = HashSet::new();
    scored.retain(|((passage, sentence), _)| {
        sentence_at(passages, *passage, *sentence)
            .is_some_and(|(_, sentence)| is_bullet(sentence) && seen.insert(sentence.text.as_str()))
    });
    scored.sort_by(|(place, score), (other, than)| than.total_cmp(score).then(place.cmp(other)));
    scored.truncate(MOST_BULLETS);
    // A person works through the document from its beginning.
    scored.sort_by_key(|(place, _)| *place);
    let mut findings: Vec<Finding> = Vec::new();
    for ((number, at), score) in scored {
        let Some((passage, _)) = sentence_at(passages, number, at) else { continue };
        let bullet = finding(passage, bullet(passage, at as usize), score);
        // What a bullet repeats to be understood need not stand alone as well.
        findings.retain(|before| before.place.page != bullet.place.page || !bullet.quote.starts_with(&before.quote));
        findings.push(bullet);
    }
    Ok(Found { findings, unknown })
}

/// The sentence, and those before it that it points back to.
fn bullet(passage: &Passage, at: usize) -> RangeInclusive<usize> {
    let mut first = at;
    while at - first < 2
        && first > 0
        && passage.sentences.get(first).is_some_and(|sentence| points_back(&sentence.text))
    {
        first -= 1;
    }
    first..=at
}

fn points_back(text: &str) -> bool {
    let first = text.split(|char: char| !char.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
    POINTERS.contains(&first.as_str()) || text.ends_with(" there.")
}

/// The first sentences of each document and of its sections, spread over its pages.
pub(super) fn summary(passages: &[Passage]) -> Vec<Finding> {
    let prose: Vec<&Passage> = passages.iter().filter(|passage| passage.is_prose()).collect();
    let mut leading: Vec<&Passage> = prose.iter().copied().filter(|passage| passage.leads).collect();
    if leading.len() < 3 {
        leading = if prose.is_empty() { passages.iter().collect() } else { prose };
    }
    let wanted = leading.len().min(MOST_SUMMARY);
    let spread = (0..wanted).filter_map(|step| leading.get(step * leading.len() / wanted.max(1)));
    spread.map(|passage| finding(passage, opening(passage), 1.0)).collect()
}

/// The passages with the question's words: those with more of the words gain.
fn ranked(index: &Index, question: &Question) -> Result<Ranking> {
    if question.terms.is_empty() {
        return Ok(Ranking::default());
    }
    let mut unknown = Vec::new();
    let mut holders = Vec::new();
    for term in &question.terms {
        let passages = index.passages_with(term)?;
        if passages.is_empty() {
            unknown.push(term.clone());
        } else {
            holders.push(passages);
        }
    }
    let mut ranked = index.ranked(&question.terms, CANDIDATES)?;
    for (passage, score) in &mut ranked {
        let covered = holders.iter().filter(|passages| passages.contains(passage)).count();
        *score *= 0.2 + 0.8 * covered as f64 / holders.len().max(1) as f64;
    }
    ranked.sort_by(|(place, score), (other, than)| than.total_cmp(score).then(place.cmp(other)));
    Ok(Ranking { passages: ranked, unknown })
}

/// What is quoted of a passage: of known rows each run of those with the most of the words, otherwise what stands
/// around them.
fn quotes(passage: &Passage, number: u32, hits: &Hits) -> Vec<RangeInclusive<usize>> {
    let covered = |at: usize| {
        let place = u32::try_from(at).ok().and_then(|at| hits.get(&(number, at)));
        place.map_or(0, BTreeSet::len)
    };
    let most = (0..passage.sentences.len()).map(covered).max().unwrap_or_default();
    if most == 0 || !passage.is_known_rows() {
        return vec![quote(passage, covered)];
    }
    let mut runs: Vec<RangeInclusive<usize>> = Vec::new();
    let mut size = 0;
    for (at, sentence) in passage.sentences.iter().enumerate().filter(|(at, _)| covered(*at) == most) {
        size += sentence.text.len();
        match runs.last_mut() {
            Some(run) if *run.end() + 1 == at && size <= QUOTE => *run = *run.start()..=at,
            _ => {
                size = sentence.text.len();
                runs.push(at..=at);
            }
        }
    }
    runs
}

/// The sentences around those with the most of the words, as many as fit.
fn quote(passage: &Passage, covered: impl Fn(usize) -> usize) -> RangeInclusive<usize> {
    let sentences = &passage.sentences;
    let best = (0..sentences.len()).max_by_key(|at| (covered(*at), std::cmp::Reverse(*at))).unwrap_or_default();
    let (mut first, mut last) = (best, best);
    let mut size = sentences.get(best).map_or(0, |sentence| sentence.text.len());
    loop {
        let before = first.checked_sub(1).filter(|at| covered(*at) > 0);
        let after = Some(last + 1).filter(|at| *at < sentences.len());
        let next = match (before, after) {
            (Some(before), Some(after)) if covered(before) > covered(after) => before,
            (_, Some(after)) => after,
            (Some(before), None) => before,
            (None, None) => break,
        };
        size += sentences.get(next).map_or(0, |sentence| sentence.text.len());
        if size > QUOTE {
            break;
        }
        (first, last) = (first.min(next), last.max(next));
    }
    if first > 0 && sentences.get(first).is_some_and(|sentence| points_back(&sentence.text)) {
        first -= 1;
    }
    first..=last
}

/// The first two sentences, if they fit.
fn opening(passage: &Passage) -> RangeInclusive<usize> {
    let fits = |sentences: &&[Sentence]| sentences.iter().map(|sentence| sentence.text.len()).sum::<usize>() <= QUOTE;
    if passage.sentences.get(..2).is_some_and(|two| fits(&two)) { 0..=1 } else { 0..=0 }
}

fn join(sentences: &[Sentence]) -> String {
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    texts.join(" ")
}

fn weight(words: &BTreeSet<usize>, asked: usize) -> f64 {
    let duties = words.range(..DUTIES.len()).count();
    (duties * 2 + (words.len() - duties) + asked * 2) as f64
}

/// Whole sentences and table rows, not fragments.
fn is_bullet(sentence: &Sentence) -> bool {
    sentence.is_whole() || sentence.own().matches("; ").count() >= 2
}

fn sentence_at(passages: &[Passage], passage: u32, sentence: u32) -> Option<(&Passage, &Sentence)> {
    let passage = passages.get(passage as usize)?;
    Some((passage, passage.sentences.get(sentence as usize)?))
}

fn finding(passage: &Passage, range: RangeInclusive<usize>, score: f64) -> Finding {
    let score = (score * 100.0).round() / 100.0;
    let quote = join(passage.sentences.get(range.clone()).unwrap_or_default());
    Finding { quote, heading: passage.heading.clone(), file: passage.file.clone(), place: passage.place(range), score }
}
