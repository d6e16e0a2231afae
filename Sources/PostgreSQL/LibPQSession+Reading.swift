internal import CLibPQ
internal import Glibc

/// What is being read, for whom and until when.
struct ResultReader {
    let operation: String
    var deadline: ContinuousClock.Instant
    let ticket: CancelTicket
    var cancelRequests: [CancelRequest] = []
    /// Times the server was given to end the statement.
    var graces = 0

    /// What a failure means when it was us who asked the server to end the statement.
    func asked(_ failure: PostgresError) -> PostgresError {
        guard graces > 0, failure.sqlState == "57014" else { return failure }
        return ticket.wasCancelled
            ? PostgresError(.cancelled, "cancelled", operation: operation)
            : PostgresError(.timedOut, "not done in time", operation: operation)
    }
}

extension LibPQSession {
    /// The next result, which must be there.
    func result(_ reader: inout ResultReader) throws(PostgresError) -> LibPQResult {
        guard let result = try next(&reader) else { throw lost(reader.operation) }
        return result
    }

    /// The mark after the results of one statement.
    func end(_ reader: inout ResultReader) throws(PostgresError) {
        guard try next(&reader) == nil else { throw lost(reader.operation) }
    }

    /// The next result, if there is one. Blocks until the reader's deadline, and as long again as the server is given to end
    /// what it does then.
    func next(_ reader: inout ResultReader) throws(PostgresError) -> LibPQResult? {
        while true {
            let unsent = PQflush(raw)
            guard unsent >= 0 else { throw lost(reader.operation) }
            guard PQisBusy(raw) == 1 else { break }
            try waitForMore(&reader, alsoWriting: unsent == 1)
            guard PQconsumeInput(raw) == 1 else { throw lost(reader.operation) }
        }
        return PQgetResult(raw).map(LibPQResult.init)
    }

    /// After the last result: remembers whether the session is of use, and throws the failure there was.
    func conclude(_ reader: inout ResultReader, _ failure: PostgresError?) throws(PostgresError) {
        if reader.graces > 0 {
            // One that is still under way would end the next statement; most are through in a moment.
            let requests = reader.cancelRequests
            reader.ticket.settle(for: .milliseconds(100)) { requests.allSatisfy(\.isDone) }
            isDoubtful = failure?.sqlState != "57014" || requests.count > 1 || !requests.allSatisfy(\.isDone)
        }
        if let failure { throw reader.asked(failure) }
    }

    private func waitForMore(_ reader: inout ResultReader, alsoWriting: Bool) throws(PostgresError) {
        let events = Int16(alsoWriting ? POLLIN | POLLOUT : POLLIN)
        let (ticket, isFirst) = (reader.ticket, reader.graces == 0)
        let isOver = !wait(for: events, until: reader.deadline, or: { isFirst && ticket.wasCancelled })
        guard isOver || (isFirst && ticket.wasCancelled) else { return }
        guard reader.graces < 10 else {
            throw PostgresError(.timedOut, "\(target) did not answer in time", operation: reader.operation)
        }
        askToCancel(&reader)
    }

    /// The server then ends the statement with an error like any other. It is asked again after a while, because a request
    /// that comes before the statement does nothing.
    private func askToCancel(_ reader: inout ResultReader) {
        reader.graces += 1
        reader.deadline = .now + .milliseconds(200)
        guard reader.cancelRequests.allSatisfy(\.isDone) else { return }
        if let request = CancelRequest.send(to: raw, wakeup: wakeup) { reader.cancelRequests.append(request) }
    }
}

extension LibPQResult {
    /// The result itself, or what the server says is wrong.
    func checked(_ operation: String) -> Result<LibPQResult, PostgresError> {
        switch PQresultStatus(raw) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_PIPELINE_SYNC: .success(self)
        case PGRES_PIPELINE_ABORTED: .failure(PostgresError(.refused, "left out", operation: operation))
        default:
            .failure(
                PostgresError(
                    .refused, field("M") ?? "the server refused", operation: operation, sqlState: field("C")))
        }
    }

    private func field(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(raw, Int32(letter.value)).map { String(cString: $0) }
    }
}
