import Foundation
import XCTest

@testable import Nomkit

final class RecordTests: XCTestCase {
    private func coded<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    func testRecordsAreHashableCodableAndSendable() async throws {
        let nomic = try await platform().nomic()
        let outcomes = try await nomic.files.uploadFolder(report.deletingLastPathComponent(), pattern: "*.pdf")
        let result = try await nomic.ask("What is wrong with the fire doors?", files: [.file(report)])
        let agent = try await nomic.agents.get(result.agent.id)
        func same<Record: Hashable & Codable & Sendable>(_ record: Record) throws {
            let copy = try coded(record)
            XCTAssertEqual(copy, record)
            XCTAssertEqual(Set([copy, record]).count, 1)
        }
        try same(result)
        try same(agent)
        try same(outcomes)
        let elsewhere = await Task.detached { result.artifacts.count }.value
        XCTAssertEqual(elsewhere, 2)
    }

    func testWordsAreWrittenAsThePlatformHasThem() throws {
        XCTAssertEqual(try json([AgentStatus.awaitingTool, .finished]), #"["awaiting_tool","finished"]"#)
        XCTAssertEqual(try json([ArtifactKind.table]), #"["table"]"#)
        XCTAssertEqual(try json([Role.assistant]), #"["assistant"]"#)
        XCTAssertEqual(try json([RequestOutcome.notSent]), #"["not_sent"]"#)
        XCTAssertEqual("\(AgentStatus.awaitingTool)", "awaiting_tool")
    }

    func testAWordThatThisVersionDoesNotKnowIsKept() async throws {
        let status = AgentStatus(rawValue: "pondering")
        XCTAssertEqual(status, .other("pondering"))
        XCTAssertEqual(try coded([status]), [status])
        XCTAssertEqual(try json([status]), #"["pondering"]"#)
        let emulator = try await platform()
        let run = try await emulator.nomic().agents.launch("Look")
        try await emulator.fault("GET /agents/{id}", "mutate", ["pointer": "/data/status", "value": "pondering"])
        let agent = try await run.refresh()
        XCTAssertEqual(agent.status, .other("pondering"))
    }

    func testUnknownFieldsAreKept() async throws {
        let emulator = try await platform()
        let run = try await emulator.nomic().agents.launch("Look")
        try await emulator.fault("GET /agents/{id}", "mutate", ["pointer": "/data/createdAt", "rename": "madeAt"])
        let agent = try await run.refresh()
        XCTAssertNil(agent.createdAt)
        XCTAssertNotNil(agent.extra["madeAt"]?.text)
        XCTAssertEqual(try coded(agent), agent)
    }

    func testJSONIsPlainJSON() throws {
        let value: JsonMap = ["a": [nil, true, 1, 2.5, "x"], "b": ["c": []]]
        XCTAssertEqual(try json(value), #"{"a":[null,true,1,2.5,"x"],"b":{"c":[]}}"#)
        XCTAssertEqual(try coded(value), value)
        let huge = try JSONDecoder().decode([Json].self, from: Data("[9007199254740993, 18446744073709551616]".utf8))
        XCTAssertEqual(huge, [.int(9_007_199_254_740_993), .float(18_446_744_073_709_551_616)])
    }

    func testInstantsAreDates() async throws {
        let emulator = try await platform()
        let then = Date(timeIntervalSince1970: 1_893_553_445.678)
        try await emulator.clock(.now(then))
        let agent = try await emulator.nomic().agents.launch("Look").refresh()
        let created = try XCTUnwrap(agent.createdAt)
        XCTAssertLessThan(abs(created.timeIntervalSince(then)), 10)
    }
}
