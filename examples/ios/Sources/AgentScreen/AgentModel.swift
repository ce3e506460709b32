import Foundation
import Nomkit
#if canImport(SwiftUI)
import Observation
#endif

/// A screen that asks an agent about documents. It can be left at any time: the agent runs on, and the next model with
/// the same store picks it up.
@MainActor
#if canImport(SwiftUI)
@Observable
#endif
public final class AgentModel {
    /// What the screen shows.
    public enum Phase: Sendable, Equatable {
        /// Nothing was asked yet.
        case idle
        /// The documents are on their way; how much of one is, from 0 to 1, if that is known.
        case uploading(Double?)
        /// The agent is at work.
        case working(AgentStatus)
        /// It has answered.
        case answered(RunResult)
        /// It has not, and why.
        case failed(String)
    }

    /// What the screen shows now.
    public private(set) var phase = Phase.idle

    private let nomic: Nomic
    private let store: any TokenStore
    private var work: Task<Void, Never>?

    /// A model of one screen.
    ///
    /// - Parameters:
    ///   - nomic: The client, shared by all screens.
    ///   - store: Where the token of the run is kept while it runs.
    public init(nomic: Nomic, store: any TokenStore) {
        (self.nomic, self.store) = (nomic, store)
    }

    /// Launches an agent and shows it up to its answer.
    public func ask(_ question: String, about documents: [URL]) {
        phase = .uploading(nil)
        begin { [nomic] model in
            let run = try await nomic.agents.launch(question, files: documents.map { .file($0) }) { progress in
                await model.show(progress)
            }
            // Left at this very moment it is kept too, unless something else was asked since.
            guard !Task.isCancelled || model.work == nil else { return }
            model.store.token = run.token
            try await model.follow(run)
        }
    }

    /// Shows a run that was left, if there is one.
    public func appear() {
        guard work == nil, let token = store.token else { return }
        begin { [nomic] model in
            try await model.follow(nomic.agents.attach(token))
        }
    }

    /// Ends what is on its way: the connection is closed. An agent that was launched runs on, and its token is kept. Left
    /// while the question is still being sent there is no token yet: should an agent come of it, this screen never shows
    /// it.
    public func leave() {
        work?.cancel()
        work = nil
    }

    private func begin(_ job: @escaping @MainActor (AgentModel) async throws -> Void) {
        leave()
        work = Task {
            do {
                try await job(self)
                guard !Task.isCancelled else { return }
                store.token = nil
            } catch {
                guard !Task.isCancelled else { return }  // Left: whoever comes next goes on.
                phase = .failed(error.localizedDescription)
                if (error as? NomkitError)?.isTheRunsEnd == true { store.token = nil }
            }
            work = nil
        }
    }

    private func follow(_ run: AgentRun) async throws {
        for try await agent in run.updates(timeout: .infinite) {
            try Task.checkCancellation()
            phase = .working(agent.status)
        }
        let result = try await run.wait()
        try Task.checkCancellation()
        phase = .answered(result)
    }

    private func show(_ progress: Nomkit.Progress) {
        guard !Task.isCancelled, case .uploading = phase else { return }
        phase = .uploading(progress.total.map { progress.done / $0 })
    }
}

extension NomkitError {
    /// Whether there is nothing left to pick up, or what was kept is no token of this client's; anything else, such as a
    /// network that is gone, passes.
    fileprivate var isTheRunsEnd: Bool {
        [.runFailed, .runStopped, .staleTurn, .notFound, .config, .invalidInput].contains(kind)
    }
}
