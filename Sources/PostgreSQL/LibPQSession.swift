internal import CLibPQ
internal import Glibc

/// One `PGconn`, used by one thread at a time. Every wait has a deadline. Once an error says that the session ended, it is
/// of no use any more.
final class LibPQSession {
    let raw: OpaquePointer
    let wakeup: Wakeup
    let target: ConnectionTarget
    /// A statement as it is prepared: the same text may be wanted with parameters of other types.
    struct Form: Hashable {
        let sql: String
        let types: [UInt32]
    }

    /// Whether statements are prepared under names, which must be there at the next call.
    var preparesStatements = true
    /// Names of the statements that were prepared.
    var prepared: [Form: String] = [:]
    /// Names given so far, also to statements that could not be prepared.
    var names = 0
    /// Goes before the statements of each transaction when nothing can be set for a session.
    var localSettings: PostgresQuery?
    /// Whether a request to cancel may still come and end the next statement.
    var isDoubtful = false

    /// Connects to one address. Blocks until `deadline`. `ticket` ends that early, and its way to wake is this session's for
    /// all waits to come.
    init(
        _ parameters: [String: String], of target: ConnectionTarget, until deadline: ContinuousClock.Instant,
        ticket: CancelTicket
    ) throws(PostgresError) {
        self.target = target
        wakeup = ticket.wakeup
        guard let connection = withParameters(parameters, { PQconnectStartParams($0, $1, 0) }) else {
            throw PostgresError(.unreachable, "no memory", operation: "connect")
        }
        raw = connection
        // Else libpq would print the server's notices.
        PQsetNoticeProcessor(raw, { @Sendable _, _ in }, nil)
        // There is no result in which the server's code could be looked up when it refuses a login: it is in the words then.
        PQsetErrorVerbosity(raw, PQERRORS_VERBOSE)
        try connect(until: deadline, ticket)
        PQsetErrorVerbosity(raw, PQERRORS_DEFAULT)
        PQsetnonblocking(raw, 1)
    }

    deinit { PQfinish(raw) }

    private func connect(until deadline: ContinuousClock.Instant, _ ticket: CancelTicket) throws(PostgresError) {
        guard PQstatus(raw) != CONNECTION_BAD else { throw refusal() }
        var next = PGRES_POLLING_WRITING
        while true {
            switch next {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING, PGRES_POLLING_WRITING:
                let events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT
                let isReady = wait(for: Int16(events), until: deadline, or: { ticket.wasCancelled })
                if ticket.wasCancelled { throw PostgresError(.cancelled, "cancelled", operation: "connect") }
                guard isReady else {
                    throw PostgresError(.unreachable, "\(address) did not answer in time", operation: "connect")
                }
            default: throw refusal()
            }
            next = PQconnectPoll(raw)
        }
    }

    /// Whose answer is waited for.
    private var address: String {
        let parts = [PQhost(raw), PQhostaddr(raw)].map { $0.map { String(cString: $0) } ?? "" }.filter { !$0.isEmpty }
        let name = parts.count == 2 && parts[0] != parts[1] ? "\(parts[0]) (\(parts[1]))" : parts.first ?? "\(target)"
        return name + (PQport(raw).map { " port " + String(cString: $0) } ?? "")
    }

    private func refusal() -> PostgresError {
        LoginRefusal(
            PQerrorMessage(raw).map { String(cString: $0) } ?? "", lacksPassword: PQconnectionNeedsPassword(raw) == 1
        ).error { words($0) }
    }

    /// What libpq says, without secrets.
    private func words(_ message: String) -> String {
        let password = PQpass(raw).map { String(cString: $0) }
        return target.clean(message, without: password.map { [$0] } ?? [])
    }

    /// The error of a session that is of no use any more.
    func lost(_ operation: String) -> PostgresError {
        let words = words(PQerrorMessage(raw).map { String(cString: $0) } ?? "")
        return PostgresError(
            .connectionLost, words.isEmpty ? "the connection to \(target) broke" : words, operation: operation)
    }

    /// Whether the server has ended the session while nothing was asked of it. Doesn't block.
    var hasEnded: Bool {
        while true {
            var file = pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0)
            guard poll(&file, 1, 0) > 0 else { return PQstatus(raw) == CONNECTION_BAD }
            guard PQconsumeInput(raw) == 1 else { return true }
        }
    }

    /// Waits for the socket. Returns false when the deadline has passed; returns early when `condition` came true.
    func wait(
        for events: Int16, until deadline: ContinuousClock.Instant, or condition: () -> Bool
    ) -> Bool {
        while true {
            if condition() { return true }
            let left = deadline - .now
            guard left > .zero else { return false }
            let milliseconds = Int32(min(60_000, (left / .milliseconds(1)).rounded(.up)))
            let (isReady, wasWoken) = withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { files in
                files[0] = pollfd(fd: PQsocket(raw), events: events, revents: 0)
                files[1] = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
                let count = poll(files.baseAddress, 2, milliseconds)
                return (count > 0 && files[0].revents != 0, count > 0 && files[1].revents != 0)
            }
            if wasWoken { wakeup.reset() }
            if isReady { return true }
        }
    }
}
