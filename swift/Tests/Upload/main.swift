import Foundation
import Nomkit

#if canImport(Glibc)
import Glibc
#endif

// Uploads one file in one of several ways, and prints by how many KiB the process has grown at its peak.

/// The most that this process has had, in KiB.
func peak() -> Int {
    let status = FileHandle(forReadingAtPath: "/proc/self/status").flatMap { try? $0.readToEnd() } ?? Data()
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0
}

/// A megabyte at a time.
struct Pieces: AsyncSequence, AsyncIteratorProtocol, Sendable {
    var left: Int

    mutating func next() async -> Data? {
        guard left > 0 else { return nil }
        let count = Swift.min(left, 1 << 20)
        left -= count
        return Data(repeating: 7, count: count)
    }

    func makeAsyncIterator() -> Pieces { self }
}

let given = CommandLine.arguments
let (way, file) = (given[1], URL(fileURLWithPath: given[2]))
let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
let nomic = try Nomic(apiKey: given[4], baseURL: URL(string: given[3]))
// What the first calls take of their own.
for _ in 0..<3 {
    let piece = Pieces(left: 1 << 20)
    try await nomic.files.upload(.stream(piece, size: 1 << 20), name: "small") { _ in }
}
let whole = way == "data" ? Data(repeating: 7, count: size) : Data()
let source: Source? =
    switch way {
    case "file": .file(file)
    case "data": .data(whole)
    case "sequence": .stream(Pieces(left: size), size: size)
    case "sequence without a size": .stream(Pieces(left: size))
    case "handle": .stream(try FileHandle(forReadingFrom: file), size: size)
    case "input": .stream(InputStream(url: file) ?? InputStream(data: Data()), size: size)
    default: nil
    }
guard let source else { fatalError("There is no such way.") }
let before = peak()
let sent = try await nomic.files.upload(source, name: "large") { _ in }
guard sent.size == size else { fatalError("It is not whole.") }
print(peak() - before)
