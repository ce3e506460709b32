import Foundation

/// `nomic.files`.
public struct Files: Sendable {
    let bridge: FilesBridge

    /// Uploads one file, streamed in constant memory. `POST /files/upload` of the Files & Workflows page; scope
    /// `developer:files`, tier Heavy.
    ///
    /// - Parameters:
    ///   - source: What to upload. Bytes and streams need a `name` or a `path`.
    ///   - path: Where to put it, file name included: `reports/2026/plan.pdf`. Folders are made.
    ///   - name: Its name, where neither the path nor the source gives one.
    ///   - parentId: An existing folder to put it into.
    ///   - timeout: How long all of it may take; without, as long as it needs if it keeps moving.
    ///   - onProgress: Is told how far it is.
    /// - Returns: The file on the platform.
    /// - Throws: `NomkitError` of kind `.invalidInput` if an argument is wrong (nothing was sent), `.localIo` if the
    ///   source cannot be read, `.sourceChanged` if it changed while it was sent (the platform has no file then),
    ///   `.tooLarge` if it is larger than 500 MB, `.outcomeUnknown` if the answer was lost and the file was not found
    ///   by its `path` (it is never sent a second time); what a stream of yours throws.
    @discardableResult
    public func upload(
        _ source: Source,
        path: String? = nil,
        name: String? = nil,
        parentId: String? = nil,
        timeout: Duration? = nil,
        onProgress: OnProgress? = nil
    ) async throws -> File {
        var readers: [Reader] = []
        let given = try source.given(&readers, of: "source")
        let options = UploadOptions(path: path, parentId: parentId, name: name, timeout: timeout?.inSeconds)
        return try await call(reading: readers, telling: onProgress) { [bridge] cancel, told in
            try await bridge.upload(source: given, options: options, told: told, cancel: cancel)
        }
    }

    /// Uploads the files of a folder, one after another; the same content once. An error of one file does not end it,
    /// unless it would befall every further one. `POST /files/upload` of the Files & Workflows page, for each file;
    /// scope `developer:files`, tier Heavy.
    ///
    /// - Parameters:
    ///   - folder: A local folder. Hidden files are left out, symlinked folders are not followed.
    ///   - pattern: Which of them, all by default: `*` is anything in one folder, `**` any folders, `{a,b}` either.
    ///   - path: The folder to put them into, by its path on the platform; they keep their places below it.
    ///   - parentId: An existing folder to put them into.
    ///   - timeout: How long each file may take.
    ///   - onProgress: Is told how far it is.
    /// - Returns: What became of each file, sorted by path: it has a `file` or an `error`.
    /// - Throws: `NomkitError` of kind `.invalidInput` if nothing matches, or an argument is wrong; nothing was sent.
    @discardableResult
    public func uploadFolder(
        _ folder: URL,
        pattern: String? = nil,
        path: String? = nil,
        parentId: String? = nil,
        timeout: Duration? = nil,
        onProgress: OnProgress? = nil
    ) async throws -> [UploadOutcome] {
        let options = FolderOptions(pattern: pattern, path: path, parentId: parentId, timeout: timeout?.inSeconds)
        let place = try folder.local("folder")
        return try await call(telling: onProgress) { [bridge] cancel, told in
            try await bridge.uploadFolder(folder: place, options: options, told: told, cancel: cancel)
        }
    }

    /// Finds files that the user may read by a part of their name. `GET /files/search` of the Files & Workflows page;
    /// scope `developer:files`, tier Standard.
    ///
    /// - Parameters:
    ///   - query: A part of the file's name, in any case.
    ///   - pageSize: How many a page holds, 1 to 50.
    ///   - integrationId: Only files of this integration.
    /// - Returns: The hits, lazy over all pages: `for try await`, `.first(n)`, or `.pages()`. The loop throws
    ///   `NomkitError` of kind `.invalidInput` if the query is empty, or an argument is wrong; nothing was sent.
    public func search(_ query: String, pageSize: Int? = nil, integrationId: String? = nil) -> Pages<FileHit> {
        Pages { [bridge] in
            let options = SearchOptions(
                query: query, pageSize: try pageSize?.counted("pageSize"), integrationId: integrationId)
            let pages = try bridge.search(options: options)
            return { try await pages.nextPage(cancel: $0).map(Page.init) }
        }
    }
}
