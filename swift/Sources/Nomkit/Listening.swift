import Foundation

/// Is told what a client does, one event after another, on a queue of its own.
public typealias OnEvent = @Sendable (Event) -> Void

/// Tells a listener what a client does, until that is closed or gone. It knows nothing of the client, which would never
/// be gone otherwise.
func listen(_ heard: Heard, _ onEvent: @escaping OnEvent) {
    // A listener may block: tasks share as many threads as there are cores.
    let queue = DispatchQueue(label: "dev.nomkit.events")
    Task.detached(priority: .utility) {
        while true {
            let events = await heard.next()
            guard !events.isEmpty else { return }
            await withCheckedContinuation { told in
                queue.async {
                    events.forEach(onEvent)
                    told.resume()
                }
            }
        }
    }
}
