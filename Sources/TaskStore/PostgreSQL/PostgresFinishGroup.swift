internal import Synchronization
internal import TaskModel

/// Writes the ends of attempts that come while others are being written together, in one statement and one flush to the
/// disk, so that a supervisor with hundreds of short attempts doesn't pay for each.
final class PostgresFinishGroup: Sendable {
    typealias Ends = [(lease: Lease, result: AttemptResult)]
    typealias Answer = Result<Set<Lease>, StoreError>

    /// A caller with what it wants to be written.
    private struct Caller {
        let ends: Ends
        let answer: CheckedContinuation<Answer, Never>
    }

    private struct State {
        var waiting: [Caller] = []
        var isWriting = false
    }

    private let state = Mutex(State())
    /// How many ends are written together, at most, unless one caller has more.
    private let most: Int

    init(most: Int = 500) { self.most = most }

    /// How many callers wait for their turn.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Writes `ends` by `write`, perhaps together with those of other callers, and returns which of their leases were
    /// current. Cancelling the caller changes nothing: others may be written with it.
    func write(
        _ ends: Ends, by write: @escaping @Sendable (Ends) async -> Answer
    ) async throws(StoreError) -> Set<Lease> {
        let answer: Answer = await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                state.waiting.append(Caller(ends: ends, answer: continuation))
                defer { state.isWriting = true }
                return !state.isWriting
            }
            // Not a child of the caller, whose cancellation must not undo what it writes for others.
            if isFirst { Task { await self.drain(write) } }
        }
        return try answer.get()
    }

    private func drain(_ write: @Sendable (Ends) async -> Answer) async {
        while let callers = next() {
            let answer = await write(callers.flatMap(\.ends))
            switch answer {
            case .success(let current):
                for caller in callers {
                    caller.answer.resume(returning: .success(current.intersection(caller.ends.map(\.lease))))
                }
            // One of them may be what is wrong: the others must not suffer from it. Not so when the server is away, or when
            // others hold it up: each would wait as long again, one after the other.
            case .failure(let error) where callers.count > 1 && error.mayBeOfOneItem:
                for caller in callers { caller.answer.resume(returning: await write(caller.ends)) }
            case .failure(let error):
                for caller in callers { caller.answer.resume(returning: .failure(error)) }
            }
        }
    }

    /// Who is next, none of whom names a lease that another one names: of two ends of a lease the second is refused, so it
    /// has to be written after the first.
    private func next() -> [Caller]? {
        state.withLock { state in
            var callers: [Caller] = []
            var later: [Caller] = []
            var leases: Set<Lease> = []
            for caller in state.waiting {
                let own = Set(caller.ends.map(\.lease))
                if !later.isEmpty || !own.isDisjoint(with: leases)
                    || (!callers.isEmpty && leases.count + own.count > most)
                {
                    later.append(caller)
                } else {
                    callers.append(caller)
                    leases.formUnion(own)
                }
            }
            state.waiting = later
            if callers.isEmpty { state.isWriting = false }
            return callers.isEmpty ? nil : callers
        }
    }
}

extension StoreError {
    /// Whether it may be what was to be written, rather than the store, that is wrong.
    fileprivate var mayBeOfOneItem: Bool {
        switch code {
        // An item may be too large, too.
        case .internal, .corrupt, .full: true
        default: false
        }
    }
}
