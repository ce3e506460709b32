/// One page of a list.
public struct Page<Item: Sendable>: Sendable {
    /// Its items.
    public let items: [Item]
    /// How many the whole list has, if the server said so.
    public let totalCount: Int?
}

extension Page: Equatable where Item: Equatable {}
extension Page: Hashable where Item: Hashable {}
extension Page: Encodable where Item: Encodable {}
extension Page: Decodable where Item: Decodable {}

/// A list that is read page by page, as far as it is asked for: `for try await item in list`.
///
/// Each loop reads it anew from its start; leaving the loop drops it. What is wrong with the list's arguments is thrown
/// by the loop.
public struct Pages<Item: Sendable>: AsyncSequence, Sendable {
    /// One item.
    public typealias Element = Item

    let open: @Sendable () throws -> Steps<Page<Item>>.Step

    /// A new reading from the start.
    public func makeAsyncIterator() -> Iterator {
        Iterator(steps: Steps(open: open))
    }

    /// The first items; no page is read that is not needed.
    ///
    /// - Parameter count: How many at most.
    /// - Throws: `NomkitError` of kind `.invalidInput` if it is negative; what the loop throws.
    public func first(_ count: Int) async throws -> [Item] {
        let count = try count.counted("count")
        var items: [Item] = []
        var iterator = makeAsyncIterator()
        while items.count < count, let item = try await iterator.next() { items.append(item) }
        return items
    }

    /// Page by page.
    public func pages() -> Whole {
        Whole(open: open)
    }

    /// One reading, item by item.
    public struct Iterator: AsyncIteratorProtocol {
        var steps: Steps<Page<Item>>
        var ready: ArraySlice<Item> = []

        /// The next item, or `nil` at the end.
        public mutating func next() async throws -> Item? {
            // An empty page is not the end.
            while ready.isEmpty {
                guard let page = try await steps.next() else { return nil }
                ready = page.items[...]
            }
            return ready.popFirst()
        }
    }

    /// A list, page by page.
    public struct Whole: AsyncSequence, Sendable {
        /// One page.
        public typealias Element = Page<Item>

        let open: @Sendable () throws -> Steps<Page<Item>>.Step

        /// A new reading from the start.
        public func makeAsyncIterator() -> Iterator {
            Iterator(steps: Steps(open: open))
        }

        /// One reading, page by page.
        public struct Iterator: AsyncIteratorProtocol {
            var steps: Steps<Page<Item>>

            /// The next page, or `nil` at the end.
            public mutating func next() async throws -> Page<Item>? {
                try await steps.next()
            }
        }
    }
}

extension Page where Item == FileHit {
    init(_ page: FilePage) {
        self.init(items: page.items, totalCount: page.totalCount.map { Int(clamping: $0) })
    }
}

extension Page where Item == Agent {
    init(_ page: AgentPage) {
        self.init(items: page.items, totalCount: page.totalCount.map { Int(clamping: $0) })
    }
}

extension Page where Item == Workflow {
    init(_ page: WorkflowPage) {
        self.init(items: page.items, totalCount: page.totalCount.map { Int(clamping: $0) })
    }
}
