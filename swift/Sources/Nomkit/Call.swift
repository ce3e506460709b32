/// Is told how far a call is, at most ten times a second. The call waits for it to return before it returns itself;
/// what it throws ends the call.
public typealias OnProgress = @Sendable (Progress) async throws -> Void

/// Makes one call of the core. To cancel its task gives the call up: the request in flight is aborted, none starts
/// afterwards.
func call<Value: Sendable>(
    _ made: @escaping @Sendable (CancelHandle) async throws -> Value
) async throws -> Value {
    try await call(reading: [], telling: nil) { cancel, _ in try await made(cancel) }
}

/// Makes one call of the core, and beside it brings what it reads and tells how far it is. When this ends nothing of it
/// is left. What fails in the midst of a task that is cancelled is the cancellation, whatever was made of it on its way.
func call<Value: Sendable>(
    reading readers: [Reader] = [],
    telling onProgress: OnProgress?,
    _ made: @escaping @Sendable (CancelHandle, Told?) async throws -> Value
) async throws -> Value {
    try Task.checkCancellation()
    try readers.begin()
    do {
        guard let onProgress else {
            return try await fed(by: readers) { try await run { try await made($0, nil) } }
        }
        let told = Told()
        async let value = fed(by: readers) { try await run { try await made($0, told) } }
        // The core ends it when it ends the call.
        while let progress = await told.next() {
            try Task.checkCancellation()
            try await onProgress(progress)
        }
        return try await value
    } catch {
        try Task.checkCancellation()
        throw error
    }
}

/// What needs no waiting.
func now<Value>(_ made: () throws -> Value) throws -> Value {
    do {
        return try made()
    } catch {
        throw thrown(error)
    }
}

/// A call and what it reads: what fails first ends all, and so does the call's end.
private func fed<Value: Sendable>(
    by readers: [Reader], _ call: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    if readers.isEmpty { return try await call() }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        // Not in a cancellation handler: those hold the lock of a task that the core may be resuming meanwhile.
        defer { readers.end() }
        group.addTask { try await call() }
        for reader in readers {
            group.addTask {
                try await reader.read()
                return nil
            }
        }
        while let ended = try await group.next() {
            guard let value = ended else { continue }
            group.cancelAll()
            return value
        }
        throw NomkitError(.unexpected, "A bug in nomkit: the call gave nothing.")
    }
}

/// Hands the call over even if it is cancelled already: who is told of it waits until the core has ended it.
private func run<Value: Sendable>(
    _ made: @escaping @Sendable (CancelHandle) async throws -> Value
) async throws -> Value {
    let cancel = CancelHandle()
    do {
        return try await withTaskCancellationHandler {
            try await made(cancel)
        } onCancel: {
            cancel.cancel()
        }
    } catch {
        throw thrown(error)
    }
}

/// What the caller gets for what the bridge threw.
private func thrown(_ error: any Swift.Error) -> any Swift.Error {
    switch error {
    case Failure.Failed(let error): error
    case Failure.Cancelled: CancellationError()
    case is CancellationError, is NomkitError: error
    default: NomkitError(.unexpected, "A bug in nomkit: \(error).")
    }
}
