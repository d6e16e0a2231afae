internal import TaskModel

/// Reads the accounts of many workers one after the other, off the cooperative threads.
actor UsageReader {
    /// Whose accounts to read.
    struct Subject: Sendable {
        var worker: WorkerID
        var mode: WorkerMode
        var agentPID: Int32
    }

    private static let thread = DedicatedThread(name: "acode-stats")

    nonisolated var unownedExecutor: UnownedSerialExecutor { Self.thread.asUnownedSerialExecutor() }

    private var readers: [WorkerID: (pid: Int32, reader: CgroupReader)] = [:]

    /// One sample a worker; those whose accounts can't be seen are left out.
    func read(_ subjects: [Subject]) -> [WorkerID: UsageSample] {
        let ids = Set(subjects.map(\.worker))
        readers = readers.filter { ids.contains($0.key) }
        // A local worker shares its cgroup with the rest of the host, so its processes are added up instead.
        let tree = subjects.contains { $0.mode == .local } ? ProcessTreeReader() : nil
        var samples: [WorkerID: UsageSample] = [:]
        for subject in subjects {
            samples[subject.worker] =
                switch subject.mode {
                case .local: tree?.sample(root: subject.agentPID, at: .now)
                case .docker: container(subject)
                }
        }
        return samples
    }

    private func container(_ subject: Subject) -> UsageSample? {
        if readers[subject.worker]?.pid != subject.agentPID {
            readers[subject.worker] = CgroupReader(pid: subject.agentPID).map { (subject.agentPID, $0) }
        }
        return readers[subject.worker]?.reader.sample(at: .now)
    }
}
