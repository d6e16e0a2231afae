internal import ContainerEngine
internal import Logging
internal import Settings
internal import TaskModel
internal import WorkerPool

extension Supervisor {
    /// Looks for what is nobody's among the objects of the pool, and removes it unless this is a rehearsal.
    ///
    /// - Throws: `garbage_unknown` when it can't be listed now.
    package func collectGarbage(isRehearsal: Bool) async throws(SupervisorError) -> [GarbageReport] {
        guard let running = current, running.adopter.isSettled, !handOff.isDecided else {
            throw SupervisorError(.garbageUnknown, "the supervisor of the pool is starting or ending; try again")
        }
        return try await collectGarbage(running, isRehearsal: isRehearsal)
    }

    /// Looks once as soon as what earlier supervisors left is taken over or gone, and then again and again: what an engine
    /// made after it was given up on is found by nothing else.
    func keepCollecting() async {
        await current?.adopter.waitUntilSettled()
        // An engine that is away now may have the most to tell.
        while !Task.isCancelled, !handOff.isDecided {
            if let current, (try? await collectGarbage(current, isRehearsal: false)) != nil { break }
            try? await Task.sleep(for: min(.seconds(5), settings.workers.gcInterval))
        }
        for await _ in Beats(every: settings.workers.gcInterval) {
            guard let running = current, running.adopter.isSettled, !handOff.isDecided else { continue }
            _ = try? await collectGarbage(running, isRehearsal: false)
        }
    }

    private func collectGarbage(_ running: Running, isRehearsal: Bool) async throws(SupervisorError) -> [GarbageReport]
    {
        let context = workerContext(installation: installationID)
        let collector = GarbageCollector(
            store: store, context: context, predecessors: predecessors(context), layout: layout, engine: running.engine,
            owners: {
                GarbageVerdict.Owners(
                    living: Set(running.pools.flatMap(\.workers).map(\.id.rawValue)), supervisor: self.id.rawValue)
            })
        let reports: [GarbageReport]
        do {
            reports = try await collector.run(isRehearsal: isRehearsal)
        } catch {
            throw SupervisorError(.garbageUnknown, "what is there can't be listed: \(error)")
        }
        metrics.garbage(reports)
        for report in reports where report.action == .removed || report.action == .failed {
            logger.log(
                level: report.action == .failed ? .warning : .info,
                report.action == .failed ? "could not remove what is nobody's" : "removed what was nobody's",
                metadata: [
                    "object.kind": "\(report.object.kind.rawValue)", "object.name": "\(report.object.name)",
                    "worker.id": "\(report.object.worker ?? "")", "reason": "\(report.reason)",
                ])
        }
        return reports
    }
}
