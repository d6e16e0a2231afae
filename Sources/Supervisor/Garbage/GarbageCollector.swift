internal import ContainerEngine
internal import Foundation
internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Compares what the store knows of a pool with what the engine and the disk have, and removes what is nobody's. May only
/// run while the pool's lock is held. Objects of other pools and installations are never looked at.
struct GarbageCollector: Sendable {
    let store: any TaskStore
    let context: WorkerContext
    let predecessors: Predecessors
    let layout: StateLayout
    let engine: EngineClient?
    /// Who is there now; asked after everything was listed, so that what was made meanwhile is in no list.
    let owners: @Sendable () async -> GarbageVerdict.Owners

    /// More removals at once are not faster on any engine.
    private static let width = 16

    /// Looks at everything once. With `isRehearsal` nothing is changed.
    ///
    /// - Throws: what the engine or the store said when it could not list; nothing is removed then.
    func run(isRehearsal: Bool) async throws -> [GarbageReport] {
        let directories = await FileThread.shared.run { listDirectories() }
        let inEngine = try await listEngine()
        let rows = try await store.workers(installation: context.installation)
        let supervisors = try await store.supervisors()
        var owners = await owners()
        owners.recorded = Set(rows.map(\.id.rawValue))
        owners.contained = Set(inEngine.filter { $0.kind == .container }.compactMap(\.worker))

        // In this order: what still holds another object goes first.
        var reports: [GarbageReport] = []
        for kind in [PoolObject.Kind.container, .network, .volume] {
            let objects = inEngine.filter { $0.kind == kind }
            let now = owners
            let done = await BoundedWork.map(objects, width: Self.width) { await settle($0, now, isRehearsal) }
            reports += done
            // With its container gone, or as good as gone, the rest of a worker is free.
            for report in done where kind == .container && report.action != .kept && report.action != .failed {
                if let worker = report.object.worker { owners.contained.remove(worker) }
            }
        }
        let own = predecessors.workers(rows, of: supervisors)
        for row in own {
            if row.mode == .docker, engine == nil { owners.unseen.insert(row.id.rawValue) }
        }
        let objects = own.map { row in
            var object = PoolObject(
                kind: .row, name: row.id.rawValue, worker: row.id.rawValue, supervisor: row.supervisor.rawValue)
            object.isLocal = row.mode == .local
            return object
        }
        for object in objects { reports.append(await settle(object, owners, isRehearsal)) }
        for report in reports where report.object.kind == .row && report.action != .kept && report.action != .failed {
            if let worker = report.object.worker { owners.recorded.remove(worker) }
        }
        for object in directories { reports.append(await settle(object, owners, isRehearsal)) }
        return reports
    }

    private func settle(
        _ object: PoolObject, _ owners: GarbageVerdict.Owners, _ isRehearsal: Bool
    ) async -> GarbageReport {
        switch GarbageVerdict.judge(object, owners) {
        case .keep(let reason): return GarbageReport(object: object, action: .kept, reason: reason)
        case .remove(let reason):
            if isRehearsal { return GarbageReport(object: object, action: .wouldRemove, reason: reason) }
            do {
                try await remove(object)
                return GarbageReport(object: object, action: .removed, reason: reason)
            } catch {
                return GarbageReport(object: object, action: .failed, reason: "\(reason); \(error)")
            }
        }
    }

    // MARK: What is there

    private func listEngine() async throws(EngineError) -> [PoolObject] {
        guard let engine else { return [] }
        let labels = [
            ContainerBlueprint.Label.pool: context.pool, ContainerBlueprint.Label.installation: context.installation,
        ]
        func made(_ kind: PoolObject.Kind, _ name: String, _ labels: [String: String]) -> PoolObject {
            PoolObject(
                kind: kind, name: name, worker: labels[ContainerBlueprint.Label.workerID],
                supervisor: labels[ContainerBlueprint.Label.supervisor])
        }
        let containers = try await engine.listContainers(
            labels: labels.merging([ContainerBlueprint.Label.worker: "true"]) { $1 }, all: true)
        let volumes = try await engine.listVolumes(labels: labels)
        let networks = try await engine.listNetworks(labels: labels)
        var objects: [PoolObject] = []
        for container in containers {
            var object = made(.container, container.id, container.labels)
            object.isAlive = container.status.isAlive
            object.isKept = container.labels[ContainerBlueprint.Label.keep] == "true"
            objects.append(object)
        }
        for volume in volumes { objects.append(made(.volume, volume.name, volume.labels)) }
        for network in networks { objects.append(made(.network, network.name, network.labels)) }
        return objects
    }

    /// Where secrets are kept, and where they were when that was chosen otherwise.
    private var secretsDirectories: Set<String> {
        let left = SecretsPlace.left(installation: context.installation, pool: context.pool)
        return Set([context.secretsDirectory, left].compactMap { $0 })
    }

    /// Blocks.
    private func listDirectories() -> [PoolObject] {
        var places = [(layout.workerDirectories, false), (layout.workspaces, true)]
        places += secretsDirectories.map { ($0, false) }
        var objects: [PoolObject] = []
        for (place, isShared) in places {
            for name in ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).sorted() {
                var object = PoolObject(kind: .directory, name: "\(place)/\(name)", worker: name)
                object.isShared = isShared
                objects.append(object)
            }
        }
        return objects
    }

    // MARK: Removal

    private func remove(_ object: PoolObject) async throws {
        switch object.kind {
        case .container:
            if object.isKept {
                try await engine?.endContainer(object.name)
            } else {
                _ = try await engine?.removeContainer(object.name)
            }
        case .volume: _ = try await engine?.removeVolume(object.name)
        case .network: _ = try await engine?.removeNetwork(object.name)
        case .row:
            // Of local workers processes are left; of others there are none.
            if object.isLocal {
                await FileThread.leftovers(of: object.name).run { _ = LeftoverProcesses.kill(worker: object.name) }
            }
            try await store.remove(worker: WorkerID(rawValue: object.name))
        case .directory:
            try await WorkerDirectory.removeTree(at: object.name)
            await FileThread.shared.run {
                for secrets in secretsDirectories { WorkerDirectory.pruneSecrets(secrets) }
            }
        }
    }
}
