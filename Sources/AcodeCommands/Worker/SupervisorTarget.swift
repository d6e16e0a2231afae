internal import ContainerEngine
internal import ControlPlane
internal import Foundation
internal import Metrics
internal import Supervisor
internal import TaskModel
internal import TaskStore
internal import Telemetry
internal import WorkerPool

/// A supervisor as the control plane sees it.
struct SupervisorTarget: ControlTarget {
    let supervisor: Supervisor
    let store: any TaskStore
    let metrics: PrometheusRegistry
    /// How long a supervisor that is not seen counts as one that lives.
    let lease: Duration
    let layout: StateLayout
    let gauges = QueueGauges()
    let storeGauges = StoreGauges()

    func summary() -> SupervisorSummary { SupervisorSummary(supervisor.status) }

    func reasonsNotReady() -> [String] { Self.reasonsNotReady(supervisor.status) }

    /// Why a supervisor in this condition takes no tasks.
    static func reasonsNotReady(_ status: SupervisorStatus) -> [String] {
        switch status.state {
        case .starting: ["the supervisor is starting"]
        case .draining: ["the supervisor drains: it finishes what runs and takes nothing new"]
        case .stopping: ["the supervisor is stopping"]
        case .engineUnavailable: status.engineTrouble?.reasons ?? ["the container engine does not answer"]
        case .running: reasonsNotReady(running: status)
        }
    }

    private static func reasonsNotReady(running status: SupervisorStatus) -> [String] {
        let own = status.troubles.filter(\.isOwn)
        let looping = own.filter { $0.state == .crashLooping }
        if !looping.isEmpty { return looping.map { "crashLooping: \($0.reason)" } }
        if !status.pressure.isEmpty { return status.pressure.map { "it takes no tasks: \($0)" } }
        if status.ready > 0 { return [] }
        if let trouble = status.imageTrouble { return ["no worker is ready: \(trouble)"] }
        if !own.isEmpty { return own.map { "no worker is ready: \($0.reason)" } }
        // A pool that may shrink to nothing makes a worker when a task comes.
        return status.isElastic ? [] : ["no worker is ready"]
    }

    func workerSummaries() -> [WorkerSummary] { supervisor.workers.map(WorkerSummary.init) }

    func workerOutput(_ id: String, tail: Int?, since: Date?) async throws(ControlFailure) -> [LogFrame] {
        do throws(EngineError) {
            if let output = try await supervisor.output(of: WorkerID(rawValue: id), tail: tail, since: since) {
                return output
            }
        } catch {
            throw ControlFailure(error.isNotFound ? .notFound : .unavailable, error.description)
        }
        guard supervisor.workers.contains(where: { $0.id.rawValue == id }) else {
            throw ControlFailure(.notFound, "this supervisor has no worker \(id)")
        }
        throw ControlFailure(
            .unsupported, "the worker \(id) is no container, so it has no output of its own; see `acode task logs`")
    }

    func attemptLog(
        task: String, attempt: Int, offset: Int64, installation: String?
    ) async throws(ControlFailure) -> [UInt8] {
        let id = TaskID(rawValue: task)
        guard let part = await LogPart.read(layout, task: id, attempt: attempt, offset: offset) else {
            // Others may be told the address of this one as that of another.
            guard installation == nil || installation == layout.installationID else {
                throw ControlFailure(.misdirected, "attempt \(attempt) of \(task) was not made here")
            }
            throw ControlFailure(.notFound, "this host has no log of attempt \(attempt) of \(task)")
        }
        return part
    }

    func wake() { supervisor.wake() }

    func checkLeases() { supervisor.checkLeases() }

    func shutDown(force: Bool) { supervisor.shutDown(force: force) }

    func drain() { supervisor.drain() }

    func collectGarbage(dryRun: Bool) async throws(ControlFailure) -> [GarbageItem] {
        do throws(SupervisorError) {
            return try await supervisor.collectGarbage(isRehearsal: dryRun).map(GarbageItem.init)
        } catch {
            throw ControlFailure(.unavailable, error.message)
        }
    }

    func handOver(within limit: Duration) async throws(ControlFailure) {
        do throws(SupervisorError) {
            try await supervisor.handOver(within: limit)
        } catch {
            throw ControlFailure(.unavailable, error.hint.map { "\(error.message); \($0)" } ?? error.message)
        }
    }

    func stopWorker(_ id: String, force: Bool) -> Bool {
        supervisor.stopWorker(WorkerID(rawValue: id), force: force)
    }

    func restartWorker(_ id: String, force: Bool) -> Bool {
        supervisor.restartWorker(WorkerID(rawValue: id), force: force)
    }

    func restartAll(force: Bool) { supervisor.restartAll(force: force) }

    func scale(to count: Int) throws(ControlFailure) {
        if let reason = supervisor.scale(to: count) { throw ControlFailure(.unsupported, reason) }
    }

    func queueStatus() async throws(ControlFailure) -> QueueStatus {
        do throws(StoreError) {
            return QueueStatus(queues: try await QueueOverview.read(store, lease: lease).queues)
        } catch {
            throw ControlFailure(.unavailable, "the task store: \(error.message)")
        }
    }

    func metricsText() async -> String {
        // What is only a number of now is read when somebody asks for it.
        if let overview = try? await QueueOverview.read(store, lease: lease) { gauges.record(overview.queues) }
        if let connections = store.connections { storeGauges.record(connections) }
        let workers = supervisor.workers
        for status in WorkerStatus.allCases {
            Gauge(label: "acode_workers", dimensions: [("state", status.rawValue)])
                .record(workers.count { $0.status == status })
        }
        Gauge(label: "acode_pool_target").record(supervisor.status.slots)
        Gauge(label: "acode_crash_looping_profiles").record(workers.count { $0.trouble == .crashLooping })
        return metrics.render()
    }
}

extension SupervisorSummary {
    init(_ status: SupervisorStatus) {
        self.init(
            id: status.id.rawValue, pool: status.pool, pid: status.pid, mode: status.mode.rawValue,
            engine: status.engine.map { Engine(kind: $0.kind, version: $0.version, socket: $0.socket) },
            fallbackReason: status.fallbackReason,
            engineTrouble: status.engineTrouble.map(EngineTrouble.init), imageTrouble: status.imageTrouble,
            state: status.state.rawValue,
            slots: status.slots, busy: status.busy, ready: status.ready,
            troubles: status.troubles.map {
                Trouble(
                    profile: $0.profile, state: $0.state.rawValue, isOwn: $0.isOwn, reason: $0.reason,
                    retryAt: $0.retryAt)
            }, startedAt: status.startedAt, version: AcodeVersion.current,
            limits: status.limits.map {
                Limits(
                    cpus: $0.cpus, memoryMb: $0.memoryMb, pidsLimit: $0.pidsLimit, diskMb: status.diskMb,
                    egress: status.egress.places, networkLimit: status.networkLimit)
            }, queues: status.queues, pressure: status.pressure)
    }
}

extension SupervisorSummary.EngineTrouble {
    init(_ outage: SupervisorStatus.Outage) {
        self.init(
            since: outage.since, message: outage.message, hint: outage.hint, hasStandIns: outage.hasStandIns)
    }

    /// For people, in one line or two.
    var words: String {
        let standIns = hasStandIns ? "; local processes stand in for tasks that accept them" : ""
        return "the engine can't be used since \(StableJSON.text(of: since)): \(message)\(standIns)"
    }
}

extension SupervisorStatus.Outage {
    /// Why no task is taken: local processes that stand in take some.
    fileprivate var reasons: [String] { hasStandIns ? [] : [SupervisorSummary.EngineTrouble(self).words] }
}

extension WorkerSummary {
    init(_ report: WorkerReport) {
        self.init(
            id: report.id.rawValue, containerName: report.containerName, containerID: report.containerID,
            status: report.trouble?.rawValue ?? report.status.rawValue, profile: report.profile,
            task: report.task?.rawValue, attempt: report.attempt, ports: report.ports,
            usage: report.usage.map(Usage.init), reason: report.reason, retryAt: report.retryAt,
            events: report.events.map { Event(at: $0.at, kind: $0.kind.rawValue, message: $0.message) })
    }
}

extension WorkerSummary.Usage {
    init(_ usage: WorkerUsage) {
        self.init(
            cpuCores: usage.cpuCores, memoryBytes: usage.memoryBytes, memoryLimitBytes: usage.memoryLimitBytes,
            processes: usage.processes, processLimit: usage.processLimit, blockRead: usage.blockRead,
            blockWritten: usage.blockWritten, networkReceived: usage.networkReceived, networkSent: usage.networkSent,
            memoryIncludesCache: usage.memoryIncludesCache, high: usage.high)
    }
}
