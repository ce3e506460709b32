import Foundation
import Nomkit
import XCTest

final class PictureTests: XCTestCase {
    /// The smallest GIF.
    private let gif = Data(base64Encoded: "R0lGODlhAQABAAAAACwAAAAAAQABAAA=") ?? Data()

    func testTheyGoWithAPrompt() async throws {
        let (nomic, folder) = (try await platform().nomic(), try scratch())
        let file = folder.appendingPathComponent("site.gif")
        try gif.write(to: file)
        let run = try await nomic.agents.launch("What is this?", images: [.data(gif), .file(file)])
        let next = try await { try await run.wait() }().turn
        XCTAssertEqual(next, 1)
        let second = try await run.followUp("And this?", images: [.data(gif, mediaType: "image/gif")])
        XCTAssertEqual(second.turn, 2)
    }

    func testWhatIsNoneIsRefusedBeforeAnythingIsSent() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let cases: [[Picture]] = [
            [.data(Data("text".utf8))], [.data(gif, mediaType: "image/png")], Array(repeating: .data(gif), count: 5),
            [.file(URL(fileURLWithPath: "/nowhere.png"))],
        ]
        for pictures in cases {
            let error = try await failure { try await nomic.agents.launch("What is this?", images: pictures) }
            XCTAssertTrue([.invalidInput, .localIo].contains(error.kind), "\(error)")
            XCTAssertEqual(error.outcome, nil)
        }
        let seen = try await emulator.requests()
        XCTAssertEqual(seen, [])
    }
}
