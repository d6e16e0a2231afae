/// Who waits for a turn, in the order they came, each until an instant of its own. Pure.
struct WaitingLine<Waiter> {
    private var waiters: [UInt64: (waiter: Waiter, deadline: ContinuousClock.Instant)] = [:]
    /// Nobody with a smaller number is in it.
    private var first: UInt64 = 0
    private var last: UInt64 = 0

    var count: Int { waiters.count }
    var isEmpty: Bool { waiters.isEmpty }

    /// A number for someone who may come to wait.
    mutating func number() -> UInt64 {
        last += 1
        return last
    }

    mutating func join(_ number: UInt64, _ waiter: Waiter, until deadline: ContinuousClock.Instant) {
        waiters[number] = (waiter, deadline)
        // Numbers are drawn before they are used, so they may come in another order.
        first = min(first, number)
    }

    /// Who has waited longest, out of the line.
    mutating func popFirst() -> Waiter? {
        while !waiters.isEmpty {
            defer { first += 1 }
            if let found = waiters.removeValue(forKey: first) { return found.waiter }
        }
        first = last
        return nil
    }

    /// Takes one out of the line; `nil` when it is not in it.
    mutating func remove(_ number: UInt64) -> Waiter? { waiters.removeValue(forKey: number)?.waiter }

    /// Takes out all whose time is up.
    mutating func removeExpired(at now: ContinuousClock.Instant) -> [Waiter] {
        waiters.filter { $0.value.deadline <= now }.sorted { $0.key < $1.key }
            .compactMap { waiters.removeValue(forKey: $0.key)?.waiter }
    }

    mutating func removeAll() -> [Waiter] {
        defer { waiters = [:] }
        return waiters.sorted { $0.key < $1.key }.map(\.value.waiter)
    }
}
