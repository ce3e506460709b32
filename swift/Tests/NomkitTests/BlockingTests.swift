import Foundation
import XCTest

@testable import Nomkit

/// Whatever a call does, the caller's threads are free: the main one, and those that all tasks share.
final class BlockingTests: XCTestCase {
    func testTheMainActorGoesOn() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        // The best of three: one may meet a machine that stalls; what blocks blocks each time.
        var (list, upload, wait) = (patience, patience, patience)
        for _ in 0..<3 {
            let run = try await nomic.agents.launch("Look")
            try await emulator.fault("GET /agents", "huge_json", ["size": 1_500_000])
            list = min(list, try await latest { _ = try await nomic.agents.list().first(1) })
            let uploading = try await latest { @MainActor in
                try await nomic.files.upload(.data(Data(count: 50_000_000), name: "a")) { @MainActor _ in
                    MainActor.assertIsolated()
                }
            }
            upload = min(upload, uploading)
            wait = min(wait, try await latest { @MainActor in _ = try await run.wait() })
            try await emulator.reset()
        }
        print("late at most: \(list) in a large answer, \(upload) in an upload, \(wait) in a wait")
        for late in [list, upload, wait] { XCTAssertLessThan(late, .milliseconds(500)) }
    }

    /// As many as there are cores, and more, are blocked; all others go on.
    func testSourcesThatBlockTakeNoThreadThatTasksShare() async throws {
        guarded()
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let pipes = (0..<ProcessInfo.processInfo.activeProcessorCount * 2 + 2).map { _ in Pipe() }
        let uploads = pipes.map { pipe in
            Task {
                let source = Source.stream(pipe.fileHandleForReading, name: "a", size: 3)
                return try await nomic.files.upload(source) { _ in }
            }
        }
        try await until("all are made") { try await emulator.ledger().requests.count == pipes.count }
        let run = try await nomic.agents.launch("Look")
        _ = try await run.wait(timeout: .seconds(30)) { _ in }
        for pipe in pipes.dropFirst() {
            try pipe.fileHandleForWriting.write(contentsOf: Data([1, 2, 3]))
            try pipe.fileHandleForWriting.close()
        }
        for upload in uploads.dropFirst() { _ = try await upload.value }
        // One that is cancelled does not wait for its source.
        let at = ContinuousClock.now
        uploads[0].cancel()
        cancelled(await uploads[0].result)
        let took = ContinuousClock.now - at
        XCTAssertLessThan(took, soon)
        try pipes[0].fileHandleForWriting.close()
    }
}

/// How late the main actor is at its latest, while something goes on.
@MainActor
private func latest(during work: @escaping @Sendable () async throws -> Void) async throws -> Duration {
    let going = Task.detached { try await work() }
    let over = Task { _ = await going.result }
    var (latest, isOver) = (Duration.zero, false)
    let end = Task { @MainActor in
        await over.value
        isOver = true
    }
    while !isOver {
        let asked = ContinuousClock.now
        await Task.yield()
        latest = max(latest, ContinuousClock.now - asked)
    }
    await end.value
    try await going.value
    return latest
}
