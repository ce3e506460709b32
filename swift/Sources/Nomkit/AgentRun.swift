import Foundation

/// The handle on one turn of one agent. Its properties are what was last seen; `refresh()` looks again.
public struct AgentRun: Sendable {
    let bridge: RunBridge

    /// The agent's id.
    public var agentId: String { bridge.id() }
    /// Which turn this is: 1 is the launch, each follow-up the next.
    public var turn: Int { Int(bridge.turn()) }
    /// The status as it was last seen; no request is made.
    public var status: AgentStatus { bridge.status() }
    /// The agent as it was last seen; no request is made.
    public var agent: Agent { bridge.agent() }
    /// This run as text, for `agents.attach` in any language. It holds no secret.
    public var token: String { bridge.token() }
    /// Where people look at it.
    public var url: URL? { URL(string: bridge.url()) }
    /// Whether the answer to its request was lost, and this run was found by looking for it.
    public var recovered: Bool { bridge.recovered() }

    /// What happened to this run in this process, a line for each event: requests, pauses, looks, and what they showed.
    /// It holds no key and nothing of what was asked or answered. No request is made.
    public func explain() -> String {
        bridge.explain()
    }

    /// Looks at the agent again. `GET /agents/{id}` of the Agents page, tier Standard.
    ///
    /// - Throws: `NomkitError` of kind `.notFound` if it was deleted.
    @discardableResult
    public func refresh() async throws -> Agent {
        try await call { [bridge] in try await bridge.refresh(cancel: $0) }
    }

    /// Waits until this turn is over. A wait that expires, or is cancelled, does not stop the agent.
    ///
    /// - Parameters:
    ///   - timeout: How long, 30 minutes by default; `.infinite` is without end.
    ///   - onProgress: Is told the agent's status, and how long it has been.
    /// - Returns: What this turn said and made.
    /// - Throws: `NomkitError` of kind `.runFailed` if the agent failed (`reason` and `messages` say why),
    ///   `.runStopped` if it was stopped, `.waitTimeout` if the time is over (`token` re-attaches), `.staleTurn` if
    ///   this turn's own answer did not appear; an earlier one is never given instead.
    @discardableResult
    public func wait(timeout: Deadline? = nil, onProgress: OnProgress? = nil) async throws -> RunResult {
        try await call(telling: onProgress) { [bridge] cancel, told in
            try await bridge.waitFor(options: WaitOptions(timeout), told: told, cancel: cancel)
        }
    }

    /// The agent each time it changes, up to the end of this turn; failed and stopped turns end it too.
    ///
    /// - Parameter timeout: How long, 30 minutes by default; `.infinite` is without end. The loop throws `NomkitError`
    ///   of kind `.waitTimeout` when it is over; `token` re-attaches.
    public func updates(timeout: Deadline? = nil) -> Updates {
        Updates { [bridge] in
            let updates = try bridge.updates(options: WaitOptions(timeout))
            return { try await updates.next(cancel: $0) }
        }
    }

    /// The whole conversation, earlier turns included. `GET /agents/{id}/conversation` of the Agents page; the shape of
    /// its body is an assumption.
    ///
    /// - Returns: All rows, in order.
    /// - Throws: `NomkitError` of kind `.notFound` if the agent was deleted.
    public func conversation() async throws -> [Message] {
        try await call { [bridge] in try await bridge.conversation(cancel: $0) }
    }

    /// One of the agent's artifacts with its content, of whichever turn; it is read again.
    /// `GET /agents/{id}/artifacts/{artifactId}` of the Agents page, tier Standard; the shape of its body is an
    /// assumption.
    ///
    /// - Parameter artifactId: Its id, of `run.agent.artifacts` or of a result's artifact that has an `error`.
    /// - Throws: `NomkitError` of kind `.notFound` if there is none, or the agent was deleted.
    public func artifact(_ artifactId: String) async throws -> Artifact {
        try await call { [bridge] in try await bridge.artifact(artifactId: artifactId, cancel: $0) }
    }

    /// Asks the agent again; this turn must be over. `POST /agents/{id}/followup` of the Agents page, tier Heavy.
    ///
    /// - Parameters:
    ///   - prompt: What the agent shall do next.
    ///   - images: At most 4 pictures that go with the prompt.
    ///   - timeout: How long the follow-up itself may take, 2 minutes by default and more for images.
    /// - Returns: The next turn.
    /// - Throws: `NomkitError` of kind `.invalidInput` if an argument is wrong (nothing was sent), `.conflict` if the
    ///   agent is still at work. If the answer was lost: `.outcomeUnknown` if the question did not appear in the
    ///   conversation within 30 seconds of `timeout` (it is never sent a second time), `.staleTurn` if somebody else's
    ///   stands in its place.
    public func followUp(
        _ prompt: String, images: [Picture] = [], timeout: Duration? = nil
    ) async throws -> AgentRun {
        let options = FollowUpOptions(prompt: prompt, timeout: timeout?.inSeconds)
        let pictures = try images.map { try $0.given() }
        return AgentRun(
            bridge: try await call { [bridge] in
                try await bridge.followUp(options: options, pictures: pictures, cancel: $0)
            })
    }

    /// Asks the agent to stop; it may still finish first. `POST /agents/{id}/stop` of the Agents page, tier Standard.
    ///
    /// - Parameters:
    ///   - wait: Whether to wait until it has stopped, or has ended otherwise.
    ///   - timeout: How long to wait, 30 minutes by default.
    /// - Returns: The agent as it then stood; its status tells how it ended.
    /// - Throws: `NomkitError` of kind `.waitTimeout` if, with `wait`, it had not ended by then.
    @discardableResult
    public func stop(wait: Bool = false, timeout: Duration? = nil) async throws -> Agent {
        let options = StopOptions(wait: wait, timeout: timeout?.inSeconds)
        return try await call { [bridge] in try await bridge.stop(options: options, cancel: $0) }
    }
}

extension AgentRun: CustomStringConvertible {
    /// Which run it is, and how it was last seen.
    public var description: String { "AgentRun(agentId: \(agentId), turn: \(turn), status: \(status))" }
}
