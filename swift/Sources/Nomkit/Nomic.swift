import Foundation

/// The client of one instance and one key. It makes no request until its first call.
///
/// ```swift
/// let nomic = try Nomic(domain: "acme", apiKey: key)
/// print(try await nomic.ask("Summarize the inspection report", files: [.file(report)]).text)
/// ```
///
/// What is left out comes from the environment: `NOMIC_API_KEY`, and `NOMIC_BASE_URL` or `NOMIC_DOMAIN`. A key that the
/// environment binds to one host is never sent to another. It may be used from any task; closing it is optional.
public final class Nomic: Sendable {
    /// Files: upload and search.
    public let files: Files
    /// Agents: launch, look, stop, delete, attach.
    public let agents: Agents
    /// Workflows: which there are.
    public let workflows: Workflows
    private let bridge: NomicBridge

    /// A client.
    ///
    /// - Parameters:
    ///   - domain: The instance's name: `acme` means `https://acme.nomic.ai`.
    ///   - apiKey: A key of the Developer Console, `npk_…`.
    ///   - baseURL: The instance's URL, instead of `domain`; `http` only on loopback.
    ///   - timeout: How long one request may take, 60 seconds by default; uploads have their own limits.
    ///   - retries: How many times a request is made again where that is safe, 3 by default.
    ///   - proxy: A proxy's URL; `HTTPS_PROXY` and `NO_PROXY` otherwise. Never used for loopback.
    ///   - caCerts: A PEM file of certificates to trust besides the system's.
    ///   - userAgent: What to add to the `User-Agent` header.
    ///   - pace: Whether requests wait for the platform's limits here rather than be refused there; true by default. All
    ///     clients of a process with the same key share the limits.
    ///   - onEvent: Is told what the client does, one event after another, until the client is closed or gone. No call
    ///     waits for it: of more than a thousand events that wait for it the oldest are dropped.
    /// - Throws: `NomkitError` of kind `.config` if the key or the instance is missing or cannot be right,
    ///   `.invalidInput` if an argument is wrong.
    public init(
        domain: String? = nil,
        apiKey: String? = nil,
        baseURL: URL? = nil,
        timeout: Duration? = nil,
        retries: Int? = nil,
        proxy: URL? = nil,
        caCerts: URL? = nil,
        userAgent: String? = nil,
        pace: Bool? = nil,
        onEvent: OnEvent? = nil
    ) throws {
        let options = ClientOptions(
            domain: domain,
            baseUrl: baseURL?.absoluteString,
            apiKey: apiKey,
            timeout: timeout?.inSeconds,
            retries: try retries?.counted("retries"),
            proxy: proxy?.absoluteString,
            caCerts: try caCerts?.local("caCerts"),
            userAgent: userAgent,
            pace: pace)
        bridge = try now { try NomicBridge(options: options) }
        files = Files(bridge: bridge.files())
        agents = Agents(bridge: bridge.agents())
        workflows = Workflows(bridge: bridge.workflows())
        if let onEvent { listen(bridge.listen(), onEvent) }
    }

    /// Uploads the files, launches an agent on them and waits for its answer.
    ///
    /// - Parameters:
    ///   - prompt: What the agent shall do. A workflow that requests files takes `inputs` instead.
    ///   - files: What it may read: local files, which are uploaded first, and files on the platform.
    ///   - fileIds: Ids of files and folders on the platform that it may read.
    ///   - workflowId: The workflow to launch.
    ///   - inputs: The files of each of a workflow's slots.
    ///   - images: At most 4 pictures that go with the prompt.
    ///   - projectId: The project to launch it in.
    ///   - timeout: How long to wait for the answer, 30 minutes by default. The agent runs on when it is over.
    ///   - onProgress: Is told how far it is.
    /// - Returns: What the agent said and made.
    /// - Throws: What `Agents.launch` and `AgentRun.wait` throw; no other error than a `NomkitError` tells what is
    ///   `uploaded` by then.
    public func ask(
        _ prompt: String? = nil,
        files: [Source] = [],
        fileIds: [String] = [],
        workflowId: String? = nil,
        inputs: [String: [Source]] = [:],
        images: [Picture] = [],
        projectId: String? = nil,
        timeout: Deadline? = nil,
        onProgress: OnProgress? = nil
    ) async throws -> RunResult {
        let launch = LaunchOptions(
            prompt: prompt, workflowId: workflowId, fileIds: fileIds, projectId: projectId, timeout: nil)
        let (given, readers) = try Given.of(files: files, inputs: inputs, images: images)
        return try await call(reading: readers, telling: onProgress) { [bridge] cancel, told in
            try await bridge.ask(
                launch: launch, given: given, wait: WaitOptions(timeout), told: told, cancel: cancel)
        }
    }

    /// Waits for all of these runs at once, by few requests. A run that fails is an outcome, never an error of the whole. A
    /// wait that is cancelled stops no agent.
    ///
    /// - Parameters:
    ///   - runs: Runs of this client.
    ///   - timeout: For all of them together, 30 minutes by default; `.infinite` is without end. What is not over by then
    ///     has an error of kind `.waitTimeout`.
    ///   - onProgress: Is told how many are over.
    /// - Returns: What became of each, in their order.
    /// - Throws: `NomkitError` of kind `.invalidInput` if an argument is wrong, or a run belongs to another client;
    ///   nothing was sent.
    public func waitAll(
        _ runs: [AgentRun], timeout: Deadline? = nil, onProgress: OnProgress? = nil
    ) async throws -> [RunOutcome] {
        let given = runs.map(\.bridge)
        return try await call(telling: onProgress) { [bridge] cancel, told in
            try await bridge.waitAll(runs: given, options: WaitOptions(timeout), told: told, cancel: cancel)
                .map(RunOutcome.init)
        }
    }

    /// The same, one after another as they end. Leaving the loop closes what is in flight; the agents run on.
    ///
    /// - Parameters:
    ///   - runs: Runs of this client.
    ///   - timeout: For all of them together, from when the loop begins.
    /// - Returns: What became of each. The loop throws `NomkitError` of kind `.invalidInput` if an argument is wrong, or a
    ///   run belongs to another client; nothing was sent.
    public func asCompleted(_ runs: [AgentRun], timeout: Deadline? = nil) -> Completed {
        let given = runs.map(\.bridge)
        return Completed { [bridge] in
            let completed = try bridge.asCompleted(runs: given, options: WaitOptions(timeout))
            return { try await completed.next(cancel: $0).map(RunOutcome.init) }
        }
    }

    /// Closes the client: calls made from now on throw `NomkitError` of kind `.closed`, idle connections are dropped, and
    /// `onEvent` hears of what happened before, and no more.
    public func close() {
        bridge.shut()
    }
}

extension Nomic: CustomStringConvertible {
    /// Where it sends, without its key.
    public var description: String { bridge.describe() }
}

extension Given {
    /// What a launch takes along, and what of it is read here.
    static func of(files: [Source], inputs: [String: [Source]], images: [Picture]) throws -> (Given, [Reader]) {
        var readers: [Reader] = []
        let given = Given(
            files: try files.map { try $0.given(&readers, of: "files") },
            inputs: try inputs.mapValues { try $0.map { try $0.given(&readers, of: "inputs") } },
            images: try images.map { try $0.given() })
        return (given, readers)
    }
}
