#if os(macOS) || os(Linux)
import Foundation

/// What of an emulator can be set, and what it tells.
extension Emulator {
    /// How the emulator words its answers.
    public enum Persona: String, Sendable, Hashable, Codable, CaseIterable {
        /// As the platform's documents show them.
        case plain
        /// In every other way that they allow.
        case drifted
    }

    /// What the emulator received, did and answered, and what it has by now; members as the wire names them.
    public struct Ledger: Sendable, Hashable, Codable {
        /// The requests, in order.
        public let requests: [JsonMap]
        /// The agents that it has.
        public let agents: [JsonMap]
        /// The files that it has.
        public let files: [JsonMap]
    }

    /// How far a fault has come.
    public struct FaultReport: Sendable, Hashable, Codable {
        /// How many requests met it.
        public let hits: Int
        /// How many felt it to its end.
        public let completed: Int
    }

    /// What the emulator allows a user in a minute.
    public struct RateLimits: Sendable, Hashable, Codable {
        /// Whether it limits at all.
        public let enabled: Bool
        /// Reads and stops.
        public let standard: Int
        /// Small changes.
        public let write: Int
        /// Uploads, launches and follow-ups.
        public let heavy: Int
        /// Searches of codes.
        public let search: Int
        /// How many may come at once; `nil` is a whole minute's worth.
        public let burst: Int?
    }

    /// How the emulator's time is put right.
    public enum ClockChange: Sendable, Hashable {
        /// It is this time.
        case now(Date)
        /// It is so much later.
        case advance(Duration)
        /// It is so far ahead of this machine.
        case offset(Duration)

        /// How instants are written there.
        static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

        var body: JsonMap {
            switch self {
            case .now(let date): ["now": .text(date.formatted(Self.style))]
            case .advance(let span): ["advance": .float(span.inSeconds)]
            case .offset(let span): ["offset": .float(span.inSeconds)]
            }
        }
    }
}
#endif
