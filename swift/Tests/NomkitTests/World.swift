import Foundation
import Nomkit
import XCTest

/// What tests stand on.
extension XCTestCase {
    /// An emulator whose agents are quick; it ends with the test.
    func platform(
        rates: Bool = false, waiting: Duration = .milliseconds(10), running: Duration = .milliseconds(50),
        stopping: Duration = .milliseconds(10)
    ) async throws -> Emulator {
        let emulator = try await Emulator.start(rates: rates, waiting: waiting, running: running, stopping: stopping)
        addTeardownBlock { await emulator.stop() }
        return emulator
    }

    /// A folder that goes with the test.
    func scratch() throws -> URL {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("nomkit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        addTeardownBlock { try FileManager.default.removeItem(at: place) }
        return place
    }

    /// What a call throws.
    func failure(
        _ call: () async throws -> Any, file: StaticString = #filePath, line: UInt = #line
    ) async throws -> NomkitError {
        do {
            _ = try await call()
        } catch let error as NomkitError {
            return error
        }
        XCTFail("nothing was thrown", file: file, line: line)
        throw CancellationError()
    }

    /// Runs with these variables in the environment, and no other of ours.
    func environment(_ given: [String: String], _ work: () async throws -> Void) async throws {
        let names = ["NOMIC_API_KEY", "NOMIC_BASE_URL", "NOMIC_DOMAIN", "NOMKIT_EMULATOR_TOKEN", "NOMKIT_CLI"]
        let before = names.map { ($0, ProcessInfo.processInfo.environment[$0]) }
        let set = { (name: String, value: String?) in _ = value.map { setenv(name, $0, 1) } ?? unsetenv(name) }
        for name in names { set(name, given[name]) }
        defer { for (name, value) in before { set(name, value) } }
        try await work()
    }

    /// Waits until something is so.
    func eventually(
        _ condition: () async throws -> Bool, file: StaticString = #filePath, line: UInt = #line
    ) async throws {
        let limit = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            guard ContinuousClock.now < limit else { return XCTFail("it hangs", file: file, line: line) }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}

extension Emulator {
    /// What it received, in order: all, or one operation.
    func requests(_ operation: String? = nil) async throws -> [JsonMap] {
        try await ledger().requests.filter { operation == nil || $0["operation"]?.text == operation }
    }
}

extension JsonValue {
    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }
}

extension Nomkit.Pages {
    func all() async throws -> [Item] {
        try await first(.max)
    }
}

/// What the emulator has for nobody.
let nobody = "019abc12-3456-7890-abcd-ef1234567890"
/// A document of six pages.
let report = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../examples/inspection-report.pdf").standardizedFileURL

/// What callbacks were told.
actor Told<Value: Sendable> {
    private(set) var all: [Value] = []

    func add(_ value: Value) {
        all.append(value)
    }
}
