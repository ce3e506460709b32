import Foundation
import Nomkit
import XCTest

final class PagesTests: XCTestCase {
    /// A client whose user has five agents; their ids, newest first.
    private func five() async throws -> (Emulator, Nomic, [String]) {
        let emulator = try await platform()
        let nomic = try emulator.nomic(retries: 0)
        var ids: [String] = []
        for _ in 0..<5 { ids.insert(try await nomic.agents.launch("Look").agentId, at: 0) }
        return (emulator, nomic, ids)
    }

    private func lists(_ emulator: Emulator) async throws -> [String] {
        try await emulator.requests("GET /agents").compactMap { $0["query"]?.text }
    }

    func testAListIsReadPageByPageAsItIsAskedFor() async throws {
        let (emulator, nomic, ids) = try await five()
        let list = nomic.agents.list(pageSize: 2)
        var requests = try await lists(emulator).count
        XCTAssertEqual(requests, 0)
        var seen: [String] = []
        for try await agent in list {
            seen.append(agent.id)
            if seen.count == 3 { break }
        }
        requests = try await lists(emulator).count
        XCTAssertEqual(requests, 2)
        XCTAssertEqual(seen, Array(ids.prefix(3)))
        let all = try await list.all().map(\.id)
        XCTAssertEqual(all, ids)
        let queries = try await lists(emulator)
        XCTAssertEqual(queries.count, 5)
        XCTAssertTrue(queries.allSatisfy { $0.contains("imit=2") || $0.contains("ize=2") }, "\(queries)")
    }

    func testFirstReadsNoPageThatIsNotNeeded() async throws {
        let (emulator, nomic, ids) = try await five()
        let list = nomic.agents.list(pageSize: 2)
        let none = try await list.first(0)
        XCTAssertEqual(none, [])
        var requests = try await lists(emulator).count
        XCTAssertEqual(requests, 0)
        let two = try await list.first(2).map(\.id)
        XCTAssertEqual(two, Array(ids.prefix(2)))
        requests = try await lists(emulator).count
        XCTAssertEqual(requests, 1)
    }

    func testPagesComeWhole() async throws {
        let (emulator, nomic, ids) = try await five()
        var sizes: [Int] = []
        for try await page in nomic.agents.list(pageSize: 2).pages() {
            sizes.append(page.items.count)
            XCTAssertNil(page.totalCount)
            let again = try JSONDecoder().decode(Page<Agent>.self, from: JSONEncoder().encode(page))
            XCTAssertEqual(Set([page, again]), [page])
        }
        XCTAssertEqual(sizes, [2, 2, 1])
        try await emulator.persona(.drifted)
        var totals: [Int?] = []
        for try await page in nomic.agents.list(pageSize: 3).pages() { totals.append(page.totalCount) }
        XCTAssertEqual(totals, [ids.count, ids.count])
    }

    func testAnErrorComesOnceAfterTheItemsBeforeIt() async throws {
        let (emulator, nomic, ids) = try await five()
        try await emulator.fault("GET /agents", "status", ["status": 500, "skip": 1])
        var iterator = nomic.agents.list(pageSize: 2).makeAsyncIterator()
        var seen: [String] = []
        do {
            while let agent = try await iterator.next() { seen.append(agent.id) }
            XCTFail("it went on")
        } catch let error as NomkitError {
            XCTAssertEqual(error.kind, .server)
        }
        XCTAssertEqual(seen, Array(ids.prefix(2)))
        let after = try await iterator.next()
        XCTAssertNil(after)
    }

    func testAnEmptyPageIsNotTheEnd() async throws {
        let (emulator, nomic, ids) = try await five()
        try await emulator.fault("GET /agents", "empty_page")
        let all = try await nomic.agents.list(pageSize: 2).all().map(\.id)
        XCTAssertEqual(all, ids)
    }
}
