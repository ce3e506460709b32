import Foundation

/// Keeps the token of a run while the screen, or the app, is gone. It is no secret: it names the run, and whoever picks
/// it up needs a key.
@MainActor
public protocol TokenStore: AnyObject {
    /// The token of the run that was left, if there is one.
    var token: String? { get set }
}

/// A token in a file, such as in the app's Application Support folder.
public final class TokenFile: TokenStore {
    private let place: URL

    /// A store.
    ///
    /// - Parameter place: The file, in a folder that there is.
    public init(_ place: URL) {
        self.place = place
    }

    /// What the file holds.
    public var token: String? {
        get { try? String(contentsOf: place, encoding: .utf8) }
        set {
            // Without a token the run is still in `nomic.agents.list()`.
            if let newValue {
                try? Data(newValue.utf8).write(to: place, options: .atomic)
            } else {
                try? FileManager.default.removeItem(at: place)
            }
        }
    }
}
