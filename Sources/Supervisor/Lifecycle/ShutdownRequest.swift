internal import Synchronization
internal import WorkerPool

/// How urgently the supervisor is to end. The level only ever rises.
final class ShutdownRequest: Sendable {
    enum Level: Int, Sendable, Comparable {
        /// When every task has ended by itself.
        case drain
        /// When the shutdown time-out is over.
        case graceful
        /// Now.
        case force

        static func < (lhs: Level, rhs: Level) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    private let drain = OneShot<Void>()
    private let graceful = OneShot<Void>()
    private let force = OneShot<Void>()

    /// The level asked for so far.
    var level: Level? {
        if force.current != nil { return .force }
        if graceful.current != nil { return .graceful }
        return drain.current == nil ? nil : .drain
    }

    /// Asks for at least `level`.
    func request(_ level: Level) {
        drain.set(())
        if level >= .graceful { graceful.set(()) }
        if level >= .force { force.set(()) }
    }

    /// Waits until at least `level` is asked for; returns early when the task is cancelled.
    func wait(for level: Level) async {
        switch level {
        case .drain: _ = await drain.wait()
        case .graceful: _ = await graceful.wait()
        case .force: _ = await force.wait()
        }
    }
}
