internal import Synchronization

/// One session with the server, on a thread of its own. Calls run one after the other.
package actor PostgresConnection {
    private let thread: ConnectionThread
    private let target: ConnectionTarget
    private let wakeup = Wakeup()
    private let usable = Atomic(true)
    private var session: LibPQSession? {
        // Read without a hop to the thread, which each borrower of a pool would have to make.
        didSet { if session == nil { usable.store(false, ordering: .releasing) } }
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Connects, within `timeout` for all addresses together. Throws `unreachable`, `cancelled` and what the server refuses.
    package static func open(
        _ target: ConnectionTarget, options: SessionOptions = SessionOptions(), timeout: Duration = .seconds(15)
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(target)
        do throws(PostgresError) {
            let deadline = ContinuousClock.now + timeout
            try await connection.cancellably { ticket in
                await connection.connect(options, until: deadline, ticket)
            }
        } catch {
            await connection.close()
            throw error
        }
        return connection
    }

    private init(_ target: ConnectionTarget) {
        self.target = target
        thread = ConnectionThread(name: "acode-postgres")
    }

    deinit { thread.close() }

    private func connect(
        _ options: SessionOptions, until deadline: ContinuousClock.Instant, _ ticket: CancelTicket
    ) -> Result<Void, PostgresError> {
        do throws(PostgresError) {
            let session = try LibPQConnector.open(target, until: deadline, ticket: ticket)
            try session.setUp(options, until: deadline, ticket: ticket)
            self.session = session
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Runs statements in one round trip and one transaction, and returns what each returned: all take effect, or none.
    /// When the calling task is cancelled, the server is asked to stop, and the call throws `cancelled` unless the
    /// statements were done already. Throws `session_ended` without having sent anything when the
    /// server has ended the session meanwhile.
    package nonisolated func run(
        _ queries: [PostgresQuery], operation: String, timeout: Duration = .seconds(30)
    ) async throws(PostgresError) -> [PostgresRows] {
        let deadline = ContinuousClock.now + timeout
        return try await cancellably { ticket in
            await self.perform(operation) { session throws(PostgresError) in
                try session.run(queries, operation: operation, until: deadline, ticket: ticket)
            }
        }
    }

    /// Runs a text of several statements.
    package nonisolated func runScript(
        _ sql: String, operation: String, timeout: Duration = .seconds(30)
    ) async throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        try await cancellably { ticket in
            await self.perform(operation) { session throws(PostgresError) in
                try session.runScript(sql, operation: operation, until: deadline, ticket: ticket)
            }
        }
    }

    /// Whether the session was of use when it was used last.
    package nonisolated var isOpen: Bool { usable.load(ordering: .acquiring) }

    /// Ends the session. Calls after it throw `closed`.
    package func close() {
        session = nil
        thread.close()
    }

    private nonisolated func cancellably<Value: Sendable>(
        _ body: (CancelTicket) async -> Result<Value, PostgresError>
    ) async throws(PostgresError) -> Value {
        let ticket = CancelTicket(wakeup)
        let result = await withTaskCancellationHandler {
            await body(ticket)
        } onCancel: {
            ticket.cancel()
        }
        return try result.get()
    }

    private func perform<Value>(
        _ operation: String, _ body: @Sendable (LibPQSession) throws(PostgresError) -> Value
    ) -> Result<Value, PostgresError> {
        guard let session else {
            return .failure(PostgresError(.closed, "the connection is closed", operation: operation))
        }
        guard !session.hasEnded else {
            self.session = nil
            return .failure(
                PostgresError(.sessionEnded, "the server has ended the session", operation: operation))
        }
        defer { if session.isDoubtful { self.session = nil } }
        do throws(PostgresError) {
            return .success(try body(session))
        } catch {
            if error.endsSession || error.code == .decoding { self.session = nil }
            return .failure(error)
        }
    }
}
