import Foundation

extension URL {
    /// Where it is on this machine, of an argument that must be there.
    func local(_ argument: String) throws -> String {
        guard isFileURL else {
            let why = "`\(argument)` should be a `file:` URL, such as `URL(fileURLWithPath:)` makes."
            throw NomkitError(.invalidInput, why, details: ["argument": .text(argument)])
        }
        return path
    }
}
