//! A launch whose answer was lost: the list and the conversations tell which agent it made.

use super::{Search, left};
use crate::{
    Error, ErrorKind, Event, EventKind, Result,
    flow::{
        Moment,
        reconcile::{self, Candidate, Look, ServerTime, Verdict},
        turn::fingerprint,
    },
    nomic::{
        Agent, Agents, ListOptions, Message, Role,
        claims::{Claim, Shelf},
    },
    progress::ticking,
};
use std::{collections::HashMap, time::Duration};
use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, timeout_at},
};

/// How many pages of the newest agents are read at most.
const PAGES: usize = 20;
/// How many of the newest agents may be it, where nothing tells since when.
const UNDATED: usize = 20;
/// How long a launch that has succeeded looks for earlier ones.
const TWINS: Duration = Duration::from_secs(5);
const ATTACH: &str = "`agents.attach` takes the right one";

/// How an agent looks from outside, which is all that tells what launched it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Looks {
    workflow: Option<String>,
    /// Without one the platform may choose one of its own.
    project: Option<String>,
    /// Of the prompt: the conversation begins with it. A launch without one is told by its files, or by a conversation
    /// that nobody began: a question may be the workflow's own as well as somebody's.
    prompt: Option<String>,
    files: Vec<String>,
}

impl Looks {
    pub(crate) fn new<'a>(
        workflow: Option<&str>,
        project: Option<&str>,
        prompt: Option<&str>,
        files: impl IntoIterator<Item = &'a String>,
    ) -> Self {
        let (workflow, project) = (workflow.map(str::to_ascii_lowercase), project.map(str::to_ascii_lowercase));
        Self { workflow, project, prompt: prompt.map(fingerprint), files: sorted(files) }
    }

    /// Whether it may be this agent, as far as lists tell.
    fn admits(&self, agent: &Agent) -> bool {
        let same = |own: &Option<String>, its: &Option<String>| {
            own.as_deref() == its.as_deref().map(str::to_ascii_lowercase).as_deref()
        };
        same(&self.workflow, &agent.workflow_id) && (self.project.is_none() || same(&self.project, &agent.project_id))
    }
}

impl reconcile::Looks for Looks {
    fn meets(&self, other: &Self) -> bool {
        let project = self.project.is_none() || other.project.is_none() || self.project == other.project;
        project && (&self.workflow, &self.prompt, &self.files) == (&other.workflow, &other.prompt, &other.files)
    }
}

/// Ids are shown in small letters, and found in any; their order tells nothing.
fn sorted<'a>(ids: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut ids = ids.into_iter().map(|id| id.to_ascii_lowercase()).collect::<Vec<_>>();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// What was last seen of the account's newest agents.
#[derive(Default)]
pub(crate) struct Sight {
    list: Option<List>,
    /// What was read of each agent, which does not change: how it began, and itself with its files.
    known: HashMap<String, Known>,
}

struct List {
    at: Moment,
    /// It reaches back to what was sent then.
    from: Moment,
    server: Option<ServerTime>,
    agents: Vec<Agent>,
}

#[derive(Default)]
struct Known {
    opening: Option<Opening>,
    agent: Option<Agent>,
}

/// How a conversation begins.
enum Opening {
    /// With a question of this fingerprint.
    Question(String),
    /// The agent began by itself.
    Silence,
}

/// Whether an agent is what was launched.
enum Likeness {
    Same,
    /// It may be, and nothing there is can tell.
    Perhaps,
    /// It may be: its conversation has not begun yet.
    Unsure,
    Other,
}

/// What one look showed.
struct Seen {
    at: Moment,
    server: Option<ServerTime>,
    candidates: Vec<Candidate>,
    /// The same, as they were read.
    agents: Vec<Agent>,
    /// Of some agents it cannot be told yet what they were asked.
    unsure: bool,
    /// These may be it, and cannot be told from others.
    doubtful: Vec<String>,
}

impl Seen {
    fn look(&self) -> Look<'_> {
        Look { at: self.at, server: self.server, candidates: &self.candidates }
    }

    /// What may be what was sent then, as far as nobody here has got it since the look: what cannot be told from others,
    /// and what was kept for an equal launch whose caller has not come back for it.
    fn unclaimed(self, claim: &Claim<Looks>, sent: Moment) -> Vec<String> {
        claim.shelf.read(|claims| {
            let mut ids = claims.possible(&self.look(), sent);
            ids.extend(self.doubtful);
            ids.retain(|id| !claims.is_claimed(id));
            ids
        })
    }
}

/// Finds the agent of a launch that was sent at this moment.
pub(crate) async fn recover(
    agents: &Agents,
    claim: &Claim<Looks>,
    sent: Moment,
    until: Instant,
    error: Error,
) -> Result<Agent> {
    let mut search = Search::new(&agents.shared, "agents.launch", until);
    // What others have just read may serve.
    let mut last: Option<Seen> = None;
    while search.goes_on().await {
        let newer = last.as_ref().map_or(sent, |last| last.at);
        let seen = look(agents, &claim.looks, sent, newer, search.end);
        let Some(seen) = search.look(seen).await else { continue };
        let seen = last.insert(seen);
        if seen.unsure && !search.is_last() {
            continue;
        }
        match claim.judge(&seen.look(), until).await {
            Verdict::Found(id) => {
                search.found(Some(&id));
                return match seen.agents.iter().find(|agent| agent.id == id) {
                    Some(agent) => Ok(agent.clone()),
                    None => agents.get(&id).await,
                };
            }
            Verdict::Undecidable(candidates) => {
                return Err(search.undecided(error, candidates, ATTACH));
            }
            Verdict::Absent | Verdict::Crowded => {}
        }
    }
    let candidates = last.map(|last| last.unclaimed(claim, sent)).unwrap_or_default();
    if !candidates.is_empty() {
        return Err(search.undecided(error, candidates, ATTACH));
    }
    Err(search.in_vain(error, "Look at `agents.list` before you launch it again"))
}

/// Tells of equal launches that were given up and have turned up since. They are left alone.
pub(crate) async fn tell_twins(agents: &Agents, claim: &Claim<Looks>, end: Instant) {
    let shelf = &claim.shelf;
    let Some(sent) = shelf.read(|claims| claims.given_up(&claim.looks)) else { return };
    let until = end.min(Instant::now() + TWINS);
    let seen = timeout_at(until, look(agents, &claim.looks, sent, shelf.now(), until)).await;
    let Ok(Ok(seen)) = seen else { return };
    for twin in shelf.read(|claims| claims.twins(&claim.looks, &seen.look(), shelf.now())) {
        let text =
            format!("an equal launch whose answer was lost has made agent {twin}: it works too, and is left alone");
        agents.shared.exit.events.tell(Event::new(EventKind::Twin, "agents.launch", text).about(&twin));
    }
}

/// Whatever looks like this and was launched since then, by a list that is newer than the last one seen.
async fn look(agents: &Agents, looks: &Looks, sent: Moment, newer: Moment, until: Instant) -> Result<Seen> {
    let account = agents.shared.account();
    let mut sight = account.sight().await;
    let held = OwnedMutexGuard::mutex(&sight).clone();
    let look = look_at(agents, &account.launches, &mut sight, looks, sent, newer, until);
    ticking(look, || account.looks_on(&held)).await
}

async fn look_at(
    agents: &Agents,
    shelf: &Shelf<Looks>,
    sight: &mut Sight,
    looks: &Looks,
    sent: Moment,
    newer: Moment,
    until: Instant,
) -> Result<Seen> {
    let Sight { list: latest, known } = sight;
    let list = match latest.take() {
        Some(list) if list.at > newer && list.from <= sent => list,
        _ => {
            let from = shelf.read(|claims| claims.earliest_lost(shelf.now())).map_or(sent, |first| first.min(sent));
            let list = list(agents, shelf, from, until).await?;
            known.retain(|id, _| list.agents.iter().any(|agent| agent.id == *id));
            list
        }
    };
    let list = latest.insert(list);
    let (candidates, doubtful, found) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = Seen { at: list.at, server: list.server, candidates, agents: found, unsure: false, doubtful };
    for agent in list.agents.iter().filter(|agent| looks.admits(agent)) {
        if shelf.read(|claims| claims.is_claimed(&agent.id)) {
            continue;
        }
        let known = known.entry(agent.id.clone()).or_default();
        match known.likeness(agents, looks, &agent.id, until).await {
            // It may be as old as it likes.
            Ok(Likeness::Same) if seen.server.is_none() => seen.doubtful.push(agent.id.clone()),
            Ok(Likeness::Same) => {
                seen.candidates.push(Candidate { id: agent.id.clone(), created_at: agent.created_at });
                seen.agents.extend(known.agent.clone());
            }
            Ok(Likeness::Other) => {}
            Ok(Likeness::Perhaps) => seen.doubtful.push(agent.id.clone()),
            Ok(Likeness::Unsure) => {
                seen.unsure = true;
                seen.doubtful.push(agent.id.clone());
            }
            Err(error) if error.retryable || error.kind() == ErrorKind::NotFound => seen.unsure = true,
            Err(error) => return Err(error),
        }
    }
    Ok(seen)
}

/// The agents that were launched since then, whatever their status: a filter knows no `awaiting_tool`.
async fn list(agents: &Agents, shelf: &Shelf<Looks>, from: Moment, until: Instant) -> Result<List> {
    let mut pager = agents.list(ListOptions::default().page_size(100u32))?;
    let mut list: Option<List> = None;
    for _ in 0..PAGES {
        pager.limit = Some(left(until));
        let Some(page) = pager.next_page().await? else { break };
        let list = list.get_or_insert_with(|| {
            let server = ServerTime::new(pager.date, page.items.iter().filter_map(|agent| agent.created_at).max());
            List { at: shelf.now(), from, server, agents: Vec::new() }
        });
        let Some(server) = list.server else {
            list.agents.extend(page.items.into_iter().take(UNDATED));
            break;
        };
        let since = server.before(list.at.saturating_sub(from));
        let is_new = |agent: &Agent| agent.created_at.is_some_and(|at| at >= since);
        let ends = page.items.iter().any(|agent| agent.created_at.is_some_and(|at| at < since));
        list.agents.extend(page.items.into_iter().filter(is_new));
        if ends {
            break;
        }
    }
    list.ok_or_else(|| Error::protocol("shape", "agents.list: The server gave no page."))
}

impl Known {
    /// Whether this agent is what was launched.
    async fn likeness(&mut self, agents: &Agents, looks: &Looks, id: &str, until: Instant) -> Result<Likeness> {
        let mut certain = true;
        if looks.prompt.is_some() || looks.files.is_empty() {
            if self.opening.is_none() {
                self.opening = opening(&agents.conversation_within(id, Some(left(until))).await?);
            }
            match (&self.opening, &looks.prompt) {
                (None, _) => return Ok(Likeness::Unsure),
                (Some(Opening::Question(question)), Some(asked)) if question == asked => {}
                (Some(_), Some(_)) => return Ok(Likeness::Other),
                (Some(Opening::Question(_)), None) => certain = false,
                (Some(Opening::Silence), None) => {}
            }
        }
        let agent = match self.agent.take() {
            Some(agent) => agent,
            None => agents.get_within(id, Some(left(until))).await?,
        };
        let agent = self.agent.insert(agent);
        Ok(match sorted(agent.files.iter().map(|file| &file.id)) == looks.files {
            true if certain => Likeness::Same,
            true => Likeness::Perhaps,
            false => Likeness::Other,
        })
    }
}

/// How a conversation begins, once that is to be seen.
fn opening(rows: &[Message]) -> Option<Opening> {
    if rows.first().is_some_and(|row| row.role == Role::Assistant) {
        return Some(Opening::Silence);
    }
    let question = rows.iter().find(|row| row.role == Role::User);
    question.map(|row| Opening::Question(fingerprint(&row.text)))
}
