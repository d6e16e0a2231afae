internal import ContainerEngine
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Looks for the workers that an earlier supervisor of this pool left running. May only be done while the pool's lock is
/// held.
struct AdoptionSurvey: Sendable {
    let store: any TaskStore
    let engine: EngineClient
    let context: WorkerContext
    let predecessors: Predecessors
    let settings: WorkersSettings
    /// The profile of the pool's own workers.
    let warm: WorkerProfile
    let factory: ContainerWorkerFactory

    /// How many containers are looked at at once.
    private static let width = 16

    /// The workers that can be taken over if their agents answer, oldest first, those that fit today's settings before
    /// those that go when they have nothing to do. None when the store or the engine does not say.
    func run() async -> [AdoptedWorker] {
        do {
            let rows = try await predecessors.workers(in: store)
            guard !rows.isEmpty else { return [] }
            let found = await verdicts(of: rows, try await containers())
            var adopted: [AdoptedWorker] = []
            for (row, container, verdict) in found {
                switch verdict {
                case .adopt(let blueprint, let retires):
                    guard let container else { continue }
                    adopted.append(adopt(row, container, blueprint, retires))
                case .reap(let reason):
                    context.logger.info(
                        "an earlier supervisor's worker can't be taken over",
                        metadata: ["worker.id": "\(row.id)", "reason": "\(reason)"])
                }
            }
            return adopted.filter { !$0.retires } + adopted.filter(\.retires)
        } catch {
            context.logger.warning("could not look for workers to take over", metadata: ["error.message": "\(error)"])
            return []
        }
    }

    /// The engine's ids of the pool's containers by worker. The rows don't have them: they are written before.
    private func containers() async throws(EngineError) -> [String: String] {
        let list = try await engine.listContainers(
            labels: [
                ContainerBlueprint.Label.worker: "true", ContainerBlueprint.Label.pool: context.pool,
                ContainerBlueprint.Label.installation: context.installation,
            ], all: true)
        return Dictionary(
            list.compactMap { container in
                container.labels[ContainerBlueprint.Label.workerID].map { ($0, container.id) }
            }, uniquingKeysWith: { first, _ in first })
    }

    private typealias Found = (row: WorkerRecord, container: ContainerInspection?, verdict: AdoptionVerdict)

    private func verdicts(of rows: [WorkerRecord], _ containers: [String: String]) async -> [Found] {
        let blueprint = ContainerBlueprint(context: context, settings: settings)
        let found = await BoundedWork.map(rows, width: Self.width) { row -> Found in
            let id = containers[row.id.rawValue]
            var inspection: ContainerInspection?
            if let id { inspection = (try? await engine.inspectContainer(id)) ?? nil }
            let verdict = AdoptionVerdict.judge(
                row, inspection.map(AdoptionVerdict.Container.init), installation: context.installation, warm: warm
            ) {
                blueprint.fingerprint(of: $0)
            }
            return (row, inspection, verdict)
        }
        return found
    }

    private func adopt(
        _ row: WorkerRecord, _ container: ContainerInspection, _ blueprint: WorkerBlueprint, _ retires: Bool
    ) -> AdoptedWorker {
        let adoptable = AdoptableContainer(
            worker: row.id, container: container, fingerprint: blueprint.fingerprint)
        let worker = factory.adoptWorker(profile: blueprint.profile, adoptable)
        return AdoptedWorker(worker: worker, directory: worker.directory, gate: adoptable.gate, retires: retires)
    }
}
