import Foundation

/// The bytes of one source, piece by piece.
protocol Chunks {
    /// Those from a place on; none is the end. What can be read once is asked for one place after the other.
    mutating func next(at offset: UInt64) async throws -> Data
}

/// What one call reads here, brought to the core as it asks for it.
struct Reader: Sendable {
    /// No more is copied at a time.
    static let piece = 256 * 1024

    let feed: Feed
    let open: @Sendable () -> any Chunks

    /// Reads until the feed is stopped. Nothing is opened before it is wanted.
    func read() async throws {
        guard let first = await feed.wanted() else { return }
        var (chunks, next) = (open(), Optional(first))
        while let wanted = next {
            feed.give(wanted: wanted, chunk: try await chunks.next(at: wanted.offset))
            next = await feed.wanted()
        }
    }
}

extension [Reader] {
    /// All of them, or none. What can be read once is refused if it was read before, or if another call has it.
    func begin() throws {
        for (index, reader) in enumerated() {
            do {
                try now { try reader.feed.lend() }
            } catch {
                Array(prefix(index)).end()
                throw error
            }
        }
    }

    /// Nothing is wanted any more.
    func end() {
        for reader in self { reader.feed.stop() }
    }
}

/// Bytes in memory, from wherever they are wanted.
struct DataChunks: Chunks {
    let data: Data

    func next(at offset: UInt64) -> Data {
        data.dropFirst(Int(clamping: offset)).prefix(Reader.piece)
    }
}

/// Pieces of any size, in their order.
struct SequenceChunks<Iterator: AsyncIteratorProtocol>: Chunks where Iterator.Element == Data {
    var iterator: Iterator
    var rest = Data()

    init(iterator: Iterator) {
        self.iterator = iterator
    }

    mutating func next(at _: UInt64) async throws -> Data {
        // An empty piece is not the end. Whoever gives them for ever may never look whether it is cancelled.
        while rest.isEmpty {
            try Task.checkCancellation()
            guard let given = try await iterator.next() else { return Data() }
            rest = given
        }
        defer { rest = rest.dropFirst(Reader.piece) }
        return rest.prefix(Reader.piece)
    }
}

/// What blocks while it is read: it has a queue of its own, and whoever is cancelled does not wait for it.
struct BlockingChunks: Chunks {
    let read: @Sendable () throws -> Data
    let queue = DispatchQueue(label: "dev.nomkit.source")

    init(read: @escaping @Sendable () throws -> Data) {
        self.read = read
    }

    func next(at _: UInt64) async throws -> Data {
        try Task.checkCancellation()
        let answer = Answer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer.expect(continuation)
                queue.async { answer.give(Result { try read() }) }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
    }
}

/// The first of several answers. Its lock guards all that it has.
private final class Answer: @unchecked Sendable {
    private let lock = NSLock()
    private var given: Result<Data, any Swift.Error>?
    private var continuation: CheckedContinuation<Data, any Swift.Error>?

    func expect(_ continuation: CheckedContinuation<Data, any Swift.Error>) {
        settle { self.continuation = continuation }
    }

    func give(_ answer: Result<Data, any Swift.Error>) {
        settle { given = given ?? answer }
    }

    private func settle(_ change: () -> Void) {
        lock.lock()
        change()
        let ready = given == nil ? nil : continuation
        if ready != nil { continuation = nil }
        let answer = given
        lock.unlock()
        // Not under the lock: who cancels the task holds the task's own, which this needs, and may be waiting for ours.
        if let ready, let answer { ready.resume(with: answer) }
    }
}
