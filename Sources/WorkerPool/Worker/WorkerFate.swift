internal import Synchronization

/// How a worker's life is to end: asked for from outside, or found out from inside. The first word counts, except that
/// a stop may become a forced one later.
final class WorkerFate: Sendable {
    enum Fate: Sendable, Equatable {
        case stop
        case lost(WorkerLoss)
        case detach
    }

    private let fate = OneShot<Fate>()
    private let force = OneShot<Bool>()

    /// Asks for a stop.
    func stop(force forced: Bool) {
        if forced { force.set(true) }
        fate.set(.stop)
    }

    /// Notes that the worker is gone or given up.
    func lose(_ loss: WorkerLoss) { fate.set(.lost(loss)) }

    /// Lets the worker live on without this supervisor.
    func detach() { fate.set(.detach) }

    /// What is known now.
    var current: Fate? { fate.current }

    /// Whether the end may not take any time.
    var isForced: Bool { force.current ?? false }

    /// Waits until the fate is known; a cancelled wait is a forced stop.
    func wait() async -> Fate {
        if let known = await fate.wait() { return known }
        stop(force: true)
        return fate.current ?? .stop
    }

    /// Waits until the end is forced; returns early when the task is cancelled.
    func waitForForce() async { _ = await force.wait() }
}
