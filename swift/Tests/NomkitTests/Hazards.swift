import Foundation
import XCTest

@testable import Nomkit

#if canImport(Glibc)
import Glibc
#endif

/// Within this a cancelled call's connection is closed: of two hundred, since one alone may meet a machine that stalls.
let gate = Duration.milliseconds(200)
/// Within this one alone is closed. It would stay open for far longer.
let soon = Duration.seconds(2)
/// After this something counts as hanging: far more than a busy machine needs.
let patience = Duration.seconds(30)

/// Moments that are the same in each run.
struct Moments {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next(upTo most: Duration) -> Duration {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return most * (Double(state >> 11) / Double(1 << 53))
    }
}

extension XCTestCase {
    /// Ends the process if the test hangs: what holds a lock for ever cannot be cancelled.
    func guarded() {
        let name = self.name
        let bark = DispatchWorkItem { fatalError("\(name) hangs.") }
        DispatchQueue(label: "watchdog").asyncAfter(deadline: .now() + patience.inSeconds * 8, execute: bark)
        addTeardownBlock { bark.cancel() }
    }
}

/// Waits until this process has no more than before, but for what is allowed. What is let go of goes a little later.
func nothingLeft(
    files: Int, threads: Int, heap: Int, file: StaticString = #filePath, line: UInt = #line
) async throws {
    let end = ContinuousClock.now + patience
    while Here.files > files || Here.threads.count >= threads || Here.heap >= heap {
        guard ContinuousClock.now < end else {
            let left = "files \(Here.files) > \(files), heap \(Here.heap) >= \(heap) or threads >= \(threads)"
            return XCTFail("\(left): \(Here.threads)", file: file, line: line)
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Waits until something is so.
func until(
    _ what: String, file: StaticString = #filePath, line: UInt = #line, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + patience
    while try await !condition() {
        guard ContinuousClock.now < end else { return XCTFail("It hangs: \(what)", file: file, line: line) }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Whether a call was cancelled as its language has it.
func cancelled<Value>(
    _ result: Result<Value, any Swift.Error>, file: StaticString = #filePath, line: UInt = #line
) {
    switch result {
    case .success(let value): XCTFail("It was not cancelled: \(value)", file: file, line: line)
    case .failure(let error): XCTAssertTrue(error is CancellationError, "\(error)", file: file, line: line)
    }
}

/// What a call throws.
func thrown<Value>(_ call: () async throws -> Value) async -> (any Swift.Error)? {
    do {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}

/// The kind of error that a call throws.
func kind<Value>(_ call: () async throws -> Value) async -> NomkitError.Kind? {
    await (thrown(call) as? NomkitError)?.kind
}

/// What this process has by now.
enum Here {
    /// Its open sockets.
    static var sockets: Int {
        let folder = "/proc/self/fd"
        let open = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return open.count {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)"))?
                .hasPrefix("socket:") ?? false
        }
    }

    /// Its open files, of whatever kind.
    static var files: Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).count
    }

    /// Its threads' names.
    static var threads: [String] {
        let folder = "/proc/self/task"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
            (try? String(contentsOfFile: "\(folder)/\($0)/comm", encoding: .utf8))?
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// How many connections it has to a port of this machine.
    static func connections(to port: Int) -> Int {
        (0..<2048).count { file in
            var peer = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let found = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(Int32(file), $0, &size) }
            }
            return found == 0 && Int(UInt16(bigEndian: peer.sin_port)) == port
        }
    }

    /// The bytes that it has allocated, as glibc says; its header is not among those that Swift imports.
    static var heap: Int {
        typealias Tell = @convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32
        guard let symbol = dlsym(nil, "malloc_info"), let file = tmpfile() else { return 0 }
        defer { fclose(file) }
        _ = unsafeBitCast(symbol, to: Tell.self)(0, file)
        rewind(file)
        var text = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&text, 1, text.count, file)
        let told = String(decoding: text[..<count], as: UTF8.self)
        // What all arenas have of the system stands last, and what of it is free right before.
        guard let last = told.range(of: "</heap>", options: .backwards) else { return 0 }
        let sums = told[last.upperBound...].matches(of: /type="(\w+)"[^>]* size="(\d+)"/)
        let sum = { (type: String) in sums.first { $0.1 == type }.flatMap { Int($0.2) } ?? 0 }
        return sum("current") + sum("mmap") - sum("fast") - sum("rest")
    }
}

/// What several tasks write down.
actor Notes<Note: Sendable> {
    private(set) var all: [Note] = []
    func add(_ note: Note) { all.append(note) }
}
