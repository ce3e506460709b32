import Foundation

/// Everything that nomkit throws, but for `CancellationError` and what your own sources and callbacks throw.
///
/// `kind` says what went wrong, `code` the same as one stable word for machines, `message` what happened, to which
/// operation, and what to do next:
///
/// ```swift
/// do {
///     let result = try await run.wait(timeout: .seconds(600))
/// } catch let error as NomkitError where error.kind == .waitTimeout {
///     later(error.token)
/// }
/// ```
public struct NomkitError: Swift.Error, Sendable, Hashable, Codable {
    /// As the core says it.
    let info: ErrorInfo

    init(_ info: ErrorInfo) {
        self.info = info.respelt()
    }

    /// What this package found by itself.
    init(_ kind: Kind, _ message: String, details: JsonMap = [:]) {
        info = ErrorInfo(
            code: kind.rawValue, message: message, status: nil, serverCode: nil, requestId: nil, attempts: 0,
            elapsed: 0, retryable: false, outcome: nil, uploaded: [], details: details)
    }

    /// What went wrong, by class. A code that this version does not know is `unexpected`.
    public var kind: Kind { Kind(rawValue: info.code) ?? .unexpected }
    /// One stable word for machines, the same in every language.
    public var code: String { info.code }
    /// What happened, to which operation, and what to do next.
    public var message: String { info.message }
    /// The HTTP status, if the server answered.
    public var status: Int? { info.status }
    /// The server's own word for it.
    public var serverCode: String? { info.serverCode }
    /// The server's name for the request, if it gave one.
    public var requestId: String? { info.requestId }
    /// How many times the request was made.
    public var attempts: Int { info.attempts }
    /// How long it took from the first attempt to this error.
    public var elapsed: Duration { Duration(clamped: info.elapsed) }
    /// Whether the same call may succeed later.
    public var retryable: Bool { info.retryable }
    /// Whether the last request reached the server; `nil` if there was none.
    public var outcome: RequestOutcome? { info.outcome }
    /// The files that were on the platform before the call failed.
    public var uploaded: [File] { info.uploaded }

    /// The error that said this, here or in another process.
    public init(from decoder: any Decoder) throws {
        info = try ErrorInfo(from: decoder)
    }

    /// Writes all that it says.
    public func encode(to encoder: any Encoder) throws {
        try info.encode(to: encoder)
    }
}

extension NomkitError: CustomStringConvertible, LocalizedError {
    /// Its code and its message.
    public var description: String { "\(code): \(message)" }
    /// Its message.
    public var errorDescription: String? { message }
}

/// How the fields of a class are read.
extension NomkitError {
    func text(_ field: String) -> String? {
        if case .text(let text) = info.details[field] { text } else { nil }
    }

    func flag(_ field: String) -> Bool {
        info.details[field] == .bool(true)
    }

    func list(_ field: String) -> [Json] {
        if case .array(let items) = info.details[field] { items } else { [] }
    }

    func seconds(_ field: String) -> Duration? {
        switch info.details[field] {
        case .float(let seconds): Duration(clamped: seconds)
        case .int(let seconds): Duration(clamped: Double(seconds))
        default: nil
        }
    }
}
