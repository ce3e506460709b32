#if os(macOS) || os(Linux)
import Foundation

/// The emulator: the platform on this machine, with no account, for tests on macOS and Linux.
///
/// ```swift
/// let emulator = try await Emulator.start()
/// let nomic = try emulator.nomic()
/// try await emulator.fault("POST /agents", "lose_response")
/// ```
///
/// It is the `nomkit` command that the environment's `NOMKIT_CLI` names; it listens on loopback only, and ends with
/// this process, or with the last reference to it. What can be set is explained in `docs/emulator.md`. On Linux
/// Foundation takes even loopback through `http_proxy`: where that is set, `no_proxy` should name `127.0.0.1`.
public final class Emulator: Sendable {
    /// Where it listens.
    public let url: URL
    /// A key that may do everything; only this emulator knows it.
    public let apiKey: String
    /// What the control routes want.
    public let token: String
    private let program: Program?
    private let control: Control

    private init(url: URL, apiKey: String, token: String, program: Program?) {
        (self.url, self.apiKey, self.token, self.program) = (url, apiKey, token, program)
        control = Control(url: url, token: token)
    }

    /// Starts one.
    ///
    /// - Parameters:
    ///   - data: A folder to keep its state in; without it everything is forgotten.
    ///   - persona: How it words its answers.
    ///   - rates: Whether it refuses requests that come faster than the platform's limits allow.
    ///   - waiting: How long an agent waits before it runs.
    ///   - running: How long it runs.
    ///   - stopping: How long it takes to stop.
    /// - Throws: `NomkitError` of kind `.config` if the command is not installed, or does not start.
    public static func start(
        data: URL? = nil, persona: Persona = .plain, rates: Bool = true,
        waiting: Duration? = nil, running: Duration? = nil, stopping: Duration? = nil
    ) async throws -> Emulator {
        var given = ["emulator", "--until-stdin-closes", "--persona", persona.rawValue]
        if let data { given += ["--data", try data.local("data")] }
        if !rates { given.append("--no-rates") }
        for (name, time) in times(waiting, running, stopping) { given.append("--\(name)=\(time)") }
        let (program, ready) = try await Program.start(given)
        return Emulator(url: ready.url, apiKey: ready.api_key, token: ready.token, program: program)
    }

    /// An emulator that runs already; `nomkit emulator` prints where, and its key and token.
    ///
    /// - Parameters:
    ///   - url: Where it listens.
    ///   - apiKey: A key of it; the environment's `NOMIC_API_KEY` otherwise.
    ///   - token: Its control token; the environment's `NOMKIT_EMULATOR_TOKEN` otherwise.
    /// - Throws: `NomkitError` of kind `.config` if the key or the token is neither given nor in the environment,
    ///   `.invalidInput` if the URL is none of an emulator.
    public static func connect(_ url: URL, apiKey: String? = nil, token: String? = nil) throws -> Emulator {
        guard url.scheme == "http", url.host != nil else {
            let example = "`url` should be that of an emulator, such as `http://127.0.0.1:8080`."
            throw NomkitError(.invalidInput, example, details: ["argument": "url"])
        }
        return Emulator(
            url: url, apiKey: try ambient("NOMIC_API_KEY", apiKey),
            token: try ambient("NOMKIT_EMULATOR_TOKEN", token), program: nil)
    }

    /// A client of this emulator.
    ///
    /// - Parameters:
    ///   - apiKey: Another key than the one that may do everything.
    ///   - timeout: How long one request may take.
    ///   - retries: How many times a request is made again where that is safe.
    /// - Throws: What `Nomic.init` throws.
    public func nomic(apiKey: String? = nil, timeout: Duration? = nil, retries: Int? = nil) throws -> Nomic {
        try Nomic(apiKey: apiKey ?? self.apiKey, baseURL: url, timeout: timeout, retries: retries)
    }

    /// Makes something go wrong. `docs/emulator.md` lists the faults with their parameters.
    ///
    /// - Parameters:
    ///   - operation: Method and path, such as `POST /agents`; `*` is any.
    ///   - fault: Its name, such as `lose_response`, `status` or `stall`.
    ///   - parameters: `times`, `skip`, and the fault's own; spans of time are in seconds.
    /// - Returns: Its id, for `faultReport`.
    /// - Throws: `NomkitError` of kind `.invalidInput` if there is no such fault, it cannot befall this operation, or a
    ///   parameter is wrong.
    @discardableResult
    public func fault(_ operation: String, _ fault: String, _ parameters: JsonMap = [:]) async throws -> String {
        let named: JsonMap = ["operation": .text(operation), "fault": .text(fault)]
        let made: Made = try await control.ask("POST", "faults", parameters.merging(named) { _, named in named })
        return made.id
    }

    /// How many requests met a fault, and how many felt it to its end.
    ///
    /// - Parameter id: What `fault` gave.
    /// - Throws: `NomkitError` of kind `.invalidInput` if there is no such fault.
    public func faultReport(_ id: String) async throws -> FaultReport {
        try await control.ask("GET", "faults/\(id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")")
    }

    /// Takes all waiting faults away, and what they left behind: keys that they revoked work again.
    public func clearFaults() async throws {
        try await control.tell("DELETE", "faults")
    }

    /// Changes how it words its answers.
    ///
    /// - Parameter persona: As the platform's documents show them, or in every other way.
    public func persona(_ persona: Persona) async throws {
        try await control.tell("PUT", "persona", ["persona": .text(persona.rawValue)])
    }

    /// The emulator's time, put right before if a change is given. It goes on by itself; turns, timestamps, the `Date`
    /// header, limits of rate, lags and stalls follow it.
    ///
    /// - Parameter change: How to put it right: `.advance(.seconds(3600))`.
    /// - Returns: What time it is there.
    @discardableResult
    public func clock(_ change: ClockChange? = nil) async throws -> Date {
        let told: Time = try await control.ask(change == nil ? "GET" : "PUT", "clock", change?.body)
        return try Date(told.now, strategy: ClockChange.style)
    }

    /// The limits of rate, changed before as given; what was used of them is forgotten then.
    ///
    /// - Parameters:
    ///   - enabled: Whether it limits at all.
    ///   - standard: Reads and stops, a minute.
    ///   - write: Small changes, a minute.
    ///   - heavy: Uploads, launches and follow-ups, a minute.
    ///   - search: Searches of codes, a minute.
    ///   - burst: How many may come at once; a whole minute's worth before it is first set.
    /// - Throws: `NomkitError` of kind `.invalidInput` if one is no such number.
    @discardableResult
    public func rates(
        enabled: Bool? = nil, standard: Int? = nil, write: Int? = nil, heavy: Int? = nil, search: Int? = nil,
        burst: Int? = nil
    ) async throws -> RateLimits {
        let tiers = ["standard": standard, "write": write, "heavy": heavy, "search": search, "burst": burst]
        var change = tiers.compactMapValues { $0.map { Json.int(Int64($0)) } }
        if let enabled { change["enabled"] = .bool(enabled) }
        return try await control.ask(change.isEmpty ? "GET" : "PUT", "rates", change.isEmpty ? nil : change)
    }

    /// Refuses launches and follow-ups once the user's money is spent.
    ///
    /// - Parameter launches: After so many more; `nil` is never.
    public func spend(_ launches: Int?) async throws {
        try await control.tell("PUT", "spend", ["limit": launches.map { .int(Int64($0)) } ?? .null])
    }

    /// What it received, processed and answered.
    public func ledger() async throws -> Ledger {
        try await control.ask("GET", "ledger")
    }

    /// A new key.
    ///
    /// - Parameter scopes: What it may do, such as `developer:files`.
    /// - Returns: The key.
    /// - Throws: `NomkitError` of kind `.invalidInput` if there is no such scope.
    public func key(_ scopes: [String]) async throws -> String {
        let made: MadeKey = try await control.ask("POST", "keys", ["scopes": .array(scopes.map { .text($0) })])
        return made.api_key
    }

    /// Adds a workflow to the samples that ship.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - description: What it does: its agents list what is to be done if this speaks of a list; otherwise they
    ///     summarise.
    ///   - requestedFiles: Its slots, each with `name` and, if need be, `description`, `optional` and `multiple`;
    ///     without, it takes a prompt.
    ///   - projectId: The project that it belongs to.
    /// - Returns: Its id.
    /// - Throws: `NomkitError` of kind `.invalidInput` if a slot is wrong.
    public func workflow(
        _ name: String, description: String? = nil, requestedFiles: [JsonMap] = [], projectId: String? = nil
    ) async throws -> String {
        var given: JsonMap = ["name": .text(name), "requestedFiles": .array(requestedFiles.map { .object($0) })]
        given["description"] = description.map { .text($0) }
        given["projectId"] = projectId.map { .text($0) }
        let made: Made = try await control.ask("POST", "workflows", given)
        return made.id
    }

    /// Sets how long agents take; it holds for turns that begin from now on.
    ///
    /// - Parameters:
    ///   - waiting: How long an agent waits before it runs.
    ///   - running: How long it runs.
    ///   - stopping: How long it takes to stop.
    public func timing(waiting: Duration? = nil, running: Duration? = nil, stopping: Duration? = nil) async throws {
        let times = Self.times(waiting, running, stopping).map { ($0, Json.float($1)) }
        try await control.tell("PUT", "timing", Dictionary(uniqueKeysWithValues: times))
    }

    /// Forgets agents, files, faults and the ledger; puts clock, limits and persona back. Keys and timing stay.
    public func reset() async throws {
        try await control.tell("POST", "reset", [:])
    }

    /// Ends it, and returns when it has ended. An emulator that was connected to goes on.
    public func stop() async {
        await program?.stop()
    }

    private struct Made: Codable { let id: String }
    private struct MadeKey: Codable { let api_key: String }
    private struct Time: Codable { let now: String }

    private static func times(
        _ waiting: Duration?, _ running: Duration?, _ stopping: Duration?
    ) -> [(String, Double)] {
        let times = [("waiting", waiting), ("running", running), ("stopping", stopping)]
        return times.compactMap { name, time in time.map { (name, $0.inSeconds) } }
    }

    private static func ambient(_ variable: String, _ given: String?) throws -> String {
        let found = given ?? ProcessInfo.processInfo.environment[variable] ?? ""
        guard !found.isEmpty else {
            let known = "An emulator that runs already is reached with its key and its token"
            throw NomkitError(.config, "\(known); \(variable) is not set.")
        }
        return found
    }
}

extension Emulator: CustomStringConvertible, CustomReflectable {
    /// Where it is, without its key and token.
    public var description: String { "Emulator(\(url))" }
    /// The same, as `dump` shows it.
    public var customMirror: Mirror { Mirror(self, children: ["url": url]) }
}
#endif
