//! What is asked for, and the words that decide it.

/// Words that say nothing about the subject.
const EMPTY: &str = "\
    a about above actually after again all also am an and any anything are as at be been before being below \
    between both but by can could did do does doing during each every everything few for from further had has have \
    having he her here how i if in into is it its just kindly know let like many may me might more most much must \
    my no not now of off on once only or other our out over please same say says she should so some such than \
    thank thanks that the their them then there these they this those through to too under until up us very was we \
    were what when where which while who whom why will with would you your";

/// Words that say what to do with the subject.
const TASK: &str = "\
    action actions add answer artifact attached bullet bulleted bullets checklist concern concerns convert create \
    describe detail details document documents draft explain extract file files find finding findings format \
    generate get give identify issue issues item items key list lists main make mention mentioned mentions need \
    overview pdf point points prepare problem problems produce provide punch punchlist read report result results \
    review show sum summarise summarize summary table task tasks tell text todo turn want write wrong";

/// Phrases that ask for a list, and the title that the list then has.
const LISTS: &[(&str, &str)] = &[
    ("punch list", "Punch list"),
    ("punchlist", "Punch list"),
    ("checklist", "Checklist"),
    ("check list", "Checklist"),
    ("action item", "Action items"),
    ("action items", "Action items"),
    ("to do", "Action items"),
    ("todo", "Action items"),
    ("tasks", "Action items"),
    ("table of", "List"),
    ("bullets", "List"),
    ("bullet points", "List"),
    ("list", "List"),
];

/// Words that ask for the gist.
const GIST: &[&str] = &["gist", "overview", "summarise", "summarize", "summary"];

/// What a document is called. The words before one say which document is meant, not what about it.
const DOCUMENT: &[&str] = &["document", "documents", "file", "files", "pdf", "report", "reports", "text"];

/// More words than a person types; each costs a look into the index.
const MOST_TERMS: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Passages about the question's words.
    Find,
    /// One bullet for each thing to do, or for each match.
    List,
    /// The gist of everything.
    Summary,
}

#[derive(Debug)]
pub(super) struct Question {
    /// As asked, on one line.
    pub(super) text: String,
    pub(super) turn: u32,
    pub(super) kind: Kind,
    /// The title of a list.
    pub(super) title: &'static str,
    /// The words that decide, each as the letters and digits it is made of, parted by spaces.
    pub(super) terms: Vec<String>,
}

impl Question {
    /// What a workflow does, by its description: its words are about itself, not about the documents.
    pub(super) fn task(description: &str) -> Self {
        let question = Self::read(description, 1);
        let kind = if question.kind == Kind::List { Kind::List } else { Kind::Summary };
        Self { kind, terms: Vec::new(), ..question }
    }

    pub(super) fn read(question: &str, turn: u32) -> Self {
        let text = question.split_whitespace().collect::<Vec<_>>().join(" ");
        let words: Vec<String> = text.split(' ').map(letters).filter(|word| !word.is_empty()).collect();
        let said = format!(" {} ", words.join(" "));
        let list = LISTS.iter().find(|(phrase, _)| said.contains(&format!(" {phrase} ")));
        let names = naming(&words);
        let mut terms = Vec::new();
        for (at, word) in words.into_iter().enumerate() {
            let idle = is_one_of(EMPTY, &word) || is_one_of(TASK, &word) || names.contains(&at);
            if !idle && !terms.contains(&word) && terms.len() < MOST_TERMS {
                terms.push(word);
            }
        }
        let kind = match (list, terms.is_empty()) {
            (Some(_), _) => Kind::List,
            (None, true) => Kind::Summary,
            (None, false) => Kind::Find,
        };
        Self { text, turn, kind, title: list.map_or("List", |(_, title)| title), terms }
    }
}

/// The places of the words that only name a document whose gist is asked for: "uploaded inspection" before "report".
fn naming(words: &[String]) -> Vec<usize> {
    if !words.iter().any(|word| GIST.contains(&word.as_str())) {
        return Vec::new();
    }
    let mut names = Vec::new();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| DOCUMENT.contains(&word.as_str())) {
        let before = words.iter().enumerate().take(at).rev();
        names.extend(before.take_while(|(_, word)| !is_one_of(EMPTY, word)).map(|(at, _)| at));
    }
    names
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// The letters and digits of a word, lower case, with one space for whatever parts them.
fn letters(word: &str) -> String {
    let word = word.trim_end_matches("'s").trim_end_matches("’s").to_lowercase();
    word.split(|char: char| !char.is_alphanumeric()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
