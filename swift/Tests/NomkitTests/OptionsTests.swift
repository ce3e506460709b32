import Foundation
import Nomkit
import XCTest

/// What is wrong is said before a byte is sent, with arguments named as they are written here.
final class OptionsTests: XCTestCase {
    func testWrongArgumentsAreNamedAndNothingIsSent() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let far = try XCTUnwrap(URL(string: "https://acme.example/plan.pdf"))
        let examples = report.deletingLastPathComponent()
        let schemeless = report.schemeless
        let bytes = Source.data(Data([1]), name: "a.bin")
        let run = try await nomic.agents.launch("Look")
        try await run.wait()
        let before = try await emulator.requests().count
        let cases: [(String?, NomkitError.Kind, () async throws -> Any)] = [
            ("pageSize", .invalidInput, { try await nomic.agents.list(pageSize: 0).first(1) }),
            ("pageSize", .invalidInput, { try await nomic.agents.list(pageSize: -1).first(1) }),
            ("pageSize", .invalidInput, { try await nomic.files.search("a", pageSize: 51).first(1) }),
            ("pageSize", .invalidInput, { try await nomic.workflows.list(pageSize: .max).first(1) }),
            ("query", .invalidInput, { try await nomic.files.search("").first(1) }),
            ("id", .invalidInput, { try await nomic.agents.get("../files") }),
            ("artifactId", .invalidInput, { try await run.artifact("a/b") }),
            ("fileIds", .invalidInput, { try await nomic.agents.launch("Look", fileIds: ["a b"]) }),
            ("projectId", .invalidInput, { try await nomic.agents.launch("Look", projectId: "a/b") }),
            ("prompt", .invalidInput, { try await run.followUp("") }),
            (nil, .invalidInput, { try await nomic.agents.launch() }),
            ("timeout", .invalidInput, { try await run.wait(timeout: .seconds(-1)) }),
            ("timeout", .invalidInput, { try await run.wait(timeout: .seconds(.nan)) }),
            ("timeout", .invalidInput, { try await run.wait(timeout: .minutes(.infinity)) }),
            ("timeout", .invalidInput, { try await run.followUp("Look", timeout: .seconds(-1)) }),
            (nil, .invalidInput, { try await nomic.files.upload(.data(Data([1]))) }),
            (nil, .invalidInput, { try await nomic.files.upload(.data(Data(), name: "empty.txt")) }),
            (nil, .invalidInput, { try await nomic.files.upload(bytes, path: "a", parentId: "b c") }),
            ("source", .invalidInput, { try await nomic.files.upload(.file(far)) }),
            ("source", .invalidInput, { try await nomic.files.upload(.file(schemeless)) }),
            ("source", .invalidInput, { try await nomic.files.upload(.file(URL(string: "report.pdf")!)) }),
            ("files", .invalidInput, { try await nomic.agents.launch("Look", files: [bytes, .file(schemeless)]) }),
            ("files", .invalidInput, { try await nomic.ask("Look", files: [.file(schemeless)]) }),
            ("inputs", .invalidInput, { try await nomic.agents.launch(inputs: ["Plans": [.file(schemeless)]]) }),
            ("images", .invalidInput, { try await nomic.agents.launch("Look", images: [.file(schemeless)]) }),
            ("images", .invalidInput, { try await run.followUp("Look", images: [.file(schemeless)]) }),
            ("caCerts", .invalidInput, { try Nomic(domain: "acme", apiKey: "npk_a", caCerts: schemeless) }),
            ("retries", .invalidInput, { try emulator.nomic(retries: -1) }),
            ("size", .invalidInput, { try await nomic.files.upload(.stream(Slowly(), name: "a", size: -1)) }),
            ("count", .invalidInput, { try await nomic.agents.list().first(-1) }),
            ("pageSize", .invalidInput, { try await nomic.files.search("a", pageSize: -1).first(1) }),
            ("pageSize", .invalidInput, { try await nomic.workflows.list(pageSize: -1).first(1) }),
            (nil, .config, { try await Emulator.start(waiting: .seconds(-1)) }),
            (nil, .localIo, { try await nomic.files.upload(.file(URL(fileURLWithPath: "/nowhere.pdf"))) }),
            (nil, .invalidInput, { try await nomic.files.uploadFolder(examples, pattern: "*.x") }),
            ("folder", .invalidInput, { try await nomic.files.uploadFolder(far) }),
            ("folder", .invalidInput, { try await nomic.files.uploadFolder(examples.schemeless) }),
            (nil, .localIo, { try await nomic.files.uploadFolder(URL(fileURLWithPath: "/nowhere")) }),
        ]
        for (at, (argument, kind, call)) in cases.enumerated() {
            let error = try await failure(call, line: UInt(at))
            XCTAssertEqual(error.kind, kind, "\(at): \(error)")
            XCTAssertEqual(error.outcome, nil, "\(at): \(error)")
            XCTAssertNil(error.message.firstMatch(of: /[a-z]_[a-z]/), error.message)
            if let argument { XCTAssertEqual(error.argument, argument, "\(at): \(error)") }
        }
        let after = try await emulator.requests().count
        XCTAssertEqual(after, before)
    }
}

extension URL {
    /// The same place as a URL of no scheme, which is no file's even if a file is there.
    fileprivate var schemeless: URL { URL(string: path) ?? self }
}
