internal import GRDB
internal import Synchronization
package import TaskModel

extension SQLiteTaskStore {
    package func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedTask] {
        let rows: [ClaimedRow]
        do throws(StoreError) {
            rows = try await writer.perform("claim", surviving: .processEnd) { scope in try scope.claim(request) }
        } catch {
            // Claims take turns; only one that has waited too long for its own has lost anything to others.
            if error.code == .busy { claimConflicts.add(1, ordering: .relaxed) }
            throw error
        }
        var claimed: [ClaimedTask] = []
        claimed.reserveCapacity(rows.count)
        for row in rows {
            do {
                claimed.append(try row.claimed("claim"))
            } catch {
                // One that can't be read must not hold up the others, nor be claimed again and again.
                let result = AttemptResult(
                    outcome: .startFailed, reason: error.message, disposition: .deadLetter(countsAsFailure: false))
                // Nor may a store that can't write now: then this lease runs out by itself.
                _ = try? await finish([(lease: row.lease, result: result)])
            }
        }
        return claimed
    }
}

extension SQLiteTaskStore {
    package func takeClaimConflicts() -> Int { claimConflicts.exchange(0, ordering: .relaxed) }
}

/// A claimed task, not yet decoded.
struct ClaimedRow: Sendable {
    let task: TaskRow
    let lease: Lease
    /// Milliseconds for which it can be renewed.
    let renewable: Int64?

    func claimed(_ operation: String) throws(StoreError) -> ClaimedTask {
        ClaimedTask(
            task: try task.task(operation), lease: lease, renewable: renewable.map { .milliseconds($0) })
    }
}

/// The statements of a claim that have to use their index however large or small the tables are; a test explains them.
enum ClaimSQL {
    static let promote = """
        UPDATE task_state SET state = 'enqueued' WHERE seq IN (
            SELECT seq FROM task_state INDEXED BY task_scheduled
            WHERE state = 'pending' AND run_at <= ? ORDER BY run_at LIMIT \(promotedAtOnce)
        ) RETURNING queue
        """
    static let nextQueue = """
        SELECT queue FROM task_state INDEXED BY task_ready
        WHERE state = 'enqueued' AND queue > ? ORDER BY queue LIMIT 1
        """
    /// Those that name no image, or those that name one.
    static let ready = """
        SELECT seq, priority FROM task_state INDEXED BY task_ready
        WHERE state = 'enqueued' AND queue = ? AND container = ? AND (image IS NULL) = ?
            AND (expire_at IS NULL OR expire_at > ?)
        ORDER BY priority DESC, seq LIMIT ?
        """
    static let nextImage = """
        SELECT image FROM task_state INDEXED BY task_image
        WHERE state = 'enqueued' AND queue = ? AND container = ? AND image > ? ORDER BY image LIMIT 1
        """
    static let readyOfImage = """
        SELECT seq, priority FROM task_state INDEXED BY task_image
        WHERE state = 'enqueued' AND queue = ? AND container = ? AND image = ?
            AND (expire_at IS NULL OR expire_at > ?)
        ORDER BY priority DESC, seq LIMIT ?
        """
    /// Bounds how long one claim can hold the write lock; the next claim goes on.
    static let promotedAtOnce = 5000
    /// Bounds what one claim can take.
    static let claimedAtOnce = 1000
}

extension WriteScope {
    /// Writes nothing when nothing is due, so that idle supervisors don't wake each other.
    fileprivate func claim(_ request: ClaimRequest) throws -> [ClaimedRow] {
        try promote()
        let limit = min(request.limit, ClaimSQL.claimedAtOnce)
        guard limit > 0 else { return [] }
        return try ready(request, limit: limit).map { seq in try lease(seq, to: request) }
    }

    private func promote() throws {
        for row in try all(ClaimSQL.promote, [now]) { counts.move(queue: row[0], from: .pending, to: .enqueued) }
    }

    /// The best ready tasks over all lanes: a lane is a queue, a kind of isolation and whether an image is named, or which
    /// one where the request is particular about images. The index has the tasks of a lane in order, so that the work
    /// doesn't grow with the backlog, but for those that have expired since `expire` was called last.
    private func ready(_ request: ClaimRequest, limit: Int) throws -> [Int64] {
        let room = try queueRoom()
        var best: [Candidate] = []
        for queue in try queues(request) {
            let turn = request.turns?[queue]
            let most = min(limit, room[queue] ?? limit, turn?.most ?? limit)
            guard most > 0 else { continue }
            var own: [Candidate] = []
            for container in request.offersContainers ? [false, true] : [false] {
                own += try candidates(request.images, queue, container, limit: most)
            }
            for (index, candidate) in own.sorted().prefix(most).enumerated() {
                best.append(turn.map { candidate.standing(at: $0.place(index + 1)) } ?? candidate)
            }
        }
        return best.sorted().prefix(limit).map(\.seq)
    }

    /// The best of one queue and one kind of isolation, in no order.
    private func candidates(
        _ choice: ImageChoice, _ queue: String, _ container: Bool, limit: Int
    ) throws -> [Candidate] {
        var found: [Candidate] = []
        func take(_ sql: String, _ lane: (any DatabaseValueConvertible)?) throws {
            found += try all(sql, [queue, container, lane, now, limit]).map { Candidate(seq: $0[0], priority: $0[1]) }
        }
        if choice.takesUnnamed { try take(ClaimSQL.ready, true) }
        if let named = try images(choice, queue, container) {
            for image in named { try take(ClaimSQL.readyOfImage, image) }
        } else {
            try take(ClaimSQL.ready, false)
        }
        return found
    }

    /// A task that may be claimed; the best sorts first.
    private struct Candidate: Comparable {
        let seq: Int64
        let priority: Int
        /// Where it stands in the turns of queues, if these count.
        var place = 0.0

        func standing(at place: Double) -> Candidate { Candidate(seq: seq, priority: priority, place: place) }

        static func < (lhs: Candidate, rhs: Candidate) -> Bool {
            if lhs.place != rhs.place { return lhs.place < rhs.place }
            return lhs.priority != rhs.priority ? lhs.priority > rhs.priority : lhs.seq < rhs.seq
        }
    }

    /// The images of which tasks are to be taken where they wait; `nil` means all. One step for each that is named there.
    private func images(_ choice: ImageChoice, _ queue: String, _ container: Bool) throws -> [String]? {
        switch choice {
        case .any: return nil
        case .only(let images): return Set(images.compactMap { StoredText.clean($0) }).sorted()
        case .allBut(let images):
            let passedOver = Set(images.compactMap { StoredText.clean($0) })
            var found: [String] = []
            // No image sorts before the empty text, and one with an empty name is not to be had.
            var last = ""
            while let row = try first(ClaimSQL.nextImage, [queue, container, last]) {
                last = row[0]
                if !passedOver.contains(last) { found.append(last) }
            }
            return found
        }
    }

    private func queues(_ request: ClaimRequest) throws -> [String] {
        guard request.queues.isEmpty else { return Set(request.queues.map { StoredText.clean($0) }).sorted() }
        var queues: [String] = []
        // No queue sorts before the empty text, and a queue with an empty name is not to be had.
        while let row = try first(ClaimSQL.nextQueue, [queues.last ?? ""]) { queues.append(row[0]) }
        return queues
    }

    private func lease(_ seq: Int64, to request: ClaimRequest) throws -> ClaimedRow {
        try run(
            """
            UPDATE task_state SET state = 'inProgress', attempt = attempt + 1, deliveries = deliveries + 1,
                progress = NULL, worker = NULL, started_at = NULL
            WHERE seq = ?
            """, [seq])
        guard
            let row = try first(
                "SELECT \(TaskRow.columns), s.queue, s.least_hold FROM task_state s JOIN task t ON t.seq = s.seq WHERE s.seq = ?",
                [seq])
        else { throw StoreError(.corrupt, "a task without its specification", operation: "claim") }
        let task = TaskRow(row)
        let attempt: Int = row["attempt"]
        let lease = Lease(
            taskID: TaskID(rawValue: task.id), attempt: attempt, token: .random(in: .min ... .max))
        let renewable = request.longest?.milliseconds(leastHold: row["least_hold"])
        let supervisor = request.supervisor.rawValue
        let host = StoredText.clean(request.host)
        try run(
            """
            INSERT INTO lease (task_seq, token, attempt, supervisor, host, lease_until, hard_until)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                seq, lease.token, attempt, supervisor, host,
                StoredTime.add(StoredTime.milliseconds(request.leaseDuration), to: now),
                renewable.map { StoredTime.add($0, to: now) },
            ])
        try run(
            "INSERT INTO attempt (task_seq, attempt, supervisor, host, claimed_at) VALUES (?, ?, ?, ?, ?)",
            [seq, attempt, supervisor, host, now])
        try note(.claimed, "attempt \(attempt) claimed by \(host)", task: seq, attempt: attempt)
        counts.move(queue: row["queue"], from: .enqueued, to: .inProgress)
        return ClaimedRow(task: task, lease: lease, renewable: renewable)
    }
}

extension LongestLease {
    /// For how long the lease of a task can be renewed whose own time limit is `leastHold`. All in milliseconds.
    func milliseconds(leastHold: Int64?) -> Int64 {
        max(StoredTime.milliseconds(duration), leastHold.map { $0 + StoredTime.milliseconds(grace) } ?? 0)
    }
}

extension ImageChoice {
    /// Whether tasks that name no image are among those taken.
    fileprivate var takesUnnamed: Bool {
        switch self {
        case .any: true
        case .allBut(let images): !images.contains(nil)
        case .only(let images): images.contains(nil)
        }
    }
}
