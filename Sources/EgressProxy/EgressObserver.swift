package import TaskModel

/// Hears what a worker's proxy refuses.
package protocol EgressObserver: Sendable {
    /// A connection was refused. Must not block.
    func egressDenied(_ denial: EgressDenied)
}

/// A connection that was refused.
package struct EgressDenied: Sendable, Hashable {
    /// `host:port` as the client wrote it; no longer than 262 bytes, of letters, digits and `.-_:[]`.
    package let destination: String
    /// Why.
    package let reason: EgressPolicy.Denial

    /// Puts facts together.
    package init(destination: String, reason: EgressPolicy.Denial) {
        self.destination = destination
        self.reason = reason
    }
}
