internal import PostgreSQL
internal import Synchronization
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
        var shape = PostgresClaimSQL.Shape(
            queues: queues.isEmpty ? .all : .named, images: .init(request.images),
            hasTurns: request.turns != nil, byAge: request.byAge)
        let most: [PostgresValue] = [
            .texts(queues), .bools(request.offersContainers ? [false, true] : [false]), .int(Int64(limit)),
            .ints((0..<limit).map { _ in .random(in: .min ... .max) }),
        ]
        let rest: [PostgresValue] =
            [
                .int(StoredTime.milliseconds(request.leaseDuration)), clock, me,
                .int(StoredTime.latestMilliseconds), .texts(PostgresLane.named(by: request.images)),
            ] + Self.limits(request)
        // One transaction of several statements, because only a statement that begins after the locks are had sees what
        // those who had them before have done. Not repeatable, or a claim whose answer was lost would lease more: what it
        // leased is given back when its supervisor looks for leases that it doesn't know, or runs out.
        let begin = [PostgresQuery(PostgresClaimSQL.begin)]
        let hold = [PostgresQuery(PostgresQueueSQL.holdLimited, [.texts(queues)])]
        let claimant = PostgresClaimant(supervisor: request.supervisor, host: request.host)
        let mayBePlain = shape.mayBePlain && queues.count < 2
        let claimed = try await take(as: claimant, mayBePlain: mayBePlain) { number, isPromoted, look in
            let names: [PostgresValue] = [
                .bool(isPromoted), .clean(claimant.supervisor.rawValue), .clean(claimant.host),
            ]
            shape.isLookingFurther = look == .further
            let sql = look == .plain ? PostgresPlainSQL.claim(shape) : PostgresClaimSQL.claim(shape)
            return begin + (look == .plain ? [] : hold) + (isPromoted ? [promote] : [])
                + [PostgresQuery(sql, most + [.int(number)] + rest + names)]
        }
        guard let claimed else { return [] }
        let rows: [(id: TaskID, task: QueuedTask?, lease: Lease, renewable: Duration?)]
        do throws(PostgresError) {
            rows = try claimed.map { row throws(PostgresError) in
                let (id, task) = try PostgresTaskRow.read(row)
                let token = try row.int(PostgresTaskRow.count)
                let renewable = try row.optionalInt(PostgresTaskRow.count + 1).map { Duration.milliseconds($0) }
                return (id, task, Lease(taskID: id, attempt: Int(try row.int(5)), token: token), renewable)
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
        return rows.compactMap { row in
            row.task.map { ClaimedTask(task: $0, lease: row.lease, renewable: row.renewable) }
        }
    }

    /// Where a claim looks.
    private enum Look {
        /// Where all that waits is in one lane, and only there.
        case plain
        /// For the best of all lanes.
        case best
        /// At each lane for some, because others are just taking the best of all.
        case further
    }

    /// Claims, again when tasks are due that were not in their queues yet, when the claimant has another number than it
    /// believes, when the first look is not for what waits, and when all that it would have taken was just being taken by
    /// others, who may leave it: then it looks further, because a supervisor that heard of a task and goes away empty isn't
    /// told again. `steps` are the statements, with or without the one that moves what is due.
    private func take(
        as claimant: PostgresClaimant, mayBePlain: Bool,
        _ steps: (_ number: Int64, _ isPromoted: Bool, _ look: Look) -> [PostgresQuery]
    ) async throws(StoreError) -> PostgresRows? {
        var isPromoted = false
        var look = mayBePlain && plainClaims.withLock { $0.isNextWorthIt() } ? Look.plain : .best
        var tries = 0
        // The next look of a supervisor, or of the one who left it, finds what is left after so many.
        while tries < 5 {
            let number = try await self.number(of: claimant)
            let answer = try await run(steps(number, isPromoted, look), "claim").last
            guard let row = answer?.first, row.optionalText(0) == nil else { return answer }
            do throws(PostgresError) {
                switch try row.optionalInt(PostgresTaskRow.count + 1) {
                case 1 where !isPromoted: isPromoted = true
                case 2:
                    forget(claimant)
                    tries += 1
                case 3 where look == .plain:
                    plainClaims.withLock { $0.failed() }
                    look = .best
                default:
                    claimConflicts.add(1, ordering: .relaxed)
                    tries += 1
                    if look != .further {
                        look = .further
                        continue
                    }
                    guard (try? await Task.sleep(for: .milliseconds(Int.random(in: 5...20)))) != nil else { return nil }
                }
            } catch {
                throw StoreError(error)
            }
        }
        return nil
    }

    /// For how long leases can be renewed, and the turns of queues, `$11` to `$18`.
    private static func limits(_ request: ClaimRequest) -> [PostgresValue] {
        let turns = (request.turns?.named ?? [:]).sorted { $0.key < $1.key }
        return [
            .int(request.longest.map { StoredTime.milliseconds($0.duration) }),
            .int(StoredTime.milliseconds(request.longest?.grace ?? .zero)),
            .texts(turns.map { StoredText.clean($0.key) }), .doubles(turns.map(\.value.start)),
            .doubles(turns.map(\.value.step)), .double(request.turns?.others.start),
            .double(request.turns?.others.step), .ints(turns.map { $0.value.most.map(Int64.init) }),
        ]
    }
}

/// Whether claims try the statement first that is for what waits in one lane. Where that failed it would fail again for a while,
/// and would have cost each claim another look.
struct PostgresPlainClaims {
    private var spared = 0

    /// Asked once for each claim that may try it.
    mutating func isNextWorthIt() -> Bool {
        guard spared > 0 else { return true }
        spared -= 1
        return false
    }

    /// Takes note that it was not for what waited.
    mutating func failed() { spared = 63 }
}
