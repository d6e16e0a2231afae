import Synchronization

/// Lets only so many in at once. All tests of a run begin together, and a server that is asked for hundreds of databases at
/// the same time runs out of connections.
final class Turnstile: Sendable {
    /// Leaves when nobody has it any more, however the test ended.
    final class Pass: Sendable {
        private let turnstile: Turnstile

        fileprivate init(_ turnstile: Turnstile) { self.turnstile = turnstile }

        deinit { turnstile.leave() }
    }

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(places: Int) { state = Mutex(State(free: places)) }

    func enter() async -> Pass {
        await withCheckedContinuation { continuation in
            let mayGo = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if mayGo { continuation.resume() }
        }
        return Pass(self)
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
