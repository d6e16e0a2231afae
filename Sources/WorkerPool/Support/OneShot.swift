internal import Synchronization

/// A value that is set once and awaited by many.
///
/// Waiting ends early when the waiting task is cancelled; the first `set` wins and later ones are ignored.
package final class OneShot<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [Int: CheckedContinuation<Value?, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    /// Makes one that is not set.
    package init() {}

    /// The value, if it is set.
    package var current: Value? { state.withLock { $0.value } }

    /// Sets the value and wakes who waits. Returns false when it was set before.
    @discardableResult
    package func set(_ value: Value) -> Bool {
        let waiters: [CheckedContinuation<Value?, Never>]? = state.withLock { state in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        guard let waiters else { return false }
        for waiter in waiters { waiter.resume(returning: value) }
        return true
    }

    /// Waits for the value; `nil` when the task is cancelled first.
    package func wait() async -> Value? {
        let id = newWaiter()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now: Value?? = state.withLock { state in
                    if let value = state.value { return .some(value) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiters[id] = continuation
                    return .none
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: nil)
        }
    }

    /// Waits for the value whatever becomes of the waiting task.
    package func value() async -> Value {
        let id = newWaiter()
        let value = await withCheckedContinuation { continuation in
            let now = state.withLock { state in
                if state.value == nil { state.waiters[id] = continuation }
                return state.value
            }
            if let now { continuation.resume(returning: now) }
        }
        guard let value else { return await self.value() }
        return value
    }

    /// Waits for the value for at most `limit`; `nil` when the time is over or the task is cancelled.
    package func wait(atMost limit: Duration) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? current
        }
    }

    private func newWaiter() -> Int {
        state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
    }
}
