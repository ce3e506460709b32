import Foundation
import Nomkit

/// What the driver was asked and cannot understand.
struct Misunderstood: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// The client, the runs that the runner knows by a handle, and what it may call.
actor Driver {
    private var client: Nomic?
    private var runs: [String: AgentRun] = [:]

    func answer(_ id: Int64, _ operation: String?, _ arguments: Arguments) async -> [String: Json] {
        do {
            return ["id": .int(id), "ok": try await call(operation ?? "", arguments)]
        } catch is CancellationError {
            return ["id": .int(id), "cancelled": true]
        } catch let error as NomkitError {
            return ["id": .int(id), "error": plain(error)]
        } catch {
            let message = (error as? Misunderstood)?.message ?? "\(error)"
            return ["id": .int(id), "error": ["code": "driver", "message": .text(message), "retryable": false]]
        }
    }

    private func call(_ operation: String, _ given: Arguments) async throws -> Json {
        if operation == "client.new" { return try connect(given) }
        if operation.hasPrefix("run.") { return try await call(operation, on: run(given.text("run")), given) }
        let nomic = try client ?? { throw Misunderstood("client.new comes first") }()
        let (pageSize, timeout) = (given.int("limit"), given.duration("timeout"))
        switch operation {
        case "files.upload":
            return plain(try await upload(nomic, given))
        case "files.upload_folder":
            let folder = URL(fileURLWithPath: try given.text("folder"))
            let (pattern, path) = (given.maybe("pattern"), given.maybe("path"))
            return plain(try await nomic.files.uploadFolder(folder, pattern: pattern, path: path, timeout: timeout))
        case "files.search":
            return plain(try await all(nomic.files.search(try given.text("query"), pageSize: pageSize)))
        case "agents.launch":
            return added(
                try await nomic.agents.launch(
                    given.maybe("prompt"), files: try given.sources("files"), fileIds: given.texts("file_ids"),
                    workflowId: given.maybe("workflow_id"), inputs: try given.slots("inputs"),
                    images: given.pictures(), projectId: given.maybe("project_id"), timeout: timeout))
        case "agents.get":
            return plain(try await nomic.agents.get(try given.text("id")))
        case "agents.list":
            let status = given.maybe("status").map(AgentStatus.init(rawValue:))
            return plain(try await all(nomic.agents.list(status: status, pageSize: pageSize)))
        case "agents.attach":
            return added(try await nomic.agents.attach(try given.text("target")))
        case "agents.resume":
            let missing = given.maybe("if_missing").flatMap(IfMissing.init(rawValue:)) ?? .raise
            return added(
                try await nomic.agents.resume(
                    try given.text("target"), try given.text("prompt"), images: given.pictures(),
                    interrupt: given.flag("interrupt"), ifMissing: missing, timeout: timeout))
        case "nomic.wait_all":
            let runs = try given.texts("runs").map(run)
            return .array(try await nomic.waitAll(runs, timeout: timeout.map(Deadline.after)).map(ended))
        case "nomic.as_completed":
            let runs = try given.texts("runs").map(run)
            return .array(try await all(nomic.asCompleted(runs, timeout: timeout.map(Deadline.after))).map(ended))
        case "agents.artifact":
            return plain(try await nomic.agents.artifact(try given.text("artifact_id"), of: try given.text("agent_id")))
        case "agents.conversation":
            return plain(try await nomic.agents.conversation(try given.text("id")))
        case "agents.stop":
            return plain(try await nomic.agents.stop(try given.text("id")))
        case "agents.delete":
            try await nomic.agents.delete(try given.text("id"))
            return .null
        case "workflows.list":
            return plain(try await all(nomic.workflows.list(projectId: given.maybe("project_id"), pageSize: pageSize)))
        default:
            throw Misunderstood("there is no operation \(operation)")
        }
    }

    private func call(_ operation: String, on run: AgentRun, _ given: Arguments) async throws -> Json {
        let (timeout, deadline) = (given.duration("timeout"), given.duration("timeout").map(Deadline.after))
        switch operation {
        case "run.refresh":
            return plain(try await run.refresh())
        case "run.wait":
            return plain(try await run.wait(timeout: deadline))
        case "run.updates":
            return plain(try await all(run.updates(timeout: deadline)).map(\.status))
        case "run.follow_up":
            return added(try await run.followUp(try given.text("prompt"), images: given.pictures(), timeout: timeout))
        case "run.stop":
            return plain(try await run.stop(wait: given.flag("wait"), timeout: timeout))
        case "run.conversation":
            return plain(try await run.conversation())
        case "run.explain":
            return .text(run.explain())
        case "run.artifact":
            return plain(try await run.artifact(try given.text("artifact_id")))
        default:
            throw Misunderstood("there is no operation \(operation)")
        }
    }

    private func connect(_ given: Arguments) throws -> Json {
        let url = try given.text("base_url")
        guard let baseURL = URL(string: url) else { throw Misunderstood("\(url) is no URL") }
        client = try Nomic(
            apiKey: try given.text("api_key"), baseURL: baseURL, timeout: given.duration("timeout"),
            pace: given.choice("pace"))
        return .null
    }

    private func upload(_ nomic: Nomic, _ given: Arguments) async throws -> File {
        let (path, size, chosen) = (given.maybe("path"), given.int("size"), Arguments(given.members("options")))
        let bytes = given.maybe("bytes_base64").flatMap { Data(base64Encoded: $0) }
        var name = given.maybe("name")
        let source: Source
        switch (bytes, path, given.flag("stream")) {
        case (let bytes?, _, true):
            source = .stream(
                AsyncStream {
                    $0.yield(bytes)
                    $0.finish()
                }, size: size)
        case (let bytes?, _, false):
            source = .data(bytes)
        case (nil, let path?, true):
            // Neither bytes nor a file on disk: it is pulled, and can be read once.
            let url = URL(fileURLWithPath: path)
            source = .stream(try FileHandle(forReadingFrom: url), size: size)
            name = name ?? url.lastPathComponent
        case (nil, let path?, false):
            source = .file(URL(fileURLWithPath: path))
        case (nil, nil, _):
            throw Misunderstood("there is nothing to upload")
        }
        return try await nomic.files.upload(
            source, path: chosen.maybe("path"), name: name, parentId: chosen.maybe("parent_id"),
            timeout: chosen.duration("timeout") ?? given.duration("timeout"))
    }

    private func run(_ handle: String) throws -> AgentRun {
        try runs[handle] ?? { throw Misunderstood("there is no run \(handle)") }()
    }

    /// Keeps a run and gives what the runner is told of it.
    private func added(_ run: AgentRun) -> Json {
        let handle = "r\(runs.count + 1)"
        runs[handle] = run
        return [
            "$run": .text(handle), "id": .text(run.agentId), "turn": .int(Int64(run.turn)),
            "status": .text(run.status.rawValue), "token": .text(run.token),
            "url": run.url.map { .text($0.absoluteString) } ?? .null, "recovered": .bool(run.recovered),
        ]
    }
}

/// What became of a run of many.
private func ended(_ outcome: RunOutcome) -> Json {
    [
        "id": .text(outcome.run.agentId), "turn": .int(Int64(outcome.run.turn)), "ok": .bool(outcome.ok),
        "result": outcome.result.map(plain) ?? .null, "error": outcome.error.map(plain) ?? .null,
    ]
}

private func all<Items: AsyncSequence & Sendable>(_ items: Items) async throws -> [Items.Element] {
    var found: [Items.Element] = []
    for try await item in items { found.append(item) }
    return found
}
