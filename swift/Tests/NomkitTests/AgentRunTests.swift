import Foundation
import Nomkit
import XCTest

final class AgentRunTests: XCTestCase {
    func testPropertiesAreWhatWasLastSeenAndCostNoRequest() async throws {
        let emulator = try await platform()
        let run = try await emulator.nomic().agents.launch("Look")
        try await run.wait()
        let before = try await emulator.requests().count
        XCTAssertEqual(run.turn, 1)
        XCTAssertEqual(run.status, .finished)
        XCTAssertEqual(run.agent.id, run.agentId)
        XCTAssertEqual(run.url?.absoluteString.hasSuffix(run.agentId), true)
        XCTAssertEqual("\(run)", "AgentRun(agentId: \(run.agentId), turn: 1, status: finished)")
        let after = try await emulator.requests().count
        XCTAssertEqual(after, before)
    }

    func testRefreshLooksAgain() async throws {
        let nomic = try await platform().nomic()
        let run = try await nomic.agents.launch("Look")
        let copy = run
        let before = run.agent
        try await run.wait()
        XCTAssertNotEqual(before.status, .finished)
        let after = try await copy.refresh()
        XCTAssertEqual([after.status, copy.status], [.finished, .finished])
    }

    func testAResultHasWhatTheTurnSaidAndMade() async throws {
        let nomic = try await platform().nomic()
        let run = try await nomic.agents.launch("Look")
        let told = Told<Nomkit.Progress>()
        let result = try await run.wait(timeout: .minutes(1)) { await told.add($0) }
        XCTAssertEqual(result.agent.status, .finished)
        XCTAssertEqual(result.messages.last?.text, result.text)
        let phases = await told.all.map(\.phase)
        XCTAssertFalse(phases.isEmpty)
        let again = try await run.wait(timeout: .infinite)
        XCTAssertEqual(again, result)
    }

    func testAWaitThatExpiresLeavesTheAgentAloneAndGivesItsToken() async throws {
        let emulator = try await platform(running: .seconds(60))
        let run = try await emulator.nomic().agents.launch("Look")
        let error = try await failure { try await run.wait(timeout: .after(.milliseconds(50))) }
        XCTAssertEqual(error.kind, .waitTimeout)
        XCTAssertEqual(error.token, run.token)
        XCTAssertEqual(error.lastStatus, run.status.rawValue)
        XCTAssertTrue(error.retryable)
        let stops = try await emulator.requests("POST /agents/{id}/stop")
        XCTAssertEqual(stops, [])
    }

    func testUpdatesGiveEachChangeUpToTheEnd() async throws {
        let nomic = try await platform(running: .seconds(60)).nomic()
        let run = try await nomic.agents.launch("Look")
        var seen: [AgentStatus] = []
        for try await agent in run.updates() {
            seen.append(agent.status)
            if agent.status == .running { try await run.stop() }
        }
        XCTAssertEqual(seen.last, .stopped)
        XCTAssertEqual(Set(seen).count, seen.count)
        let error = try await failure { try await run.wait() }
        XCTAssertEqual(error.kind, .runStopped)
        XCTAssertEqual(error.agentId, run.agentId)
    }

    func testLeavingTheLoopOfUpdatesEndsItsRequests() async throws {
        let emulator = try await platform(running: .seconds(60))
        let run = try await emulator.nomic().agents.launch("Look")
        for try await _ in run.updates() { break }
        let before = try await emulator.requests().count
        try await run.refresh()
        let after = try await emulator.requests().count
        XCTAssertEqual(after, before + 1)
        XCTAssertFalse(run.status == .finished)
    }

    func testUpdatesExpireToo() async throws {
        let nomic = try await platform(running: .seconds(60)).nomic()
        let run = try await nomic.agents.launch("Look")
        let error = try await failure {
            for try await _ in run.updates(timeout: .seconds(0.05)) { continue }
            return ()
        }
        XCTAssertEqual(error.kind, .waitTimeout)
        XCTAssertEqual(error.token, run.token)
    }

    func testAFollowUpIsTheNextTurnAskedOnce() async throws {
        let emulator = try await platform()
        let run = try await emulator.nomic().agents.launch("Look")
        let first = try await run.wait()
        let next = try await run.followUp("Now a punch list", timeout: .seconds(60))
        let second = try await next.wait()
        XCTAssertEqual([next.turn, second.turn], [2, 2])
        XCTAssertNotEqual(first.text, second.text)
        let asked = try await emulator.requests("POST /agents/{id}/followup").count
        XCTAssertEqual(asked, 1)
        let users = try await next.conversation().filter { $0.role == .user }.map(\.text)
        XCTAssertEqual(users, ["Look", "Now a punch list"])
    }

    func testAnAgentIsAskedAgainWhateverBecameOfIt() async throws {
        let emulator = try await platform()
        let agents = try emulator.nomic().agents
        let first = try await agents.launch("Look")
        try await first.wait()
        let second = try await agents.resume(first.agentId, "And the roof?", timeout: .seconds(60))
        try await second.wait()
        try await emulator.timing(running: .seconds(60))
        let third = try await agents.resume(second.token, "And the stairs?")
        let busy = try await failure { try await agents.resume(third.agentId, "Quick") }
        XCTAssertEqual(busy.kind, .conflict)
        try await emulator.timing(running: .zero)
        let fourth = try await agents.resume(third.agentId, "Quick", interrupt: true)
        XCTAssertEqual([second.turn, third.turn, fourth.turn], [2, 3, 4])
        XCTAssertEqual(Set([first, second, third, fourth].map(\.agentId)).count, 1)
        try await fourth.wait()
        try await agents.delete(first.agentId)
        let gone = try await failure { try await agents.resume(first.agentId, "Look") }
        XCTAssertEqual(gone.kind, .notFound)
        let again = try await agents.resume(first.agentId, "Look", ifMissing: .launch)
        XCTAssertNotEqual(again.agentId, first.agentId)
        XCTAssertEqual(again.turn, 1)
        let stops = try await emulator.requests("POST /agents/{id}/stop").count
        XCTAssertEqual(stops, 1)
        let empty = try await failure { try await agents.resume(again.agentId, " ") }
        XCTAssertEqual(empty.argument, "prompt")
    }

    func testAFollowUpOnAnAgentAtWorkIsAConflictSaidInTheWordsOfThisLanguage() async throws {
        let nomic = try await platform(running: .seconds(60)).nomic()
        let run = try await nomic.agents.launch("Look")
        let error = try await failure { try await run.followUp("Now a punch list") }
        XCTAssertEqual(error.kind, .conflict)
        XCTAssertTrue(error.message.hasPrefix("agents.followUp: "), error.message)
        XCTAssertNotNil(error.current)
    }

    func testWhatWasLostIsFoundAndNotSentAgain() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        try await emulator.fault("POST /agents", "lose_response")
        let run = try await nomic.agents.launch("Look")
        let result = try await run.wait()
        XCTAssertEqual(result.agent.id, run.agentId)
        try await emulator.fault("POST /agents/{id}/followup", "lose_response")
        let next = try await run.followUp("And the roof?")
        let turn = try await next.wait().turn
        XCTAssertEqual(turn, 2)
        XCTAssertEqual([run.recovered, next.recovered], [true, true])
        XCTAssertTrue(run.explain().contains("found after its answer was lost"), run.explain())
        try await emulator.fault("POST /files/upload", "lose_response")
        let file = try await nomic.files.upload(.file(report), path: "plans/report.pdf")
        XCTAssertTrue(file.recovered)
        for operation in ["POST /agents", "POST /agents/{id}/followup", "POST /files/upload"] {
            let sent = try await emulator.requests(operation).count
            XCTAssertEqual(sent, 1, operation)
        }
    }

    func testWhatIsNotFoundIsToldAndNotSentAgain() async throws {
        let emulator = try await platform()
        let run = try await emulator.nomic().agents.launch("Look")
        try await run.wait()
        try await emulator.fault("POST /agents/{id}/followup", "reset", ["at": "before_commit"])
        let error = try await failure { try await run.followUp("More", timeout: .seconds(4)) }
        XCTAssertEqual(error.kind, .outcomeUnknown)
        XCTAssertEqual(error.outcome, .unknown)
        XCTAssertEqual(error.operation, "agents.follow_up")
        let asked = try await emulator.requests("POST /agents/{id}/followup").count
        XCTAssertEqual(asked, 1)
    }

    func testAFailedRunSaysWhy() async throws {
        let nomic = try await platform().nomic()
        let broken = Data("%PDF-1.7 nothing more".utf8)
        let run = try await nomic.agents.launch("Look", files: [.data(broken, name: "broken.pdf")])
        let error = try await failure { try await run.wait() }
        XCTAssertEqual(error.kind, .runFailed)
        XCTAssertEqual(error.reason?.contains("broken.pdf"), true)
        XCTAssertFalse(error.messages.isEmpty)
        XCTAssertEqual(error.token, run.token)
    }
}
