import Foundation
import Nomkit
import XCTest

final class ClientTests: XCTestCase {
    func testWhatIsLeftOutComesFromTheEnvironment() async throws {
        let emulator = try await platform()
        try await environment(["NOMIC_API_KEY": emulator.apiKey, "NOMIC_BASE_URL": "\(emulator.url)"]) {
            let agents = try await Nomic().agents.list().first(1)
            XCTAssertEqual(agents, [])
        }
        let seen = try await emulator.requests("GET /agents").count
        XCTAssertEqual(seen, 1)
    }

    func testAKeyThatTheEnvironmentBindsToOneHostGoesToNoOther() async throws {
        let emulator = try await platform()
        try await environment(["NOMIC_API_KEY": "npk_ambient", "NOMIC_DOMAIN": "acme"]) {
            let error = try await failure { try Nomic(baseURL: emulator.url) }
            XCTAssertEqual(error.kind, .config)
            XCTAssertTrue(error.message.contains("belongs to https://acme.nomic.ai"), error.message)
            XCTAssertTrue(error.message.contains("`apiKey`"), error.message)
        }
        let seen = try await emulator.requests()
        XCTAssertEqual(seen, [])
    }

    func testWhatIsMissingOrCannotBeRightIsToldApart() async throws {
        let plain = try XCTUnwrap(URL(string: "http://acme.example"))
        let whole = try XCTUnwrap(URL(string: "https://acme.nomic.ai"))
        let proxy = try XCTUnwrap(URL(string: "nonsense"))
        let cases: [(String, () throws -> Nomic)] = [
            ("`baseURL`", { try Nomic() }),
            ("`apiKey`", { try Nomic(domain: "acme") }),
            ("in the clear", { try Nomic(apiKey: "npk_x", baseURL: plain) }),
            ("Atlas", { try Nomic(domain: "acme", apiKey: "nk-atlas") }),
            ("key is empty", { try Nomic(domain: "acme", apiKey: "") }),
            ("not an instance", { try Nomic(domain: "acme/x", apiKey: "npk_x") }),
            ("not both", { try Nomic(domain: "acme", apiKey: "npk_x", baseURL: whole) }),
            ("proxy", { try Nomic(domain: "acme", apiKey: "npk_x", proxy: proxy) }),
        ]
        try await environment([:]) {
            for (words, made) in cases {
                let error = try await failure(made)
                XCTAssertEqual(error.kind, .config, words)
                XCTAssertTrue(error.message.contains(words), error.message)
            }
        }
    }

    func testItSaysWhereItSendsWithoutAKey() async throws {
        try await environment([:]) {
            let nomic = try Nomic(domain: "acme", apiKey: "npk_SECRET")
            XCTAssertTrue(nomic.description.contains("https://acme.nomic.ai"), nomic.description)
            XCTAssertFalse(nomic.description.contains("SECRET"))
        }
    }

    func testCertificatesComeFromALocalFile() async throws {
        let far = try XCTUnwrap(URL(string: "https://acme.example/etc/ssl/certs/ca-certificates.crt"))
        let refused = try await failure { try Nomic(domain: "acme", apiKey: "npk_x", caCerts: far) }
        XCTAssertEqual(refused.kind, .invalidInput)
        XCTAssertEqual(refused.argument, "caCerts")
        let nomic = try Nomic(domain: "acme", apiKey: "npk_x", caCerts: URL(fileURLWithPath: "/nowhere.pem"))
        let missing = try await failure { try await nomic.agents.get(nobody) }
        XCTAssertEqual(missing.kind, .config)
        XCTAssertEqual(missing.outcome, .notSent)
    }

    func testItsTimeoutHoldsForEachRequest() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic(timeout: .milliseconds(300), retries: 0)
        try await emulator.fault("GET /agents/{id}", "stall")
        let error = try await failure { try await nomic.agents.get(nobody) }
        XCTAssertEqual(error.kind, .requestTimeout)
        XCTAssertTrue(error.retryable)
        XCTAssertEqual(error.attempts, 1)
        XCTAssertGreaterThanOrEqual(error.elapsed, .milliseconds(300))
    }

    func testAClosedOneRefusesCalls() async throws {
        let nomic = try await platform().nomic()
        nomic.close()
        nomic.close()
        let error = try await failure { try await nomic.agents.get(nobody) }
        XCTAssertEqual(error.kind, .closed)
    }

    func testAnAnswerIsOneCallAway() async throws {
        let nomic = try await platform().nomic()
        let result = try await nomic.ask("What is wrong with the fire doors?", files: [.file(report)])
        XCTAssertEqual(result.turn, 1)
        XCTAssertTrue(result.text.contains("inspection-report.pdf"), result.text)
        XCTAssertEqual(result.artifacts.map(\.kind), [.markdown, .table])
    }
}
