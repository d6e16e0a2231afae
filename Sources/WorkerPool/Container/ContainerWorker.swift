package import AgentProtocol
package import ContainerEngine
internal import Foundation
internal import Logging
package import Settings
internal import Synchronization
package import TaskModel

/// A worker that is a container: an agent as PID 1 inside any Linux image.
package final class ContainerWorker: Worker {
    /// Its id.
    package let id: WorkerID
    /// What it is made like.
    package let profile: WorkerProfile
    let engine: EngineClient
    private let context: WorkerContext
    private let settings: WorkersSettings
    private let images: ImageProvider
    let watch: EngineWatch?
    /// Its directories on this host.
    package let directory: WorkerDirectory
    private let link: AgentLink
    private let session: AgentSession
    private let fate = WorkerFate()
    private let startup = StartupOutput()
    private let identity: ContainerIdentity
    private let published = PublishedPorts()
    private let oomWatch = OOMWatch()
    private let adoption: AdoptableContainer?
    private let layer: ContainerLayer
    private let created = Mutex<ContainerConfiguration?>(nil)

    /// What its container was created with, once it was; of one that was taken over, what it would be created with now.
    var configuration: ContainerConfiguration? { created.withLock { $0 } }
    /// Whether its container was made by other settings than today's.
    var isOutdated: Bool {
        guard let adoption else { return false }
        return ContainerBlueprint(context: context, settings: settings).fingerprint(of: profile) != adoption.fingerprint
    }

    /// Makes the value; nothing is created. With an `adoption` it is the worker of a container that is there already.
    package init(
        profile: WorkerProfile, engine: EngineClient, context: WorkerContext, settings: WorkersSettings,
        images: ImageProvider, watch: EngineWatch? = nil, adoption: AdoptableContainer? = nil
    ) {
        id = adoption?.worker ?? WorkerID.random()
        self.adoption = adoption
        self.profile = profile
        self.engine = engine
        self.context = context
        self.settings = settings
        self.images = images
        self.watch = watch
        directory = WorkerDirectory(context, worker: id)
        let identity = ContainerIdentity(containerID: adoption?.containerID)
        let fate = self.fate
        self.identity = identity
        layer = ContainerLayer(engine: engine, own: [directory.workspace, directory.exchange])
        link = AgentLink(
            socketPath: directory.socket, workerID: id.rawValue, heartbeat: context.health.interval,
            orphanTimeout: context.orphanTimeout, logger: context.logger, gate: adoption?.gate,
            mayConnect: { identity.owns(pid: $0) })
        session = AgentSession(link: link, secretsDirectory: ContainerBlueprint.secretsDirectory, directory: directory)
        {
            fate.lose(
                WorkerLoss(
                    observation: "its agent did not end the task although it was told to kill it", mayRunOn: true))
        }
    }

    package var containerName: String? { ContainerBlueprint.name(of: id) }
    package var containerID: String? { identity.containerID }
    package var status: WorkerStatus { session.status }
    /// Who owns its directories.
    private var owner: UInt32 { context.users.outside(profile.user ?? settings.docker.user).uid }
    package var agentPID: Int32? { link.agentPID }
    package var currentAttempt: AttemptRef? { link.currentAttempt }
    package var ports: [PublishedPort] { published.ports }

    package var diskPlaces: DiskPlaces {
        get async { await layer.places(of: containerID, running: currentAttempt) }
    }

    package func stop(force: Bool) { fate.stop(force: force) }

    package func detach() {
        link.detach()
        fate.detach()
    }

    package func drain() { session.become(.draining) }

    package func execute(_ request: AttemptRequest, observer: any AttemptObserver) async -> ExitRecord {
        // The kernel's own files answer at once.
        oomWatch.watch(pid: agentPID)
        let record = await directory.withTaskFile(of: request) {
            await directory.withSecrets(of: request, owner: owner) {
                await session.execute(request, observer: observer)
            }
        }
        oomWatch.note(record)
        return await attributed(record)
    }

    package func resume(
        _ request: AttemptRequest, from offset: UInt64, observer: any AttemptObserver, noted: @Sendable () -> Void
    ) async -> ExitRecord {
        await FileThread.kernel.run { [oomWatch, agentPID] in oomWatch.watch(pid: agentPID) }
        let record = await session.resume(request, from: offset, observer: observer, noted: noted)
        if record.end != .detached { await FileThread.shared.run { [directory] in directory.removeSecrets() } }
        oomWatch.note(record)
        return await attributed(record)
    }

    @discardableResult
    package func acknowledge(_ ref: AttemptRef) async -> Bool {
        let isEmpty = await FileThread.shared.run { [directory, owner] in directory.clear(owner: owner) }
        session.acknowledge(ref)
        return isEmpty
    }

    package func run(changed: @escaping @Sendable (WorkerChange) -> Void) async -> WorkerEnd {
        let end: WorkerEnd
        do {
            // The row comes first, so that whatever is without one is nobody's.
            try await record()
            if adoption == nil {
                try await FileThread.shared.run { [directory, owner] () throws(WorkerError) in
                    try directory.create(owner: owner)
                }
            }
            let life = WorkerLife(
                link: link, session: session, fate: fate, context: context,
                healthcheck: WorkerHealthcheck(
                    settings.docker.healthcheck, of: { [identity] in identity.containerID }, engine: engine,
                    secrets: { [directory] in await directory.secretsInForce() }),
                examine: { await self.examine() })
            let egress = WorkerEgress(
                profile: profile, settings: settings, socket: directory.proxySocket, link: link,
                logger: context.workerLogger(id))
            let lived = await attributed(
                egress.open {
                    await life.run(changed: changed) { started throws(WorkerError) in try await self.begin(started) }
                })
            end = withLastWords(lived)
        } catch {
            end = .startFailed(error)
        }
        session.become(.stopping)
        changed(.leaving)
        if end == .detached { return end }
        // Not a child task: a cancelled supervisor must still remove what it made. Bounded by the engine's deadlines, or
        // by the engine's return.
        await Task { [end] in await takeDown(after: end, changed) }.value
        await directory.removeAside()
        session.become(.stopped)
        return end
    }

    /// What a container said that was given up tells more than that it was.
    private func withLastWords(_ end: WorkerEnd) -> WorkerEnd {
        guard case .startFailed(let error) = end, error.code == .startTimedOut, !startup.lastWords.isEmpty else {
            return end
        }
        return .startFailed(WorkerError(error.code, "\(error.message); its last output: \(startup.lastWords)"))
    }

    /// How many ports of its container lead to this host.
    private var publishedPorts: Int {
        WorkerEgress.policy(of: profile, settings).isRestricted ? 0 : settings.docker.ports.count
    }

    private func record() async throws(WorkerError) {
        do {
            try await context.journal.record(
                WorkerRecord(
                    id: id, pool: context.pool, supervisor: context.supervisor,
                    installation: context.installation, host: context.host, mode: .docker,
                    containerName: containerName, containerID: containerID, profile: profile.summary,
                    createdAt: Date(), blueprint: blueprint.text))
        } catch {
            throw WorkerError(.host, "can't write the worker's row before creating its container: \(error)")
        }
    }

    /// What a later supervisor has to know of how it was made.
    private var blueprint: WorkerBlueprint {
        WorkerBlueprint(
            profile: profile,
            fingerprint: adoption?.fingerprint
                ?? ContainerBlueprint(context: context, settings: settings).fingerprint(of: profile))
    }

    // MARK: Up

    /// Image, create, attach, start; then the container's own words until the agent calls.
    private func begin(_ started: @escaping @Sendable () -> Void) async throws(WorkerError) {
        if let adoption {
            // What host-gateway stands for was settled when it was made, and no review asks.
            let configuration = ContainerBlueprint(context: context, settings: settings)
                .configuration(profile: profile, worker: id, directory: directory)
            created.withLock { $0 = configuration }
            started()
            await published.read(of: adoption.containerID, from: engine, expected: publishedPorts)
            return
        }
        watch?.note(.wished)
        defer { watch?.note(.wishEnded) }
        // Tasks have seen to it that a tag is as new as it should be.
        try await images.provide(profile.image, mayBeOld: true)
        var configuration = ContainerBlueprint(context: context, settings: settings)
            .configuration(profile: profile, worker: id, directory: directory)
        let launch = ContainerLaunch(engine: engine, watch: watch)
        try await launch.resolveHostGateway(in: &configuration)
        do {
            identity.createBegins()
            self.created.withLock { $0 = configuration }
            let created = try await launch.create(configuration, name: ContainerBlueprint.name(of: id))
            for warning in created.warnings {
                context.logger.warning(
                    "the engine says of a container", metadata: ["worker.id": "\(id)", "engine.message": "\(warning)"])
            }
            identity.set(containerID: created.id)
            // Attached before the start, so that not even the first words of a container that dies at once are lost.
            let output = try await engine.attach(created.id)
            try await launch.start(created.id)
            await published.read(of: created.id, from: engine, expected: publishedPorts)
            watch?.accepts()
            started()
            await startup.collect(output, until: link)
        } catch {
            watch?.note(error)
            let users = UnsaidUsers(engine: engine, said: context.users)
            if let cause = await users.explain(error, identity.containerID) { throw cause }
            throw await PortConflict(engine: engine, ports: settings.docker.ports).explain(error)
        }
    }

    /// What became of the container.
    private func examine() async -> WorkerLife.Finding {
        guard let containerID else { return .alive }
        await oomWatch.look()
        do {
            guard let container = try await engine.inspectContainer(containerID) else {
                return .gone(WorkerLoss(observation: "its container was removed from outside"))
            }
            // Started again by the engine's own policy: whatever ran in it before is gone.
            let wasRestarted = container.state.restartCount > 0 || container.state.status == .restarting
            guard wasRestarted || !container.state.status.isAlive else { return .alive }
            // Running again it has no exit code of its end any more.
            let isBack = container.state.status == .running
            let facts =
                isBack
                ? WorkerLoss(restartedByEngine: container.state, lastWords: startup.lastWords)
                : WorkerLoss(container.state, lastWords: startup.lastWords)
            oomWatch.note(outlived: link.memoryKillsOutlived)
            var loss = oomWatch.judge(facts)
            if let watch, !loss.oomKilled { loss.engineStopped = await watch.explains(container.state.finishedAt) }
            return .gone(loss)
        } catch {
            guard error.isEngineUnavailable else { return .alive }
            watch?.suspect()
            return .unknown
        }
    }

    package func engineReturned() async {
        guard containerID != nil, [.idle, .busy, .draining, .unhealthy].contains(status) else { return }
        if case .gone(let loss) = await examine() { fate.lose(loss) }
    }

    // MARK: Down

    /// Ends and removes the container, for as long as it takes an engine that does not answer. Once the end is forced
    /// only a few seconds are left; what then remains is removed at the pool's next start.
    private func takeDown(after end: WorkerEnd, _ changed: @escaping @Sendable (WorkerChange) -> Void) async {
        // Nothing is known before the engine has said so.
        var unsure = WorkerLoss(observation: "the worker was stopped", mayRunOn: true)
        if case .lost(let observed) = end { unsure = observed }
        var loss = unsure
        loss.mayRunOn = false
        // Without an id the create may still have worked: then its name finds the container.
        guard let container = containerID ?? (identity.mayExist ? ContainerBlueprint.name(of: id) : nil) else {
            link.abandon(loss)
            return await context.journal.forget(id)
        }
        let isGone = await withTaskGroup(of: Bool.self) { group in
            group.addTask { [unsure] in
                await self.remove(container, gracefully: end == .stopped, unsure, changed)
            }
            group.addTask {
                await self.fate.waitForForce()
                if self.fate.isForced { try? await Task.sleep(for: Self.forcedRemovalLimit) }
                return false
            }
            group.addTask {
                // Shortens a graceful stop that is under way.
                await self.fate.waitForForce()
                guard self.fate.isForced, (try? await self.engine.endContainer(container)) != nil else { return false }
                try? await Task.sleep(for: Self.forcedRemovalLimit)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        link.abandon(isGone ? loss : unsure)
        if isGone {
            await context.journal.forget(id)
        } else {
            context.logger.error(
                "could not remove a container; the next start of this pool will",
                metadata: ["worker.id": "\(id)", "container.id": "\(container)"])
        }
    }

    private static let forcedRemovalLimit = Duration.seconds(5)
    /// How long an engine may fail to answer without much being meant by it.
    private static let hiccup = Duration.seconds(2)

    /// Tells the attempt while the engine says nothing: it need not wait for the engine to learn that its worker is gone,
    /// but for a moment where it would wait much longer to run again because nobody knows.
    private func remove(
        _ container: String, gracefully: Bool, _ loss: WorkerLoss, _ changed: @Sendable (WorkerChange) -> Void
    ) async -> Bool {
        let removal = ContainerRemoval(
            engine: engine, watch: watch, keeps: settings.docker.keepContainers, stopTimeout: context.stopTimeout,
            logger: context.workerLogger(id))
        return await removal.remove(container) {
            gracefully && !fate.isForced
        } unanswered: { silence in
            if !loss.mayRunOn || silence > Self.hiccup { link.abandon(loss) }
            changed(.engineSilent)
        }
    }
}
