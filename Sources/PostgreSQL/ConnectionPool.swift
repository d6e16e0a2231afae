internal import Synchronization

/// A few connections to one server, opened when they are needed and kept. Callers beyond their number wait in turn.
package final class ConnectionPool: Sendable {
    /// What may be tuned.
    package struct Options: Sendable {
        /// The most connections.
        package var connections = 4
        /// The most callers that wait for one; more are refused.
        package var waiting = 8192
        /// How long a caller waits for one at most.
        package var waitLimit: Duration = .seconds(10)
        /// What to do about it when they are all in use for so long, for people: names the setting.
        package var exhaustedHint = ""
        /// How sessions are used.
        package var session = SessionOptions()
        /// When a server counts as gone.
        package var breaker = CircuitBreaker.Limits()
        /// Called after the breaker has opened, half opened or closed, on any thread. Must not block.
        package var breakerChanged: (@Sendable (CircuitBreaker.State) -> Void)?

        /// The defaults.
        package init() {}
    }

    /// What a waiting caller is given.
    enum Turn {
        case connection(PostgresConnection)
        /// Room for a connection of its own.
        case room
        case refusal(PostgresError)
    }

    struct State {
        var idle: [PostgresConnection] = []
        /// Connections that are open, being opened or in use.
        var taken = 0
        var line = WaitingLine<CheckedContinuation<Turn, Never>>()
        var isSwept = false
        var isClosed = false
        var breaker: CircuitBreaker
        /// Why the last try to connect failed.
        var lastFailure: PostgresError?
        /// Its counts; the rest is filled in when somebody asks.
        var counts = PoolSnapshot()
    }

    let target: ConnectionTarget
    let options: Options
    let state: Mutex<State>

    /// Makes a pool; connects to nothing yet.
    package init(_ target: ConnectionTarget, options: Options = Options()) {
        self.target = target
        self.options = options
        state = Mutex(State(breaker: CircuitBreaker(options.breaker)))
    }

    /// Where the breaker stands.
    package var breaker: CircuitBreaker.State { state.withLock { $0.breaker.state } }

    /// Where it connects to, without credentials.
    package var place: String { target.description }

    /// How its connections are now, and what has happened to them.
    package var snapshot: PoolSnapshot {
        state.withLock { state in
            var now = state.counts
            (now.idle, now.used) = (state.idle.count, state.taken - state.idle.count)
            now.waiting = state.line.count
            now.isBreakerOpen = state.breaker.state.phase != .closed
            return now
        }
    }

    /// Lends a connection to `body`. Waits for one for `timeout` at most, and no longer than the options say. Throws
    /// `exhausted` when none came free, `unreachable`, `closed`, `cancelled`, and what `body` throws.
    package func withConnection<Value: Sendable>(
        _ operation: String, timeout: Duration = .seconds(30),
        _ body: (PostgresConnection) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let connection = try await take(operation, until: .now + timeout)
        do throws(PostgresError) {
            let value = try await body(connection)
            await giveBack(connection)
            return value
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Runs statements in one round trip and one transaction: all take effect, or none. `timeout` is for everything, the wait
    /// for a connection and its making too. A connection that the server had ended while it lay idle is no error.
    package func run(
        _ queries: [PostgresQuery], operation: String, timeout: Duration = .seconds(30)
    ) async throws(PostgresError) -> [PostgresRows] {
        let deadline = ContinuousClock.now + timeout
        // All idle ones may have ended together, as they do when the server is restarted.
        var idleOnes = options.connections
        while true {
            do throws(PostgresError) {
                return try await withConnection(operation, timeout: deadline - .now) {
                    connection throws(PostgresError) in
                    try await connection.run(queries, operation: operation, timeout: deadline - .now)
                }
            } catch {
                idleOnes -= 1
                guard error.code == .sessionEnded, idleOnes >= 0 else { throw error }
            }
        }
    }

    /// Closes what is idle now, and the others when they come back. Calls after it throw `closed`.
    package func close() async {
        let (idle, waiting) = state.withLock { state in
            defer { (state.idle, state.isClosed) = ([], true) }
            return (state.idle, state.line.removeAll())
        }
        for one in waiting { one.resume(returning: .refusal(Self.closed("wait for a connection"))) }
        for connection in idle { await connection.close() }
    }

    func open(_ operation: String, until deadline: ContinuousClock.Instant) async throws(PostgresError)
        -> PostgresConnection
    {
        let (admission, reason) = changingBreaker { state in (state.breaker.admit(at: .now), state.lastFailure) }
        if case .wait = admission {
            state.withLock { $0.counts.refusals += 1 }
            leave()
            let words = reason.map { ": " + $0.message } ?? ""
            throw PostgresError(
                .unreachable, "\(target) can't be reached at present" + words, operation: operation,
                sqlState: reason?.sqlState)
        }
        let patience = deadline - .now
        do throws(PostgresError) {
            let connection = try await PostgresConnection.open(
                target, options: options.session, timeout: patience)
            changingBreaker { state in
                state.breaker.succeeded()
                state.counts.opened += 1
            }
            return connection
        } catch {
            changingBreaker { state in
                // A caller who was in a hurry says nothing about the server.
                let wasHurried = patience < target.connectTimeout && .now >= deadline
                guard error.code != .cancelled, !wasHurried else { return state.breaker.gaveUp(at: .now) }
                // There is a server, which must only be told something else.
                guard error.code != .refused || error.isTransient else { return state.breaker.succeeded() }
                state.lastFailure = error
                state.counts.failures += 1
                state.breaker.failed(at: .now, jitter: .random(in: 0...1))
            }
            leave()
            throw PostgresError(error.code, error.message, operation: operation, sqlState: error.sqlState)
        }
    }

    /// Tells of a change of the breaker, after the lock.
    private func changingBreaker<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, change) = state.withLock { state -> (Value, CircuitBreaker.State?) in
            let before = state.breaker.state.phase
            let value = body(&state)
            let after = state.breaker.state
            guard before != after.phase else { return (value, nil) }
            // A try that failed while it was half open is no new opening.
            if before == .closed, after.phase == .open { state.counts.breakerOpenings += 1 }
            return (value, after)
        }
        if let change { options.breakerChanged?(change) }
        return value
    }

    static func closed(_ operation: String) -> PostgresError {
        PostgresError(.closed, "the connections are closed", operation: operation)
    }
}
