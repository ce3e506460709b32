import Foundation
import XCTest

@testable import Nomkit

/// An emulator that answers nothing any more, and a turn and an artifact that it has.
struct Silent: Sendable {
    let emulator: Emulator
    let nomic: Nomic
    let run: AgentRun
    let artifact: String

    /// The fault that befalls all that have no body.
    let fault: String

    /// How many connections this process has to it.
    var connections: Int { Here.connections(to: emulator.url.port ?? 0) }

    /// Whether the server sees that all who waited for an answer have left. Of a body that breaks off it notes nothing.
    func isQuiet() async throws -> Bool {
        let report = try await emulator.faultReport(fault)
        return report.hits == report.completed
    }
}

extension XCTestCase {
    func silence() async throws -> Silent {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let plan = Data("The stair is 1.2 m wide.".utf8)
        let finished = try await nomic.agents.launch("How wide?", files: [.data(plan, name: "plan.txt")])
        let artifact = try await finished.wait(timeout: .seconds(30)).artifacts[0].id
        let run = try await nomic.agents.launch("Look")
        for operation in ["POST /files/upload", "POST /agents"] {
            try await emulator.fault(operation, "stall", ["times": 1_000_000])
        }
        let fault = try await emulator.fault("*", "stall", ["times": 1_000_000])
        let silent = Silent(emulator: emulator, nomic: nomic, run: run, artifact: artifact, fault: fault)
        // It has a connection that lies idle, which a call takes along.
        let last = Task { try await run.refresh() }
        try await until("it is silent") { try await emulator.faultReport(fault).hits > 0 }
        last.cancel()
        try await until("it has no connection") { silent.connections == 0 }
        return silent
    }
}

/// A kilobyte each millisecond, for ever.
struct Slowly: AsyncSequence, Sendable {
    struct AsyncIterator: AsyncIteratorProtocol {
        mutating func next() async throws -> Data? {
            try await Task.sleep(for: .milliseconds(1))
            return Data(repeating: 1, count: 1024)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
