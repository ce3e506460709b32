//! Each promise that does not hold is told, by what `nomkit prove` makes its exit code of.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use nomkit_simulation::{FollowedUp, Launched, Paced, Point, Proof, Survived, Trials, Waited};

/// Figures as they should be; those of the naive client are as bad as can be.
fn kept() -> Proof {
    let well = Launched { trials: 10, struck: 10, agents: 5, recovered: 5, unknown: 5, ..Launched::default() };
    let naive = Launched { doubled: 9, lost: 9, wrong: 9, ..well };
    Proof {
        seed: 7,
        trials: Trials::part(0.001),
        launches: ["one", "another"].map(|name| Point { name, nomkit: well, naive }).into(),
        chaos: Survived { trials: 100, struck: 100, agents: 10, given: 10, ..Survived::default() },
        follow_ups: [
            FollowedUp { trials: 10, struck: 10, right: 10, ..FollowedUp::default() },
            FollowedUp { trials: 10, struck: 10, stale: 9, hung: 9, ..FollowedUp::default() },
        ],
        pace: [
            Paced { heavy_share: 0.951, standard_share: 0.951, ..Paced::default() },
            Paced { refused: 9, ..Paced::default() },
        ],
        waits: [
            Waited { waits: 5, standard_most: 240, lag: [15.0, 35.0, 99.0], ..Waited::default() },
            Waited { standard_most: 999, refused: 9, failed: 9, lag: [99.0; 3], ..Waited::default() },
        ],
    }
}

#[test]
fn figures_that_keep_every_promise_break_none() {
    assert_eq!(kept().broken(), [""; 0]);
}

/// Makes one figure worse.
type Break = fn(&mut Proof);

#[test]
fn each_promise_can_be_broken_alone() {
    let breaks: [(&str, Break); 21] = [
        ("1 launches were doubled", |proof| proof.launches[1].nomkit.doubled = 1),
        ("1 launches were doubled", |proof| proof.chaos.doubled = 1),
        ("1 agents were lost", |proof| proof.launches[0].nomkit.lost = 1),
        ("1 agents were lost", |proof| proof.chaos.lost = 1),
        ("1 runs were those of another launch", |proof| proof.launches[0].nomkit.wrong = 1),
        ("1 runs were those of another launch", |proof| proof.chaos.wrong = 1),
        ("1 launches were not struck", |proof| proof.launches[0].nomkit.struck = 9),
        ("1 follow-ups were not struck", |proof| proof.follow_ups[0].struck = 9),
        ("1 faults at random were too few", |proof| proof.chaos.struck = 99),
        ("1 calls failed at the limit", |proof| proof.pace[0].failed = 1),
        ("1 answers were those of another turn", |proof| proof.follow_ups[0].stale = 1),
        ("1 answers were those of another turn", |proof| proof.chaos.stale = 1),
        ("1 calls hung", |proof| proof.follow_ups[0].hung = 1),
        ("1 calls hung", |proof| proof.chaos.hung = 1),
        ("1 requests were refused for their rate", |proof| proof.pace[0].refused = 1),
        ("1 requests were refused for their rate", |proof| proof.waits[0].refused = 1),
        ("1 waits failed", |proof| proof.waits[0].failed = 1),
        ("94.9 % of the budget of tier Heavy was used, not 95 %", |proof| proof.pace[0].heavy_share = 0.949),
        ("94.9 % of the budget of tier Standard was used, not 95 %", |proof| proof.pace[0].standard_share = 0.949),
        ("5 waits asked 241 times in the worst minute, not 240", |proof| proof.waits[0].standard_most = 241),
        ("an end was seen after 35.1 s at the 95th percentile, not 35", |proof| proof.waits[0].lag[1] = 35.1),
    ];
    for (told, broken) in breaks {
        let mut proof = kept();
        broken(&mut proof);
        assert_eq!(proof.broken(), [told]);
        // The same goes into the file.
        let all: serde_json::Value = serde_json::from_str(&proof.json()).unwrap();
        assert_eq!(all["broken"], serde_json::json!([told]));
    }
}
