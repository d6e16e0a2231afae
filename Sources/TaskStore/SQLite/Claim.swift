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
    static let isDue = """
        SELECT 1 FROM task_state INDEXED BY task_scheduled WHERE state = 'pending' AND run_at <= ? LIMIT 1
        """
    static let promote = """
        UPDATE task_state SET state = 'enqueued' WHERE seq IN (
            SELECT seq FROM task_state INDEXED BY task_scheduled
            WHERE state = 'pending' AND run_at <= ? ORDER BY run_at LIMIT \(promotedAtOnce)
        ) RETURNING queue, seq
        """
    /// Those that name no image, or those that name one, or this one; of any priority, or of this one.
    static func ready(ofImage: Bool, ofPriority: Bool) -> String {
        switch (ofImage, ofPriority) {
        case (false, false): ready
        case (false, true): readyOfPriority
        case (true, false): readyOfImage
        case (true, true): readyOfImageAndPriority
        }
    }

    static let ready = """
        SELECT seq, priority FROM ready
        WHERE queue = ? AND container = ? AND unnamed = ? AND (expire_at IS NULL OR expire_at > ?)
        ORDER BY priority DESC, seq LIMIT ?
        """
    static let nextImage = """
        SELECT image FROM ready INDEXED BY ready_image
        WHERE queue = ? AND container = ? AND image > ? ORDER BY image LIMIT 1
        """
    static let readyOfImage = """
        SELECT seq, priority FROM ready INDEXED BY ready_image
        WHERE queue = ? AND container = ? AND image = ? AND (expire_at IS NULL OR expire_at > ?)
        ORDER BY priority DESC, seq LIMIT ?
        """
    static let readyOfPriority = """
        SELECT seq, priority FROM ready
        WHERE queue = ? AND container = ? AND unnamed = ? AND priority = ? AND (expire_at IS NULL OR expire_at > ?)
        ORDER BY seq LIMIT ?
        """
    static let readyOfImageAndPriority = """
        SELECT seq, priority FROM ready INDEXED BY ready_image
        WHERE queue = ? AND container = ? AND image = ? AND priority = ? AND (expire_at IS NULL OR expire_at > ?)
        ORDER BY seq LIMIT ?
        """
    static let nextPriority = """
        SELECT priority FROM ready WHERE queue = ? AND container = ? AND unnamed = ? AND priority <= ?
        ORDER BY priority DESC LIMIT 1
        """
    static let take =
        "DELETE FROM ready WHERE queue = ? AND container = ? AND unnamed = ? AND priority = ? AND seq = ?"
    /// Only what a task that waits can have.
    static let task = """
        SELECT t.id, t.spec, t.created_at, s.run_at, s.attempt, s.failures, s.interruptions, s.outcome, s.exit_code,
            s.reason, s.deliveries, s.checkpoint_phase, s.checkpoint_at, s.least_hold
        FROM task_state s CROSS JOIN task t ON t.seq = s.seq WHERE s.seq = ?
        """
    static let lease = """
        INSERT INTO lease (task_seq, token, attempt, supervisor, host, lease_until, hard_until, queue, deliveries,
            claimed_at, claimed_seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
        var lanes: [Lane] = []
        let candidates = try ready(request, limit: limit, &lanes)
        guard !candidates.isEmpty else { return [] }
        var taking = try Taking(self, request, lanes, count: candidates.count)
        return try candidates.map { try taking.take($0) }
    }

    private func promote() throws {
        // Mostly nothing is due, and what returns the rows that it changes makes tables for them first.
        var look = try raw(ClaimSQL.isDue)
        look.bind(now)
        let isDue = try look.step()
        look.reset()
        guard isDue else { return }
        var promote = try raw(ClaimSQL.promote)
        promote.bind(now)
        var promoted: [(queue: String, seq: Int64)] = []
        while try promote.step() { promoted.append((promote.text(0), promote.int(1))) }
        promote.reset()
        for (queue, seq) in promoted {
            try ready(seq)
            counts.move(queue: queue, from: .pending, to: .enqueued)
        }
    }

    /// The best ready tasks over all lanes, and of each image where the request is particular about images. The index has the
    /// tasks of a lane in order, so that the work doesn't grow with the backlog, but for those that have expired since
    /// `expire` was called last.
    private func ready(_ request: ClaimRequest, limit: Int, _ lanes: inout [Lane]) throws -> [Candidate] {
        let room = try queueRoom()
        var best: [Candidate] = []
        for queue in try lanesOfQueues(request) {
            guard let name = queue.first?.queue else { continue }
            let turn = request.turns?[name]
            let most = min(limit, room[name] ?? limit, turn?.most ?? limit)
            guard most > 0 else { continue }
            var own: [Candidate] = []
            for lane in queue {
                lanes.append(lane)
                own += try candidates(request, lane, number: lanes.count - 1, limit: most)
            }
            for (index, candidate) in own.sorted().prefix(most).enumerated() {
                best.append(turn.map { candidate.standing(at: $0.place(index + 1)) } ?? candidate)
            }
        }
        return Array(best.sorted().prefix(limit))
    }

    /// The best of one lane, in no order.
    private func candidates(
        _ request: ClaimRequest, _ lane: Lane, number: Int, limit: Int
    ) throws -> [Candidate] {
        var found: [Candidate] = []
        func look(image: String?, priority: Int64? = nil) throws {
            var select = try raw(ClaimSQL.ready(ofImage: image != nil, ofPriority: priority != nil))
            defer { select.reset() }
            select.bind(lane.queue)
            select.bind(lane.container)
            if let image { select.bind(image) } else { select.bind(lane.unnamed) }
            if let priority { select.bind(priority) }
            select.bind(now)
            select.bind(limit)
            while try select.step() {
                found.append(
                    Candidate(seq: select.int(0), priority: select.int(1), byAge: request.byAge, lane: number))
            }
        }
        func lookAtAll(image: String? = nil) throws {
            guard request.byAge else { return try look(image: image) }
            // The oldest are among the first of each priority.
            for priority in try priorities(lane) { try look(image: image, priority: priority) }
        }
        if !lane.unnamed, let named = try images(request.images, lane) {
            for image in named { try lookAtAll(image: image) }
        } else {
            try lookAtAll()
        }
        return found
    }

    /// The priorities of tasks that wait there. One step for each.
    private func priorities(_ lane: Lane) throws -> [Int64] {
        var found: [Int64] = []
        while found.last != .min,
            let row = try first(
                ClaimSQL.nextPriority,
                [lane.queue, lane.container, lane.unnamed, found.last.map { $0 - 1 } ?? .max])
        {
            found.append(row[0])
        }
        return found
    }

    /// The images of which tasks are to be taken where they wait; `nil` means all. One step for each that is named there.
    private func images(_ choice: ImageChoice, _ lane: Lane) throws -> [String]? {
        switch choice {
        case .any: return nil
        case .only(let images): return Set(images.compactMap { StoredText.clean($0) }).sorted()
        case .allBut(let images):
            let passedOver = Set(images.compactMap { StoredText.clean($0) })
            var found: [String] = []
            // No image sorts before the empty text, and one with an empty name is not to be had.
            var last = ""
            while let row = try first(ClaimSQL.nextImage, [lane.queue, lane.container, last]) {
                last = row[0]
                if !passedOver.contains(last) { found.append(last) }
            }
            return found
        }
    }
}

extension LongestLease {
    /// For how long the lease of a task can be renewed whose own time limit is `leastHold`. All in milliseconds.
    func milliseconds(leastHold: Int64?) -> Int64 {
        max(StoredTime.milliseconds(duration), leastHold.map { $0 + StoredTime.milliseconds(grace) } ?? 0)
    }
}
