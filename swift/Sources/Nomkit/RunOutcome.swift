/// What became of one run of many.
public struct RunOutcome: Sendable {
    /// The run.
    public let run: AgentRun
    /// What it said and made, if there is that.
    public let result: RunResult?
    /// Why there is none: what `AgentRun.wait` would have thrown.
    public let error: NomkitError?

    /// Whether there is a result.
    public var ok: Bool { error == nil }

    init(_ ended: Ended) {
        switch ended {
        case .done(let run, let result):
            (self.run, self.result, error) = (AgentRun(bridge: run), result, nil)
        case .failed(let run, let error):
            (self.run, result, self.error) = (AgentRun(bridge: run), nil, error)
        }
    }
}

/// Runs as they end: `for try await outcome in nomic.asCompleted(runs)`.
///
/// Each loop waits anew; leaving it closes what is in flight, and the agents run on.
public struct Completed: AsyncSequence, Sendable {
    /// What became of one of them.
    public typealias Element = RunOutcome

    let open: @Sendable () throws -> Steps<RunOutcome>.Step

    /// A new wait for all of them.
    public func makeAsyncIterator() -> Iterator {
        Iterator(steps: Steps(open: open))
    }

    /// One wait for all of them.
    public struct Iterator: AsyncIteratorProtocol {
        var steps: Steps<RunOutcome>

        /// The next run that ends, or `nil` after the last.
        public mutating func next() async throws -> RunOutcome? {
            try await steps.next()
        }
    }
}
