// The conformance driver of the Swift client.
import Foundation
import Nomkit

/// The calls under way; only this thread starts and cancels them.
var calls: [Int64: Task<Void, Never>] = [:]
let driver = Driver()

write(["ready": true, "driver": "swift"])
while let line = readLine() {
    guard case .object(let message) = try JSONDecoder().decode(Json.self, from: Data(line.utf8)) else { break }
    let arguments = Arguments(message)
    if message["close"] != nil { break }
    if case .int(let id) = message["cancel"] {
        calls[id]?.cancel()
    } else if case .int(let id) = message["id"] {
        calls[id] = Task.detached {
            write(await driver.answer(id, try? arguments.text("call"), Arguments(arguments.members("args"))))
        }
    }
}
exit(0)
