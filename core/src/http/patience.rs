//! How long to wait for somebody else, who is not to blame for time in which we did not look.

use std::{pin::Pin, time::Duration};
use tokio::time::{Instant, timeout};

/// Time that is used up by waiting. While nobody polls (a caller's callback runs, its runtime is blocked, the process
/// is stopped) nothing can arrive: whoever comes back too late has one more look. One, since a server that floods can
/// keep us from looking, too.
#[derive(Debug)]
pub(crate) struct Patience {
    left: Duration,
    looked_again: bool,
}

/// How long that look takes.
const LOOK: Duration = Duration::from_secs(1);
/// What took this much longer than it should was not spent waiting.
const AWAY: Duration = Duration::from_millis(500);

impl Patience {
    pub(crate) fn new(left: Duration) -> Self {
        Self { left, looked_again: false }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left.is_zero()
    }

    /// Waits for the future's value; `None` when patience is over.
    pub(crate) async fn wait<T>(&mut self, mut future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        loop {
            let done = self.step(self.left, future.as_mut()).await;
            if done.is_some() || self.is_over() {
                return done;
            }
        }
    }

    /// Waits for `most` at most.
    pub(crate) async fn step<T>(&mut self, most: Duration, future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        let step = most.min(self.left);
        let began = Instant::now();
        let done = timeout(step, future).await.ok();
        let took = began.elapsed();
        self.left = self.left.saturating_sub(took);
        if self.left.is_zero() && took >= step + AWAY && !self.looked_again {
            (self.left, self.looked_again) = (LOOK, true);
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use tokio::time::{advance, sleep};

    #[tokio::test(start_paused = true)]
    async fn waiting_uses_it_up() {
        let began = Instant::now();
        let mut patience = Patience::new(Duration::from_millis(2500));
        assert_eq!(patience.wait(pin!(sleep(Duration::from_secs(2)))).await, Some(()));
        assert_eq!(patience.wait(pin!(sleep(Duration::from_secs(2)))).await, None);
        assert!(patience.is_over());
        assert_eq!(began.elapsed().as_millis(), 2500);
    }

    #[tokio::test(start_paused = true)]
    async fn n17_time_in_which_nobody_looked_does_not_count() {
        let mut patience = Patience::new(Duration::from_secs(1));
        let busy = async {
            // What a caller's own code does between two polls.
            advance(Duration::from_secs(60)).await;
            sleep(Duration::from_millis(500)).await;
        };
        assert_eq!(patience.wait(pin!(busy)).await, Some(()));
        // Whoever never lets us look does not hold us for ever.
        let flood = async {
            loop {
                advance(Duration::from_secs(60)).await;
            }
        };
        assert_eq!(Patience::new(Duration::from_secs(3)).wait(pin!(flood)).await, None::<()>);
    }
}
