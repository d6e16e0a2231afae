internal import ContainerEngine
internal import Foundation
package import Logging
package import Settings
internal import TaskModel
package import TaskStore
internal import WorkerPool

/// Removes what is nobody's of a pool that no supervisor owns. Without an engine that is less.
package struct OfflineGarbage: Sendable {
    /// What a pass did.
    package struct Pass: Sendable {
        /// What became of each object.
        package var reports: [GarbageReport]
        /// Why nothing was looked for in an engine; `nil` when it was, or need not be.
        package var omission: Omission?
    }

    /// A look that was not possible.
    package struct Omission: Sendable, Equatable {
        /// Why, in plain words.
        package var reason: String
        /// The fix, when there is one.
        package var hint: String?
        /// How many workers have a row from which their containers were made, and may still be there.
        package var containers: Int
    }

    private let settings: Settings
    private let store: any TaskStore
    private let layout: StateLayout
    private let logger: Logger

    /// Prepares a pass.
    package init(settings: Settings, store: any TaskStore, layout: StateLayout, logger: Logger) {
        self.settings = settings
        self.store = store
        self.layout = layout
        self.logger = logger
    }

    /// Takes the pool's lock for the time of one pass. Workers whose supervisor was seen within the time of a lease stay,
    /// because another may still take them over; so do those whose container only a missing engine could show.
    ///
    /// - Throws: `pool_busy`, `garbage_unknown`, `state_unusable`.
    package func run(isRehearsal: Bool) async throws(SupervisorError) -> Pass {
        try layout.prepare()
        let lock = try PoolLock(paths: layout.lockFiles, pool: settings.workers.pool)
        defer { lock.release() }
        let supervisor = Supervisor(
            options: SupervisorOptions(settings: settings, agentExecutable: "", version: ""), store: store,
            layout: layout, logger: logger)
        let context = supervisor.workerContext(installation: try layout.installation().id)
        let predecessors = supervisor.predecessors(context)
        do {
            let containers = try await predecessors.workers(in: store).count { $0.mode == .docker }
            var engine: EngineClient?
            var omission: Omission?
            if settings.workers.mode == .docker || containers > 0 {
                do throws(EngineError) {
                    engine = try await supervisor.findEngine(logger: logger)
                } catch {
                    omission = Omission(reason: error.message, hint: error.hint, containers: containers)
                }
            }
            defer { engine?.shutdown() }
            let awaited = try await awaitedWorkers(predecessors)
            let reports = try await GarbageCollector(
                store: store, context: context, predecessors: predecessors, layout: layout, engine: engine,
                owners: { GarbageVerdict.Owners(awaited: awaited) }
            ).run(isRehearsal: isRehearsal)
            return Pass(reports: reports, omission: omission)
        } catch {
            throw SupervisorError(.garbageUnknown, "what is there can't be listed: \(error)")
        }
    }

    private func awaitedWorkers(_ predecessors: Predecessors) async throws(StoreError) -> Set<String> {
        let ended = try await predecessors.ended(in: store)
        let now = await StoreTime(settings.store).now(supervisors: ended, lease: settings.queue.lease)
        let recent = ended.living(within: settings.queue.lease, at: now).map(\.id)
        return Set(
            try await predecessors.workers(in: store).filter { recent.contains($0.supervisor) }.map(\.id.rawValue))
    }
}
