import Foundation
import Nomkit
import XCTest

final class ArtifactTests: XCTestCase {
    func testTheyAreWrittenAsTextAndCSV() async throws {
        let (nomic, folder) = (try await platform().nomic(), try scratch().appendingPathComponent("out"))
        let result = try await nomic.ask("What is wrong with the fire doors?", files: [.file(report)])
        let (text, table) = (result.artifacts[0], result.artifacts[1])
        let first = try await text.download(to: folder)
        let again = try await text.download(to: folder)
        let sheet = try await table.download(to: folder)
        XCTAssertEqual([first, again, sheet].map(\.pathExtension), ["md", "md", "csv"])
        XCTAssertTrue(again.lastPathComponent.contains(text.id), again.path)
        XCTAssertEqual(try String(contentsOf: first, encoding: .utf8), text.text)
        let rows = try String(contentsOf: sheet, encoding: .utf8).split(whereSeparator: \.isNewline)
        XCTAssertGreaterThan(rows.count, table.rows.count)
    }

    func testOneIsReadAgain() async throws {
        let nomic = try await platform().nomic()
        let run = try await nomic.agents.launch("Look")
        let made = try await run.wait().artifacts[0]
        let read = try await run.artifact(made.id)
        let readByIds = try await nomic.agents.artifact(made.id, of: run.agentId)
        XCTAssertEqual([read, readByIds], [made, made])
        let none = try await failure { try await run.artifact(nobody) }
        XCTAssertEqual(none.kind, .notFound)
    }

    func testWhatCannotBeWrittenIsAnErrorOfThisMachine() async throws {
        let (nomic, folder) = (try await platform().nomic(), try scratch())
        let file = folder.appendingPathComponent("taken")
        try Data().write(to: file)
        let made = try await nomic.ask("Look").artifacts[0]
        let error = try await failure { try await made.download(to: file) }
        XCTAssertEqual(error.kind, .localIo)
        let lost = Artifact(
            id: "a", name: "a", kind: .markdown, text: nil, columns: [], rows: [], error: "gone", extra: [:])
        let empty = try await failure { try await lost.download(to: folder) }
        XCTAssertEqual(empty.kind, .localIo)
        let far = try XCTUnwrap(URL(string: "https://acme.example/out"))
        let elsewhere = try await failure { try await made.download(to: far) }
        XCTAssertEqual(elsewhere.kind, .invalidInput)
        XCTAssertEqual(elsewhere.argument, "folder")
    }
}
