package import TaskModel

/// A container that an earlier supervisor of the pool made, runs, and may be taken over.
package struct AdoptableContainer: Sendable {
    /// The worker it is.
    package let worker: WorkerID
    /// The engine's id.
    package let containerID: String
    /// What it was made like; see `ContainerBlueprint.fingerprint`.
    package let fingerprint: String
    /// Where its agent waits until the attempt it has in hand was looked at.
    package let gate = AdoptionGate()

    /// Names a container.
    package init(worker: WorkerID, containerID: String, fingerprint: String) {
        self.worker = worker
        self.containerID = containerID
        self.fingerprint = fingerprint
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
