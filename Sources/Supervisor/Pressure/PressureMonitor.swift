internal import Logging
internal import Settings
internal import Synchronization
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Watches what there is to do, and says whether tasks may be taken.
final class PressureMonitor: Sendable {
    private let rules: BackpressureSettings
    private let store: any TaskStore
    private let stateDirectory: String
    private let metrics: SupervisorMetrics
    private let logger: Logger
    private let pressure: Mutex<Pressure>

    /// - Parameter served: the queues this supervisor serves, empty for all. Waiting for one of them to get shorter
    ///   would be waiting for itself, so they are left out.
    init(
        rules: BackpressureSettings, served: [String], store: any TaskStore, stateDirectory: String,
        metrics: SupervisorMetrics, logger: Logger
    ) {
        var rules = rules
        let own = rules.queues.keys.filter { served.isEmpty || served.contains($0) }.sorted()
        for queue in own { rules.queues[queue] = nil }
        if !own.isEmpty {
            logger.warning(
                "backpressure.queues names queues that this supervisor serves; they hold up nothing",
                metadata: [
                    "queues": "\(own.joined(separator: " "))", "hint": "name those it serves in queue.queues",
                ])
        }
        self.rules = rules
        self.store = store
        self.stateDirectory = stateDirectory
        self.metrics = metrics
        self.logger = logger
        pressure = Mutex(Pressure(rules))
    }

    /// How many tasks are of use to a supervisor that runs so many now.
    func room(running: Int) -> Int { pressure.withLock { $0.room(running: running) } }

    /// How many tasks a supervisor that runs so many may take; to be asked only by who takes them then.
    func takeRoom(running: Int) -> Int { pressure.withLock { $0.takeRoom(running: running) } }

    /// Why none is; empty when they are.
    var reasons: [String] { pressure.withLock { $0.reasons } }

    /// Looks again and again until the task is cancelled, and says when tasks may be taken that might not before; returns at
    /// once when there is nothing to look at.
    func run(mayTake: @Sendable () -> Void) async {
        guard rules.isOn else { return }
        for await _ in Beats(every: rules.interval) {
            let change = await look()
            if change == .resumed || pressure.withLock({ $0.hasTurn }) { mayTake() }
        }
    }

    /// Looks once, and tells what has changed.
    @discardableResult
    func look() async -> Pressure.Change? {
        guard rules.isOn else { return nil }
        let sample = await sample()
        let (change, causes, reasons, isOver) = pressure.withLock { pressure in
            let before = Set(pressure.over.keys)
            let change = pressure.take(sample)
            return (change, Set(pressure.over.keys).subtracting(before).map(\.cause), pressure.reasons, pressure.isOver)
        }
        metrics.pressed(by: causes, isPaused: isOver)
        switch change {
        case .paused:
            logger.warning(
                "no tasks are taken: there is too much to do already",
                metadata: ["reasons": "\(reasons.joined(separator: "; "))"])
        case .resumed: logger.info("tasks are taken again")
        case nil: break
        }
        return change
    }

    private func sample() async -> PressureSample {
        let directory = stateDirectory
        // A disk that does not answer says nothing of the other measures, but it is the state's: nothing works then.
        let host = try? await HostFiles.pressure.run("the host's load") {
            HostPressure.sample(stateDirectory: directory)
        }
        var sample = host ?? PressureSample()
        if !rules.queues.isEmpty, let counts = try? await store.counts() {
            sample.queues = [:]
            for count in counts where count.state == .enqueued {
                sample.queues?[count.queue, default: 0] += count.count
            }
        }
        return sample
    }
}
