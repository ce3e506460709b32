import Foundation
import XCTest

@testable import Nomkit

final class SecretTests: XCTestCase {
    func testAKeyIsInNothingThatIsPrinted() async throws {
        let emulator = try await platform()
        let key = "npk_emu_SECRETSECRETSECRET"
        let nomic = try emulator.nomic(apiKey: key)
        let error = try await failure { try await nomic.agents.get(nobody) }
        XCTAssertEqual(error.kind, .authentication)
        let mine = try await emulator.nomic().agents.launch("Look")
        try await shows([nomic, nomic.agents, nomic.files, error, error as NSError, emulator, mine], without: [key])
        try await shows([emulator, mine, mine.token], without: [emulator.apiKey, emulator.token])
        let coded = try String(decoding: JSONEncoder().encode(error), as: UTF8.self)
        XCTAssertFalse(coded.contains(key))
    }

    private func shows(_ values: [Any], without secrets: [String]) async throws {
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in [dumped, "\(value)", String(reflecting: value), mirrored(value)] {
                for secret in secrets { XCTAssertFalse(text.contains(secret), text) }
            }
        }
    }

    /// All that reflection finds.
    private func mirrored(_ value: Any, _ depth: Int = 0) -> String {
        guard depth < 8 else { return "" }
        let children = Mirror(reflecting: value).children
        return "\(value)" + children.map { "\($0.label ?? "")\(mirrored($0.value, depth + 1))" }.joined()
    }
}
