import Foundation
import XCTest

@testable import Nomkit

/// However large a source is, memory stays flat. Each upload is a process of its own.
final class MemoryTests: XCTestCase {
    private static let size = 500_000_000

    func testHalfAGigabyteTakesNoMemory() async throws {
        let emulator = try await platform()
        let place = try scratch().appendingPathComponent("large.bin")
        XCTAssertTrue(FileManager.default.createFile(atPath: place.path, contents: nil))
        let file = try FileHandle(forWritingTo: place)
        try file.truncate(atOffset: UInt64(Self.size))
        try file.close()
        for way in ["file", "data", "sequence", "sequence without a size", "handle", "input"] {
            let grown = try await grown(by: way, place, emulator)
            print("500 MB from \(way): \(grown) KiB")
            XCTAssertLessThan(grown, 16 << 10, way)
            // The emulator keeps what it has.
            try await emulator.reset()
        }
    }

    private func grown(by way: String, _ place: URL, _ emulator: Emulator) async throws -> Int {
        let (process, output) = (Process(), Pipe())
        let here = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        process.executableURL = here.appendingPathComponent("Upload")
        process.arguments = [way, place.path, emulator.url.absoluteString, emulator.apiKey]
        process.standardOutput = output
        try process.run()
        let told = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0)
        let text = String(decoding: told, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return try XCTUnwrap(Int(text), text)
    }
}
