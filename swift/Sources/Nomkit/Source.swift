import Foundation

/// Something to upload, or for an agent to read.
public struct Source: Sendable {
    let content: Content

    enum Content: Sendable {
        case local(URL)
        case uploaded(String)
        case read(name: String, size: Int?, again: Bool, Reader)
    }

    /// All calls have the same feed of what can be read once: it knows whether it was.
    private static func once(name: String, size: Int?, open: @escaping @Sendable () -> any Chunks) -> Source {
        Source(content: .read(name: name, size: size, again: false, Reader(feed: Feed(), open: open)))
    }

    /// A local file, streamed from disk.
    ///
    /// - Parameter url: A `file:` URL, such as `URL(fileURLWithPath:)` makes; any other is refused by the call that
    ///   takes it.
    public static func file(_ url: URL) -> Source {
        Source(content: .local(url))
    }

    /// Bytes in memory. They are not copied as a whole.
    ///
    /// - Parameters:
    ///   - data: The bytes.
    ///   - name: The name that they shall have; an upload may name them by its `name` or `path` instead.
    public static func data(_ data: Data, name: String = "") -> Source {
        let reader = Reader(feed: Feed()) { DataChunks(data: data) }
        return Source(content: .read(name: name, size: data.count, again: true, reader))
    }

    /// What is made while it is read, once, as fast as it is sent. A sequence that ignores the cancellation of its task
    /// holds the call open.
    ///
    /// - Parameters:
    ///   - chunks: The bytes, in pieces of any size.
    ///   - name: The name that they shall have; an upload may name them by its `name` or `path` instead.
    ///   - size: How many bytes there will be. Without it they are first copied to a private temporary file, since the
    ///     platform wants to know the size.
    public static func stream<Bytes: AsyncSequence & Sendable>(
        _ chunks: Bytes, name: String = "", size: Int? = nil
    ) -> Source where Bytes.Element == Data {
        once(name: name, size: size) { SequenceChunks(iterator: chunks.makeAsyncIterator()) }
    }

    /// What an open file, pipe or socket gives from where it stands, once. It is not closed. A call that is cancelled
    /// ends at once, but one thread goes on waiting for a silent pipe or socket until its other side writes or closes.
    ///
    /// - Parameters:
    ///   - handle: What is read.
    ///   - name: The name that it shall have; an upload may name it by its `name` or `path` instead.
    ///   - size: How many bytes there will be; without it they are first copied to a private temporary file.
    public static func stream(_ handle: FileHandle, name: String = "", size: Int? = nil) -> Source {
        once(name: name, size: size) { BlockingChunks { try handle.read(upToCount: Reader.piece) ?? Data() } }
    }

    /// What a stream gives, once. It is opened if it was not, and not closed. Nobody else may use it meanwhile.
    /// A call that is cancelled ends at once, but one thread goes on waiting for a silent stream until it gives something
    /// or ends.
    ///
    /// - Parameters:
    ///   - stream: What is read.
    ///   - name: The name that it shall have; an upload may name it by its `name` or `path` instead.
    ///   - size: How many bytes there will be; without it they are first copied to a private temporary file.
    public static func stream(_ stream: sending InputStream, name: String = "", size: Int? = nil) -> Source {
        let input = Input(stream: stream)
        return once(name: name, size: size) { BlockingChunks { try input.read() } }
    }

    /// A file that the platform has.
    public static func uploaded(_ file: File) -> Source {
        Source(content: .uploaded(file.id))
    }

    /// A file that the platform has.
    ///
    /// - Parameter id: Its id, of an upload or a search.
    public static func uploaded(id: String) -> Source {
        Source(content: .uploaded(id))
    }
}

extension Source {
    /// How the core sees it, of an argument that has it; what is read here is added to the call's readers.
    func given(_ readers: inout [Reader], of argument: String) throws -> GivenSource {
        switch content {
        case .local(let url): return .path(path: try url.local(argument))
        case .uploaded(let id): return .file(id: id)
        case .read(let name, let size, let again, let one):
            let size = try size?.counted("size")
            let reader = again ? Reader(feed: Feed(), open: one.open) : one
            readers.append(reader)
            return .feed(feed: reader.feed, name: name, size: size.map { UInt64(clamping: $0) }, again: again)
        }
    }
}

/// A stream that its source's queue alone uses: it is handed over by whoever makes the source.
private final class Input: @unchecked Sendable {
    private let stream: InputStream

    init(stream: sending InputStream) {
        self.stream = stream
    }

    func read() throws -> Data {
        if stream.streamStatus == .notOpen { stream.open() }
        var data = Data(count: Reader.piece)
        let count = data.withUnsafeMutableBytes { room in
            room.bindMemory(to: UInt8.self).baseAddress.map { stream.read($0, maxLength: Reader.piece) } ?? 0
        }
        guard count >= 0 else { throw stream.streamError ?? CocoaError(.fileReadUnknown) }
        return data.prefix(count)
    }
}
