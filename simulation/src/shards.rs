//! Work for several threads, whose result does not depend on which thread did what.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Who hears how far a proof has come.
pub type Tell<'t> = &'t (dyn Fn(&str) + Sync);

/// Does every piece, as many at once as there are processors, and tells of each tenth; the results are in the order of
/// the pieces.
pub(crate) fn each<P: Sync, R: Send>(
    name: &str,
    pieces: &[P],
    tell: Tell<'_>,
    work: impl Fn(&P) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(piece) = pieces.get(index) else { return };
                    let result = work(piece);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((index, result));
                    let tenth = |pieces_done: usize| pieces_done * 10 / pieces.len();
                    if tenth(done.len()) > tenth(done.len() - 1) {
                        tell(&format!("{name}: {} % done", tenth(done.len()) * 10));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// So many trials in pieces of at most `most`.
pub(crate) fn pieces(trials: u32, most: u32) -> Vec<u32> {
    (0..trials).step_by(most as usize).map(|done| (trials - done).min(most)).collect()
}

/// The seed of a piece of a proof: a world has the same whichever thread plays it.
pub(crate) fn seed(seed: u64, proof: &str, piece: usize) -> u64 {
    let mut hash = seed ^ 0x9e37_79b9_7f4a_7c15;
    for byte in proof.bytes().chain((piece as u64).to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
    hash
}
