#if os(macOS) || os(Linux)
import Foundation

/// The `nomkit` command at work. It ends with this process: then its input closes.
///
/// `Process` and `Pipe` are not `Sendable`; after its start this one is only asked to end.
final class Program: @unchecked Sendable {
    /// What the emulator says when it is ready.
    struct Ready: Codable, Sendable {
        let url: URL
        let api_key: String
        let token: String
    }

    /// How long it may take to end by itself.
    private static let patience = 2.0

    private let process: Process
    private let input: Pipe
    /// Open as long as it may say something.
    private let output: Pipe

    private init(process: Process, input: Pipe, output: Pipe) {
        (self.process, self.input, self.output) = (process, input, output)
    }

    /// Starts it and hears its first words.
    static func start(_ arguments: [String]) async throws -> (Program, Ready) {
        guard let command = ProcessInfo.processInfo.environment["NOMKIT_CLI"], !command.isEmpty else {
            throw failed("NOMKIT_CLI is not set; it is the path of the nomkit command")
        }
        let (process, input, output) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: command)
        process.arguments = arguments
        (process.standardInput, process.standardOutput) = (input, output)
        do {
            try process.run()
        } catch {
            throw failed("`\(command)`, which NOMKIT_CLI names, cannot be run: \(error.localizedDescription)")
        }
        let program = Program(process: process, input: input, output: output)
        let words = try await program.firstLine()
        if let ready = try? JSONDecoder().decode(Ready.self, from: words) { return (program, ready) }
        await program.stop()
        throw failed(words.isEmpty ? "its last words are above" : "`\(command)` is not the nomkit command")
    }

    /// The running `Process` keeps itself, and its input open.
    deinit {
        try? input.fileHandleForWriting.close()
    }

    /// Ends it, and returns when it has ended.
    func stop() async {
        try? input.fileHandleForWriting.close()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                let impatient = DispatchWorkItem { [self] in process.terminate() }
                DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience, execute: impatient)
                process.waitUntilExit()
                impatient.cancel()
                continuation.resume()
            }
        }
    }

    private func firstLine() async throws -> Data {
        let chunks = BlockingChunks { [output] in output.fileHandleForReading.availableData }
        var words = Data()
        while !words.contains(UInt8(ascii: "\n")) {
            let more = try await chunks.next(at: 0)
            if more.isEmpty { break }
            words.append(more)
        }
        return words
    }

    private static func failed(_ why: String) -> NomkitError {
        NomkitError(.config, "The emulator did not start; \(why).")
    }
}
#endif
