internal import ContainerEngine
internal import Foundation
package import Logging
package import Settings
internal import TaskModel
package import TaskStore
internal import WorkerPool

/// Removes what is nobody's of a pool that no supervisor owns.
package struct OfflineGarbage: Sendable {
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
    /// because another may still take them over.
    ///
    /// - Throws: `pool_busy`, `engine_unavailable`, `garbage_unknown`, `state_unusable`.
    package func run(isRehearsal: Bool) async throws(SupervisorError) -> [GarbageReport] {
        try layout.prepare()
        let lock = try PoolLock(path: layout.lockFile, pool: settings.workers.pool)
        defer { lock.release() }
        let supervisor = Supervisor(
            options: SupervisorOptions(settings: settings, agentExecutable: "", version: ""), store: store,
            layout: layout, logger: logger)
        let engine = try await supervisor.chooseBackend().engine
        defer { engine?.shutdown() }
        let context = supervisor.workerContext(installation: try layout.installationID())
        do {
            let awaited = try await awaitedWorkers(context)
            return try await GarbageCollector(
                store: store, context: context, layout: layout, engine: engine,
                owners: { GarbageVerdict.Owners(awaited: awaited) }
            ).run(isRehearsal: isRehearsal)
        } catch {
            throw SupervisorError(.garbageUnknown, "what is there can't be listed: \(error)")
        }
    }

    private func awaitedWorkers(_ context: WorkerContext) async throws(StoreError) -> Set<String> {
        let lease = settings.queue.lease / .seconds(1)
        let recent = try await store.supervisors().filter {
            $0.host == context.host && $0.pool == context.pool && Date().timeIntervalSince($0.seenAt) < lease
        }.map(\.id)
        let workers = try await store.workers(host: context.host)
        return Set(workers.filter { $0.pool == context.pool && recent.contains($0.supervisor) }.map(\.id.rawValue))
    }
}
