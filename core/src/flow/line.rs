//! A line in which callers take turns: who queues much is served as often as who queues little.
//!
//! Start-time fair queueing. Each place gets a number on joining, one more than the same caller's last, and no less
//! than that of whoever was served last; the lowest is next. So a caller with one request waits behind at most one
//! round of the others.

use std::collections::BTreeMap;

/// Who queues: a client, and what it does there.
pub(crate) type Caller = (u64, &'static str);

/// A place in the line, or the one that somebody just had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    id: u64,
    number: u64,
    caller: Caller,
}

/// The line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// By number, then by age.
    places: BTreeMap<(u64, u64), u64>,
    /// Each place's present number.
    numbers: BTreeMap<u64, u64>,
    /// The number that each caller's next place has at least.
    next: BTreeMap<Caller, u64>,
    served: u64,
    ids: u64,
}

impl Line {
    /// Callers whose numbers are remembered although nobody of them waits.
    const REMEMBERED: usize = 256;

    pub(crate) fn join(&mut self, caller: Caller) -> Place {
        let place = self.number(caller);
        self.stand(place)
    }

    /// The place of somebody who is served on arrival.
    pub(crate) fn pass(&mut self, caller: Caller) -> Place {
        let place = self.number(caller);
        self.served = self.served.max(place.number);
        place
    }

    fn number(&mut self, caller: Caller) -> Place {
        if self.next.len() >= Self::REMEMBERED {
            // Once the line is empty everybody is even. Otherwise callers with one request each would all be remembered.
            if self.places.is_empty() {
                self.served = self.next.values().copied().fold(self.served, u64::max);
            }
            self.next.retain(|_, next| *next > self.served);
        }
        let next = self.next.entry(caller).or_default();
        let number = self.served.max(*next);
        *next = number + 1;
        self.ids += 1;
        Place { id: self.ids, number, caller }
    }

    /// Puts somebody who was served back where they were: in front of all that came later.
    pub(crate) fn rejoin(&mut self, place: Place) -> Place {
        self.stand(place)
    }

    fn stand(&mut self, place: Place) -> Place {
        self.places.insert((place.number, place.id), place.id);
        self.numbers.insert(place.id, place.number);
        place
    }

    /// Whose turn it is.
    pub(crate) fn head(&self) -> Option<u64> {
        self.places.first_key_value().map(|(_, id)| *id)
    }

    pub(crate) fn is_head(&self, place: Place) -> bool {
        self.head() == Some(place.id)
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many are in front.
    pub(crate) fn before(&self, place: Place) -> usize {
        let number = self.numbers.get(&place.id).copied().unwrap_or_default();
        self.places.range(..(number, place.id)).count()
    }

    /// Somebody's turn has come.
    pub(crate) fn serve(&mut self, place: Place) {
        if let Some(number) = self.remove(place) {
            self.served = self.served.max(number);
        }
    }

    /// Somebody leaves without a turn, and the same caller's next place is no worse for it.
    pub(crate) fn leave(&mut self, place: Place) {
        if self.remove(place).is_some()
            && let Some(next) = self.next.get_mut(&place.caller)
        {
            *next = next.saturating_sub(1).max(self.served);
        }
    }

    /// The first does not come when called: everybody else goes first.
    pub(crate) fn skip(&mut self) {
        let last = self.places.last_key_value().map(|((number, _), _)| number + 1);
        if let (Some(((_, _), id)), Some(last)) = (self.places.pop_first(), last) {
            self.places.insert((last, id), id);
            self.numbers.insert(id, last);
        }
    }

    fn remove(&mut self, place: Place) -> Option<u64> {
        let number = self.numbers.remove(&place.id)?;
        self.places.remove(&(number, place.id));
        Some(number)
    }
}

impl Place {
    pub(crate) fn id(self) -> u64 {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MANY: Caller = (1, "many");
    const ONE: Caller = (2, "one");

    fn serve(line: &mut Line, all: &mut Vec<Place>) -> Option<Caller> {
        let head = all.iter().position(|place| line.is_head(*place))?;
        let place = all.swap_remove(head);
        line.serve(place);
        Some(place.caller)
    }

    #[test]
    fn a_caller_with_one_waits_behind_one_round_of_the_others() {
        let mut line = Line::default();
        let mut all: Vec<_> = (0..100).map(|_| line.join(MANY)).collect();
        (0..10).for_each(|_| assert!(serve(&mut line, &mut all).is_some()));
        let one = line.join(ONE);
        assert!(line.before(one) <= 1);
        all.push(one);
        let turns = [serve(&mut line, &mut all), serve(&mut line, &mut all)];
        assert!(turns.contains(&Some(ONE)), "{turns:?}");
    }

    #[test]
    fn who_must_go_again_stands_in_front() {
        let mut line = Line::default();
        let first = line.join(MANY);
        line.serve(first);
        let others: Vec<_> = (0..5).map(|at| line.join((at, "other"))).collect();
        let again = line.rejoin(first);
        assert!(line.is_head(again) && !others.iter().any(|place| line.is_head(*place)));
    }

    #[test]
    fn leaving_costs_the_caller_nothing() {
        let mut line = Line::default();
        for _ in 0..100 {
            let place = line.join(ONE);
            line.leave(place);
        }
        let other = line.join(MANY);
        let place = line.join(ONE);
        assert_eq!((line.before(other), line.before(place)), (0, 1));
    }

    #[test]
    fn who_does_not_come_is_passed_over_and_comes_later() {
        let mut line = Line::default();
        let (asleep, awake) = (line.join(ONE), line.join(MANY));
        line.skip();
        assert!(line.is_head(awake) && line.before(asleep) == 1);
        line.serve(awake);
        assert!(line.is_head(asleep));
        line.serve(asleep);
        assert_eq!(line.len(), 0);
    }

    #[test]
    fn who_was_just_served_much_waits_behind_who_was_not() {
        let mut line = Line::default();
        for _ in 0..3 {
            line.pass(MANY);
        }
        let (many, one) = (line.join(MANY), line.join(ONE));
        assert_eq!((line.before(one), line.before(many)), (0, 1));
    }

    #[test]
    fn callers_who_came_once_are_forgotten() {
        let mut line = Line::default();
        for caller in 0..1_000 {
            line.pass((caller, "once"));
            assert!(line.next.len() <= Line::REMEMBERED);
        }
    }

    #[test]
    fn nobody_who_waits_is_forgotten_however_many_do() {
        let mut line = Line::default();
        let others = 3 * Line::REMEMBERED;
        for caller in 0..others {
            if caller % Line::REMEMBERED == 0 {
                line.join(MANY);
            }
            line.join((caller as u64, "other"));
        }
        let one = line.join(ONE);
        assert_eq!(line.before(one), others + 1);
    }

    proptest! {
        #[test]
        fn nobody_waits_behind_more_than_one_round(queued in proptest::collection::vec(1usize..40, 1..8), served in 0usize..60) {
            let mut line = Line::default();
            let mut all = Vec::new();
            for (caller, many) in (10u64..).zip(&queued) {
                all.extend((0..*many).map(|_| line.join((caller, "bulk"))));
            }
            for _ in 0..served {
                serve(&mut line, &mut all);
            }
            let one = line.join(ONE);
            prop_assert!(line.before(one) <= queued.len());
            // Whoever comes after it does not push it back by more than a round either.
            let before = line.before(one);
            for caller in 10u64..10 + queued.len() as u64 {
                (0..20).for_each(|_| all.push(line.join((caller, "bulk"))));
            }
            prop_assert!(line.before(one) <= before.max(queued.len()));
        }

        #[test]
        fn everybody_is_served_once(steps in proptest::collection::vec((0u64..4, 0u8..4), 0..200)) {
            let (mut line, mut all, mut joined, mut gone) = (Line::default(), Vec::new(), 0, 0);
            for (caller, step) in steps {
                match step {
                    0 | 1 => { all.push(line.join((caller, "any"))); joined += 1; }
                    2 => gone += usize::from(serve(&mut line, &mut all).is_some()),
                    _ if !all.is_empty() => { line.skip(); }
                    _ => {}
                }
            }
            while serve(&mut line, &mut all).is_some() {
                gone += 1;
            }
            prop_assert_eq!((joined, all.len(), line.len()), (gone, 0, 0));
        }
    }
}
