import Foundation
import XCTest

@testable import Nomkit

/// What is read here comes out there as it went in, or not at all.
final class SourceTests: XCTestCase {
    /// Bytes that no two places have alike.
    private static let bytes = Data((0..<700_001).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8 ^ $0 >> 16) })

    private struct Torn: Swift.Error {}

    private func pieces(_ sizes: [Int], of bytes: Data = bytes) -> AsyncStream<Data> {
        AsyncStream { pieces in
            var (rest, sizes) = (bytes, sizes.makeIterator())
            while !rest.isEmpty {
                let size = sizes.next() ?? rest.count
                pieces.yield(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            pieces.finish()
        }
    }

    /// A pipe that gives these bytes and then ends, or stays open.
    private func pipe(_ bytes: Data, open: Bool = false) -> Pipe {
        let pipe = Pipe()
        DispatchQueue(label: "writer").async {
            try? pipe.fileHandleForWriting.write(contentsOf: bytes)
            if !open { try? pipe.fileHandleForWriting.close() }
        }
        return pipe
    }

    func testEverySourceComesWhole() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let (bytes, place) = (Self.bytes, try scratch().appendingPathComponent("plan.bin"))
        try bytes.write(to: place)
        for size in [nil, bytes.count] {
            let handle = try FileHandle(forReadingFrom: place)
            guard let input = InputStream(url: place), let other = InputStream(url: place) else { return XCTFail() }
            other.open()
            let prefixed = try FileHandle(forReadingFrom: place)
            try prefixed.seek(toOffset: 1)
            for source: Source in [
                .file(place), .data(bytes), .data((Data([9]) + bytes).dropFirst()),
                .stream(pieces([1, 0, 100_000, 0, 0, 300_000]), size: size), .stream(handle, size: size),
                .stream(pipe(bytes).fileHandleForReading, size: size), .stream(input, size: size),
                .stream(other, size: size), .stream(InputStream(data: bytes), size: size),
            ] {
                try await nomic.files.upload(source, name: "plan.bin")
            }
            try await nomic.files.upload(.stream(prefixed, size: size.map { $0 - 1 }), name: "plan.bin")
        }
        for source: Source in [
            .data(Data()), .stream(pieces([], of: Data()), size: 0), .stream(pipe(Data()).fileHandleForReading),
        ] {
            let empty = await kind { try await nomic.files.upload(source, name: "empty.bin") }
            XCTAssertEqual(empty, .invalidInput)
        }
        let run = try await nomic.agents.launch(
            "Look",
            files: [
                .stream(pieces([5]), name: "a.txt"), .stream(pipe(bytes).fileHandleForReading, name: "b.txt"),
                .stream(InputStream(data: bytes), name: "c.txt", size: bytes.count), .data(bytes, name: "d.txt"),
            ])
        XCTAssertEqual(run.turn, 1)
        let files = try await emulator.ledger().files
        XCTAssertEqual(files.count, 20 + 4)
        let whole = files.filter { $0["size"] == .int(Int64(bytes.count)) }
        XCTAssertEqual(whole.count, 18 + 4)
        let first = try await hash(of: bytes)
        XCTAssertEqual(Set(whole.map { $0["sha256"] }), [.text(first)])
        let rest = try await hash(of: bytes.dropFirst())
        let parts = files.filter { $0["size"] == .int(Int64(bytes.count - 1)) }
        XCTAssertEqual(parts.map { $0["sha256"] }, [.text(rest), .text(rest)])
    }

    /// As the system's own program says.
    private func hash(of bytes: Data) async throws -> String {
        let place = try scratch().appendingPathComponent("hashed")
        try bytes.write(to: place)
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.arguments = [place.path]
        process.standardOutput = output
        try process.run()
        let told = try output.fileHandleForReading.readToEnd() ?? Data()
        return String(String(decoding: told, as: UTF8.self).prefix(64))
    }

    func testWhatIsTooShortOrTooLongOrBreaksIsNotThere() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        for size in [Self.bytes.count - 1, Self.bytes.count + 1] {
            let ways: [Source] = [
                .stream(pieces([100_000]), size: size), .stream(InputStream(data: Self.bytes), size: size),
                .stream(pipe(Self.bytes).fileHandleForReading, size: size),
            ]
            for source in ways {
                let kind = await kind { try await nomic.files.upload(source, name: "plan.bin") }
                XCTAssertEqual(kind, .sourceChanged)
            }
        }
        for size in [nil, 10] {
            let torn = AsyncThrowingStream<Data, any Swift.Error> {
                $0.yield(Data([1]))
                $0.finish(throwing: Torn())
            }
            let error = await thrown { try await nomic.files.upload(.stream(torn, size: size), name: "a") { _ in } }
            XCTAssertTrue(error is Torn, "\(String(describing: error))")
            let closed = Pipe().fileHandleForReading
            try closed.close()
            let broken = await thrown { try await nomic.files.upload(.stream(closed, size: size), name: "a") }
            XCTAssertNotNil(broken)
            XCTAssertFalse(broken is NomkitError, "\(String(describing: broken))")

            let missing = await thrown {
                guard let none = InputStream(fileAtPath: "/nowhere") else { throw Torn() }
                try await nomic.files.upload(.stream(none, size: size), name: "a")
            }
            XCTAssertNotNil(missing)
            XCTAssertFalse(missing is NomkitError, "\(String(describing: missing))")
            let cancelled = AsyncThrowingStream<Data, any Swift.Error> { $0.finish(throwing: CancellationError()) }
            let own = await thrown { try await nomic.files.upload(.stream(cancelled, size: size), name: "a") }
            XCTAssertTrue(own is CancellationError)
        }
        let ledger = try await emulator.ledger()
        XCTAssertEqual(ledger.files, [])
        XCTAssertTrue(ledger.requests.allSatisfy { $0["answered"] == .bool(false) })
        let remote = await kind {
            try await nomic.files.upload(.file(URL(string: "https://example.com/a")!), name: "a")
        }
        XCTAssertEqual(remote, .invalidInput)
    }

    func testWhatWasReadOnceIsNotReadAgain() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        for source: Source in [
            .stream(pieces([]), name: "a"), .stream(pipe(Self.bytes).fileHandleForReading, name: "a"),
            .stream(InputStream(data: Self.bytes), name: "a", size: Self.bytes.count),
        ] {
            let before = try await emulator.ledger().requests.count
            let twice = await kind { try await nomic.agents.launch("Look", files: [source, source]) }
            XCTAssertEqual(twice, .invalidInput)
            let after = try await emulator.ledger().requests.count
            XCTAssertEqual(before, after)
            // Nothing of it was read.
            try await nomic.files.upload(source)
            let told = await kind { try await nomic.files.upload(source) { _ in } }
            XCTAssertEqual(told, .invalidInput)
            let spent = await kind { try await nomic.agents.launch("Look", files: [source]) }
            XCTAssertEqual(spent, .invalidInput)
        }
        let files = try await emulator.ledger().files
        XCTAssertEqual(files.count, 3)
    }

    func testOneSourceInTwoCallsAtOnce() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let (stream, bytes) = (Source.stream(pieces([1000]), name: "a"), Source.data(Self.bytes, name: "a"))
        func both(_ source: Source) async -> [NomkitError.Kind?] {
            async let first = kind { try await nomic.files.upload(source) }
            async let second = kind { try await nomic.files.upload(source) }
            return await [first, second]
        }
        let (one, two) = (await both(stream), await both(bytes))
        XCTAssertEqual(one.count { $0 == nil }, 1)
        XCTAssertEqual(one.count { $0 == .invalidInput }, 1)
        XCTAssertEqual(two, [nil, nil])
        let files = try await emulator.ledger().files
        XCTAssertEqual(Set(files.map { $0["size"] }), [.int(Int64(Self.bytes.count))])
    }

    func testBytesAreReadAgainForARetry() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let fault = try await emulator.fault(
            "POST /files/upload", "early", ["status": 429, "lingering": true, "times": 2])
        try await nomic.files.upload(.data(Self.bytes, name: "a"))
        let felt = try await emulator.faultReport(fault).hits
        XCTAssertEqual(felt, 2)
        let files = try await emulator.ledger().files
        let expected = try await hash(of: Self.bytes)
        XCTAssertEqual(files.map { $0["sha256"] }, [.text(expected)])
    }

    /// What is answered before it is read ends the reading, however long that would go on.
    func testAnAnswerThatComesEarly() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic(retries: 0)
        try await emulator.fault("POST /files/upload", "early", ["status": 413, "lingering": true])
        let error = await kind { try await nomic.files.upload(.stream(Slowly(), name: "a", size: 100 << 20)) }
        XCTAssertEqual(error, .tooLarge)
    }
}
