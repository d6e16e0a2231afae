internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedTask] {
        let limit = min(request.limit, PostgresClaimSQL.claimedAtOnce)
        let promote = PostgresQuery(PostgresClaimSQL.promote, [clock, me])
        guard limit > 0 else {
            _ = try await run(promote, "claim")
            return []
        }
        let queues = Set(request.queues.map { StoredText.clean($0) }).sorted()
        let shape = PostgresClaimSQL.Shape(queues: queues.isEmpty ? .all : .named, images: .init(request.images))
        let claim = PostgresQuery(
            PostgresClaimSQL.claim(shape),
            [
                .texts(queues), .bools(request.offersContainers ? [false, true] : [false]), .int(Int64(limit)),
                .ints((0..<limit).map { _ in .random(in: .min ... .max) }), .text(request.supervisor.rawValue),
                .clean(request.host), .int(StoredTime.milliseconds(request.leaseDuration)), clock, me,
                .int(StoredTime.latestMilliseconds), .texts(PostgresLane.named(by: request.images)),
            ])
        // One transaction of several statements, because only a statement that begins after the locks are had sees what
        // those who had them before have done. Not repeatable: what a lost answer leased runs out by itself.
        let steps = [
            PostgresQuery(PostgresClaimSQL.begin), PostgresQuery(PostgresQueueSQL.holdLimited, [.texts(queues)]),
            promote, claim,
        ]
        guard let claimed = try await run(steps, "claim").last else { return [] }
        let rows: [(id: TaskID, task: QueuedTask?, lease: Lease)]
        do throws(PostgresError) {
            rows = try claimed.map { row throws(PostgresError) in
                let (id, task) = try PostgresTaskRow.read(row)
                let token = try row.int(PostgresTaskRow.count)
                return (id, task, Lease(taskID: id, attempt: Int(try row.int(5)), token: token))
            }
        } catch {
            throw StoreError(error)
        }
        if !rows.isEmpty { await foldSometimes() }
        // One that can't be read must not hold up the others, nor be claimed again and again.
        let broken = rows.filter { $0.task == nil }.map { row in
            (
                lease: row.lease,
                result: AttemptResult(
                    outcome: .startFailed, reason: "task \(row.id) can't be read",
                    disposition: .deadLetter(countsAsFailure: false))
            )
        }
        // Nor may a store that can't write now: then their leases run out by themselves.
        if !broken.isEmpty { _ = try? await finish(broken) }
        return rows.compactMap { row in row.task.map { ClaimedTask(task: $0, lease: row.lease) } }
    }
}
