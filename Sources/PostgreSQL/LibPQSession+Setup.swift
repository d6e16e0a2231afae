internal import CLibPQ

extension LibPQSession {
    /// Makes the session ready for use as wanted. A pooler that hands sessions out by the transaction is noticed: what is set
    /// for a session would then be somebody else's, and what is prepared would not be found again.
    func setUp(
        _ options: SessionOptions, until deadline: ContinuousClock.Instant, ticket: CancelTicket
    ) throws(PostgresError) {
        let isPooled = try isPooled(until: deadline, ticket: ticket)
        preparesStatements = options.prepares == .always || (options.prepares == .whenDirect && !isPooled)
        guard !options.settings.isEmpty else { return }
        let settings = options.settings.sorted { $0.key < $1.key }
        let calls = settings.indices.map { "set_config($\(2 * $0 + 1), $\(2 * $0 + 2), \(isPooled))" }
        let query = PostgresQuery(
            "SELECT " + calls.joined(separator: ", "), settings.flatMap { [.text($0.key), .text($0.value)] })
        if isPooled {
            localSettings = query
        } else {
            _ = try run([query], operation: "connect", until: deadline, ticket: ticket)
        }
    }

    /// Whether something stands between us and the server: the session there isn't the one that was named to us.
    func isPooled(until deadline: ContinuousClock.Instant, ticket: CancelTicket) throws(PostgresError) -> Bool {
        preparesStatements = false
        defer { preparesStatements = true }
        let rows = try run(
            [PostgresQuery("SELECT pg_backend_pid()")], operation: "connect", until: deadline, ticket: ticket)
        return try rows[0].first?.int(0) != Int64(PQbackendPID(raw))
    }
}
