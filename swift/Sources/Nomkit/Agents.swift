/// `nomic.agents`.
public struct Agents: Sendable {
    let bridge: AgentsBridge

    /// Launches one agent; it does not wait for the agent. `POST /agents` of the Agents page; scope `developer:agent`,
    /// tier Heavy. `prompt`, `workflowId` or both are needed.
    ///
    /// - Parameters:
    ///   - prompt: What the agent shall do. A workflow that requests files takes `inputs` instead.
    ///   - files: What it may read: local files, which are uploaded first, and files on the platform.
    ///   - fileIds: Ids of files and folders on the platform that it may read.
    ///   - workflowId: The workflow to launch, of `Workflows.list`. It takes a prompt, or `inputs` where it requests
    ///     files; never `files` and `fileIds`.
    ///   - inputs: The files of each of a workflow's slots, by the slot's name.
    ///   - images: At most 4 pictures that go with the prompt.
    ///   - projectId: The project to launch it in.
    ///   - timeout: How long the launch itself may take, 2 minutes by default and more for images; uploads are not
    ///     counted.
    ///   - onProgress: Is told how far the uploads are.
    /// - Returns: The run, turn 1.
    /// - Throws: `NomkitError` of kind `.invalidInput` if an argument is wrong (nothing was sent), `.spendLimit` if the
    ///   user's spend limit is reached, `.outcomeUnknown` if the answer was lost and the agent was not found within 30
    ///   seconds of `timeout`, or cannot be told from others (`candidates`); a launch is never sent a second time.
    ///   `uploaded` of a `NomkitError` lists the files that are on the platform by then; what a source of yours throws,
    ///   and a `CancellationError`, carry no such list.
    public func launch(
        _ prompt: String? = nil,
        files: [Source] = [],
        fileIds: [String] = [],
        workflowId: String? = nil,
        inputs: [String: [Source]] = [:],
        images: [Picture] = [],
        projectId: String? = nil,
        timeout: Duration? = nil,
        onProgress: OnProgress? = nil
    ) async throws -> AgentRun {
        let options = LaunchOptions(
            prompt: prompt, workflowId: workflowId, fileIds: fileIds, projectId: projectId,
            timeout: timeout?.inSeconds)
        let (given, readers) = try Given.of(files: files, inputs: inputs, images: images)
        return AgentRun(
            bridge: try await call(reading: readers, telling: onProgress) { [bridge] cancel, told in
                try await bridge.launch(options: options, given: given, told: told, cancel: cancel)
            })
    }

    /// Reads one agent. `GET /agents/{id}` of the Agents page, tier Standard.
    ///
    /// - Parameter id: The agent's id.
    /// - Throws: `NomkitError` of kind `.invalidInput` if it is no id (nothing was sent), `.notFound` if there is none,
    ///   or it is not yours.
    public func get(_ id: String) async throws -> Agent {
        try await call { [bridge] in try await bridge.get(id: id, cancel: $0) }
    }

    /// Lists the user's own agents, newest first (the order is an assumption). `GET /agents` of the Agents page, tier
    /// Standard.
    ///
    /// - Parameters:
    ///   - status: Only those with this status.
    ///   - workflowId: Only those of this workflow.
    ///   - withoutWorkflow: Only those of no workflow.
    ///   - pageSize: How many one request brings, 1 to 100.
    /// - Returns: The agents, lazy over all pages: `for try await`, `.first(n)`, or `.pages()`. The loop throws
    ///   `NomkitError` of kind `.invalidInput` if an argument is wrong, or two exclude each other; nothing was sent.
    public func list(
        status: AgentStatus? = nil, workflowId: String? = nil, withoutWorkflow: Bool = false, pageSize: Int? = nil
    ) -> Pages<Agent> {
        Pages { [bridge] in
            let options = ListOptions(
                status: status?.rawValue, workflowId: workflowId, withoutWorkflow: withoutWorkflow,
                pageSize: try pageSize?.counted("pageSize"))
            let pages = try bridge.list(options: options)
            return { try await pages.nextPage(cancel: $0).map(Page.init) }
        }
    }

    /// The whole conversation of an agent. `GET /agents/{id}/conversation` of the Agents page, tier Standard; the shape
    /// of its body is an assumption.
    ///
    /// - Parameter id: The agent's id.
    /// - Returns: All rows, in order.
    /// - Throws: `NomkitError` of kind `.notFound` if there is no such agent, or it is not yours.
    public func conversation(_ id: String) async throws -> [Message] {
        try await call { [bridge] in try await bridge.conversation(id: id, cancel: $0) }
    }

    /// One artifact with its content. `GET /agents/{id}/artifacts/{artifactId}` of the Agents page, tier Standard; the
    /// shape of its body is an assumption.
    ///
    /// - Parameters:
    ///   - artifactId: The artifact's id, of `agent.artifacts`.
    ///   - agentId: The agent's id.
    /// - Throws: `NomkitError` of kind `.notFound` if there is none, or it is not yours.
    public func artifact(_ artifactId: String, of agentId: String) async throws -> Artifact {
        try await call { [bridge] in
            try await bridge.artifact(agentId: agentId, artifactId: artifactId, cancel: $0)
        }
    }

    /// Asks an agent to stop; it may still finish first. `POST /agents/{id}/stop` of the Agents page, tier Standard;
    /// what it answers is an assumption.
    ///
    /// - Parameter id: The agent's id.
    /// - Returns: The agent as it then stood.
    /// - Throws: `NomkitError` of kind `.notFound` if there is none, or it is not yours.
    @discardableResult
    public func stop(_ id: String) async throws -> Agent {
        try await call { [bridge] in try await bridge.stop(id: id, cancel: $0) }
    }

    /// Deletes an agent, with its conversation and artifacts. `DELETE /agents/{id}`, tier Standard: an assumption.
    ///
    /// - Parameter id: The agent's id.
    /// - Throws: `NomkitError` of kind `.notFound` if there is none, or it is not yours, `.conflict` if it is at work;
    ///   stop it first.
    public func delete(_ id: String) async throws {
        try await call { [bridge] in try await bridge.delete(id: id, cancel: $0) }
    }

    /// Picks a run up again.
    ///
    /// - Parameter target: A run's token, for the very turn that it names, or an agent's id, for its latest turn.
    /// - Throws: `NomkitError` of kind `.invalidInput` if it is neither (nothing was sent), `.config` if the token
    ///   belongs to another instance, `.notFound` if the agent is gone.
    public func attach(_ target: String) async throws -> AgentRun {
        AgentRun(bridge: try await call { [bridge] in try await bridge.attach(target: target, cancel: $0) })
    }

    /// Asks an agent again, whatever became of it meanwhile: one ticket, one agent. A turn that is over is followed up; an
    /// agent that is at work is a conflict, or stopped first; one that is gone is not found, or launched afresh.
    ///
    /// - Parameters:
    ///   - target: A run's token, or an agent's id.
    ///   - prompt: What the agent shall do.
    ///   - images: At most 4 pictures that go with the prompt.
    ///   - interrupt: Whether to stop a turn that is still at work.
    ///   - ifMissing: What to do if there is no such agent. A new one gets the same prompt.
    ///   - timeout: For the stop, the follow-up or the launch together, 2 minutes by default and more for images.
    /// - Returns: The next turn, or the first of a new agent.
    /// - Throws: `NomkitError` of kind `.invalidInput` if an argument is wrong (nothing was sent), `.config` if the token
    ///   belongs to another instance, `.conflict` if the agent is at work, `.notFound` if it is gone, `.waitTimeout` if
    ///   the turn that was to be stopped had not ended by then, `.outcomeUnknown` if the answer was lost and what became of
    ///   it could not be found (nothing is sent a second time).
    public func resume(
        _ target: String, _ prompt: String, images: [Picture] = [], interrupt: Bool = false,
        ifMissing: IfMissing = .raise, timeout: Duration? = nil
    ) async throws -> AgentRun {
        let options = ResumeOptions(
            prompt: prompt, interrupt: interrupt, ifMissing: ifMissing.rawValue, timeout: timeout?.inSeconds)
        let pictures = try images.map { try $0.given() }
        return AgentRun(
            bridge: try await call { [bridge] in
                try await bridge.resume(target: target, options: options, pictures: pictures, cancel: $0)
            })
    }
}

/// What `Agents.resume` does if there is no such agent.
public enum IfMissing: String, Sendable {
    /// It throws a `NomkitError` of kind `.notFound`.
    case raise
    /// It launches a new one.
    case launch
}
