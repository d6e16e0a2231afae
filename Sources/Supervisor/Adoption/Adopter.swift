internal import AgentProtocol
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Takes the workers of an earlier supervisor over as their agents call, each with the attempt it has in hand.
///
/// Nothing is said to an agent before it is decided: an attempt becomes ours by one step in the store, or its worker is
/// ended. When all is decided, whatever the earlier supervisors still held goes back to the queue.
struct Adopter: Sendable {
    let adopted: [AdoptedWorker]
    let store: any TaskStore
    let context: WorkerContext
    let pool: WorkerPool
    let runner: AttemptRunner
    let registry: AttemptRegistry
    let settings: QueueSettings
    /// Supervisors of this pool that are known to have ended.
    let ended: [SupervisorID]
    /// Is told which attempts may be ours although nobody heard of it.
    let strays: StrayLeases
    /// Called once when every worker is taken over or gone, or is one of those that were refused and may still be there.
    let settled: @Sendable (_ refused: Set<WorkerID>) async -> Void
    /// Whether this supervisor is about to end, so that nothing is begun any more.
    let isEnding: @Sendable () -> Bool
    private let done = OneShot<Void>()
    private let removed = OneShot<Void>()

    /// How long an agent may take to call. It tries once a second, and may be starved by its task.
    private static let limit = Duration.seconds(10)
    /// How long a worker that is not taken over may take to be gone.
    private static let removalLimit = Duration.seconds(20)

    init(
        adopted: [AdoptedWorker], store: any TaskStore, context: WorkerContext, pool: WorkerPool, runner: AttemptRunner,
        registry: AttemptRegistry, settings: QueueSettings, ended: [SupervisorID], strays: StrayLeases,
        settled: @escaping @Sendable (_ refused: Set<WorkerID>) async -> Void,
        isEnding: @escaping @Sendable () -> Bool
    ) {
        self.adopted = adopted
        self.store = store
        self.context = context
        self.pool = pool
        self.runner = runner
        self.registry = registry
        self.settings = settings
        self.ended = ended
        self.strays = strays
        self.settled = settled
        self.isEnding = isEnding
    }

    /// Whether it is decided for every worker whether it is taken over.
    var isSettled: Bool { adopted.isEmpty || done.current != nil }

    /// Waits until it is decided for every worker, or the task is cancelled.
    func waitUntilSettled() async {
        if !adopted.isEmpty { _ = await done.wait() }
    }

    /// Whether the workers that are not taken over have had their time to be gone, too.
    var hasRemoved: Bool { adopted.isEmpty || removed.current != nil }

    /// Those that are not taken over. What they have in hand may run until they are gone.
    var refused: Set<WorkerID> { Set(adopted.filter { !$0.gate.isOpen }.map(\.worker.id)) }

    /// Runs until every attempt that was taken over has ended. Cancelling the task changes nothing of them.
    func run() async {
        guard !adopted.isEmpty else { return }
        let begun = ContinuousClock.now
        await withDiscardingTaskGroup { group in
            let counts = await withTaskGroup(of: Takeover?.self) { deciding in
                for worker in adopted { deciding.addTask { await decide(worker) } }
                var (workers, attempts) = (0, 0)
                for await takeover in deciding {
                    guard let load = takeover else { continue }
                    workers += 1
                    guard let attempt = load.attempt else { continue }
                    attempts += 1
                    group.addTask { await runner.adopt(attempt, on: load.worker, load.hello) }
                }
                return (workers: workers, attempts: attempts)
            }
            context.logger.info(
                "took over from an earlier supervisor",
                metadata: [
                    "workers": "\(counts.workers)", "tasks": "\(counts.attempts)",
                    "workers.lost": "\(adopted.count - counts.workers)",
                    "elapsed.ms": "\(Int((ContinuousClock.now - begun) / .milliseconds(1)))",
                ])
            done.set(())
            await waitForRemovals()
            await settled(refused)
            removed.set(())
        }
    }

    /// A worker that is ours now, with the attempt it has in hand.
    private struct Takeover: Sendable {
        let worker: AdoptedWorker
        let hello: Hello
        let attempt: RunningAttempt?
    }

    private func decide(_ adopted: AdoptedWorker) async -> Takeover? {
        guard let hello = await adopted.gate.hello(within: Self.limit) else {
            return end(adopted, "its agent did not call within \(Self.limit)")
        }
        guard hello.version == AgentProtocol.version else {
            return end(
                adopted,
                "its agent is that of acode \(hello.agentVersion) and speaks version \(hello.version) of the protocol, "
                    + "not \(AgentProtocol.version)")
        }
        guard let ref = hello.attempt else {
            adopted.gate.open()
            return Takeover(worker: adopted, hello: hello, attempt: nil)
        }
        let claim: ClaimedTask
        let asked: ContinuousClock.Instant
        switch await takeover.take(ref, from: ended) {
        case .taken(let taken, let instant): (claim, asked) = (taken, instant)
        case .gone where hello.running == nil:
            // Its end was recorded, and only the agent was not told any more. The link tells it.
            await adopted.directory.clearSecrets()
            guard await adopted.worker.acknowledge(ref) else {
                return end(adopted, "what attempt \(ref) left can't be removed")
            }
            adopted.gate.open()
            return Takeover(worker: adopted, hello: hello, attempt: nil)
        case .gone: return end(adopted, "attempt \(ref) is not its own any more")
        case .unknown:
            strays.spare(ref, on: adopted.worker.id, of: context.installation)
            return end(adopted, "the store did not say whether attempt \(ref) is still its own")
        }
        let attempt = RunningAttempt(claim: claim, askedAt: asked, agentToken: ref.token)
        // Nothing may keep it from beginning: it has begun.
        _ = attempt.begin()
        registry.add(attempt)
        // After adding it: whoever ends the supervisor looks at the registry next.
        if isEnding() { attempt.stopIntent.set(.shutdown) }
        pool.occupy(adopted.worker)
        return Takeover(worker: adopted, hello: hello, attempt: attempt)
    }

    private var takeover: LeaseTakeover {
        LeaseTakeover(
            store: store, supervisor: context.supervisor, host: context.host, lease: settings.lease,
            patience: Self.limit, logger: context.logger)
    }

    private func end(_ adopted: AdoptedWorker, _ reason: String) -> Takeover? {
        context.logger.warning(
            "an earlier supervisor's worker is removed",
            metadata: ["worker.id": "\(adopted.worker.id)", "reason": "\(reason)"])
        adopted.gate.refuse()
        adopted.worker.stop(force: true)
        return nil
    }

    private func waitForRemovals() async {
        let refused = refused
        let deadline = ContinuousClock.now.advanced(by: Self.removalLimit)
        while ContinuousClock.now < deadline, pool.workers.contains(where: { refused.contains($0.id) }) {
            guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { return }
        }
    }
}
