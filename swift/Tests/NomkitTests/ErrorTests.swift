import Foundation
import XCTest

@testable import Nomkit

final class ErrorTests: XCTestCase {
    private func info(
        _ code: String, _ details: JsonMap = [:], status: Int? = nil, _ message: String = "text"
    ) -> ErrorInfo {
        ErrorInfo(
            code: code, message: message, status: status, serverCode: nil, requestId: nil, attempts: 1, elapsed: 0.5,
            retryable: false, outcome: nil, uploaded: [], details: details)
    }

    func testEveryKindHasItsCode() {
        for kind in NomkitError.Kind.allCases {
            let error = NomkitError(info(kind.rawValue))
            XCTAssertEqual(error.kind, kind)
            XCTAssertEqual(error.code, kind.rawValue)
            XCTAssertEqual("\(error)", "\(kind.rawValue): text")
            XCTAssertEqual(error.localizedDescription, "text")
            XCTAssertEqual((error as any Error as NSError).localizedDescription, "text")
        }
        XCTAssertTrue(NomkitError.Kind.notFound.isAPI)
        XCTAssertFalse(NomkitError.Kind.invalidInput.isAPI)
    }

    func testACodeThatThisVersionDoesNotKnowIsKept() {
        let error = NomkitError(info("newer"))
        XCTAssertEqual(error.kind, .unexpected)
        XCTAssertEqual(error.code, "newer")
    }

    func testWhatTheServerSaidIsThere() async throws {
        let emulator = try await platform()
        let body: Json = ["error": "not now", "code": "busy"]
        try await emulator.fault("POST /agents", "status", ["status": 409, "body": body])
        let nomic = try emulator.nomic()
        let error = try await failure { try await nomic.agents.launch("Look", files: [.file(report)]) }
        XCTAssertEqual(error.kind, .conflict)
        XCTAssertEqual([error.status, error.attempts], [409, 1])
        XCTAssertEqual(error.serverCode, "busy")
        XCTAssertEqual(error.outcome, .answered)
        XCTAssertGreaterThan(error.elapsed, .zero)
        XCTAssertEqual(error.uploaded.map(\.name), ["inspection-report.pdf"])
        XCTAssertTrue(error.message.hasPrefix("agents.launch: "), error.message)
        XCTAssertTrue(error.localizedDescription.contains("not now"), error.localizedDescription)
        let copy = try JSONDecoder().decode(NomkitError.self, from: JSONEncoder().encode(error))
        XCTAssertEqual(copy, error)
        XCTAssertEqual(copy.hashValue, error.hashValue)
        XCTAssertEqual(copy.uploaded, error.uploaded)
    }

    func testALimitOfRateSaysWhenToComeAgain() async throws {
        let emulator = try await platform()
        let fault: JsonMap = ["status": 429, "headers": ["Retry-After": "3"], "body": ["error": "slow"]]
        try await emulator.fault("GET /agents/{id}", "status", fault)
        let error = try await failure { try await emulator.nomic(retries: 0).agents.get(nobody) }
        XCTAssertEqual(error.kind, .rateLimit)
        XCTAssertEqual(error.retryAfter, .seconds(3))
        XCTAssertEqual(error.tier, "standard")
        XCTAssertFalse(error.maybeSpend)
        XCTAssertTrue(error.retryable)
    }

    func testIssuesSayWhere() async throws {
        let emulator = try await platform()
        let issues: Json = [["path": "prompt", "message": "Too long"]]
        let fault: JsonMap = ["status": 400, "body": ["error": "Invalid `page_size`", "issues": issues]]
        try await emulator.fault("POST /agents", "status", fault)
        let error = try await failure { try await emulator.nomic().agents.launch("Look") }
        XCTAssertEqual(error.kind, .badRequest)
        XCTAssertEqual(error.issues.count, 1)
        // What a server says stays as it is.
        XCTAssertTrue(error.message.contains("`page_size`"), error.message)
    }

    func testAKeyThatLacksAScopeIsTold() async throws {
        let emulator = try await platform()
        let nomic = try await emulator.nomic(apiKey: emulator.key(["developer:files"]))
        let error = try await failure { try await nomic.agents.get(nobody) }
        XCTAssertEqual(error.kind, .permissionDenied)
        XCTAssertEqual(error.scope, "developer:agent")
    }

    func testNoNumberOfAServerIsTooLarge() {
        for seconds: Json in [1e300, -1e300, .int(.max), .int(.min)] {
            XCTAssertNotNil(NomkitError(info("rate_limit", ["retry_after": seconds])).retryAfter)
        }
    }

    func testFieldsOfOtherKindsAreAbsent() {
        let error = NomkitError(info("not_found"))
        XCTAssertNil(error.retryAfter)
        XCTAssertNil(error.token)
        XCTAssertEqual(error.issues, [])
        XCTAssertFalse(error.maybeSpend)
    }

    func testArgumentsAndMethodsAreSpeltAsTheyAreWrittenHere() {
        let said = "agents.follow_up: `page_size`, `base_url` and `other_word` are wrong."
        let own = NomkitError(info("invalid_input", ["argument": "base_url"], said))
        XCTAssertEqual(own.argument, "baseURL")
        XCTAssertEqual(own.message, "agents.followUp: `pageSize`, `baseURL` and `other_word` are wrong.")
        let served = NomkitError(info("bad_request", status: 400, said))
        XCTAssertEqual(served.message, "agents.followUp: `page_size`, `base_url` and `other_word` are wrong.")
    }
}
