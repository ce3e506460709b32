extension Int {
    /// A count or a size, of an argument that must be one: the core has unsigned ones.
    func counted(_ argument: String) throws -> Int {
        guard self >= 0 else {
            let why = "`\(argument)` should not be negative; it is \(self)."
            throw NomkitError(.invalidInput, why, details: ["argument": .text(argument)])
        }
        return self
    }
}
