internal import NIOCore
internal import Synchronization

/// Lets so many lookups of one worker run at once; the others wait for their turn. Names that nobody answers for would
/// otherwise take the threads on which every worker's names are looked up.
final class LookupTurns: Sendable {
    private struct State {
        var free: Int
        var waiting = CircularBuffer<CheckedContinuation<Void, Never>>()
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    /// Runs `body` when its turn comes. Cancelling does not shorten the wait, which lookups end in time by themselves.
    func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        await take()
        defer { giveBack() }
        try Task.checkCancellation()
        return try await body()
    }

    private func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free == 0 {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func giveBack() {
        let next = state.withLock { state in
            if state.waiting.isEmpty { state.free += 1 }
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
        next?.resume()
    }
}
