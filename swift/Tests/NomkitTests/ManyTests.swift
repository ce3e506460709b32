import Foundation
import Nomkit
import XCTest

final class ManyTests: XCTestCase {
    private func launched(_ nomic: Nomic, _ count: Int) async throws -> [AgentRun] {
        var runs: [AgentRun] = []
        for at in 0..<count { runs.append(try await nomic.agents.launch("Look \(at)")) }
        return runs
    }

    /// Runs that are over, of which one cannot be read to its end.
    private func stalled(_ emulator: Emulator, _ nomic: Nomic) async throws -> ([AgentRun], String) {
        let runs = try await launched(nomic, 2)
        for run in runs { try await run.wait() }
        return (runs, try await emulator.fault("GET /agents/{id}/conversation", "stall"))
    }

    func testEachHasItsOutcomeInTheOrderOfTheRuns() async throws {
        let emulator = try await platform(running: .seconds(60))
        let nomic = try emulator.nomic()
        let stopped = try await nomic.agents.launch("Look")
        try await emulator.timing(waiting: .zero, running: .milliseconds(50), stopping: .zero)
        try await stopped.stop()
        let broken = Source.data(Data("%PDF-1.7 nothing more".utf8), name: "broken.pdf")
        let failed = try await nomic.agents.launch("Look", files: [broken])
        let runs = [stopped] + (try await launched(nomic, 3)) + [failed]
        let told = Told<Nomkit.Progress>()
        let outcomes = try await nomic.waitAll(runs) { await told.add($0) }
        XCTAssertEqual(outcomes.map(\.run.agentId), runs.map(\.agentId))
        XCTAssertEqual(outcomes.map(\.ok), [false, true, true, true, false])
        XCTAssertEqual(outcomes.map { $0.error?.kind }, [.runStopped, nil, nil, nil, .runFailed])
        let again = try await runs[1].wait()
        XCTAssertEqual(outcomes.map(\.result), [nil, again, outcomes[2].result, outcomes[3].result, nil])
        let last = await told.all.last
        XCTAssertEqual([last?.done, last?.total], [5, 5])
        XCTAssertEqual(last?.phase, "waiting")
        let none = try await nomic.waitAll([])
        XCTAssertEqual(none.count, 0)
    }

    func testOneDeadlineHoldsForAllAndTheAgentsRunOn() async throws {
        let emulator = try await platform(running: .seconds(60))
        let nomic = try emulator.nomic()
        let runs = try await launched(nomic, 3)
        let outcomes = try await nomic.waitAll(runs, timeout: .seconds(0.05))
        XCTAssertEqual(outcomes.map { $0.error?.kind }, [.waitTimeout, .waitTimeout, .waitTimeout])
        XCTAssertEqual(outcomes.map { $0.error?.token }, runs.map(\.token))
        var late: Set<String> = []
        for try await outcome in nomic.asCompleted(runs, timeout: .seconds(0.05)) { late.insert(outcome.run.agentId) }
        XCTAssertEqual(late, Set(runs.map(\.agentId)))
        let stops = try await emulator.requests("POST /agents/{id}/stop")
        XCTAssertEqual(stops, [])
    }

    func testTheyComeAsTheyEndAndEachLoopWaitsAnew() async throws {
        let emulator = try await platform(running: .seconds(60))
        let nomic = try emulator.nomic()
        let late = try await nomic.agents.launch("Look")
        try await emulator.timing(waiting: .zero, running: .milliseconds(50), stopping: .zero)
        let completed = nomic.asCompleted([late] + (try await launched(nomic, 1)))
        var seen: [RunOutcome] = []
        for try await outcome in completed {
            seen.append(outcome)
            if outcome.ok { try await late.stop() }
        }
        XCTAssertEqual(seen.map(\.ok), [true, false])
        XCTAssertEqual(seen.last?.run.agentId, late.agentId)
        var count = 0
        for try await _ in completed { count += 1 }
        XCTAssertEqual(count, 2)
    }

    func testWhatCannotBeRightIsRefusedAndNothingIsSent() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let own = try await launched(nomic, 1)
        let foreign = own + [try await emulator.nomic().agents.attach(own[0].agentId)]
        let before = try await emulator.requests().count
        let cases: [(String, () async throws -> Void)] = [
            ("runs", { _ = try await nomic.waitAll(foreign) }),
            ("runs", { for try await _ in nomic.asCompleted(foreign) {} }),
            ("timeout", { _ = try await nomic.waitAll(own, timeout: .seconds(0)) }),
            ("timeout", { for try await _ in nomic.asCompleted(own, timeout: .seconds(0)) {} }),
        ]
        for (argument, made) in cases {
            let error = try await failure(made)
            XCTAssertEqual([error.code, error.argument], ["invalid_input", argument])
        }
        let after = try await emulator.requests().count
        XCTAssertEqual(after, before)
    }

    func testWhoeverCancelsClosesWhatIsInFlightAndStopsNoAgent() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let (runs, stall) = try await stalled(emulator, nomic)
        let waiting = Task { try await nomic.waitAll(runs) }
        try await eventually { try await emulator.faultReport(stall).hits == 1 }
        waiting.cancel()
        let result = await waiting.result
        XCTAssertThrowsError(try result.get()) { XCTAssertTrue($0 is CancellationError) }
        // What is endless is felt to its end when the client turns away: its connection is closed.
        try await eventually { try await emulator.faultReport(stall).completed == 1 }
        let stops = try await emulator.requests("POST /agents/{id}/stop")
        XCTAssertEqual(stops, [])
    }

    func testWhoeverLeavesTheLoopClosesWhatIsInFlight() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let (runs, stall) = try await stalled(emulator, nomic)
        for try await outcome in nomic.asCompleted(runs) {
            XCTAssertTrue(outcome.ok)
            break
        }
        try await eventually { try await emulator.faultReport(stall).completed == 1 }
    }
}
