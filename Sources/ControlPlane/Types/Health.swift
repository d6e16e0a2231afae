/// The answer to `GET /livez`, `/readyz` and `/health`.
package struct Health: Codable, Sendable, Equatable {
    /// `ok` or `unavailable`.
    package var status: String
    /// Why it is not ready; empty when it is.
    package var reasons: [String]
    /// What the supervisor is doing; only `/health` tells.
    package var supervisor: SupervisorSummary?

    /// Healthy when there is no reason against it.
    package init(reasons: [String], supervisor: SupervisorSummary? = nil) {
        status = reasons.isEmpty ? "ok" : "unavailable"
        self.reasons = reasons
        self.supervisor = supervisor
    }
}
