internal import ContainerEngine
internal import TaskModel

/// Measures containers through the engine, for hosts where the kernel's own files can't be seen.
enum EngineStats {
    /// One sample a worker: in one call where the engine has one for all, else all asked for at once. Those that fail
    /// are left out.
    static func read(
        _ workers: [any Worker], from engine: EngineClient
    ) async -> [WorkerID: UsageSample] {
        let containers = workers.compactMap { worker in worker.containerID.map { ($0, worker.id) } }
        let owners = Dictionary(containers) { first, _ in first }
        let samples = (try? await engine.bulkStats(Array(owners.keys))) ?? nil
        let all = if let samples { samples } else { await oneByOne(Array(owners.keys), engine) }
        return all.reduce(into: [:]) { result, stats in
            if let owner = owners[stats.id] { result[owner] = UsageSample(stats) }
        }
    }

    private static func oneByOne(_ containers: [String], _ engine: EngineClient) async -> [ContainerStatsSample] {
        await withTaskGroup(of: ContainerStatsSample?.self) { group in
            for container in containers { group.addTask { (try? await engine.stats(container)) ?? nil } }
            return await group.reduce(into: []) { samples, sample in samples += sample.map { [$0] } ?? [] }
        }
    }
}

extension UsageSample {
    fileprivate init(_ stats: ContainerStatsSample) {
        self.init(
            at: .now, cpuNanoseconds: stats.cpuNanos, memoryBytes: stats.workingSet ?? stats.memoryUsage,
            processes: Int(clamping: stats.pids), blockRead: stats.blkRead, blockWritten: stats.blkWrite,
            network: Traffic(received: stats.rx, sent: stats.tx))
        memoryIncludesCache = stats.workingSet == nil
    }
}
