import AgentScreen
import Foundation
import Nomkit
import XCTest

final class AgentModelTests: XCTestCase {
    private let report = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../inspection-report.pdf").standardizedFileURL

    func testAScreenThatIsLeftIsPickedUpByTheNext() async throws {
        let emulator = try await emulator(running: .seconds(3600))
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("token-\(UUID().uuidString)")
        let first = await AgentModel(nomic: try emulator.nomic(), store: TokenFile(place))
        await first.ask("What is wrong with the fire doors?", about: [report])
        try await eventually { await first.phase == .working(.running) }

        let stalled = try await emulator.fault("GET /agents/{id}", "stall")
        try await eventually { try await emulator.faultReport(stalled).hits == 1 }
        await first.leave()
        // A stalled answer is complete once its connection is closed.
        try await eventually { try await emulator.faultReport(stalled).completed == 1 }
        let left = try await emulator.ledger()
        XCTAssertEqual(left.agents.map { $0["status"] }, ["running"])
        let shown = await first.phase
        XCTAssertEqual(shown, .working(.running))

        try await emulator.clock(.advance(.seconds(3600)))
        let next = await AgentModel(nomic: try emulator.nomic(), store: TokenFile(place))
        await next.appear()
        try await eventually { if case .answered = await next.phase { true } else { false } }
        guard case .answered(let result) = await next.phase else { return }
        XCTAssertTrue(result.text.contains("inspection-report.pdf"), result.text)
        try await eventually { await TokenFile(place).token == nil }
        let done = try await emulator.ledger().requests.compactMap { $0["operation"] }
        XCTAssertEqual(done.filter { $0 == "POST /agents" }.count, 1)
        XCTAssertFalse(done.contains("POST /agents/{id}/stop"))
    }

    func testWhyItFailedIsShownAndTheTokenForgotten() async throws {
        let emulator = try await emulator(running: .milliseconds(10))
        let store = Memory()
        let model = await AgentModel(nomic: try emulator.nomic(), store: store)
        await model.appear()
        let idle = await model.phase
        XCTAssertEqual(idle, .idle)
        let broken = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).pdf")
        try Data("%PDF-1.7 nothing more".utf8).write(to: broken)
        addTeardownBlock { try FileManager.default.removeItem(at: broken) }
        await model.ask("Look", about: [broken])
        try await eventually { if case .failed = await model.phase { true } else { false } }
        guard case .failed(let why) = await model.phase else { return }
        XCTAssertTrue(why.contains(broken.lastPathComponent), why)
        try await eventually { await store.token == nil }
    }

    func testATokenThatIsNoneIsForgotten() async throws {
        let store = Memory("of no run")
        let model = await AgentModel(nomic: try await emulator(running: .milliseconds(10)).nomic(), store: store)
        await model.appear()
        try await eventually { if case .failed = await model.phase { true } else { false } }
        try await eventually { await store.token == nil }
    }

    func testWhatWasLeftDoesNotDisturbWhatIsAskedNext() async throws {
        let emulator = try await emulator(running: .milliseconds(10))
        let store = Memory()
        let model = await AgentModel(nomic: try emulator.nomic(), store: store)
        let stalled = try await emulator.fault("POST /agents", "stall", ["times": 1000])
        for count in 1...5 {
            await model.ask("Look", about: [])
            try await eventually { try await emulator.faultReport(stalled).hits == count }
            await model.leave()
        }
        try await emulator.clearFaults()
        await model.ask("Look", about: [])
        try await eventually { if case .answered = await model.phase { true } else { false } }
        try await eventually { await store.token == nil }
    }

    func testUploadsAreShown() async throws {
        let emulator = try await emulator(running: .milliseconds(10))
        let stalled = try await emulator.fault("POST /agents", "stall")
        let model = await AgentModel(nomic: try emulator.nomic(), store: Memory())
        await model.ask("Look", about: [report])
        try await eventually { await model.phase == .uploading(1) }
        try await eventually { try await emulator.faultReport(stalled).hits == 1 }
        await model.leave()
        try await eventually { try await emulator.faultReport(stalled).completed == 1 }
    }

    private final class Memory: TokenStore {
        var token: String?

        nonisolated init(_ token: String? = nil) {
            self.token = token
        }
    }

    private func emulator(running: Duration) async throws -> Emulator {
        let emulator = try await Emulator.start(rates: false, waiting: .milliseconds(10), running: running)
        addTeardownBlock { await emulator.stop() }
        return emulator
    }

    private func eventually(line: UInt = #line, _ condition: () async throws -> Bool) async throws {
        let limit = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            guard ContinuousClock.now < limit else { return XCTFail("it hangs", line: line) }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
