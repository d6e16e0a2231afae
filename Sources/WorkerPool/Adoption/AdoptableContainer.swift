package import ContainerEngine
package import TaskModel

/// A container that an earlier supervisor of the pool made, runs, and may be taken over.
package struct AdoptableContainer: Sendable {
    /// The worker it is.
    package let worker: WorkerID
    /// The engine's id.
    package let containerID: String
    /// What it was made like; see `ContainerBlueprint.fingerprint`.
    package let fingerprint: String
    /// The engine's id of its image.
    package let imageID: String
    /// The directory that holds its directory of secrets, where that is not in its runtime directory: what was chosen when
    /// it was made, which need not be what would be chosen now.
    package let secretsDirectory: String?
    /// Where its agent waits until the attempt it has in hand was looked at.
    package let gate = AdoptionGate()

    /// Names a container, as an earlier supervisor made it.
    package init(
        worker: WorkerID, container: ContainerInspection, fingerprint: String
    ) {
        self.worker = worker
        containerID = container.id
        self.fingerprint = fingerprint
        imageID = container.imageID
        let mount = container.mounts.first { $0.target == ContainerBlueprint.secretsDirectory }
        let parts = (mount?.source ?? "").split(separator: "/", omittingEmptySubsequences: false)
        // Beside the worker's other directories it is called `secrets`, anywhere else after the worker.
        let isElsewhere = parts.last.map(String.init) == worker.rawValue
        secretsDirectory = isElsewhere ? parts.dropLast().joined(separator: "/") : nil
    }
}

/// A worker that an earlier supervisor made, before its agent has called.
package struct AdoptedWorker: Sendable {
    /// The worker.
    package let worker: any Worker
    /// Its directories.
    package let directory: WorkerDirectory
    /// Where its agent waits.
    package let gate: AdoptionGate
    /// Whether it goes as soon as it has nothing to do, because the settings it was made by have changed.
    package let retires: Bool

    /// Puts the facts together.
    package init(worker: any Worker, directory: WorkerDirectory, gate: AdoptionGate, retires: Bool) {
        self.worker = worker
        self.directory = directory
        self.gate = gate
        self.retires = retires
    }
}
