internal import CLibPQ
internal import Glibc

extension LibPQSession {
    /// Listens to channels. Refuses a server that isn't at the other end of this connection, because a pooler takes the
    /// order and never passes a notification on.
    func listen(
        to channels: [String], until deadline: ContinuousClock.Instant, ticket: CancelTicket
    ) throws(PostgresError) {
        guard try !isPooled(until: deadline, ticket: ticket) else {
            throw PostgresError(
                .unreachable, "a pooler stands before \(target) and passes no notifications on", operation: "listen")
        }
        let orders = channels.map {
            "LISTEN \"\($0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
        }
        try runScript(orders.joined(separator: ";"), operation: "listen", until: deadline, ticket: ticket)
    }

    /// Asks for a sign of life and gives the connection up when none comes.
    func ping(until deadline: ContinuousClock.Instant, ticket: CancelTicket) throws(PostgresError) {
        // Nothing to do but to answer; the words are for people who look at the server's sessions.
        guard PQsendQuery(raw, "/* sign of life */") == 1 else { throw lost("listen") }
        while true {
            let unsent = PQflush(raw)
            guard unsent >= 0 else { throw lost("listen") }
            guard PQisBusy(raw) == 1 else {
                guard let answer = PQgetResult(raw).map(LibPQResult.init) else { return }
                if case .failure(let error) = answer.checked("listen") { throw error }
                continue
            }
            let events = Int16(unsent == 1 ? POLLIN | POLLOUT : POLLIN)
            let isReady = wait(for: events, until: deadline, or: { ticket.wasCancelled })
            if ticket.wasCancelled { throw PostgresError(.closed, "closed", operation: "listen") }
            guard isReady else {
                throw PostgresError(.timedOut, "\(target) gave no sign of life", operation: "listen")
            }
            guard PQconsumeInput(raw) == 1 else { throw lost("listen") }
        }
    }

    /// Blocks until something comes; returns false when nothing did in time. Throws when the connection broke, or `closed` when
    /// the ticket was used.
    func waitForNotices(until deadline: ContinuousClock.Instant, ticket: CancelTicket) throws(PostgresError) -> Bool {
        let hasInput = wait(for: Int16(POLLIN), until: deadline, or: { ticket.wasCancelled })
        if ticket.wasCancelled { throw PostgresError(.closed, "closed", operation: "listen") }
        guard hasInput else { return false }
        guard PQconsumeInput(raw) == 1 else { throw lost("listen") }
        return true
    }

    /// What has come so far.
    func takeNotices() -> [PostgresNotice] {
        var notices: [PostgresNotice] = []
        while let notice = PQnotifies(raw) {
            notices.append(
                PostgresNotice(
                    channel: String(cString: notice.pointee.relname), payload: String(cString: notice.pointee.extra)))
            PQfreemem(notice)
        }
        return notices
    }
}
