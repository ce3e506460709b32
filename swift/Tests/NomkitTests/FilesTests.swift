import Foundation
import Nomkit
import XCTest

final class FilesTests: XCTestCase {
    func testAFileIsUploadedWhereItShallBe() async throws {
        let emulator = try await platform()
        let file = try await emulator.nomic().files.upload(.file(report), path: "alpha/doors.pdf")
        let size = try Data(contentsOf: report).count
        XCTAssertEqual([file.name, file.mimeType], ["doors.pdf", "application/pdf"])
        XCTAssertEqual(file.size, size)
        let stored = try await emulator.ledger().files
        XCTAssertEqual(stored.map { $0["id"]?.text }, [file.id])
    }

    func testBytesAreNamedByTheCallOrByThemselves() async throws {
        let nomic = try await platform().nomic()
        let plan = Data("The stair is 1.2 m wide.".utf8)
        let named = try await nomic.files.upload(.data(plan, name: "own.txt"))
        let called = try await nomic.files.upload(.data(plan), name: "given.txt")
        XCTAssertEqual([named.name, called.name], ["own.txt", "given.txt"])
        XCTAssertEqual(named.size, plan.count)
    }

    func testAStreamOfUnknownSizeIsUploadedToo() async throws {
        let nomic = try await platform().nomic()
        let pieces = AsyncStream { pieces in
            for piece in ["", "The stair ", "", "is wide."] { pieces.yield(Data(piece.utf8)) }
            pieces.finish()
        }
        let file = try await nomic.files.upload(.stream(pieces), name: "plan.txt")
        XCTAssertEqual(file.size, 18)
    }

    func testAnInputStreamAndAHandleAreRead() async throws {
        let nomic = try await platform().nomic()
        let size = try Data(contentsOf: report).count
        let stream = try XCTUnwrap(InputStream(url: report))
        let read = try await nomic.files.upload(.stream(stream, name: "a.pdf", size: size))
        let handled = try await nomic.files.upload(.stream(FileHandle(forReadingFrom: report), name: "b.pdf"))
        XCTAssertEqual([read.size, handled.size], [size, size])
    }

    func testAFolderIsUploadedWithOneOutcomeForEachFile() async throws {
        let (nomic, folder) = (try await platform().nomic(), try scratch())
        for (name, text) in [("a.txt", "The stair is wide."), ("b.txt", "The stair is wide."), ("c.txt", "")] {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        let outcomes = try await nomic.files.uploadFolder(folder, pattern: "*.txt", path: "beta")
        XCTAssertEqual(outcomes.map { $0.file != nil }, [true, true, false])
        XCTAssertEqual(outcomes[1].file, outcomes[0].file)
        XCTAssertEqual(outcomes[1].sameAs, outcomes[0].source)
        XCTAssertEqual(outcomes[2].error?.kind, .invalidInput)
    }

    func testASearchFindsByAPartOfTheName() async throws {
        let nomic = try await platform().nomic()
        let file = try await nomic.files.upload(.file(report), path: "alpha/doors.pdf")
        let hits = try await nomic.files.search("DOOR").all()
        XCTAssertEqual(hits.map(\.id), [file.id])
        XCTAssertEqual(hits.first?.path?.hasSuffix("alpha/doors.pdf"), true)
        let none = try await nomic.files.search("nothing of this kind").all()
        XCTAssertEqual(none, [])
    }

    func testProgressIsToldUpToTheEnd() async throws {
        let nomic = try await platform().nomic()
        let told = Told<Nomkit.Progress>()
        let file = try await nomic.files.upload(.file(report)) { await told.add($0) }
        let all = await told.all
        XCTAssertEqual(all.last?.phase, "accepted")
        XCTAssertEqual(all.last?.done, file.size.map(Double.init))
        XCTAssertEqual(all.last?.total, all.last?.done)
    }

    func testWhatACallbackThrowsEndsTheCall() async throws {
        struct Enough: Error {}
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        do {
            try await nomic.files.upload(.file(report)) { _ in throw Enough() }
            XCTFail("it went on")
        } catch is Enough {}
    }
}
