package import AgentProtocol
internal import Foundation
internal import Glibc
internal import Logging
package import Settings
internal import Subprocess
internal import Synchronization
package import TaskModel

#if canImport(System)
    internal import System
#else
    internal import SystemPackage
#endif

/// A worker that is a process of this host: the same agent, without the walls of a container.
package final class ProcessWorker: Worker {
    /// Its id.
    package let id = WorkerID.random()
    /// Always the local profile.
    package let profile = WorkerProfile.local
    private let context: WorkerContext
    /// Its directories on this host.
    package let directory: WorkerDirectory
    private let link: AgentLink
    private let session: AgentSession
    private let fate = WorkerFate()
    private let pid = Mutex<Int32?>(nil)
    let confinement: LocalConfinement
    let place: Mutex<Place>

    /// What of this host's is the worker's own.
    struct Place {
        /// Its cgroup, if it can have one.
        var cgroup: LocalCgroup?
        /// Why it has none, or why its limits could not be set.
        var problem: LocalCgroup.Problem?
        /// The limits in its cgroup.
        var limits: ResourceLimits
    }
    private let settings: WorkersSettings

    /// Makes the value; nothing is started.
    package init(
        context: WorkerContext, confinement: LocalConfinement = LocalConfinement(),
        settings: WorkersSettings = WorkersSettings()
    ) {
        self.confinement = confinement
        self.settings = settings
        place = Mutex(Place(limits: confinement.limits))
        let directory = WorkerDirectory(context, worker: id)
        let fate = self.fate
        self.context = context
        self.directory = directory
        link = AgentLink(
            socketPath: directory.socket, workerID: id.rawValue, heartbeat: context.health.interval,
            logger: context.logger,
            mayConnect: { _ in true })  // The 0700 directory lets nobody else in.
        session = AgentSession(link: link, secretsDirectory: directory.secrets, directory: directory) {
            fate.lose(WorkerLoss(observation: "the agent did not end the task although it was told to kill it"))
        }
    }

    package var containerName: String? { nil }
    package var containerID: String? { nil }
    package var status: WorkerStatus { session.status }
    package var agentPID: Int32? { pid.withLock { $0 } }
    package var currentAttempt: AttemptRef? { link.currentAttempt }

    package var diskPlaces: DiskPlaces {
        get async { DiskPlaces(fresh: [directory.workspace, directory.exchange, directory.temporary]) }
    }

    package var limitsInForce: ResourceLimits? {
        place.withLock { place in place.cgroup != nil && place.problem == nil ? place.limits : nil }
    }

    package func stop(force: Bool) {
        fate.stop(force: force)
        if force { pid.withLock { pid in _ = pid.map { kill($0, SIGKILL) } } }
    }

    /// A process ends with whoever started it.
    package func detach() { stop(force: true) }

    package func drain() { session.become(.draining) }

    package func execute(_ request: AttemptRequest, observer: any AttemptObserver) async -> ExitRecord {
        var request = request
        if request.workingDirectory == nil { request.workingDirectory = directory.workspace }
        request.environment.merge(LocalEnvironment.task(worker: id, directory: directory)) { own, _ in
            own
        }
        let complete = request
        limit(complete.limits ?? confinement.limits)
        return await directory.withTaskFile(of: complete) {
            await directory.withSecrets(of: complete, owner: nil) {
                await session.execute(complete, observer: observer)
            }
        }
    }

    package func resume(
        _ request: AttemptRequest, from offset: UInt64, observer: any AttemptObserver, noted: @Sendable () -> Void
    ) async -> ExitRecord {
        await session.resume(request, from: offset, observer: observer, noted: noted)
    }

    @discardableResult
    package func acknowledge(_ ref: AttemptRef) async -> Bool {
        let isEmpty = await FileThread.shared.run { [directory] in directory.clear(owner: nil) }
        session.acknowledge(ref)
        return isEmpty
    }

    package func run(changed: @escaping @Sendable (WorkerChange) -> Void) async -> WorkerEnd {
        let end: WorkerEnd
        do {
            try await record()
            try await FileThread.shared.run { [directory] () throws(WorkerError) in try directory.create(owner: nil) }
            await FileThread.shared.run { self.enclose() }
            end = await live(changed)
        } catch {
            end = .startFailed(error)
        }
        session.become(.stopping)
        changed(.leaving)
        var loss = WorkerLoss(observation: "the worker was stopped")
        if case .lost(let observed) = end { loss = observed }
        // Before anybody can have the task again: its command outlives an agent that was killed.
        loss.mayRunOn = await FileThread.leftovers(of: id.rawValue).run { [id] in
            LeftoverProcesses.kill(worker: id.rawValue)
            return !LeftoverProcesses.pids(worker: id.rawValue).isEmpty
        }
        link.abandon(loss)
        await directory.removeAside()
        await context.journal.forget(id)
        session.become(.stopped)
        return end
    }

    /// Makes its cgroup, as far as this host lets it.
    private func enclose() {
        place.withLock { place in
            do throws(LocalCgroup.Problem) {
                let cgroup = try LocalCgroup.make(name: "acode-\(context.pool)-\(id)")
                place.cgroup = cgroup
                try cgroup.note(in: directory.root)
                try cgroup.set(place.limits)
            } catch {
                place.problem = error
                context.logger.info(
                    "a local worker has no limits of memory, CPU and processes",
                    metadata: ["worker.id": "\(id)", "error.message": "\(error.words)"])
            }
        }
    }

    /// Sets the limits of the next task, where they are others than those of the last.
    private func limit(_ limits: ResourceLimits) {
        place.withLock { place in
            guard let cgroup = place.cgroup, place.limits != limits || place.problem != nil else { return }
            do throws(LocalCgroup.Problem) {
                try cgroup.set(limits)
                place.problem = nil
            } catch {
                place.problem = error
                context.logger.warning(
                    "the limits of a local worker could not be set",
                    metadata: ["worker.id": "\(id)", "error.message": "\(error.words)"])
            }
            place.limits = limits
        }
    }

    private func record() async throws(WorkerError) {
        do {
            try await context.journal.record(
                WorkerRecord(
                    id: id, pool: context.pool, supervisor: context.supervisor,
                    installation: context.installation, host: context.host, mode: .local,
                    profile: profile.summary, createdAt: Date()))
        } catch {
            throw WorkerError(.host, "can't write the worker's row before starting it: \(error)")
        }
    }

    private func live(_ changed: @escaping @Sendable (WorkerChange) -> Void) async -> WorkerEnd {
        let life = WorkerLife(link: link, session: session, fate: fate, context: context) {
            // The process's own end is seen by whoever runs it.
            .alive
        }
        let way = WorkerEgress(
            profile: profile, settings: settings, socket: directory.proxySocket, link: link,
            logger: context.workerLogger(id))
        return await way.open {
            await life.run(changed: changed) { started throws(WorkerError) in try await self.runAgent(started) }
        }
    }

    /// Runs the agent's process until it ends or the task is cancelled: SIGTERM, the stop time-out, SIGKILL.
    private func runAgent(_ started: @escaping @Sendable () -> Void) async throws(WorkerError) {
        var options = PlatformOptions()
        // Its own session, so that Ctrl-C at the supervisor's terminal reaches the supervisor alone.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: context.stopTimeout)]
        let arguments =
            [
                "run", "--socket", directory.socket, "--worker-id", id.rawValue, "--orphan-timeout",
                "\(Int(context.orphanTimeout / .seconds(1)))",
            ] + confinement.arguments(place.withLock { $0.cgroup })
            + (settings.egress.isRestricted ? ["--egress-socket", directory.proxySocket] : [])
        do {
            let result = try await Subprocess.run(
                .path(FilePath(context.agentExecutable)),
                arguments: Arguments(arguments),
                environment: .custom(LocalEnvironment.agent(worker: id)), platformOptions: options, input: .none,
                output: .discarded, error: .discarded
            ) { execution in
                let child = execution.processIdentifier.value
                self.pid.withLock { $0 = child }
                if self.fate.isForced { kill(child, SIGKILL) }
                started()
            }
            pid.withLock { $0 = nil }
            fate.lose(WorkerLoss(observation: "its agent ended: \(result.terminationStatus)"))
        } catch {
            pid.withLock { $0 = nil }
            throw WorkerError(.host, "can't run \(context.agentExecutable): \(error)")
        }
    }
}
