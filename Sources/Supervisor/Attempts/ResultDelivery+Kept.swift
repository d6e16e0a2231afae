internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

extension ResultDelivery {
    /// How long an end is kept whose task the store does not know: it may be that of another store.
    private static let unknownKeptFor = Duration.seconds(7 * 86_400)

    /// Writes what an earlier supervisor of the pool could not, or this one until its end. To be called before the leases are
    /// given back.
    ///
    /// - Throws: `store_unavailable` while the store does not take them, since what was done would be done again;
    ///   `state_unusable` when nobody can say whether there are any.
    func deliverKept() async throws(SupervisorError) {
        let found: ResultSpool.Contents
        do throws(WorkerError) {
            found = try await spool.contents()
        } catch {
            throw SupervisorError(.stateUnusable, error.message, hint: "make it readable")
        }
        for path in found.unreadable {
            logger.error(
                "what was kept of an attempt's end can't be read; the task may run again", metadata: ["file": "\(path)"]
            )
        }
        for entry in found.entries { try await deliver(kept: entry) }
    }

    private func deliver(kept entry: ResultSpool.Entry) async throws(SupervisorError) {
        let (lease, result) = (entry.lease, entry.result)
        do throws(StoreError) {
            let isCurrent = try await store.finish([(lease: lease, result: result)]).contains(lease)
            switch isCurrent ? .recorded : try await store.discard([(lease: lease, result: result)])[lease] {
            case .recorded:
                metrics.resultDelivered()
                logger.info("recorded the end of an attempt that was kept on the disk", lease, result)
            case .stillHeld: throw .contradiction
            case .refused:
                metrics.resultDiscarded()
                logger.warning(
                    "an end that was kept on the disk came after its lease was lost, and counts for nothing",
                    lease, result)
            case .unknown, nil:
                logger.warning("the store does not know the task of an end that was kept", lease, result)
                if let age = spool.age(of: lease), age < Self.unknownKeptFor { return }
            }
            await spool.remove(lease)
        } catch {
            guard !error.isAbsence else {
                throw SupervisorError(
                    .storeUnavailable, "the ends of earlier attempts can't be recorded: \(error)",
                    hint: "start again when the store works; until then their tasks are safe in \(spool.directory)")
            }
            logger.error(
                "the end of an attempt that was kept on the disk can't be recorded",
                metadata: ["task.id": "\(lease.taskID)", "error.message": "\(error)"])
        }
    }
}
