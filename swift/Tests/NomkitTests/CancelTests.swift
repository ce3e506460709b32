import Foundation
import XCTest

@testable import Nomkit

/// A cancelled call ends at once, with `CancellationError`; its connection is closed by then.
final class CancelTests: XCTestCase {
    private typealias Way = (name: String, call: @Sendable () async throws -> Void)

    private func ways(_ silent: Silent, large: URL) throws -> [Way] {
        let (nomic, run) = (silent.nomic, silent.run)
        let bytes = Data(repeating: 1, count: 8 << 20)
        return [
            ("launch", { _ = try await nomic.agents.launch("Look") }),
            ("launch with a file", { _ = try await nomic.agents.launch("Look", files: [.file(large)]) }),
            ("ask", { _ = try await nomic.ask("Look") { _ in } }),
            ("wait", { _ = try await run.wait() }),
            ("wait, told", { _ = try await run.wait { _ in } }),
            ("updates", { for try await _ in run.updates() {} }),
            ("many", { _ = try await nomic.waitAll([run, run]) }),
            ("many, as they end", { for try await _ in nomic.asCompleted([run, run]) {} }),
            ("resume", { _ = try await nomic.agents.resume(run.agentId, "Look") }),
            ("list", { for try await _ in nomic.agents.list() {} }),
            ("pages", { for try await _ in nomic.files.search("a").pages() {} }),
            ("artifact", { _ = try await run.artifact(silent.artifact) }),
            ("file", { try await nomic.files.upload(.file(large)) }),
            ("data", { try await nomic.files.upload(.data(bytes, name: "a")) { _ in } }),
            ("sequence", { try await nomic.files.upload(.stream(Slowly(), name: "a", size: 100 << 20)) }),
            ("sequence without a size", { try await nomic.files.upload(.stream(Slowly(), name: "a")) { _ in } }),
            (
                "handle",
                {
                    let handle = try FileHandle(forReadingFrom: large)
                    try await nomic.files.upload(.stream(handle, name: "a", size: bytes.count))
                }
            ),
            (
                "input",
                {
                    guard let input = InputStream(url: large) else { return XCTFail("no stream") }
                    try await nomic.files.upload(.stream(input, name: "a", size: bytes.count))
                }
            ),
        ]
    }

    private func large() throws -> URL {
        let large = try scratch().appendingPathComponent("large.bin")
        try Data(repeating: 1, count: 8 << 20).write(to: large)
        return large
    }

    func testTwoHundredAtRandomMoments() async throws {
        guarded()
        let silent = try await silence()
        let busy = try await platform(running: .seconds(600))
        let first = try busy.nomic()
        let running = try await first.agents.launch("Look").agentId
        first.close()
        // Between two looks at a turn that goes on. Each has its own client, so that no idle connection is left either.
        @Sendable func alone(_ work: (AgentRun) async throws -> Void) async throws {
            let nomic = try busy.nomic()
            defer { nomic.close() }
            try await work(nomic.agents.attach(running))
        }
        let asleep: [Way] = [
            ("asleep in wait", { try await alone { _ = try await $0.wait() } }),
            ("asleep in updates", { try await alone { for try await _ in $0.updates() {} } }),
        ]
        let ways = try self.ways(silent, large: large()) + asleep
        var (moments, took, seen): (Moments, [Duration], [Duration]) = (Moments(seed: 1), [], [])
        // Three may meet a machine that stalls; a client that is late is late again.
        var stalls = 0
        while took.count < 200 {
            let way = ways[took.count % ways.count]
            let task = Task { try await way.call() }
            try await Task.sleep(for: moments.next(upTo: .milliseconds(60)))
            let at = ContinuousClock.now
            task.cancel()
            let result = await task.result
            let ended = ContinuousClock.now - at
            cancelled(result)
            try await until("the connection of \(way.name) is closed") {
                silent.connections == 0 && Here.connections(to: busy.url.port ?? 0) == 0
            }
            let closed = ContinuousClock.now - at
            try await until("the server sees that \(way.name) has left") { try await silent.isQuiet() }
            let noticed = ContinuousClock.now - at
            if noticed >= gate, stalls < 3 {
                stalls += 1
                continue
            }
            took.append(closed)
            seen.append(noticed)
            XCTAssertLessThan(closed, gate, "\(way.name), ended after \(ended)")
            XCTAssertLessThan(noticed, gate, "\(way.name), ended after \(ended)")
        }
        for (what, times) in [("closed", took.sorted()), ("seen by the server", seen.sorted())] {
            print("\(what) after: p50 \(times[100]), p99 \(times[197]), at most \(times[199])")
        }
        let made = try await silent.emulator.ledger().requests
        let looks = try await busy.requests("GET /agents/{id}").count
        XCTAssertGreaterThan(looks, asleep.count)
        // Meanwhile nothing starts but this.
        let last = try busy.nomic()
        for _ in 0..<50 { _ = try await last.agents.get(running) }
        let (later, looked) = (
            try await silent.emulator.ledger().requests, try await busy.requests("GET /agents/{id}").count
        )
        XCTAssertEqual(made.count, later.count)
        XCTAssertEqual(looks + 50, looked)
        let stalled = later.filter { $0["fault"] == .text("stall") }
        XCTAssertGreaterThan(stalled.count, 50)
        XCTAssertTrue(stalled.allSatisfy { $0["answered"] == .bool(false) })
    }

    /// Of requests with a body: they have been sent, and are not answered.
    func testEachThatWaitsForItsAnswer() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let bytes = Data([1, 2, 3])
        let place = try scratch().appendingPathComponent("a.bin")
        try bytes.write(to: place)
        let pieces = AsyncStream {
            $0.yield(bytes)
            $0.finish()
        }
        let ways: [(String, @Sendable () async throws -> Void)] = [
            ("POST /agents", { _ = try await nomic.agents.launch("Look") }),
            ("POST /agents", { _ = try await nomic.ask("Look") { _ in } }),
            ("POST /files/upload", { try await nomic.files.upload(.file(place)) }),
            ("POST /files/upload", { try await nomic.files.upload(.data(bytes, name: "a")) { _ in } }),
            ("POST /files/upload", { try await nomic.files.upload(.stream(pieces, name: "a", size: 3)) }),
            ("POST /files/upload", { _ = try await nomic.ask("Look", files: [.data(bytes, name: "a")]) }),
        ]
        for (index, (operation, way)) in ways.enumerated() {
            let fault = try await emulator.fault(operation, "stall")
            let task = Task { try await way() }
            try await until("it is made") {
                let requests = try await emulator.ledger().requests
                // All of its body is there.
                return requests.count == index + 1 && requests[index]["processed"] == .bool(true)
            }
            let at = ContinuousClock.now
            task.cancel()
            cancelled(await task.result)
            try await until("the server sees it") { try await emulator.faultReport(fault).completed == 1 }
            let took = ContinuousClock.now - at
            XCTAssertLessThan(took, soon, "\(index)")
        }
        let requests = try await emulator.ledger().requests
        XCTAssertEqual(requests.count, ways.count)
    }

    func testNothingIsSentByATaskThatIsCancelledBefore() async throws {
        let silent = try await silence()
        let before = try await silent.emulator.ledger().requests.count
        for way in try ways(silent, large: large()) {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await way.call()
            }
            cancelled(await task.result)
        }
        let after = try await silent.emulator.ledger().requests.count
        XCTAssertEqual(before, after)
    }

    /// Some are cancelled right before their answer comes, some right after it, some while it does.
    func testFiveThousandThatAreCancelledWhenTheyAreAnswered() async throws {
        guarded()
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let run = try await nomic.agents.launch("Look")
        var each: [Duration] = []
        for _ in 0..<50 {
            let began = ContinuousClock.now
            try await run.refresh()
            each.append(ContinuousClock.now - began)
        }
        let usual = each.sorted()[25]
        let ended = Notes<Bool>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<8 {
                group.addTask {
                    var moments = Moments(seed: UInt64(lane))
                    for round in 0..<625 {
                        let call = Task {
                            if round % 5 > 0 { return try await run.refresh().id }
                            let bytes = AsyncStream {
                                $0.yield(Data([1])); $0.finish()
                            }
                            return try await nomic.files.upload(.stream(bytes, name: "a", size: 1)) { _ in }.id
                        }
                        let end = ContinuousClock.now + moments.next(upTo: usual * 40)
                        while ContinuousClock.now < end { await Task.yield() }
                        call.cancel()
                        switch await call.result {
                        case .success: await ended.add(true)
                        case .failure(let error):
                            await ended.add(false); XCTAssertTrue(error is CancellationError, "\(error)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let all = await ended.all
        XCTAssertEqual(all.count, 5000)
        let answered = all.count { $0 }
        print("of 5,000 were answered: \(answered)")
        XCTAssertTrue((100..<4900).contains(answered), "\(answered)")
    }

    func testAGroup() async throws {
        let silent = try await silence()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<32 { group.addTask { try await silent.run.refresh() } }
            try await until("all are made") { silent.connections == 32 }
            group.cancelAll()
            while let result = await group.nextResult() { cancelled(result) }
        }
        try await until("their connections are closed") { silent.connections == 0 }
    }

    func testATimeoutOfOnesOwn() async throws {
        struct Late: Swift.Error {}
        let silent = try await silence()
        let error = await thrown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { _ = try await silent.nomic.ask("Look") { _ in } }
                group.addTask {
                    try await until("it is made") { silent.connections == 1 }
                    throw Late()
                }
                try await group.next()
            }
        }
        XCTAssertTrue(error is Late)
        try await until("its connection is closed") { silent.connections == 0 }
    }

    func testWhatNobodyAwaitsAndACancelledParent() async throws {
        let silent = try await silence()
        let began = ContinuousClock.now
        func leave() async throws {
            async let _ = silent.run.refresh()
            async let _ = silent.nomic.files.upload(.stream(Slowly(), name: "a", size: 100 << 20)) { _ in }
            try await until("both are made") { silent.connections == 2 }
        }
        try await leave()
        try await until("their connections are closed") { silent.connections == 0 }
        let parent = Task {
            async let first = silent.run.refresh()
            async let second = silent.nomic.agents.list().first(1)
            return try await (first, second)
        }
        try await until("both are made") { silent.connections == 2 }
        parent.cancel()
        cancelled(await parent.result)
        try await until("their connections are closed") { silent.connections == 0 }
        XCTAssertLessThan(ContinuousClock.now - began, patience)
    }

    /// What the caller's own code makes of the cancellation is a cancellation still.
    func testWhatASourceThrowsWhenItIsCancelled() async throws {
        struct Mine: Swift.Error {}
        struct Waiting: AsyncSequence, AsyncIteratorProtocol, Sendable {
            mutating func next() async throws -> Data? {
                do { try await Task.sleep(for: patience) } catch { throw Mine() }
                return nil
            }
            func makeAsyncIterator() -> Waiting { self }
        }
        let silent = try await silence()
        let call = Task { try await silent.nomic.files.upload(.stream(Waiting(), name: "a", size: 9)) }
        try await until("it is made") { silent.connections == 1 }
        call.cancel()
        cancelled(await call.result)
        let notes = Notes<Bool>()
        let told = Task {
            try await silent.nomic.files.upload(.stream(Slowly(), name: "a", size: 100 << 20)) { _ in
                await notes.add(true)
                do { try await Task.sleep(for: patience) } catch { throw Mine() }
            }
        }
        try await until("it was told") { await !notes.all.isEmpty }
        told.cancel()
        cancelled(await told.result)
    }

    /// It never waits, and so never sees by itself that it is cancelled.
    func testASourceThatGivesNothingForEver() async throws {
        guarded()
        struct Empty: AsyncSequence, AsyncIteratorProtocol, Sendable {
            mutating func next() async -> Data? { Data() }
            func makeAsyncIterator() -> Empty { self }
        }
        let silent = try await silence()
        let call = Task { try await silent.nomic.files.upload(.stream(Empty(), name: "a", size: 9)) { _ in } }
        try await until("it is made") { silent.connections == 1 }
        call.cancel()
        cancelled(await call.result)
        try await until("its connection is closed") { silent.connections == 0 }
    }

    func testALoopThatIsLeft() async throws {
        struct Enough: Swift.Error {}
        let emulator = try await platform(running: .seconds(600))
        let nomic = try emulator.nomic()
        for _ in 0..<3 { _ = try await nomic.agents.launch("Look") }
        let run = try await nomic.agents.attach(nomic.agents.list().first(1)[0].id)
        let fault = try await emulator.fault("*", "stall", ["skip": 3, "times": 1_000_000])
        for try await _ in run.updates() { break }
        for try await _ in nomic.agents.list(pageSize: 1) { break }
        let left = await thrown { for try await _ in nomic.agents.list(pageSize: 1).pages() { throw Enough() } }
        XCTAssertTrue(left is Enough)
        // One that is kept asks for nothing by itself: the next request is another client's.
        var kept = nomic.agents.list(pageSize: 1).makeAsyncIterator()
        let stalled = Task { try await emulator.nomic().agents.get(run.agentId) }
        try await until("it is made") { try await emulator.faultReport(fault).hits > 0 }
        let hits = try await emulator.faultReport(fault).hits
        XCTAssertEqual(hits, 1)
        stalled.cancel()
        cancelled(await stalled.result)
        // Cancelled in the midst of a step, a loop is over.
        let loop = Task {
            var steps = run.updates().makeAsyncIterator()
            let first = await thrown { while try await steps.next() != nil {} }
            let next = await thrown { try await steps.next() }
            return (first, next)
        }
        try await until("it is made") { try await emulator.faultReport(fault).hits > 1 }
        loop.cancel()
        let (first, next) = await loop.value
        XCTAssertTrue(first is CancellationError)
        XCTAssertNil(next)
        try await until("its connection is closed") {
            let report = try await emulator.faultReport(fault)
            return report.completed == 2
        }
        try await emulator.clearFaults()
        let item = try await kept.next()
        XCTAssertNotNil(item)
    }

    func testNothingIsLeft() async throws {
        guarded()
        let silent = try await silence()
        final class Held: Sendable {}
        struct Holding: AsyncSequence, Sendable {
            let held: Held
            func makeAsyncIterator() -> Slowly.AsyncIterator { Slowly().makeAsyncIterator() }
        }
        let ways = try ways(silent, large: large())
        var moments = Moments(seed: 2)
        func cancel(_ count: Int) async throws {
            for round in 0..<count {
                let task = Task { try await ways[round % ways.count].call() }
                try await Task.sleep(for: moments.next(upTo: .milliseconds(3)))
                task.cancel()
                cancelled(await task.result)
            }
            try await until("all is closed") { silent.connections == 0 }
        }
        // What is kept for good is there by then.
        try await cancel(600)
        let (files, threads, heap) = (Here.files, Here.threads.count, Here.heap)
        try await cancel(600)
        // A launch or an upload that was given up is remembered for ten minutes, with some 350 bytes.
        try await nothingLeft(files: files, threads: threads + 8, heap: heap + 600 * 500)
        print("left by 600: \(Here.threads.count - threads) threads, \(Here.heap - heap) bytes")
        weak var held: Held?
        do {
            let mine = Held()
            held = mine
            let task = Task {
                try await silent.nomic.files.upload(.stream(Holding(held: mine), name: "a", size: 100 << 20)) { _ in
                    _ = mine
                }
            }
            try await until("it is made") { silent.connections == 1 }
            task.cancel()
            cancelled(await task.result)
        }
        try await until("what it held is let go of") { held == nil }
        // No permit is lost either.
        try await silent.emulator.clearFaults()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<32 { group.addTask { try await silent.run.refresh() } }
            try await group.waitForAll()
        }
    }
}
