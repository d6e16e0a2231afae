/// The body of the requests that stop or restart something.
package struct StopRequest: Codable, Sendable, Equatable {
    /// At once instead of gracefully.
    package var force: Bool

    /// Makes a request.
    package init(force: Bool) { self.force = force }
}

/// The answer to a request that only asks for something to be done.
package struct Accepted: Codable, Sendable, Equatable {
    /// Always true; a refusal is an error.
    package var accepted = true

    /// Makes the answer.
    package init() {}
}
