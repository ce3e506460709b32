import Foundation

extension Artifact {
    /// Writes it into a folder, which is made if need be: text as it is, a table as CSV. A name that is taken gets the
    /// artifact's id added; nothing is written over.
    ///
    /// - Parameter folder: A local folder.
    /// - Returns: The file.
    /// - Throws: `NomkitError` of kind `.localIo` if it cannot be written, or has an `error` instead of content.
    @discardableResult
    public func download(to folder: URL) async throws -> URL {
        let place = try folder.local("folder")
        let path = try await call { try await Nomkit.download(artifact: self, folder: place, cancel: $0) }
        return URL(fileURLWithPath: path)
    }
}
