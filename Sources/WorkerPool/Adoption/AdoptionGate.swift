package import AgentProtocol

/// Holds the agent of a worker that an earlier supervisor made at the door, until somebody has decided what becomes of the
/// attempt it has in hand. An agent that waits too long hangs up and comes again.
package final class AdoptionGate: Sendable {
    private let greeting = OneShot<Hello>()
    private let decision = OneShot<Bool>()

    /// Makes a closed gate.
    package init() {}

    /// Waits for the agent's first greeting; nil when `limit` is over or the task is cancelled.
    package func hello(within limit: Duration) async -> Hello? { await greeting.wait(atMost: limit) }

    /// Whether it was decided that the agent may come in, or is about to be.
    package var isOpen: Bool { decision.current != false }

    /// Lets the agent in; what it has in hand must be known to the link by now.
    package func open() { decision.set(true) }

    /// Turns the agent away for good.
    package func refuse() { decision.set(false) }

    /// Notes the greeting of an agent, also of one that can't be talked to.
    func note(_ hello: Hello) { greeting.set(hello) }

    /// Called by the link with every greeting; returns whether the agent may be welcomed. Waits for the decision.
    func passes(_ hello: Hello) async -> Bool {
        note(hello)
        return await decision.wait() ?? false
    }
}
