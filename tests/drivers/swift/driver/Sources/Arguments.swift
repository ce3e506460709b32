import Foundation
import Nomkit

/// The arguments of one call.
struct Arguments: Sendable {
    private let given: JsonMap

    init(_ given: JsonMap) {
        self.given = given
    }

    func text(_ name: String) throws -> String {
        try maybe(name) ?? { throw Misunderstood("`\(name)` should be text") }()
    }

    func maybe(_ name: String) -> String? {
        given[name]?.text
    }

    func texts(_ name: String) -> [String] {
        items(name).compactMap(\.text)
    }

    func int(_ name: String) -> Int? {
        if case .int(let number) = given[name] { Int(number) } else { nil }
    }

    func flag(_ name: String) -> Bool {
        given[name] == true
    }

    func choice(_ name: String) -> Bool? {
        given[name].map { $0 == true }
    }

    /// Given in seconds.
    func duration(_ name: String) -> Duration? {
        switch given[name] {
        case .int(let seconds): .seconds(seconds)
        case .float(let seconds): .seconds(seconds)
        default: nil
        }
    }

    func members(_ name: String) -> JsonMap {
        if case .object(let members) = given[name] { members } else { [:] }
    }

    /// Local files, and files on the platform.
    func sources(_ name: String) throws -> [Source] {
        try items(name).map { item in
            if let path = item.text { return .file(URL(fileURLWithPath: path)) }
            if case .object(let file) = item, let id = file["id"]?.text { return .uploaded(id: id) }
            throw Misunderstood("`\(name)` holds something else than files")
        }
    }

    func slots(_ name: String) throws -> [String: [Source]] {
        let slots = members(name)
        return try Dictionary(uniqueKeysWithValues: slots.keys.map { ($0, try Arguments(slots).sources($0)) })
    }

    func pictures() -> [Picture] {
        texts("images").map { .file(URL(fileURLWithPath: $0)) }
    }

    private func items(_ name: String) -> [Json] {
        if case .array(let items) = given[name] { items } else { [] }
    }
}

extension JsonValue {
    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
