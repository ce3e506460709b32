extension ErrorInfo {
    /// The same with methods and arguments named as they are written here; what a server says stays as it is.
    func respelt() -> ErrorInfo {
        var details = details
        if case .text(let argument) = details["argument"] { details["argument"] = .text(spelt[argument] ?? argument) }
        let named = message.replacing(/^[a-z]+\.[a-z]+_[a-z_]+(?=:)/) { camel($0.output) }
        let own = status == nil
        return ErrorInfo(
            code: code,
            message: own ? named.replacing(/`([a-z_]+)`/) { "`\(spelt[String($0.1)] ?? String($0.1))`" } : named,
            status: status, serverCode: serverCode, requestId: requestId, attempts: attempts, elapsed: elapsed,
            retryable: retryable, outcome: outcome, uploaded: uploaded, details: details)
    }
}

private func camel(_ name: Substring) -> String {
    let words = name.split(separator: "_").map(String.init)
    return words.dropFirst().reduce(words.first ?? "") { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
}
