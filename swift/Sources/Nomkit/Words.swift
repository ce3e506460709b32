// Written by `cargo xtask records` from the core's open enums. Do not edit.

extension AgentStatus: RawRepresentable {
    /// The case of a word; one that this version does not know is `other`.
    public init(rawValue: String) {
        self =
            switch rawValue {
            case "waiting": .waiting
            case "running": .running
            case "awaiting_tool": .awaitingTool
            case "finished": .finished
            case "stopped": .stopped
            case "failed": .failed
            default: .other(rawValue)
            }
    }

    /// Its word.
    public var rawValue: String { description }
}

extension ArtifactKind: RawRepresentable {
    /// The case of a word; one that this version does not know is `other`.
    public init(rawValue: String) {
        self =
            switch rawValue {
            case "markdown": .markdown
            case "table": .table
            default: .other(rawValue)
            }
    }

    /// Its word.
    public var rawValue: String { description }
}

extension EventKind: RawRepresentable {
    /// The case of a word; one that this version does not know is `other`.
    public init(rawValue: String) {
        self =
            switch rawValue {
            case "answered": .answered
            case "failed": .failed
            case "retrying": .retrying
            case "throttled": .throttled
            case "paused": .paused
            case "recovering": .recovering
            case "recovered": .recovered
            case "lost": .lost
            case "twin": .twin
            case "looked": .looked
            case "swept": .swept
            case "over": .over
            default: .other(rawValue)
            }
    }

    /// Its word.
    public var rawValue: String { description }
}

extension EventLevel: RawRepresentable {
    /// The case of a word; one that this version does not know is `other`.
    public init(rawValue: String) {
        self =
            switch rawValue {
            case "debug": .debug
            case "info": .info
            case "warning": .warning
            default: .other(rawValue)
            }
    }

    /// Its word.
    public var rawValue: String { description }
}

extension Role: RawRepresentable {
    /// The case of a word; one that this version does not know is `other`.
    public init(rawValue: String) {
        self =
            switch rawValue {
            case "user": .user
            case "assistant": .assistant
            case "tool": .tool
            case "error": .error
            default: .other(rawValue)
            }
    }

    /// Its word.
    public var rawValue: String { description }
}

extension RequestOutcome: RawRepresentable {
    /// The case of a word; one that this version does not know is `other`.
    public init(rawValue: String) {
        self =
            switch rawValue {
            case "not_sent": .notSent
            case "answered": .answered
            case "unknown": .unknown
            default: .other(rawValue)
            }
    }

    /// Its word.
    public var rawValue: String { description }
}
