internal import Foundation
internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func accept(_ specs: [TaskSpec]) async throws(StoreError) -> [Submission] {
        guard !specs.isEmpty else { return [] }
        var drafts: [PostgresDraft] = []
        drafts.reserveCapacity(specs.count)
        for spec in specs { drafts.append(try PostgresDraft(spec)) }
        do throws(StoreError) {
            return try await store(drafts)
        } catch {
            guard error.code == .unavailable else { throw error }
            return try await storeAgain(drafts, after: error)
        }
    }

    /// The answer was lost. Ids are random: when one of ours is there, all that were made are, and the others have their
    /// unique keys; when none is, the same may be tried again. What was under way still when it was looked for is there when
    /// the other try has failed for it.
    private func storeAgain(_ drafts: [PostgresDraft], after loss: StoreError) async throws(StoreError) -> [Submission]
    {
        var failure = loss
        for _ in 1...2 {
            guard let kept = await kept(drafts) else { break }
            let missing = drafts.filter { kept[$0.key] == nil }
            do throws(StoreError) {
                var others = (missing.isEmpty ? [] : try await store(missing)).makeIterator()
                return drafts.compactMap { draft in
                    kept[draft.key].map { Submission(task: draft.task(at: $0), isNew: true) } ?? others.next()
                }
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// When those of the drafts that are there were stored; `nil` when that can't be told.
    private func kept(_ drafts: [PostgresDraft]) async -> [UUIDBytes: Int64]? {
        let look = PostgresQuery(PostgresSubmitSQL.kept, [.uuids(drafts.map(\.key))])
        let found = try? await read(look, "submit") { row throws(PostgresError) in
            (key: try row.uuid(0), createdAt: try row.int(1))
        }
        return found.map { Dictionary($0.map { ($0.key, $0.createdAt) }, uniquingKeysWith: { first, _ in first }) }
    }

    private func store(_ drafts: [PostgresDraft]) async throws(StoreError) -> [Submission] {
        let columns = PostgresDraftColumns(drafts)
        if let keys = columns.keysOfQueues { try await endOverdueHolders(of: keys) }
        // Only a statement that begins after the locks are had sees who has the keys.
        let hold = columns.keysOfQueues.map { [PostgresQuery(PostgresSubmitSQL.holdKeys, $0)] } ?? []
        let accept = columns.accept(clock: clock, me: me)
        let plan = planAnnouncement(of: columns.grown)
        // Also when nobody knows whether they are there.
        defer { announceLater(plan.later) }
        let answers = try await run(
            hold + announcement(of: plan.now) + [accept], "submit")
        let submissions: [Submission?]
        do throws(PostgresError) {
            if columns.keysOfQueues == nil, let now = try answers.last?.first?.int(0) {
                await foldSometimes()
                return drafts.map { Submission(task: $0.task(at: now), isNew: true) }
            }
            submissions = try zip(drafts, answers.last?.map(PostgresFate.init) ?? []).map { draft, fate in
                switch fate {
                case .new(let now): Submission(task: draft.task(at: now), isNew: true)
                case .sameAs(let place, let now): Submission(task: drafts[place].task(at: now), isNew: false)
                // Its own when an earlier try stored it, whose answer was lost.
                case .held(let task): task.map { Submission(task: $0, isNew: $0.id == draft.id) }
                }
            }
        } catch {
            throw StoreError(error)
        }
        await foldSometimes()
        let whole = submissions.compactMap { $0 }
        guard whole.count == drafts.count else {
            throw StoreError(.corrupt, "a task with a unique key can't be read", operation: "submit")
        }
        return whole
    }

    /// Ends the tasks that have the keys but were not begun in time, if no supervisor was there to do so. Who has one in hand
    /// just now is waited for: a task that is being claimed keeps its key, and one that is being ended keeps nobody out.
    private func endOverdueHolders(of keys: [PostgresValue]) async throws(StoreError) {
        let find = PostgresQuery(PostgresExpireSQL.overdueHolders, keys + [clock])
        // One that was waited for may have come into its queue meanwhile, too late to begin there, too.
        for _ in 1...3 {
            let page = try await endOverdue(find, "submit", by: PostgresExpireSQL.endAfterOthers)
            if page.ended.count == page.found { return }
        }
    }
}

/// What came of a draft.
private enum PostgresFate {
    /// It was stored at this time.
    case new(Int64)
    /// The draft at this place was stored, which has the same unique key.
    case sameAs(Int, Int64)
    /// A task has its key already; `nil` if that can't be read.
    case held(QueuedTask?)

    init(_ row: PostgresRow) throws(PostgresError) {
        let now = try row.int(PostgresTaskRow.count)
        let place = try row.int(PostgresTaskRow.count + 1)
        switch try row.optionalInt(PostgresTaskRow.count + 2) {
        case place: self = .new(now)
        case let first? where first < place: self = .sameAs(Int(first) - 1, now)
        default: self = .held(try PostgresTaskRow.read(row).task)
        }
    }
}
