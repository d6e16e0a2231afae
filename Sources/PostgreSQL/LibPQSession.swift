internal import CLibPQ
internal import Glibc

/// One `PGconn`, used by one thread at a time. Every wait has a deadline. Once an error says that the session ended, it is
/// of no use any more.
final class LibPQSession {
    let raw: OpaquePointer
    private let wakeup: Wakeup
    let target: ConnectionTarget
    /// A statement as it is prepared: the same text may be wanted with parameters of other types.
    private struct Form: Hashable {
        let sql: String
        let types: [UInt32]
    }

    /// Names of the statements that were prepared.
    private var prepared: [Form: String] = [:]
    /// Names given so far, also to statements that could not be prepared.
    private var names = 0
    /// Whether a request to cancel was sent that ended nothing: it may still come to end the next statement.
    private(set) var isDoubtful = false

    /// Connects. Blocks until the time-out of the target. `ticket` ends that early, and its way to wake is this session's for
    /// all waits to come.
    init(_ target: ConnectionTarget, ticket: CancelTicket) throws(PostgresError) {
        self.target = target
        wakeup = ticket.wakeup
        let keys = target.parameters.map { strdup($0.key) }
        let values = target.parameters.map { strdup($0.value) }
        defer { for copy in keys + values { free(copy) } }
        let connection = (keys + [nil]).map { UnsafePointer($0) }.withUnsafeBufferPointer { keys in
            (values + [nil]).map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
                PQconnectStartParams(keys.baseAddress, values.baseAddress, 0)
            }
        }
        guard let connection else { throw PostgresError(.unreachable, "no memory", operation: "connect") }
        raw = connection
        // Else libpq would print the server's notices.
        PQsetNoticeProcessor(raw, { @Sendable _, _ in }, nil)
        try connect(until: .now + target.connectTimeout, ticket)
        PQsetnonblocking(raw, 1)
    }

    deinit { PQfinish(raw) }

    private func connect(until deadline: ContinuousClock.Instant, _ ticket: CancelTicket) throws(PostgresError) {
        guard PQstatus(raw) != CONNECTION_BAD else { throw unreachable() }
        var next = PGRES_POLLING_WRITING
        while true {
            switch next {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING, PGRES_POLLING_WRITING:
                let events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT
                let isReady = wait(for: Int16(events), until: deadline, or: { ticket.wasCancelled })
                if ticket.wasCancelled { throw PostgresError(.cancelled, "cancelled", operation: "connect") }
                guard isReady else {
                    throw PostgresError(.unreachable, "\(target) did not answer in time", operation: "connect")
                }
            default: throw unreachable()
            }
            next = PQconnectPoll(raw)
        }
    }

    private func unreachable() -> PostgresError {
        PostgresError(.unreachable, target.clean(String(cString: PQerrorMessage(raw))), operation: "connect")
    }

    /// Runs statements in one round trip and one transaction: all take effect, or none.
    func run(
        _ queries: [PostgresQuery], operation: String, until deadline: ContinuousClock.Instant, ticket: CancelTicket
    ) throws(PostgresError) -> [PostgresRows] {
        if ticket.wasCancelled { throw PostgresError(.cancelled, "cancelled", operation: operation) }
        guard PQenterPipelineMode(raw) == 1 else { throw lost(operation) }
        var expected: [Expected] = []
        for query in queries { try send(query, &expected, operation) }
        guard PQpipelineSync(raw) == 1 else { throw lost(operation) }
        var reader = ResultReader(operation: operation, deadline: deadline, ticket: ticket)
        var answers: [PostgresRows] = []
        var failure: PostgresError?
        for step in expected {
            switch try result(&reader).checked(operation) {
            case .success(let result):
                switch step {
                case .prepared(let form, let name): prepared[form] = name
                case .rows: answers.append(PostgresRows(result, operation: operation))
                }
            // What follows a failure is only said to have been left out.
            case .failure(let error): failure = failure ?? error
            }
            try end(&reader)
        }
        _ = try result(&reader)
        guard PQexitPipelineMode(raw) == 1 else { throw lost(operation) }
        isDoubtful = reader.askedToCancel && failure?.sqlState != "57014"
        if let failure { throw reader.asked(failure) }
        return answers
    }

    /// Runs a text of several statements, for what can't be prepared. One transaction, unless the text says otherwise.
    func runScript(
        _ sql: String, operation: String, until deadline: ContinuousClock.Instant, ticket: CancelTicket
    ) throws(PostgresError) {
        if ticket.wasCancelled { throw PostgresError(.cancelled, "cancelled", operation: operation) }
        guard PQsendQuery(raw, sql) == 1 else { throw lost(operation) }
        var reader = ResultReader(operation: operation, deadline: deadline, ticket: ticket)
        var failure: PostgresError?
        while let result = try next(&reader) {
            if case .failure(let error) = result.checked(operation) { failure = failure ?? error }
        }
        isDoubtful = reader.askedToCancel && failure?.sqlState != "57014"
        if let failure { throw reader.asked(failure) }
    }

    private enum Expected {
        case prepared(Form, name: String)
        case rows
    }

    private func send(
        _ query: PostgresQuery, _ expected: inout [Expected], _ operation: String
    ) throws(PostgresError) {
        let form = Form(sql: query.sql, types: query.parameters.map(\.type))
        var name = prepared[form]
        for case .prepared(form, let pending) in expected { name = pending }
        if name == nil {
            names += 1
            let new = "s\(names)"
            guard PQsendPrepare(raw, new, form.sql, Int32(form.types.count), form.types) == 1 else {
                throw lost(operation)
            }
            expected.append(.prepared(form, name: new))
            name = new
        }
        guard let name, sendPrepared(name, query.parameters.map(\.bytes)) else { throw lost(operation) }
        expected.append(.rows)
    }

    private func sendPrepared(_ name: String, _ values: [[UInt8]?]) -> Bool {
        // One block for all values, so that their addresses hold until libpq has copied them.
        let block = values.flatMap { (value: [UInt8]?) -> [UInt8] in value ?? [] } + [0]
        return block.withUnsafeBytes { bytes in
            let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            var offset = 0
            let addresses = values.map { value -> UnsafePointer<CChar>? in
                defer { offset += value?.count ?? 0 }
                return value == nil ? nil : start.map { $0 + offset }
            }
            let lengths = values.map { Int32($0?.count ?? 0) }
            let formats = values.map { _ in Int32(1) }
            return PQsendQueryPrepared(raw, name, Int32(values.count), addresses, lengths, formats, 1) == 1
        }
    }

    // MARK: Reading

    private struct ResultReader {
        let operation: String
        var deadline: ContinuousClock.Instant
        let ticket: CancelTicket
        var cancelRequests = 0
        var askedToCancel: Bool { cancelRequests > 0 }

        /// What a failure means when it was us who asked the server to end the statement.
        func asked(_ failure: PostgresError) -> PostgresError {
            guard askedToCancel, failure.sqlState == "57014" else { return failure }
            return ticket.wasCancelled
                ? PostgresError(.cancelled, "cancelled", operation: operation)
                : PostgresError(.timedOut, "not done in time", operation: operation)
        }
    }

    /// The next result, which must be there.
    private func result(_ reader: inout ResultReader) throws(PostgresError) -> LibPQResult {
        guard let result = try next(&reader) else { throw lost(reader.operation) }
        return result
    }

    /// The mark after the results of one statement.
    private func end(_ reader: inout ResultReader) throws(PostgresError) {
        guard try next(&reader) == nil else { throw lost(reader.operation) }
    }

    private func next(_ reader: inout ResultReader) throws(PostgresError) -> LibPQResult? {
        while true {
            let unsent = PQflush(raw)
            guard unsent >= 0 else { throw lost(reader.operation) }
            guard PQisBusy(raw) == 1 else { break }
            try waitForMore(&reader, alsoWriting: unsent == 1)
            guard PQconsumeInput(raw) == 1 else { throw lost(reader.operation) }
        }
        return PQgetResult(raw).map(LibPQResult.init)
    }

    private func waitForMore(_ reader: inout ResultReader, alsoWriting: Bool) throws(PostgresError) {
        let events = Int16(alsoWriting ? POLLIN | POLLOUT : POLLIN)
        let (ticket, isFirst) = (reader.ticket, reader.cancelRequests == 0)
        let isOver = !wait(for: events, until: reader.deadline, or: { isFirst && ticket.wasCancelled })
        guard isOver || (isFirst && ticket.wasCancelled) else { return }
        guard reader.cancelRequests < 10 else {
            throw PostgresError(.timedOut, "\(target) did not answer in time", operation: reader.operation)
        }
        askToCancel(&reader)
    }

    /// The server then ends the statement with an error like any other. It is asked again after a while, because a request
    /// that comes before the statement does nothing.
    private func askToCancel(_ reader: inout ResultReader) {
        reader.cancelRequests += 1
        defer { reader.deadline = .now + .milliseconds(200) }
        guard let cancel = PQgetCancel(raw) else { return }
        defer { PQfreeCancel(cancel) }
        var words = [CChar](repeating: 0, count: 256)
        PQcancel(cancel, &words, 256)
    }

    /// Waits for the socket. Returns false when the deadline has passed; returns early when `condition` came true.
    func wait(
        for events: Int16, until deadline: ContinuousClock.Instant, or condition: () -> Bool
    ) -> Bool {
        while true {
            if condition() { return true }
            let left = deadline - .now
            guard left > .zero else { return false }
            var files = [
                pollfd(fd: PQsocket(raw), events: events, revents: 0),
                pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let milliseconds = Int32(min(60_000, (left / .milliseconds(1)).rounded(.up)))
            let ready = poll(&files, 2, milliseconds)
            if files[1].revents != 0 { wakeup.reset() }
            if ready > 0, files[0].revents != 0 { return true }
        }
    }

    func lost(_ operation: String) -> PostgresError {
        let words = target.clean(String(cString: PQerrorMessage(raw)))
        return PostgresError(
            .connectionLost, words.isEmpty ? "the connection to \(target) broke" : words, operation: operation)
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
