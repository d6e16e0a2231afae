internal import ContainerEngine
internal import TaskModel

/// Measures containers through the engine, for hosts where the kernel's own files can't be seen.
enum EngineStats {
    /// One sample a worker, all asked for at once; those that fail are left out.
    static func read(
        _ workers: [any Worker], from engine: EngineClient
    ) async -> [WorkerID: UsageSample] {
        await withTaskGroup(of: (WorkerID, UsageSample)?.self) { group in
            for worker in workers {
                guard let containerID = worker.containerID else { continue }
                let id = worker.id
                group.addTask {
                    guard let stats = try? await engine.stats(containerID) else { return nil }
                    return (
                        id,
                        UsageSample(
                            at: .now, cpuNanoseconds: stats.cpuNanos, memoryBytes: stats.workingSet,
                            processes: Int(clamping: stats.pids), blockRead: stats.blkRead,
                            blockWritten: stats.blkWrite, networkReceived: stats.rx, networkSent: stats.tx)
                    )
                }
            }
            return await group.reduce(into: [:]) { samples, sample in
                if let (id, value) = sample { samples[id] = value }
            }
        }
    }
}
