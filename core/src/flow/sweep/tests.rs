//! Every arrangement of a list, against the promise of what a sweep costs.

use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// Sweeps a list whose pages show so many of the sought; gives how many requests are made in all, and the pages.
fn play(sought: usize, pages: &[usize]) -> (usize, usize) {
    let mut sweep = Sweep::new(sought, Moment::ZERO);
    let mut seen = 0;
    for found in pages {
        if !sweep.goes_on() {
            break;
        }
        let found = (*found).min(sought - seen);
        seen += found;
        sweep.read(found);
    }
    let pages = sweep.page() as usize;
    (pages + sought - seen, pages)
}

fn on(pages: impl IntoIterator<Item = u32>) -> Option<u32> {
    reach(pages.into_iter().map(Place::On))
}

fn at(second: i64) -> Option<Timestamp> {
    jiff::Timestamp::from_second(second).ok().map(Timestamp)
}

#[test]
fn few_waits_ask_for_themselves() {
    assert_eq!(on([1; FEW - 1]), None);
    assert_eq!(on([1; FEW]), Some(1));
    assert_eq!(reach([Place::Unknown; 300].into_iter()), Some(1));
}

#[test]
fn a_sweep_goes_as_far_as_it_saves() {
    // Fifty pages of a hundred each, and one wait far behind them that is better asked for by itself.
    let crowd = (1..=50).flat_map(|page| [page; 100]);
    assert_eq!(on(crowd.clone().chain([400])), Some(50));
    // A few of them that are left, each on a page of its own.
    assert_eq!(on(1..=50), None);
    assert_eq!(on((1..=50).chain([1; 8])), Some(1));
    // New ones before old ones that no sweep finds.
    let beyond = [Place::Beyond; 100].into_iter();
    assert_eq!(reach(beyond.clone().chain([Place::Unknown; FEW])), Some(1));
    assert_eq!(reach(beyond), None);
}

#[test]
fn what_is_not_found_twice_is_not_sought_any_more() {
    let place = Place::On(3).missed();
    assert!(place.is_within(1) && !place.missed().is_within(u32::MAX) && !Place::On(3).is_within(2));
    assert_eq!(place.missed().missed(), Place::Beyond);
}

#[test]
fn a_rich_list_is_read_to_the_last_sought() {
    assert_eq!(play(5_000, &[100; 60]), (50, 50));
    assert_eq!(play(300, &[10; 60]), (30, 30));
    // The last one is not in the list: one page more, not all of it.
    assert_eq!(play(300, &[&[100, 100, 99][..], &[0; 1000]].concat()), (5, 4));
}

#[test]
fn a_list_of_other_agents_is_given_up() {
    assert_eq!(play(100, &[0; 1000]), (126, 26));
    assert_eq!(play(5, &[0; 1000]), (7, 2));
    // Those that are left behind a gap are asked for once the gap has cost a quarter of them.
    assert_eq!(play(200, &[&[100][..], &[0; 1000]].concat()), (1 + 26 + 100, 27));
}

#[test]
fn a_wait_that_ended_meanwhile_is_not_sought() {
    let mut sweep = Sweep::new(6, Moment::ZERO);
    sweep.read(5);
    assert!(sweep.goes_on());
    sweep.forget(1);
    assert!(!sweep.goes_on());
}

#[test]
fn pages_are_read_at_a_pace() {
    let mut sweep = Sweep::new(5_000, SECOND * 100);
    // Each answer takes 200 ms, but for one that takes 3 s: what is late is not made up for.
    let mut now = SECOND * 100;
    let asked = (0..50).map(|page| {
        let asked = sweep.ask(now);
        now = asked + if page == 10 { SECOND * 3 } else { SECOND / 5 };
        sweep.read(100);
        asked
    });
    let asked = asked.collect::<Vec<_>>();
    assert_eq!(asked.first(), Some(&(SECOND * 100)));
    let gaps = asked.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
    assert!(gaps.iter().enumerate().all(|(page, gap)| *gap == if page == 10 { SECOND * 3 } else { SECOND / 2 }));
    assert_eq!((sweep.page(), sweep.next()), (50, SECOND * 100 + SECOND / 2 * 49 + SECOND * 3));
    assert_eq!(sweep.took(now), asked[49] + SECOND / 5 - SECOND * 100);
}

#[test]
fn a_sweep_serves_those_that_would_ask_soon() {
    assert_eq!(ripe(SECOND * 10, SECOND * 30), SECOND * 25);
    assert_eq!(ripe(SECOND, Duration::MAX), SECOND + Duration::MAX / 2);
}

#[test]
fn looks_of_the_new_are_few_at_once_and_few_in_the_long_run() {
    let mut allowance = Allowance::new();
    let taken = (0..6_000).filter(|tenth| allowance.take(SECOND / 10 * *tenth).is_ok()).count();
    assert_eq!(taken, 10 + 600 / 2 - 1);
    // All of it is back after a while; then it is told when there is more.
    let now = SECOND * 700;
    assert_eq!((0..10).filter(|_| allowance.take(now).is_ok()).count(), 10);
    assert_eq!(allowance.take(now), Err(SECOND * 702));
    assert_eq!(allowance.take(SECOND * 701), Err(SECOND * 702));
    assert_eq!(allowance.take(SECOND * 702), Ok(()));
}

#[test]
fn a_sweep_reaches_the_first_page_at_once_and_each_later_one_half_a_second_after() {
    let reached = [Place::Unknown, Place::Missed, Place::Beyond, Place::On(1), Place::On(2), Place::On(50)]
        .map(|place| (place.read_at(SECOND * 10) - SECOND * 10).as_millis());
    assert_eq!(reached, [0, 0, 0, 0, 500, 24_500]);
}

#[test]
fn a_wait_without_an_end_asks_for_itself_in_one_to_three_hours() {
    let hour = SECOND * 3600;
    assert_eq!([0.0, 0.5, 1.0].map(|jitter| alone(hour * 5, jitter)), [hour * 6, hour * 7, hour * 8]);
}

#[test]
fn only_work_that_goes_forward_is_believed_of_a_list() {
    let active = [AgentStatus::Waiting, AgentStatus::Running, AgentStatus::AwaitingTool];
    for status in active.into_iter().chain([AgentStatus::Other("queued_v2".into())]) {
        let sight = |changed: Option<i64>, known: Option<i64>| sight(&status, changed.and_then(at), known.and_then(at));
        assert_eq!([(Some(5), Some(5)), (Some(6), Some(5))].map(|(a, b)| sight(a, b)), [Sight::Work; 2]);
        assert_eq!([(None, None), (Some(1), None), (None, Some(1))].map(|(a, b)| sight(a, b)), [Sight::Work; 3]);
        assert_eq!(sight(Some(4), Some(5)), Sight::Old);
    }
    for status in [AgentStatus::Finished, AgentStatus::Failed, AgentStatus::Stopped] {
        let sight = |changed: Option<i64>, known: Option<i64>| sight(&status, changed.and_then(at), known.and_then(at));
        assert_eq!([(Some(6), Some(5)), (Some(6), None)].map(|(a, b)| sight(a, b)), [Sight::End; 2]);
        // An earlier turn's end, or one that cannot be told from it.
        assert_eq!([(Some(5), Some(5)), (None, None), (None, Some(5))].map(|(a, b)| sight(a, b)), [Sight::Old; 3]);
    }
}

#[test]
fn a_list_that_fails_is_left_alone_for_longer_each_time() {
    let (mut doubt, mut now) = (Doubt::default(), SECOND);
    assert!(doubt.is_over(now));
    let spans = (0..6).map(|_| {
        doubt.grow(now);
        let began = now;
        while !doubt.is_over(now) {
            now += SECOND;
        }
        (now - began).as_secs()
    });
    assert_eq!(spans.collect::<Vec<_>>(), [60, 120, 240, 480, 960, 960]);
    doubt.grow(now);
    doubt.end();
    assert!(doubt.is_over(now));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn no_arrangement_costs_more_than_a_quarter_and_a_page(
        sought in 1usize..6_000,
        pages in proptest::collection::vec(prop_oneof![4 => 0usize..3, 2 => 0usize..101, 1 => Just(0usize)], 0..600),
    ) {
        let (requests, _) = play(sought, &pages);
        prop_assert!(4 * requests <= 5 * sought + 4, "{requests} requests for {sought}");
    }

    #[test]
    fn nor_does_one_that_is_made_to_tempt(sought in 1usize..3_000, gaps in proptest::collection::vec((0usize..400, 1usize..101), 1..40)) {
        let pages = gaps.iter().flat_map(|(gap, found)| std::iter::repeat_n(0, *gap).chain([*found])).collect::<Vec<_>>();
        let (requests, _) = play(sought, &pages);
        prop_assert!(4 * requests <= 5 * sought + 4, "{requests} requests for {sought}");
    }

    #[test]
    fn what_is_planned_saves_half(pages in proptest::collection::vec(1u32..80, 0..400)) {
        if let Some(reach) = on(pages.clone()) {
            let found = pages.iter().filter(|page| **page <= reach).count();
            prop_assert!(found >= FEW && 2 * reach as usize <= found);
        }
    }

    #[test]
    fn sweeps_never_take_more_than_their_share(sizes in proptest::collection::vec(1usize..60, 1..200)) {
        // Each begins as soon as it may and takes no time: the worst for any minute.
        let (mut now, mut read) = (Moment::ZERO, Vec::new());
        for pages in sizes {
            let mut sweep = Sweep::new(pages * 100, now);
            for _ in 0..pages {
                // Whoever was to read it may have gone.
                now = sweep.ask(now);
                read.push(sweep.ask(now));
                sweep.read(100);
            }
            now = sweep.next();
        }
        prop_assert!(read.windows(121).all(|pages| pages[120] - pages[0] >= SECOND * 60));
    }
}
