#if os(macOS) || os(Linux)
import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// An emulator's control routes.
struct Control: Sendable {
    /// How many seconds an emulator may take to answer.
    private static let patience = 30.0

    let url: URL
    let token: String

    /// What it answers.
    func ask<Answer: Decodable>(_ method: String, _ path: String, _ body: JsonMap? = nil) async throws -> Answer {
        let answer = try await exchange(method, path, body)
        do {
            return try JSONDecoder().decode(Answer.self, from: answer)
        } catch {
            throw NomkitError(.protocol, "What answers at \(url) is no emulator.", details: ["reason": "json"])
        }
    }

    /// Sends what is answered with nothing that anybody wants.
    func tell(_ method: String, _ path: String, _ body: JsonMap? = nil) async throws {
        _ = try await exchange(method, path, body)
    }

    private func exchange(_ method: String, _ path: String, _ body: JsonMap?) async throws -> Data {
        let base = url.absoluteString.hasSuffix("/") ? "\(url)" : "\(url)/"
        let place = "\(base)_emulator/\(path)"
        guard let place = URL(string: place) else { throw NomkitError(.invalidInput, "`\(place)` is no URL.") }
        var request = URLRequest(url: place, timeoutInterval: Self.patience)
        request.httpMethod = method
        request.setValue(token, forHTTPHeaderField: "X-Emulator-Token")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try body.map { try JSONEncoder().encode($0) }
        // A connection of its own, which nothing keeps open afterwards, and straight to this machine.
        let configuration = URLSessionConfiguration.ephemeral
        configuration.connectionProxyDictionary = [:]
        let session = URLSession(configuration: configuration)
        defer { session.finishTasksAndInvalidate() }
        let (answer, response) = try await reached { try await session.data(for: request) }
        guard let status = (response as? HTTPURLResponse)?.statusCode, status < 400 else {
            throw refused(answer)
        }
        return answer
    }

    private func reached<Value>(_ sent: () async throws -> Value) async throws -> Value {
        do {
            return try await sent()
        } catch {
            try Task.checkCancellation()
            throw NomkitError(.connect, "The emulator at \(url) cannot be reached. Does it run?")
        }
    }

    /// An error in the words of the platform.
    private func refused(_ answer: Data) -> NomkitError {
        struct Issue: Decodable { let message: String }
        struct Refusal: Decodable {
            let error: String
            let issues: [Issue]?
        }
        guard let refusal = try? JSONDecoder().decode(Refusal.self, from: answer) else {
            return NomkitError(.protocol, "What answers at \(url) is no emulator.", details: ["reason": "json"])
        }
        let why = [refusal.error] + (refusal.issues ?? []).map(\.message)
        return NomkitError(.invalidInput, "The emulator refused: \(why.joined(separator: ", "))")
    }
}
#endif
