import Foundation
import Nomkit

private let output = NSLock()

/// One message on one line.
func write(_ message: [String: Json]) {
    guard var line = try? JSONEncoder().encode(message) else { return }
    line.append(UInt8(ascii: "\n"))
    output.withLock { FileHandle.standardOutput.write(line) }
}

/// A value of the client as JSON: fields in snake_case, instants as RFC 3339 text, what a platform names as it came.
func plain(_ value: Any) -> Json {
    switch value {
    case let json as Json: return json
    case let object as JsonMap: return .object(object)
    case let rows as [JsonMap]: return .array(rows.map { .object($0) })
    case let text as String: return .text(text)
    case let flag as Bool: return .bool(flag)
    case let number as any BinaryInteger: return .int(Int64(clamping: number))
    case let number as Double: return .float(number)
    case let instant as Date: return .text(told(instant))
    case let error as NomkitError: return told(error)
    case let word as any RawRepresentable<String>: return .text(word.rawValue)
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.map { plain($0.value) } ?? .null
    case .collection: return .array(mirror.children.map { plain($0.value) })
    default: return .object(fields(mirror))
    }
}

private func fields(_ mirror: Mirror) -> JsonMap {
    Dictionary(uniqueKeysWithValues: mirror.children.map { (snake($0.label ?? ""), plain($0.value)) })
}

/// An error's fields, and beside them those of its class.
private func told(_ error: NomkitError) -> Json {
    let said = Mirror(reflecting: error).children.first.map { fields(Mirror(reflecting: $0.value)) } ?? [:]
    guard case .object(let own) = said["details"] else { return .object(said) }
    let shown = own.map { name, value in
        switch (name, value) {
        // Spelt as the fields are.
        case ("argument", .text(let argument)): (name, Json.text(snake(argument)))
        case ("issues", _), ("candidates", _): (name, value)
        default: (name, respelt(value))
        }
    }
    return .object(said.filter { $0.key != "details" }.merging(shown) { _, own in own })
}

/// Records that cross within an error.
private func respelt(_ value: Json) -> Json {
    switch value {
    case .array(let items): return .array(items.map(respelt))
    case .object(let members):
        let named = members.map { name, held in (snake(name), name == "extra" ? held : respelt(held)) }
        return .object(Dictionary(named) { _, last in last })
    default: return value
    }
}

private func snake(_ name: String) -> String {
    name.replacingOccurrences(of: "URL", with: "Url")
        .reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
}

private func told(_ instant: Date) -> String {
    let milliseconds = Int64((instant.timeIntervalSince1970 * 1000).rounded())
    let second = Date(timeIntervalSince1970: Double(milliseconds / 1000))
    let rest = String(milliseconds % 1000 + 1000).dropFirst()
    return second.formatted(.iso8601).replacingOccurrences(of: "Z", with: ".\(rest)Z")
}
