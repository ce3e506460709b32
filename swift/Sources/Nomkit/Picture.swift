import Foundation

/// A picture in a prompt: JPEG, PNG, WebP or GIF, 20 MB at most.
///
/// It is no `Image`, which SwiftUI has.
public struct Picture: Sendable {
    let content: Content

    enum Content: Sendable {
        case local(URL)
        case bytes(Data, mediaType: String?)
    }

    /// A local file; what it holds tells its type.
    ///
    /// - Parameter url: A `file:` URL, such as `URL(fileURLWithPath:)` makes; any other is refused by the call that
    ///   takes it.
    public static func file(_ url: URL) -> Picture {
        Picture(content: .local(url))
    }

    /// Bytes in memory.
    ///
    /// - Parameters:
    ///   - data: The picture.
    ///   - mediaType: The type that it must have, such as `image/png`; without it what the bytes are tells it.
    public static func data(_ data: Data, mediaType: String? = nil) -> Picture {
        Picture(content: .bytes(data, mediaType: mediaType))
    }
}

extension Picture {
    /// How the core sees it.
    func given() throws -> GivenImage {
        switch content {
        case .local(let url): .path(path: try url.local("images"))
        case .bytes(let data, let mediaType): .bytes(bytes: data, mediaType: mediaType)
        }
    }
}
