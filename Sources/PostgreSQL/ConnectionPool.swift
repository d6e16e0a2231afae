internal import Synchronization

/// A few connections to one server, opened when they are needed and kept. Callers beyond their number wait in turn.
package final class ConnectionPool: Sendable {
    /// What may be tuned.
    package struct Options: Sendable {
        /// The most connections.
        package var connections = 4
        /// The most callers that wait for one; more are refused.
        package var waiting = 8192
        /// What each new session runs first: settings.
        package var setup = ""
        /// When a server counts as gone.
        package var breaker = CircuitBreaker.Limits()

        /// The defaults.
        package init() {}
    }

    /// What a waiting caller is given.
    private enum Turn {
        case connection(PostgresConnection)
        /// Room for a connection of its own.
        case room
        case refusal(PostgresError)
    }

    private struct State {
        var idle: [PostgresConnection] = []
        /// Connections that are open, being opened or in use.
        var taken = 0
        var waiting: [CheckedContinuation<Turn, Never>] = []
        var isClosed = false
        var breaker: CircuitBreaker
        var breakerOpenings = 0
        var failures = 0

        mutating func failed() {
            let wasClosed = if case .closed = breaker.state { true } else { false }
            breaker.failed(at: .now, jitter: .random(in: 0...1))
            failures += 1
            if wasClosed, case .open = breaker.state { breakerOpenings += 1 }
        }
    }

    private let target: ConnectionTarget
    private let options: Options
    private let state: Mutex<State>

    /// Makes a pool; connects to nothing yet.
    package init(_ target: ConnectionTarget, options: Options = Options()) {
        self.target = target
        self.options = options
        state = Mutex(State(breaker: CircuitBreaker(options.breaker)))
    }

    /// Where it connects to, without credentials.
    package var place: String { target.description }

    /// How its connections are now.
    package var snapshot: PoolSnapshot {
        state.withLock { state in
            let isClosed = if case .closed = state.breaker.state { true } else { false }
            return PoolSnapshot(
                idle: state.idle.count, used: state.taken - state.idle.count, waiting: state.waiting.count,
                isBreakerOpen: !isClosed, breakerOpenings: state.breakerOpenings, failures: state.failures)
        }
    }

    /// Where the breaker stands.
    package var breaker: CircuitBreaker.State { state.withLock { $0.breaker.state } }

    /// Lends a connection to `body`.
    package func withConnection<Value: Sendable>(
        _ operation: String, _ body: (PostgresConnection) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let connection = try await take(operation)
        do throws(PostgresError) {
            let value = try await body(connection)
            await giveBack(connection)
            return value
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Runs statements in one round trip and one transaction: all take effect, or none.
    package func run(
        _ queries: [PostgresQuery], operation: String, timeout: Duration = .seconds(30)
    ) async throws(PostgresError) -> [PostgresRows] {
        try await withConnection(operation) { connection throws(PostgresError) in
            try await connection.run(queries, operation: operation, timeout: timeout)
        }
    }

    /// Closes what is idle now, and the others when they come back. Calls after it throw `closed`.
    package func close() async {
        let (idle, waiting) = state.withLock { state in
            defer { (state.idle, state.waiting, state.isClosed) = ([], [], true) }
            return (state.idle, state.waiting)
        }
        for one in waiting { one.resume(returning: .refusal(Self.closed("wait for a connection"))) }
        for connection in idle { await connection.close() }
    }

    private func take(_ operation: String) async throws(PostgresError) -> PostgresConnection {
        let turn = await withCheckedContinuation { continuation in
            let turn = state.withLock { state -> Turn? in
                if state.isClosed { return .refusal(Self.closed(operation)) }
                if let idle = state.idle.popLast() { return .connection(idle) }
                if state.taken < options.connections {
                    state.taken += 1
                    return .room
                }
                guard state.waiting.count < options.waiting else {
                    return .refusal(
                        PostgresError(.unreachable, "\(options.waiting) calls wait already", operation: operation))
                }
                state.waiting.append(continuation)
                return nil
            }
            if let turn { continuation.resume(returning: turn) }
        }
        switch turn {
        case .connection(let connection): return connection
        case .refusal(let error): throw error
        case .room: return try await open(operation)
        }
    }

    private func open(_ operation: String) async throws(PostgresError) -> PostgresConnection {
        if case .wait = state.withLock({ $0.breaker.admit(at: .now) }) {
            leave()
            throw PostgresError(.unreachable, "\(target) can't be reached at present", operation: operation)
        }
        do throws(PostgresError) {
            let connection = try await PostgresConnection.open(target, setup: options.setup)
            state.withLock { $0.breaker.succeeded() }
            return connection
        } catch {
            state.withLock { $0.failed() }
            leave()
            throw PostgresError(error.code, error.message, operation: operation, sqlState: error.sqlState)
        }
    }

    private func giveBack(_ connection: PostgresConnection) async {
        guard await connection.isOpen else {
            await connection.close()
            return leave()
        }
        let (next, isClosed) = state.withLock { state -> (CheckedContinuation<Turn, Never>?, Bool) in
            if state.isClosed { return (nil, true) }
            if !state.waiting.isEmpty { return (state.waiting.removeFirst(), false) }
            state.idle.append(connection)
            return (nil, false)
        }
        if isClosed { await connection.close() }
        next?.resume(returning: .connection(connection))
    }

    /// One connection less: whoever waits longest may open another.
    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Turn, Never>? in
            guard !state.waiting.isEmpty else {
                state.taken -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume(returning: .room)
    }

    private static func closed(_ operation: String) -> PostgresError {
        PostgresError(.closed, "the connections are closed", operation: operation)
    }
}
