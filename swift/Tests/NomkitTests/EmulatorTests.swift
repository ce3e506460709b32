import Foundation
import Nomkit
import XCTest

final class EmulatorTests: XCTestCase {
    func testOneStartsAnswersAndEnds() async throws {
        let emulator = try await Emulator.start()
        let agents = try await emulator.nomic().agents.list().first(1)
        XCTAssertEqual(agents, [])
        await emulator.stop()
        await emulator.stop()
        let error = try await failure { try await emulator.ledger() }
        XCTAssertEqual(error.kind, .connect)
        XCTAssertTrue(error.message.contains("cannot be reached"), error.message)
    }

    func testOneEndsWithItsLastReferenceThoughAnotherRuns() async throws {
        var first: Emulator? = try await Emulator.start()
        let url = try XCTUnwrap(first?.url)
        let other = try await platform()
        first = nil
        let left = try Emulator.connect(url, apiKey: "npk_x", token: "x")
        try await eventually { try await failure { try await left.ledger() }.kind == .connect }
        let rows = try await other.requests()
        XCTAssertEqual(rows, [])
    }

    func testAStateThatIsKeptOutlivesIt() async throws {
        let data = try scratch().appendingPathComponent("state")
        let first = try await Emulator.start(data: data, waiting: .zero, running: .zero)
        let run = try await first.nomic().agents.launch("Look")
        await first.stop()
        let second = try await Emulator.start(data: data)
        let agent = try await second.nomic(apiKey: first.apiKey).agents.get(run.agentId)
        XCTAssertEqual(agent.id, run.agentId)
        await second.stop()
    }

    func testOneThatRunsAlreadyIsConnectedToAndGoesOn() async throws {
        let emulator = try await platform()
        let ambient = ["NOMIC_API_KEY": emulator.apiKey, "NOMKIT_EMULATOR_TOKEN": emulator.token]
        let connected = try Emulator.connect(emulator.url, apiKey: emulator.apiKey, token: emulator.token)
        await connected.stop()
        try await environment(ambient) {
            let slashed = try XCTUnwrap(URL(string: "\(emulator.url)/"))
            let ledger = try await Emulator.connect(slashed).ledger()
            XCTAssertEqual(ledger.requests, [])
        }
        for missing in ambient.keys {
            try await environment(ambient.filter { $0.key != missing }) {
                let error = try await failure { try Emulator.connect(emulator.url) }
                XCTAssertEqual(error.kind, .config)
                XCTAssertTrue(error.message.contains(missing), error.message)
            }
        }
    }

    func testWhatIsNoEmulatorIsToldApart() async throws {
        for place in ["acme", "https://127.0.0.1:1", "file:///tmp"] {
            let url = try XCTUnwrap(URL(string: place))
            let error = try await failure { try Emulator.connect(url, apiKey: "npk_x", token: "x") }
            XCTAssertEqual([error.code, error.argument], ["invalid_input", "url"])
        }
        let stranger = try Emulator.connect(try await platform().url, apiKey: "npk_x", token: "x")
        let error = try await failure { try await stranger.ledger() }
        XCTAssertEqual(error.kind, .invalidInput)
        XCTAssertTrue(error.message.hasPrefix("The emulator refused: "), error.message)
    }

    func testACommandThatIsMissingOrAnotherIsAMatterOfConfiguration() async throws {
        let place = try scratch()
        func script(_ name: String, _ text: String) throws -> String {
            let file = place.appendingPathComponent(name)
            try Data("#!/bin/sh\n\(text)\n".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file.path)
            return file.path
        }
        let cases = [
            ("", "NOMKIT_CLI is not set"), (place.appendingPathComponent("missing").path, "NOMKIT_CLI names"),
            (place.path, "NOMKIT_CLI names"), (try script("silent", "exit 3"), "last words"),
            (try script("chatty", "echo Hello"), "is not the nomkit command"),
            (try script("json", "echo '{}'"), "is not the nomkit command"),
        ]
        for (command, words) in cases {
            try await environment(command.isEmpty ? [:] : ["NOMKIT_CLI": command]) {
                let error = try await failure { try await Emulator.start() }
                XCTAssertEqual(error.kind, .config)
                XCTAssertTrue(error.message.hasPrefix("The emulator did not start; "), error.message)
                XCTAssertTrue(error.message.contains(words), error.message)
            }
        }
    }

    func testFaultsComeAreReportedAndAreTakenAway() async throws {
        let emulator = try await platform()
        let agents = try emulator.nomic(retries: 0).agents
        let id = try await emulator.fault("GET /agents/{id}", "status", ["status": 500, "times": 2, "skip": 1])
        var kinds: [NomkitError.Kind] = []
        for _ in 0..<2 { kinds.append(try await failure { try await agents.get(nobody) }.kind) }
        let report = try await emulator.faultReport(id)
        XCTAssertEqual([report.hits, report.completed], [1, 1])
        try await emulator.clearFaults()
        kinds.append(try await failure { try await agents.get(nobody) }.kind)
        XCTAssertEqual(kinds, [.notFound, .server, .notFound])
    }

    func testAFaultThatThereIsNotIsRefused() async throws {
        let emulator = try await platform()
        let cases: [(String, String, JsonMap)] = [
            ("POST /agents", "nonsense", [:]), ("GET /nonsense", "reset", [:]),
            ("POST /agents", "status", ["status": "x"]), ("POST /agents", "reset", ["nonsense": 1]),
        ]
        for (operation, fault, parameters) in cases {
            let error = try await failure { try await emulator.fault(operation, fault, parameters) }
            XCTAssertEqual(error.kind, .invalidInput)
            XCTAssertTrue(error.message.hasPrefix("The emulator refused: "), error.message)
        }
        let escaped = try await failure { try await emulator.faultReport("../ledger") }
        XCTAssertEqual(escaped.kind, .invalidInput)
    }

    func testTheClockIsReadSetAndMoved() async throws {
        let emulator = try await platform()
        let then = Date(timeIntervalSince1970: 1_893_553_445.678)
        let set = try await emulator.clock(.now(then))
        XCTAssertLessThan(abs(set.timeIntervalSince(then)), 5)
        let later = try await emulator.clock(.advance(.seconds(3600)))
        XCTAssertGreaterThanOrEqual(later.timeIntervalSince(then), 3600)
        let behind = try await emulator.clock(.offset(.seconds(-60)))
        XCTAssertLessThan(abs(behind.timeIntervalSinceNow + 60), 5)
        let read = try await emulator.clock()
        XCTAssertLessThan(abs(read.timeIntervalSince(behind)), 5)
    }

    func testLimitsOfRateAndOfMoneyHold() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let impatient = try Nomic(apiKey: emulator.apiKey, baseURL: emulator.url, retries: 0, pace: false)
        try await emulator.rates(enabled: true, standard: 1, burst: 1)
        let limits = try await emulator.rates()
        XCTAssertEqual([limits.standard, limits.burst], [1, 1])
        XCTAssertTrue(limits.enabled)
        _ = try await impatient.agents.list().first(1)
        let limited = try await failure { try await impatient.agents.list().first(1) }
        XCTAssertEqual(limited.kind, .rateLimit)
        try await emulator.rates(enabled: false)
        try await emulator.spend(1)
        _ = try await nomic.agents.launch("Look")
        let spent = try await failure { try await nomic.agents.launch("Look") }
        XCTAssertEqual(spent.kind, .spendLimit)
        try await emulator.spend(nil)
        _ = try await nomic.agents.launch("Look")
    }

    func testTimingPersonaAndKeysAreSet() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        try await emulator.timing(waiting: .seconds(60))
        let slow = try await nomic.agents.launch("Look")
        XCTAssertEqual(slow.status, .waiting)
        try await emulator.timing(waiting: .zero, running: .zero)
        try await emulator.persona(.drifted)
        let result = try await nomic.ask("Look")
        XCTAssertEqual(result.agent.status, .finished)
        let key = try await emulator.key(["developer"])
        let agent = try await emulator.nomic(apiKey: key).agents.get(slow.agentId)
        XCTAssertEqual(agent.id, slow.agentId)
    }

    func testAResetForgetsAndTheLedgerTells() async throws {
        let emulator = try await platform()
        _ = try await emulator.nomic().agents.launch("Look")
        var ledger = try await emulator.ledger()
        XCTAssertEqual([ledger.requests.count, ledger.agents.count, ledger.files.count], [1, 1, 0])
        XCTAssertEqual(ledger.requests.first?["operation"], "POST /agents")
        try await emulator.reset()
        ledger = try await emulator.ledger()
        XCTAssertEqual(ledger.agents, [])
    }
}
