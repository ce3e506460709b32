/// One reading of a sequence: it is opened by its first step, and ends with what it throws.
struct Steps<Value: Sendable> {
    typealias Step = @Sendable (CancelHandle) async throws -> Value?

    let open: @Sendable () throws -> Step
    private var step: Step?
    private var isOver = false

    init(open: @escaping @Sendable () throws -> Step) {
        self.open = open
    }

    mutating func next() async throws -> Value? {
        guard !isOver else { return nil }
        // Until it has brought something.
        isOver = true
        let step = try self.step ?? now(open)
        self.step = step
        guard let value = try await call(step) else { return nil }
        isOver = false
        return value
    }
}
