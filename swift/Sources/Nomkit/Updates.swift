/// The agent each time it changes, up to the end of one turn: `for try await agent in run.updates()`.
///
/// Each loop looks anew; leaving it drops what it had, and the agent runs on.
public struct Updates: AsyncSequence, Sendable {
    /// The agent as it then stood.
    public typealias Element = Agent

    let open: @Sendable () throws -> Steps<Agent>.Step

    /// A new look.
    public func makeAsyncIterator() -> Iterator {
        Iterator(steps: Steps(open: open))
    }

    /// One look at a turn.
    public struct Iterator: AsyncIteratorProtocol {
        var steps: Steps<Agent>

        /// The next change, or `nil` once the turn is over.
        public mutating func next() async throws -> Agent? {
            try await steps.next()
        }
    }
}
