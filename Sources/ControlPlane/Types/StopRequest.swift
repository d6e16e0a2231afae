/// The body of the requests that stop or restart something.
package struct StopRequest: Codable, Sendable, Equatable {
    /// At once instead of gracefully.
    package var force: Bool

    /// Makes a request.
    package init(force: Bool) { self.force = force }
}

/// The body of `POST /v1/scale`.
package struct ScaleRequest: Codable, Sendable, Equatable {
    /// How many tasks are to run at once, 0…256.
    package var count: Int

    /// Makes a request.
    package init(count: Int) { self.count = count }
}

/// The answer to a request that only asks for something to be done.
package struct Accepted: Codable, Sendable, Equatable {
    /// Always true; a refusal is an error.
    package var accepted = true

    /// Makes the answer.
    package init() {}
}
