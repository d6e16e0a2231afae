internal import ContainerEngine
package import TaskModel
package import WorkerPool

/// Whether a worker of an earlier supervisor can be taken over, as far as can be seen from outside. Pure.
package enum AdoptionVerdict: Sendable, Equatable {
    /// It can, if its agent answers. A worker that `retires` goes as soon as it has nothing to do, because workers are made
    /// otherwise now.
    case adopt(WorkerBlueprint, retires: Bool)
    /// It can't, in plain words; what is left of it is removed.
    case reap(String)

    /// What is to be known of its container.
    package struct Container: Sendable, Equatable {
        var labels: [String: String]
        var status: ContainerStatus
        var restartCount: Int

        /// The facts of an inspection.
        init(_ inspection: ContainerInspection) {
            self.init(
                labels: inspection.labels, status: inspection.state.status, restartCount: inspection.state.restartCount)
        }

        init(labels: [String: String], status: ContainerStatus, restartCount: Int) {
            self.labels = labels
            self.status = status
            self.restartCount = restartCount
        }
    }

    /// Judges a worker by its row and its container. `warm` is the profile of the pool's own workers now, and `fingerprint`
    /// tells what the container of a profile is made like now.
    package static func judge(
        _ row: WorkerRecord, _ container: Container?, installation: String, warm: WorkerProfile,
        fingerprint: (WorkerProfile) -> String
    ) -> AdoptionVerdict {
        guard row.mode == .docker else { return .reap("a local process ends with its supervisor") }
        guard let container else { return .reap("it has no container") }
        guard container.labels[ContainerBlueprint.Label.workerID] == row.id.rawValue,
            container.labels[ContainerBlueprint.Label.pool] == row.pool,
            container.labels[ContainerBlueprint.Label.installation] == installation
        else { return .reap("its container has the labels of another") }
        guard container.status == .running else {
            return .reap("its container does not run, it is \(container.status.rawValue)")
        }
        guard container.restartCount == 0 else { return .reap("its container was restarted by the engine") }
        guard let blueprint = row.blueprint.flatMap({ WorkerBlueprint(text: $0) }) else {
            return .reap("it was made by another version of acode")
        }
        let fits = blueprint.profile == warm && fingerprint(warm) == blueprint.fingerprint
        return .adopt(blueprint, retires: !fits)
    }
}
