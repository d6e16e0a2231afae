internal import Foundation
internal import Logging
internal import Settings
internal import Synchronization
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Hears what the store tells of by itself, and says when to look for tasks and at leases.
final class WakeupListener: Sendable {
    private let store: any TaskStore
    private let supervisor: SupervisorID
    private let settings: QueueSettings
    private let metrics: SupervisorMetrics
    private let logger: Logger
    private let spread = Mutex(WakeSpread())
    private let isHearing = Mutex(false)
    private let looks: AsyncStream<Void>
    private let looker: AsyncStream<Void>.Continuation

    /// Time between two looks for what nobody told of, when nobody else looks.
    private let untoldInterval: Duration

    /// Time between two counts of who hears the same.
    private static let countInterval = Duration.seconds(10)

    init(
        store: any TaskStore, supervisor: SupervisorID, settings: QueueSettings, metrics: SupervisorMetrics,
        logger: Logger, untoldInterval: Duration = .seconds(60)
    ) {
        self.untoldInterval = untoldInterval
        self.store = store
        self.supervisor = supervisor
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        // While one look is waited for, more are the same one.
        (looks, looker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether a supervisor must poll, because nobody would tell it of a task.
    var mustPoll: Bool { settings.wakeups != .events || !isHearing.withLock { $0 } }

    /// How many hear the same, this one included, as far as it knows.
    var members: Int { spread.withLock { $0.members } }

    /// Hears until the calling task is cancelled; returns at once when there is nothing to hear or nobody wants to.
    /// - Parameters:
    ///   - look: told when tasks may be had.
    ///   - checkLeases: told when a task of this supervisor may have to stop.
    func run(look: @escaping @Sendable () -> Void, checkLeases: @escaping @Sendable () -> Void) async {
        guard settings.wakeups != .polling else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.lookInTurn(look) }
            group.addTask { await self.countMembers() }
            group.addTask { await self.lookForUntold() }
            await store.hear(for: supervisor) { signal in self.take(signal, checkLeases) }
            if settings.wakeups == .events, !Task.isCancelled {
                logger.warning("this store tells nothing by itself; looking for tasks now and then instead")
            }
            group.cancelAll()
        }
    }

    private func take(_ signal: StoreSignal, _ checkLeases: @Sendable () -> Void) {
        metrics.heard(signal)
        switch signal {
        case .ready(let queues):
            if settings.queues.isEmpty || settings.queues.contains(where: queues.contains) { looker.yield() }
        case .cancelRequested: checkLeases()
        case .missed:
            if !isHearing.withLock({ $0 }) { logger.info("hearing of tasks as the store gets them") }
            isHearing.withLock { $0 = true }
            looker.yield()
            checkLeases()
        case .deaf(let reason):
            isHearing.withLock { $0 = false }
            logger.warning(
                "can't hear of tasks as the store gets them; looking for them now and then instead",
                metadata: ["error.message": "\(reason)"])
        }
    }

    private func lookInTurn(_ look: @Sendable () -> Void) async {
        for await _ in looks {
            let wait = spread.withLock { $0.wait(draw: .random(in: 0...1)) }
            if wait > .zero, (try? await Task.sleep(for: wait)) == nil { return }
            look()
        }
    }

    /// Finds tasks whose submitter was killed between its commit and its word.
    private func lookForUntold() async {
        guard settings.wakeups == .events else { return }
        for await _ in Beats(every: untoldInterval) { looker.yield() }
    }

    private func countMembers() async {
        // Also at once: whoever joins many must not look before all of them each time until then.
        await countOnce()
        for await _ in Beats(every: Self.countInterval) { await countOnce() }
    }

    private func countOnce() async {
        // Those of other pools may serve the same queues: nothing says which they serve.
        guard let all = try? await store.supervisors() else { return }
        let silent = settings.heartbeat * 3
        let newest = all.map(\.seenAt).max() ?? .distantPast
        let living = all.count { newest.timeIntervalSince($0.seenAt) <= silent / .seconds(1) }
        spread.withLock { $0.members = max(1, living) }
    }
}
