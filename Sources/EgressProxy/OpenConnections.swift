internal import NIOCore
internal import Synchronization

/// The connections a proxy has accepted and still serves. One counts until its serving has ended, not only until its client
/// has gone: what is done for it meanwhile costs as much.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var hasTold = false
    }

    private let state = Mutex(State())
    private let limit: Int
    private let budget: ConnectionBudget
    private let full: @Sendable (Int) -> Void

    /// Keeps at most `limit` open, and no more than the budget lets it; those beyond are closed at once. `full` is called
    /// the first time that happens, with the number of those that are open.
    init(limit: Int, budget: ConnectionBudget, full: @escaping @Sendable (Int) -> Void) {
        self.limit = limit
        self.budget = budget
        self.full = full
    }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let (fits, news) = state.withLock { state -> (Bool, Int?) in
            let count = state.channels.count
            if count < limit, budget.take(having: count) {
                state.channels[id] = channel
                return (true, nil)
            }
            defer { state.hasTold = true }
            return (false, state.hasTold ? nil : count)
        }
        if let news { full(news) }
        if !fits { channel.close(promise: nil) }
    }

    /// Counts one no more: its serving has ended, or never began.
    func remove(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        if state.withLock({ $0.channels.removeValue(forKey: id) }) != nil { budget.giveBack() }
    }

    /// Closes and forgets all.
    func closeAll() {
        let channels = state.withLock { state in
            defer { state.channels = [:] }
            return Array(state.channels.values)
        }
        for channel in channels {
            channel.close(promise: nil)
            budget.giveBack()
        }
    }
}
