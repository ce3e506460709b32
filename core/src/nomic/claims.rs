//! What this process knows of its own paid requests: which are on their way, what each got, and which were given up.
//! Clients of one key and one instance share it, since the platform shows them the same agents and files.

use super::recover::launch::{Looks, Sight};
use crate::{
    config::Config,
    flow::{
        Moment,
        reconcile::{self, Claims, Look, MEMORY, Ticket, Verdict},
    },
    runtime::{PerProcess, Process},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, OwnedMutexGuard},
    time::{Instant, timeout, timeout_at},
};

/// Who holds what others wait for shows each second that it lives; one that has not for so long is not polled any more.
const SILENT: Duration = Duration::from_secs(3);

/// All of one key and one instance.
pub(crate) struct Account {
    pub(crate) launches: Arc<Shelf<Looks>>,
    /// By the path that was asked for.
    pub(crate) uploads: Arc<Shelf<String>>,
    /// What was last seen of the agents, and when its holder was last known to live.
    sight: Mutex<(Arc<tokio::sync::Mutex<Sight>>, Instant)>,
    turns: Mutex<HashMap<String, Turns>>,
    /// When somebody last asked for it.
    used: Mutex<Instant>,
}

/// What this process asked of one agent.
#[derive(Clone, Default)]
struct Turns {
    /// Held while it asks.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// How many user rows there are, as far as it knows: readable while somebody asks.
    rows: Arc<AtomicUsize>,
    /// Those after which a turn was stopped for the next one.
    stopped: Arc<Mutex<BTreeSet<usize>>>,
}

/// Lets one caller ask an agent.
pub(crate) struct Asking {
    _turn: OwnedMutexGuard<()>,
    asked: Turns,
}

impl Asking {
    /// How many user rows the agent has at least.
    pub(crate) fn count(&self) -> usize {
        self.asked.rows.load(Relaxed)
    }

    pub(crate) fn note(&self, rows: usize) {
        self.asked.rows.store(rows, Relaxed);
    }

    /// The turn of the n-th user row was stopped.
    pub(crate) fn stopped(&self, row: usize) {
        locked(&self.asked.stopped).insert(row);
    }
}

/// By instance, and by the key's fingerprint.
type Accounts = Mutex<HashMap<(String, [u8; 32]), Arc<Account>>>;

static ACCOUNTS: PerProcess<Accounts> = PerProcess::new();

impl Account {
    /// The process's own, whichever client asks.
    pub(crate) fn of(config: &Config) -> Arc<Self> {
        let accounts = ACCOUNTS.get();
        let key = (config.origin.as_str().to_owned(), config.api_key.fingerprint());
        let mut accounts = locked(&accounts);
        if !accounts.contains_key(&key) {
            // Programs with a key for each of their users would keep them all.
            accounts.retain(|_, account| Arc::strong_count(account) > 1 || !account.is_quiet());
        }
        let account = accounts.entry(key).or_insert_with(|| Arc::new(Self::new())).clone();
        *locked(&account.used) = Instant::now();
        account
    }

    fn is_quiet(&self) -> bool {
        let used = *locked(&self.used);
        used.elapsed() >= MEMORY && self.launches.is_quiet() && self.uploads.is_quiet()
    }

    pub(crate) fn new() -> Self {
        Self {
            launches: Arc::new(Shelf::new()),
            uploads: Arc::new(Shelf::new()),
            sight: Mutex::new((Arc::default(), Instant::now())),
            turns: Mutex::default(),
            used: Mutex::new(Instant::now()),
        }
    }

    /// Lets one caller at a time ask an agent: two would take each other's question for their own.
    pub(crate) async fn turn_of(&self, agent: &str) -> Asking {
        let turns = {
            let mut all = locked(&self.turns);
            // Nobody else holds it now, and what it counted is in the conversation by the time that there are so many.
            if all.len() >= 10_000 {
                all.retain(|_, turns| Arc::strong_count(&turns.turn) > 1);
            }
            all.entry(agent.to_ascii_lowercase()).or_default().clone()
        };
        Asking { _turn: turns.turn.clone().lock_owned().await, asked: turns }
    }

    /// What was last seen of the agents. Whoever looks holds it, so that one look serves all who wait for it, and
    /// [shows](Self::looks_on) that it lives; what nobody lets go of is left to whoever has it.
    pub(crate) async fn sight(&self) -> OwnedMutexGuard<Sight> {
        loop {
            let sight = locked(&self.sight).0.clone();
            if let Ok(held) = timeout(SILENT, sight.lock_owned()).await {
                self.looks_on(OwnedMutexGuard::mutex(&held));
                return held;
            }
            let mut newest = locked(&self.sight);
            if newest.1.elapsed() >= SILENT {
                *newest = (Arc::default(), Instant::now());
            }
        }
    }

    /// Whoever holds this sight is polled. Once it was taken from him, that says nothing of the one who has the new one.
    pub(crate) fn looks_on(&self, held: &Arc<tokio::sync::Mutex<Sight>>) {
        let mut newest = locked(&self.sight);
        if Arc::ptr_eq(&newest.0, held) {
            newest.1 = Instant::now();
        }
    }

    /// Whether this process stopped the turn of the n-th user row to ask again.
    pub(crate) fn was_stopped(&self, agent: &str, row: usize) -> bool {
        let turns = locked(&self.turns);
        turns.get(&agent.to_ascii_lowercase()).is_some_and(|turns| locked(&turns.stopped).contains(&row))
    }

    /// How many user rows an agent has at least, as far as this process asked it.
    pub(crate) fn asked(&self, agent: &str) -> usize {
        locked(&self.turns).get(&agent.to_ascii_lowercase()).map_or(0, |turns| turns.rows.load(Relaxed))
    }
}

/// The requests of one kind.
pub(crate) struct Shelf<L> {
    began: Instant,
    claims: Mutex<Claims<L>>,
    /// Something became known.
    changed: Notify,
}

impl<L: reconcile::Looks + Clone> Shelf<L> {
    fn new() -> Self {
        Self { began: Instant::now(), claims: Mutex::default(), changed: Notify::new() }
    }

    pub(crate) fn now(&self) -> Moment {
        self.began.elapsed()
    }

    /// That moment as the clock has it.
    pub(crate) fn instant(&self, moment: Moment) -> Instant {
        self.began + moment
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&mut Claims<L>) -> T) -> T {
        read(&mut locked(&self.claims))
    }

    /// Whether it was made here a moment ago and has not been seen since.
    pub(crate) fn is_newborn(&self, id: &str) -> bool {
        self.read(|claims| claims.is_newborn(id, self.now()))
    }

    fn is_quiet(&self) -> bool {
        self.read(|claims| claims.is_quiet(self.now()))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Claims<L>) -> T) -> T {
        let done = self.read(change);
        self.changed.notify_waiters();
        done
    }

    /// Announces a request; what becomes of it is remembered even if its caller leaves.
    pub(crate) fn open(self: &Arc<Self>, looks: L, exact: Option<String>) -> Claim<L> {
        let ticket = self.read(|claims| claims.open(looks.clone(), exact, self.now()));
        Claim { shelf: self.clone(), looks, ticket, process: Process::this() }
    }
}

/// One request of this process.
pub(crate) struct Claim<L: reconcile::Looks + Clone> {
    pub(crate) shelf: Arc<Shelf<L>>,
    pub(crate) looks: L,
    ticket: Ticket,
    /// It is this one's affair, and no forked child's.
    process: Process,
}

impl<L: reconcile::Looks + Clone> Claim<L> {
    /// It was sent, or certainly not acted on.
    pub(crate) fn flying(&self, flying: bool) {
        let now = self.shelf.now();
        self.shelf.change(|claims| match flying {
            true => claims.sent(self.ticket, now),
            false => claims.refused(self.ticket),
        });
    }

    pub(crate) fn got(&self, id: &str) {
        let now = self.shelf.now();
        self.shelf.change(|claims| claims.got(self.ticket, id, now));
    }

    /// Its answer was lost. Gives when it was sent.
    pub(crate) fn lost(&self) -> Moment {
        let now = self.shelf.now();
        self.shelf.change(|claims| claims.lost(self.ticket, now))
    }

    /// What the look says, once it is known what the equal requests got that were on their way; `until` then at most.
    pub(crate) async fn judge(&self, look: &Look<'_>, until: Instant) -> Verdict {
        loop {
            let mut changed = std::pin::pin!(self.shelf.changed.notified());
            changed.as_mut().enable();
            let now = self.shelf.now();
            let verdict = self.shelf.read(|claims| claims.judge(self.ticket, look, now));
            if let Verdict::Found(_) = verdict {
                self.shelf.changed.notify_waiters();
            }
            if verdict != Verdict::Crowded || timeout_at(until, changed).await.is_err() {
                return verdict;
            }
        }
    }
}

impl<L: reconcile::Looks + Clone> Drop for Claim<L> {
    fn drop(&mut self) {
        if !self.process.is_this() {
            return;
        }
        let now = self.shelf.now();
        self.shelf.change(|claims| claims.close(self.ticket, now));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::ClientOptions;
    use tokio::time::advance;

    fn account(key: &str) -> Arc<Account> {
        let options = ClientOptions::default().base_url("https://pruned.example").api_key(key);
        Account::of(&Config::resolve(options).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_is_forgotten_once_nothing_of_it_matters() {
        let claimed = Arc::downgrade(&account("npk_claimed"));
        advance(Duration::from_secs(300)).await;
        let claim = claimed.upgrade().unwrap().launches.open(Looks::new(None, None, None, []), None);
        advance(Duration::from_secs(301)).await;
        // One more key is what makes it look around.
        account("npk_b");
        assert!(claimed.upgrade().is_some(), "somebody waits for its answer");
        claim.got("a");
        drop(claim);
        advance(Duration::from_secs(599)).await;
        account("npk_c");
        assert!(claimed.upgrade().is_some(), "what it got is its own");
        advance(Duration::from_secs(1)).await;
        account("npk_d");
        assert!(claimed.upgrade().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn who_lost_the_sight_keeps_it_for_nobody_else() {
        let account = Account::new();
        let began = Instant::now();
        let first = account.sight().await;
        // The first is not polled for a while, and the second not any more.
        let _second = account.sight().await;
        let revived = async {
            loop {
                account.looks_on(OwnedMutexGuard::mutex(&first));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            _ = account.sight() => assert!(began.elapsed() <= 3 * SILENT, "{:?}", began.elapsed()),
            () = revived => {}
            () = tokio::time::sleep(10 * SILENT) => panic!("nobody got it"),
        }
    }

    #[tokio::test]
    async fn what_a_forked_child_drops_changes_nothing() {
        let shelf = Arc::new(Shelf::new());
        let claim = shelf.open("looks".to_owned(), None);
        claim.flying(true);
        drop(Claim { process: Process::another(), shelf: shelf.clone(), looks: String::new(), ticket: claim.ticket });
        assert_eq!(shelf.read(|claims| claims.given_up(&claim.looks)), None);
        let looks = claim.looks.clone();
        drop(claim);
        assert!(shelf.read(|claims| claims.given_up(&looks)).is_some());
    }
}
