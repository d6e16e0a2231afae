/// The body of `POST /v1/handover`.
package struct HandoverRequest: Codable, Sendable, Equatable {
    /// The longest a supervisor may take to get ready, in seconds.
    package static let longest: Double = 3600

    /// How long it may take to get ready, in seconds; after that it goes on as before.
    package var limitSeconds: Double

    /// Makes a request.
    package init(limitSeconds: Double) { self.limitSeconds = limitSeconds }
}
