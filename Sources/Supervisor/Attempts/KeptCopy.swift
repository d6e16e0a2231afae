internal import Logging
internal import Synchronization
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// The copy of an end on the disk, which is made once.
final class KeptCopy: Sendable {
    private let spool: ResultSpool
    private let entry: ResultSpool.Entry
    private let logger: Logger
    private let counted: @Sendable () -> Void
    private let state = Mutex((isKept: false, isTold: false))

    init(spool: ResultSpool, entry: ResultSpool.Entry, logger: Logger, counted: @escaping @Sendable () -> Void) {
        self.spool = spool
        self.entry = entry
        self.logger = logger
        self.counted = counted
    }

    /// Whether there is one.
    var isKept: Bool { state.withLock { $0.isKept } }

    /// Makes it unless it is there. Tells once when it can't.
    func keep() async {
        guard !isKept else { return }
        do throws(WorkerError) {
            try await spool.keep(entry)
            let isFirst = state.withLock { state in
                defer { state.isKept = true }
                return !state.isKept
            }
            guard isFirst else { return }
            counted()
            logger.warning(
                "the end of an attempt waits for the store, on the disk", entry.lease, entry.result)
        } catch {
            let isFirst = state.withLock { state in
                defer { state.isTold = true }
                return !state.isTold
            }
            guard isFirst else { return }
            logger.error(
                "the end of an attempt waits for the store and can't be kept",
                metadata: ["task.id": "\(entry.lease.taskID)", "error.message": "\(error.message)"])
        }
    }
}

extension StoreError {
    /// Whether another try can succeed when the store is well again, rather than that it can't take what it was given.
    var isAbsence: Bool {
        switch code {
        case .internal, .corrupt: false
        default: true
        }
    }
}

extension Logger {
    func warning(_ message: Logger.Message, _ lease: Lease, _ result: AttemptResult) {
        log(level: .warning, message, metadata: Self.metadata(lease, result))
    }

    func info(_ message: Logger.Message, _ lease: Lease, _ result: AttemptResult) {
        log(level: .info, message, metadata: Self.metadata(lease, result))
    }

    private static func metadata(_ lease: Lease, _ result: AttemptResult) -> Logger.Metadata {
        [
            "task.id": "\(lease.taskID)", "task.attempt": "\(lease.attempt)",
            "task.outcome": "\(result.outcome.rawValue)", "task.reason": "\(result.reason)",
        ]
    }
}
