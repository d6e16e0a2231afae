/// One session with the server, on a thread of its own. Calls run one after the other.
package actor PostgresConnection {
    private let thread: ConnectionThread
    private let target: ConnectionTarget
    private let wakeup = Wakeup()
    private var session: LibPQSession?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Connects, then runs `setup`.
    package static func open(_ target: ConnectionTarget, setup: String = "") async throws(PostgresError)
        -> PostgresConnection
    {
        let connection = PostgresConnection(target)
        do {
            try await connection.connect(setup)
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

    private func connect(_ setup: String) throws(PostgresError) {
        let session = try LibPQSession(target, ticket: CancelTicket(wakeup))
        if !setup.isEmpty {
            try session.runScript(
                setup, operation: "connect", until: .now + target.connectTimeout, ticket: CancelTicket(wakeup))
        }
        self.session = session
    }

    /// Runs statements in one round trip and one transaction, and returns what each returned: all take effect, or none.
    /// When the calling task is cancelled, the server is asked to stop, and the call throws `cancelled` unless the
    /// statements were done already.
    package nonisolated func run(
        _ queries: [PostgresQuery], operation: String, timeout: Duration = .seconds(30)
    ) async throws(PostgresError) -> [PostgresRows] {
        try await cancellably { ticket in
            await self.perform { session throws(PostgresError) in
                try session.run(queries, operation: operation, until: .now + timeout, ticket: ticket)
            }
        }
    }

    /// Runs a text of several statements.
    package nonisolated func runScript(
        _ sql: String, operation: String, timeout: Duration = .seconds(30)
    ) async throws(PostgresError) {
        try await cancellably { ticket in
            await self.perform { session throws(PostgresError) in
                try session.runScript(sql, operation: operation, until: .now + timeout, ticket: ticket)
            }
        }
    }

    /// Whether the session is of use.
    package var isOpen: Bool { session != nil }

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
        _ body: @Sendable (LibPQSession) throws(PostgresError) -> Value
    ) -> Result<Value, PostgresError> {
        guard let session else { return .failure(PostgresError(.closed, "the connection is closed", operation: "run")) }
        defer { if session.isDoubtful { self.session = nil } }
        do throws(PostgresError) {
            return .success(try body(session))
        } catch {
            if error.endsSession || error.code == .decoding { self.session = nil }
            return .failure(error)
        }
    }
}
