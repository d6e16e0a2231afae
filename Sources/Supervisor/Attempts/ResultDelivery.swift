internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Brings the ends of attempts to the store, each in the fence of its lease, however long the store is away.
///
/// An end that the store does not take at once is kept on the disk until it does. So it is written exactly once: by this
/// supervisor, or by the next of its pool. What comes after the lease was lost counts for nothing, and is only told.
struct ResultDelivery: Sendable {
    /// What became of an end.
    enum Fate: Sendable, Equatable {
        /// It is in the store.
        case recorded
        /// The lease was lost before.
        case refused
        /// It is kept for the next supervisor.
        case kept
        /// It could neither be written nor kept: the task runs again.
        case lost
    }

    let store: any TaskStore
    let spool: ResultSpool
    /// How long an end is tried again that can't be kept, or that the store can't take although it is there.
    let patience: Duration
    /// How urgently the supervisor is to end; `nil` while it is not.
    let ending: @Sendable () -> ShutdownRequest.Level?
    /// Whether tasks still run that an end other than a forced one waits for: until they have ended this supervisor is there
    /// anyway, and its heartbeats keep the lease.
    let isBusy: @Sendable () -> Bool
    let metrics: SupervisorMetrics
    let logger: Logger

    /// A store that takes longer than this to take an end may take for ever.
    private static let keptAfter = Duration.milliseconds(250)
    /// How long the end of a supervisor waits for a store that is away once nothing runs any more.
    var patienceAtEnd = Duration.seconds(5)

    /// Writes an end, and returns when it is written, refused, or left to the next supervisor. May take as long as the
    /// store is away, and while the supervisor ends as long as tasks run; cancelling the calling task changes nothing.
    func deliver(_ result: AttemptResult, under lease: Lease) async -> Fate {
        let copy = KeptCopy(spool: spool, entry: .init(lease: lease, result: result), logger: logger) {
            metrics.resultKept()
        }
        let fate = await withTaskGroup(of: Void.self) { group in
            if result.outcome.mayBeKept {
                group.addTask {
                    guard (try? await Task.sleep(for: Self.keptAfter)) != nil else { return }
                    await copy.keep()
                }
            }
            let fate = await insist(result, lease, copy)
            group.cancelAll()
            return fate
        }
        if fate == .recorded || fate == .refused, copy.isKept { await spool.remove(lease) }
        return fate
    }

    private func insist(_ result: AttemptResult, _ lease: Lease, _ copy: KeptCopy) async -> Fate {
        let begun = ContinuousClock.now
        var endingSince: ContinuousClock.Instant?
        var pause = Duration.milliseconds(50)
        var isTold = false
        while true {
            do throws(StoreError) {
                return try await write(result, lease)
            } catch {
                if !isTold { tell(lease, error) }
                isTold = true
                if result.outcome.mayBeKept { await copy.keep() }
                let now = ContinuousClock.now
                if let level = ending() {
                    let since = isBusy() ? now : endingSince ?? now
                    endingSince = since
                    let mayBeLeft = copy.isKept || !result.outcome.mayBeKept
                    if level == .force || mayBeLeft && now - since >= patienceAtEnd {
                        return copy.isKept ? leave(lease, error) : lose(lease, error)
                    }
                }
                if !copy.isKept || !error.isAbsence, now - begun >= patience {
                    return copy.isKept ? leave(lease, error) : lose(lease, error)
                }
                await AttemptRunner.sleep(pause)
                pause = min(pause * 2, .seconds(2))
            }
        }
    }

    private func write(_ result: AttemptResult, _ lease: Lease) async throws(StoreError) -> Fate {
        if try await store.finish([(lease: lease, result: result)]).contains(lease) { return .recorded }
        // Whoever took the lease has told of that already.
        guard result.outcome.mayBeKept else { return .refused }
        switch try await store.discard([(lease: lease, result: result)])[lease] {
        case .recorded: return .recorded
        // Tried again as after a failure: the store said two things of one lease.
        case .stillHeld: throw .contradiction
        case .refused, .unknown, nil:
            metrics.resultDiscarded()
            logger.warning("the end of an attempt came after its lease was lost, and counts for nothing", lease, result)
            return .refused
        }
    }

    private func tell(_ lease: Lease, _ error: StoreError) {
        logger.warning(
            "the store did not take the end of an attempt; trying again",
            metadata: ["task.id": "\(lease.taskID)", "error.message": "\(error)"])
    }

    private func leave(_ lease: Lease, _ error: StoreError) -> Fate {
        logger.warning(
            "the end of an attempt could not be recorded; it is kept for the next supervisor of this pool",
            metadata: ["task.id": "\(lease.taskID)", "error.message": "\(error)"])
        return .kept
    }

    private func lose(_ lease: Lease, _ error: StoreError) -> Fate {
        logger.error(
            "the end of an attempt could not be recorded; the task will run again",
            metadata: ["task.id": "\(lease.taskID)", "error.message": "\(error)"])
        return .lost
    }
}

extension StoreError {
    /// The store didn't find a lease and holds it all the same: the end has to be written at another try.
    static let contradiction = StoreError(
        .busy, "the store holds a lease that it did not find", operation: "record the end of an attempt")
}

extension TaskOutcome {
    /// Whether an end like this is worth keeping: of an attempt that knows that its lease is lost nothing counts.
    fileprivate var mayBeKept: Bool { self != .leaseLost }
}
