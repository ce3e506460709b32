import Foundation
import XCTest

@testable import Nomkit

/// The main path, through the emulator.
final class JourneyTests: XCTestCase {
    private func emulator() async throws -> Emulator {
        let emulator = try await Emulator.start(
            rates: false, waiting: .milliseconds(50), running: .milliseconds(50), stopping: .milliseconds(50))
        addTeardownBlock { await emulator.stop() }
        return emulator
    }

    func testAFileIsReadAndAFollowUpAnswered() async throws {
        let emulator = try await emulator()
        let nomic = try emulator.nomic()
        let plan = Data("The stair is 1.2 m wide. The corridor is 2 m wide.".utf8)
        let run = try await nomic.agents.launch("How wide is the stair?", files: [.data(plan, name: "plan.txt")])
        XCTAssertEqual(run.turn, 1)
        let result = try await run.wait(timeout: .seconds(30))
        XCTAssertTrue(result.text.contains("1.2 m"), result.text)
        let second = try await nomic.agents.attach(run.token).followUp("How wide is the corridor?")
        XCTAssertEqual(second.turn, 2)
        let answer = try await second.wait(timeout: .infinite)
        XCTAssertTrue(answer.text.contains("2 m"), answer.text)
        let agents = try await nomic.agents.list().first(5)
        XCTAssertEqual(agents.map(\.id), [run.agentId])
        let ledger = try await emulator.ledger()
        XCTAssertEqual(ledger.files.count, 1)
    }

    func testProgressIsToldBeforeTheCallReturns() async throws {
        let nomic = try await emulator().nomic()
        let told = Heard()
        let bytes = Data(repeating: 7, count: 1_000_000)
        let pieces = AsyncStream { pieces in
            for start in stride(from: 0, to: bytes.count, by: 100_000) { pieces.yield(bytes[start..<start + 100_000]) }
            pieces.finish()
        }
        let file = try await nomic.files.upload(.stream(pieces, size: bytes.count), name: "plan.bin") {
            await told.add($0)
        }
        let heard = await told.all
        XCTAssertEqual(file.size, bytes.count)
        XCTAssertEqual(heard.last?.done, Double(bytes.count))
    }

    func testASourcesOwnErrorIsWhatTheCallerGets() async throws {
        struct Torn: Error {}
        let emulator = try await emulator()
        let nomic = try emulator.nomic()
        let pieces = AsyncThrowingStream<Data, any Error> { pieces in
            pieces.yield(Data([1]))
            pieces.finish(throwing: Torn())
        }
        do {
            try await nomic.files.upload(.stream(pieces, size: 2), name: "plan.bin")
            XCTFail("it succeeded")
        } catch is Torn {}
        let files = try await emulator.ledger().files
        XCTAssertEqual(files, [])
    }

    func testACancelledTaskGetsItsLanguagesOwnError() async throws {
        let emulator = try await emulator()
        let nomic = try emulator.nomic()
        let fault = try await emulator.fault("GET /agents/{id}", "stall", ["seconds": 30])
        let run = try await nomic.agents.launch("What is it?")
        let refresh = Task { try await run.refresh() }
        while try await emulator.faultReport(fault).hits == 0 { await Task.yield() }
        let began = ContinuousClock.now
        refresh.cancel()
        do {
            _ = try await refresh.value
            XCTFail("it was not cancelled")
        } catch is CancellationError {}
        XCTAssertLessThan(ContinuousClock.now - began, .seconds(5))
    }

    func testACallOfACancelledTaskSendsNothing() async throws {
        let emulator = try await emulator()
        let nomic = try emulator.nomic()
        let call = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await nomic.files.upload(.data(Data([1]), name: "a.bin")) { _ in }
        }
        do {
            try await call.value
            XCTFail("it was not cancelled")
        } catch is CancellationError {}
        let requests = try await emulator.ledger().requests
        XCTAssertEqual(requests, [])
    }

    func testErrorsAreOfTheirKind() async throws {
        let nomic = try await emulator().nomic()
        do {
            _ = try await nomic.agents.get("nobody")
            XCTFail("there is none")
        } catch let error as NomkitError {
            XCTAssertEqual(error.kind, .notFound)
            XCTAssertTrue(error.kind.isAPI)
            XCTAssertEqual(error.status, 404)
            XCTAssertEqual(error.outcome, .answered)
            XCTAssertTrue("\(error)".hasPrefix("not_found: "), "\(error)")
            let copy = try JSONDecoder().decode(NomkitError.self, from: JSONEncoder().encode(error))
            XCTAssertEqual(copy, error)
        }
    }

    private actor Heard {
        var all: [Nomkit.Progress] = []
        func add(_ progress: Nomkit.Progress) { all.append(progress) }
    }
}
