internal import PostgreSQL
internal import TaskModel

/// The statement that lists tasks, newest first. Each wanted state is looked up where its tasks are, so that the few dead
/// letters among a million finished tasks are found at once.
struct PostgresListQuery {
    let query: PostgresQuery

    init(_ filter: TaskFilter) {
        let limit = QueryLimit.clamp(filter.limit)
        let states = TaskState.allCases.filter { filter.states.contains($0) }
        let parts = (states.isEmpty ? [nil] : states.map { $0 as TaskState? }).map { Self.part($0, filter, limit) }
        query = PostgresQuery(
            """
            SELECT \(PostgresTaskRow.columns) FROM (\(parts.joined(separator: " UNION ALL "))) AS p
            JOIN acode.task_now s ON \(PostgresSQL.same("s.id", "p.id")) JOIN acode.task t ON \(PostgresSQL.same("t.id", "p.id")) ORDER BY p.id DESC LIMIT \(limit)
            """, [filter.queue, filter.type].compactMap { $0.map { .clean($0) } })
    }

    private static func part(_ state: TaskState?, _ filter: TaskFilter, _ limit: Int) -> String {
        if state == .enqueued, filter.type == nil {
            return "(\(newestReady(in: filter.queue == nil ? nil : "$1", limit)))"
        }
        let queue = filter.queue == nil ? "" : " AND \(isInQueue(state, filter))"
        return "(SELECT x.id FROM \(place(of: state, filter))\(queue) ORDER BY x.id DESC LIMIT \(limit))"
    }

    private static func place(of state: TaskState?, _ filter: TaskFilter) -> String {
        guard filter.type != nil else { return place(of: state) }
        let type = filter.queue == nil ? "$1" : "$2"
        // The newest of one type are next to each other in their index; there may be few of them among many.
        guard let state else { return "acode.task x WHERE x.type = \(type)" }
        return place(of: state) + " AND (SELECT t.type FROM acode.task t WHERE t.id = x.id) = \(type)"
    }

    private static func place(of state: TaskState?) -> String {
        switch state {
        case nil: "acode.task_state x WHERE true"
        case .pending: "acode.scheduled x WHERE true"
        case .enqueued: "acode.ready x WHERE true"
        case .inProgress: "acode.lease x WHERE true"
        case .error?, .cancelled?: "acode.parked x WHERE x.state = '\(state?.rawValue ?? "")'"
        case .complete?, .enqueuedForOrchestration?, .resolvedManually?:
            "acode.task_state x WHERE x.state = '\(state?.rawValue ?? "")'"
        }
    }

    /// Whether `x` is of the queue `$1`: where it is found it may say so itself.
    private static func isInQueue(_ state: TaskState?, _ filter: TaskFilter) -> String {
        let elsewhere = "EXISTS (SELECT FROM acode.task_state q WHERE q.id = x.id AND q.queue = $1)"
        return switch state {
        case nil: filter.type == nil ? "x.queue = $1" : elsewhere
        case .inProgress?, .error?, .cancelled?: elsewhere
        case .pending?, .enqueued?, .complete?, .enqueuedForOrchestration?, .resolvedManually?: "x.queue = $1"
        }
    }

    /// Heaps of tasks, of one rank in one lane each, whose ends are looked at. With more, all that waits is read.
    static let heaps = 256

    /// The newest of those that wait. No index has them by their ids, because every task would pay for it. In each heap they
    /// are in the order in which they were submitted, and the newest of all are among the last of each, as far as the clocks of
    /// those who submit agree.
    private static func newestReady(in queue: String?, _ limit: Int) -> String {
        let key = "r.queue, r.container, r.lane, r.rank"
        // Of one queue, what comes after it in the key is compared, because with an equality for its first column the index
        // would be read from the beginning of the queue.
        let next =
            queue == nil
            ? "(\(key)) > (h.queue, h.container, h.lane, h.rank)"
            : "(r.container, r.lane, r.rank) > (h.container, h.lane, h.rank)"
        let ofQueue = queue.map { "r.queue = \($0)" } ?? "true"
        return """
            WITH RECURSIVE heap AS (
                (SELECT \(key) FROM acode.ready r WHERE \(ofQueue) ORDER BY \(key) LIMIT 1)
                UNION ALL
                SELECT n.* FROM heap h CROSS JOIN LATERAL (
                    SELECT \(key) FROM acode.ready r
                    WHERE \(ofQueue) AND \(next) ORDER BY \(key) LIMIT 1) AS n),
            heaps AS MATERIALIZED (SELECT * FROM heap LIMIT \(heaps + 1))
            SELECT last.id FROM heaps h CROSS JOIN LATERAL (
                SELECT r.id FROM acode.ready r
                WHERE r.queue = h.queue AND r.container = h.container AND r.lane = h.lane AND r.rank = h.rank
                ORDER BY r.seq DESC LIMIT \(limit)) AS last
            WHERE (SELECT count(*) FROM heaps) <= \(heaps)
            UNION ALL
            SELECT r.id FROM acode.ready r WHERE \(ofQueue) AND (SELECT count(*) FROM heaps) > \(heaps)
            ORDER BY id DESC LIMIT \(limit)
            """
    }
}
