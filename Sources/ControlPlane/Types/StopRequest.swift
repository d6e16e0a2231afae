/// The body of `POST /v1/stop` and `POST /v1/workers/{id}/stop`.
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
