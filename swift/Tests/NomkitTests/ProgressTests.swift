import Foundation
import XCTest

@testable import Nomkit

/// What is told of a call, and when.
final class ProgressTests: XCTestCase {
    private func order(_ phase: String) -> Int {
        ["reading", "sending", "accepted"].firstIndex(of: phase) ?? 9
    }

    func testPhasesAreToldInOrderAndNoneAfterwards() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let bytes = Data(repeating: 1, count: 3 << 20)
        for size in [nil, bytes.count] {
            let notes = Notes<String>()
            let pieces = AsyncStream {
                for _ in 0..<3 { $0.yield(bytes.prefix(1 << 20)) }
                $0.finish()
            }
            try await nomic.files.upload(.stream(pieces, name: "a", size: size)) { await notes.add($0.phase) }
            let told = await notes.all
            XCTAssertEqual(told.last, "accepted")
            XCTAssertEqual(told.count { $0 == "accepted" }, 1)
            XCTAssertEqual(told.contains("reading"), size == nil, "\(told)")
            XCTAssertEqual(told, told.sorted { order($0) < order($1) })
            try await nomic.files.upload(.data(bytes, name: "b"))
            let later = await notes.all
            XCTAssertEqual(told, later)
        }
    }

    func testAtMostTenASecond() async throws {
        let silent = try await silence()
        let notes = Notes<ContinuousClock.Instant>()
        let began = ContinuousClock.now
        let call = Task {
            try await silent.nomic.files.upload(.stream(Slowly(), name: "a", size: 100 << 20)) { _ in
                await notes.add(.now)
            }
        }
        try await until("it was told for a while") { await notes.all.count >= 15 }
        call.cancel()
        cancelled(await call.result)
        let told = await notes.all
        XCTAssertLessThan(Double(told.count), (ContinuousClock.now - began).inSeconds * 10 + 3)
        // Nothing after it was cancelled.
        for _ in 0..<20 { _ = try await silent.emulator.ledger() }
        let later = await notes.all
        XCTAssertEqual(told, later)
    }

    /// One that is slow to hear is told of what is newest, and holds up nobody else.
    func testOneThatIsSlowHoldsUpNobodyElse() async throws {
        guarded()
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let (gate, notes) = (Notes<Bool>(), Notes<String>())
        let slow = Task {
            try await nomic.files.upload(.data(Data(repeating: 1, count: 1 << 20), name: "a")) { progress in
                await notes.add(progress.phase)
                try await until("it may go on") { await !gate.all.isEmpty }
            }
        }
        try await until("it was told") { await !notes.all.isEmpty }
        try await until("it is there") { try await emulator.ledger().files.count == 1 }
        for _ in 0..<20 { try await nomic.files.upload(.data(Data([1]), name: "b")) { _ in } }
        let before = await notes.all
        XCTAssertEqual(before.count, 1)
        await gate.add(true)
        _ = try await slow.value
        let all = await notes.all
        XCTAssertEqual(all.last, "accepted")
    }
}
