/// How long to wait: `.seconds(600)`, `.minutes(10)`, `.after(duration)`, or `.infinite`.
public struct Deadline: Sendable, Hashable {
    /// `nil` is without end. What is no time the core refuses.
    let inSeconds: Double?

    /// Without end.
    public static let infinite = Deadline(inSeconds: nil)

    /// After so long.
    public static func after(_ span: Duration) -> Deadline {
        Deadline(inSeconds: span.inSeconds)
    }

    /// After so many seconds.
    public static func seconds(_ count: Double) -> Deadline {
        Deadline(inSeconds: count)
    }

    /// After so many minutes.
    public static func minutes(_ count: Double) -> Deadline {
        Deadline(inSeconds: count * 60)
    }
}

extension Duration {
    /// As the core counts time.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// So many seconds, up to what one holds.
    init(clamped seconds: Double) {
        self = .seconds(Swift.min(Swift.max(seconds, 0), 1e15))
    }
}

extension WaitOptions {
    /// Without a deadline the core's own holds.
    init(_ deadline: Deadline?) {
        self.init(timeout: deadline?.inSeconds, endless: deadline == .infinite)
    }
}
