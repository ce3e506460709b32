import Foundation
import XCTest

@testable import Nomkit

/// Many tasks, and many clients.
final class SharingTests: XCTestCase {
    /// That this compiles is half of it.
    func testThirtyTwoTasksShareOneClient() async throws {
        func sendable(_: any Sendable) {}
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let run = try await nomic.agents.launch("Look")
        for value: any Sendable in [
            nomic, nomic.files, nomic.agents, nomic.workflows, run, run.agent, run.updates(), nomic.agents.list(),
            nomic.agents.list().pages(), emulator, Source.data(Data()), Picture.data(Data()), Deadline.infinite,
        ] { sendable(value) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<32 {
                group.addTask {
                    let bytes = Data("plan \(index)".utf8)
                    let pieces = AsyncStream {
                        $0.yield(bytes)
                        $0.finish()
                    }
                    let source = index % 2 == 0 ? Source.data(bytes, name: "a.txt") : .stream(pieces, name: "a.txt")
                    let own = try await nomic.agents.launch("What is it?", files: [source]) { _ in }
                    let (result, agent) = (try await own.wait { _ in }, try await run.refresh())
                    XCTAssertTrue(result.text.contains("plan \(index)"), result.text)
                    XCTAssertEqual(agent.id, run.agentId)
                    let found = try await nomic.agents.list().first(40)
                    XCTAssertTrue(found.contains { $0.id == own.agentId })
                }
            }
            try await group.waitForAll()
        }
    }

    func testAThousandClientsThatNobodyCloses() async throws {
        let emulator = try await platform()
        let run = try await emulator.nomic().agents.launch("Look")
        func calls(_ count: Int) async throws {
            for _ in 0..<count {
                let agent = try await emulator.nomic().agents.get(run.agentId)
                XCTAssertEqual(agent.id, run.agentId)
            }
        }
        let port = try XCTUnwrap(emulator.url.port)
        try await calls(50)
        try await until("theirs are closed") { Here.connections(to: port) <= 1 }
        let (files, threads, heap) = (Here.files, Here.threads.count, Here.heap)
        try await calls(1000)
        try await until("all are closed") { Here.connections(to: port) <= 1 }
        try await nothingLeft(files: files + 1, threads: threads + 8, heap: heap + 1000 * 1000)
        print("left by 1,000: \(Here.threads.count - threads) threads, \(Here.heap - heap) bytes")
    }
}
