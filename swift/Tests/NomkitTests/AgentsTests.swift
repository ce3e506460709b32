import Foundation
import Nomkit
import XCTest

final class AgentsTests: XCTestCase {
    func testALaunchTakesFilesFromAnywhere() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let there = try await nomic.files.upload(.data(Data("The lift is 2 m high.".utf8), name: "lift.txt"))
        let run = try await nomic.agents.launch(
            "How wide is the stair?",
            files: [.data(Data("The stair is 1.2 m wide.".utf8), name: "stair.txt"), .uploaded(there)],
            fileIds: [there.id])
        let result = try await run.wait()
        XCTAssertTrue(result.text.contains("1.2 m"), result.text)
        let stored = try await emulator.ledger().files.count
        XCTAssertEqual(stored, 2)
    }

    func testOneIsReadListedStoppedAndDeleted() async throws {
        let emulator = try await platform(running: .seconds(60))
        let agents = try emulator.nomic().agents
        let run = try await agents.launch("Look")
        let read = try await agents.get(run.agentId)
        XCTAssertEqual(read.id, run.agentId)
        let busy = try await failure { try await agents.delete(run.agentId) }
        XCTAssertEqual(busy.kind, .conflict)
        try await agents.stop(run.agentId)
        let ended = try await run.stop(wait: true)
        XCTAssertEqual(ended.status, .stopped)
        let stopped = try await agents.list(status: .stopped, withoutWorkflow: true).all()
        XCTAssertEqual(stopped.map(\.id), [run.agentId])
        let running = try await agents.list(status: .running).all()
        XCTAssertEqual(running, [])
        try await agents.delete(run.agentId)
        let gone = try await failure { try await agents.get(run.agentId) }
        XCTAssertEqual(gone.kind, .notFound)
    }

    func testAConversationHasItsRows() async throws {
        let nomic = try await platform().nomic()
        let run = try await nomic.agents.launch("Look")
        let result = try await run.wait()
        let rows = try await nomic.agents.conversation(run.agentId)
        XCTAssertEqual(rows.first?.role, .user)
        XCTAssertEqual(rows.first?.text, "Look")
        XCTAssertEqual(rows.last?.text, result.messages.last?.text)
    }

    func testARunIsPickedUpByItsTokenOrItsAgentsId() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let first = try await nomic.agents.launch("Look")
        try await first.wait()
        let second = try await first.followUp("Look again")
        try await second.wait()
        let named = try await emulator.nomic().agents.attach(first.token)
        let latest = try await emulator.nomic().agents.attach(first.agentId)
        XCTAssertEqual([named.turn, latest.turn], [1, 2])
        XCTAssertEqual(named.token, first.token)
        XCTAssertEqual(second.turn, latest.turn)
        let other = try await platform().nomic()
        let foreign = try await failure { try await other.agents.attach(first.token) }
        XCTAssertEqual(foreign.kind, .config)
        let nonsense = try await failure { try await nomic.agents.attach("no run/at all") }
        XCTAssertEqual(nonsense.kind, .invalidInput)
    }
}
