//! A few trials of each proof, so that every change meets them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use nomkit_simulation::{Tell, Who, chaos, follow_ups, launches, pace, waits};

const SEED: u64 = 7;
const QUIET: Tell = &|_| {};

#[test]
fn no_launch_is_doubled_or_lost_whatever_strikes_it() {
    for (point, launched) in launches(SEED, 2, Who::Nomkit, QUIET) {
        assert_eq!((launched.trials, launched.struck), (6, 6), "{point}: {launched:?}");
        assert_eq!((launched.doubled, launched.lost, launched.wrong), (0, 0, 0), "{point}: {launched:?}");
    }
}

#[test]
fn what_was_launched_is_found_again() {
    for (point, launched) in launches(SEED, 2, Who::Nomkit, QUIET) {
        let told = launched.given + launched.recovered;
        // Either there is an agent and the caller has it, or there is none and the caller knows that it is unknown.
        assert_eq!(
            (told, launched.unknown),
            (launched.agents, launched.trials - launched.agents),
            "{point}: {launched:?}"
        );
    }
}

#[test]
fn nothing_is_doubled_lost_or_stale_with_faults_at_random() {
    let survived = chaos(SEED, 40, QUIET);
    assert!(survived.struck > 40, "{survived:?}");
    assert!(survived.recovered > 5 && survived.answers > 20, "{survived:?}");
    let zeros = (survived.doubled, survived.lost, survived.wrong, survived.stale, survived.hung);
    assert_eq!(zeros, (0, 0, 0, 0, 0), "{survived:?}");
}

#[test]
fn a_client_at_the_limit_is_never_refused_and_uses_its_budget() {
    let paced = pace(SEED, 500, 0.1, Who::Nomkit, QUIET);
    assert_eq!((paced.refused, paced.failed), (0, 0), "{paced:?}");
    assert!(paced.heavy_share > 0.95 && paced.standard_share > 0.95, "{paced:?}");
}

#[test]
fn many_waits_ask_little_and_see_ends_soon() {
    let waited = waits(SEED, 100, 2.0, Who::Nomkit, QUIET);
    assert_eq!((waited.refused, waited.failed), (0, 0), "{waited:?}");
    assert!(waited.ended > 40 && waited.standard_most <= 240 && waited.lag[1] <= 35.0, "{waited:?}");
}

#[test]
fn a_naive_client_doubles_launches_where_the_answer_is_lost() {
    let doubled: u64 = launches(SEED, 1, Who::Naive, QUIET).iter().map(|(_, launched)| launched.doubled).sum();
    // Six of the points are behind the commit.
    assert_eq!(doubled, 6 * 3);
}

#[test]
fn no_follow_up_gives_the_answer_of_another_turn() {
    let answered = follow_ups(SEED, 40, Who::Nomkit, QUIET);
    assert_eq!((answered.trials, answered.struck), (40, 40), "{answered:?}");
    assert_eq!((answered.stale, answered.hung), (0, 0), "{answered:?}");
    assert!(follow_ups(SEED, 20, Who::Naive, QUIET).stale > 15);
}

#[test]
fn one_seed_gives_one_result() {
    assert_eq!(launches(SEED, 1, Who::Nomkit, QUIET), launches(SEED, 1, Who::Nomkit, QUIET));
    let (first, second) = (follow_ups(SEED, 10, Who::Nomkit, QUIET), follow_ups(SEED, 10, Who::Nomkit, QUIET));
    assert_eq!(first, second);
    assert_ne!(first, follow_ups(SEED + 1, 10, Who::Nomkit, QUIET));
    assert_eq!(chaos(SEED, 16, QUIET), chaos(SEED, 16, QUIET));
    assert_eq!(waits(SEED, 20, 0.5, Who::Nomkit, QUIET), waits(SEED, 20, 0.5, Who::Nomkit, QUIET));
    assert_eq!(pace(SEED, 50, 0.02, Who::Nomkit, QUIET), pace(SEED, 50, 0.02, Who::Nomkit, QUIET));
}
