internal import Synchronization

/// Who has which connection.
extension ConnectionPool {
    /// A connection for one caller, who gives it back.
    func take(
        _ operation: String, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> PostgresConnection {
        let (found, number) = state.withLock { state -> (Turn?, UInt64) in
            let turn = self.turn(&state, operation)
            return (turn, turn == nil ? state.line.number() : 0)
        }
        let turn: Turn
        if let found { turn = found } else { turn = await wait(number, operation, until: deadline) }
        switch turn {
        case .connection(let connection): return connection
        case .refusal(let error): throw error
        case .room: return try await open(operation, until: deadline)
        }
    }

    /// What a caller gets at once; `nil` when he has to wait.
    private func turn(_ state: inout State, _ operation: String) -> Turn? {
        if state.isClosed { return .refusal(Self.closed(operation)) }
        if let idle = state.idle.popLast() { return .connection(idle) }
        if state.taken < options.connections {
            state.taken += 1
            return .room
        }
        guard state.line.count >= options.waiting else { return nil }
        state.counts.exhausted += 1
        return .refusal(exhausted("\(options.waiting) calls wait for one already", operation))
    }

    private func wait(_ number: UInt64, _ operation: String, until deadline: ContinuousClock.Instant) async -> Turn {
        let deadline = min(deadline, .now + options.waitLimit)
        let turn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (turn, mustSweep) = state.withLock { state -> (Turn?, Bool) in
                    // A cancellation that came before this lock found nobody to wake.
                    if Task.isCancelled { return (.refusal(Self.cancelled(operation)), false) }
                    if let turn = self.turn(&state, operation) { return (turn, false) }
                    state.line.join(number, continuation, until: deadline)
                    defer { state.isSwept = true }
                    return (nil, !state.isSwept)
                }
                if let turn { continuation.resume(returning: turn) }
                if mustSweep { sweep() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.line.remove(number) }
            waiter?.resume(returning: .refusal(Self.cancelled(operation)))
        }
        // Who waited doesn't know his own operation's name when he is refused.
        guard case .refusal(let error) = turn else { return turn }
        return .refusal(PostgresError(error.code, error.message, operation: operation))
    }

    /// Refuses those whose time is up, for as long as anybody waits. One task for all of them, made by the first, because a
    /// timer for each would cost more than most waits take.
    private func sweep() {
        Task { [weak self] in
            while true {
                try? await Task.sleep(for: .milliseconds(50))
                guard let self, self.sweepOnce() else { return }
            }
        }
    }

    /// Returns false when nobody waits any more.
    private func sweepOnce() -> Bool {
        let (late, goesOn) = state.withLock { state in
            let late = state.line.removeExpired(at: .now)
            state.counts.exhausted += late.count
            state.isSwept = !state.line.isEmpty
            return (late, state.isSwept)
        }
        for waiter in late { waiter.resume(returning: .refusal(exhausted("none came free in time", "wait"))) }
        return goesOn
    }

    /// Takes a connection back, for the next caller or for later.
    func giveBack(_ connection: PostgresConnection) async {
        guard connection.isOpen else {
            await connection.close()
            state.withLock { $0.counts.lost += 1 }
            return leave()
        }
        let (next, isClosed) = state.withLock { state -> (CheckedContinuation<Turn, Never>?, Bool) in
            if state.isClosed { return (nil, true) }
            if let next = state.line.popFirst() { return (next, false) }
            state.idle.append(connection)
            return (nil, false)
        }
        if isClosed { await connection.close() }
        next?.resume(returning: .connection(connection))
    }

    /// One connection less: whoever waits longest may open another.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Turn, Never>? in
            if let next = state.line.popFirst() { return next }
            state.taken -= 1
            return nil
        }
        next?.resume(returning: .room)
    }

    private func exhausted(_ what: String, _ operation: String) -> PostgresError {
        let all = options.connections == 1 ? "the one connection" : "all \(options.connections) connections"
        let verb = options.connections == 1 ? "is" : "are"
        let hint = options.exhaustedHint.isEmpty ? "" : "; " + options.exhaustedHint
        return PostgresError(
            .exhausted, "\(all) to \(target) \(verb) in use, and \(what)\(hint)", operation: operation)
    }

    private static func cancelled(_ operation: String) -> PostgresError {
        PostgresError(.cancelled, "cancelled", operation: operation)
    }
}
