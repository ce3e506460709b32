import Foundation
import Nomkit
import XCTest

final class EventTests: XCTestCase {
    private func listening(_ emulator: Emulator, _ onEvent: @escaping OnEvent) throws -> Nomic {
        try Nomic(apiKey: emulator.apiKey, baseURL: emulator.url, onEvent: onEvent)
    }

    func testAListenerHearsWhatItsClientDoesInOrder() async throws {
        let emulator = try await platform()
        let heard = Events()
        let nomic = try listening(emulator) { heard.add($0) }
        let run = try await nomic.agents.launch("What of the stairs?")
        let result = try await run.wait()
        try await eventually { heard.all.contains { $0.kind == .over } }
        let events = heard.all
        XCTAssertEqual(events.first?.operation, "agents.launch")
        XCTAssertEqual(events.first?.status, 201)
        let looks = events.filter { $0.kind == .looked }
        XCTAssertFalse(looks.isEmpty)
        XCTAssertTrue(looks.allSatisfy { $0.agentId == run.agentId && $0.level == .debug })
        XCTAssertEqual(events.map(\.at), events.map(\.at).sorted())
        for secret in [emulator.apiKey, "stairs", result.text] { XCTAssertFalse("\(events)".contains(secret)) }
        nomic.close()
    }

    /// Tasks have no more threads than there are cores.
    func testListenersThatBlockHoldUpNoCall() async throws {
        let emulator = try await platform()
        let (heard, free) = (Events(), DispatchSemaphore(value: 0))
        var clients: [Nomic] = []
        for _ in 0..<ProcessInfo.processInfo.activeProcessorCount * 2 + 2 {
            clients.append(
                try listening(emulator) { event in
                    free.wait()
                    heard.add(event)
                    free.signal()
                })
        }
        for nomic in clients { _ = try await nomic.agents.list().first(1) }
        let run = try await clients[0].agents.launch("Look")
        try await run.wait()
        XCTAssertEqual(heard.all, [])
        free.signal()
        try await eventually { heard.all.count > clients.count }
    }

    func testItsClientsEndEndsItWhetherThatIsClosedOrForgotten() async throws {
        let emulator = try await platform()
        for closes in [true, false] {
            var heard: Events? = Events()
            weak var kept = heard
            var nomic: Nomic? = try listening(emulator) { [heard] in heard?.add($0) }
            _ = try await nomic?.agents.list().first(1)
            try await eventually { heard?.all.isEmpty == false }
            heard = nil
            XCTAssertNotNil(kept)
            if closes { nomic?.close() } else { nomic = nil }
            // Nobody has it any more.
            try await eventually { kept == nil }
        }
    }

    func testARunTellsWhatHappenedToIt() async throws {
        let emulator = try await platform()
        let run = try await emulator.nomic().agents.launch("What of the stairs?")
        try await run.wait()
        let before = try await emulator.requests().count
        let text = run.explain()
        XCTAssertTrue(text.contains("Agent \(run.agentId), turn 1: finished"), text)
        XCTAssertTrue(text.contains("agents.launch"), text)
        XCTAssertFalse(text.contains("stairs") || text.contains(emulator.apiKey), text)
        XCTAssertFalse(run.recovered)
        let after = try await emulator.requests().count
        XCTAssertEqual(after, before)
    }
}

/// What a listener heard. Its lock guards all that it has.
private final class Events: @unchecked Sendable {
    private let lock = NSLock()
    private var heard: [Event] = []

    var all: [Event] { lock.withLock { heard } }

    func add(_ event: Event) {
        lock.withLock { heard.append(event) }
    }
}
