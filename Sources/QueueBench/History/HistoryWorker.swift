internal import Foundation
internal import Glibc
internal import TaskModel
internal import TaskStore

/// A supervisor without workers: it submits its share, claims what is there, tells of progress, renews, ends attempts in all
/// ways and recovers those of others, and writes down each call. Now and then it goes on with a lease that it was told is
/// lost, as one does that didn't listen. Runs until its process is ended.
struct HistoryWorker {
    let store: any TaskStore
    let file: HistoryFile
    let plan: HistoryPlan
    private let supervisor = SupervisorID.next()
    private var random: SeededRandom
    private var held: [Held] = []
    /// Of leases that were lost, to be tried again.
    private var stale: [Held] = []
    private var renewedAt = ContinuousClock.now
    private var recoveredAt = ContinuousClock.now
    /// Whether it stops itself as soon as it holds something; `HistorySleeper` lets it go on.
    private var sleeps: Bool

    private struct Held {
        let lease: Lease
        var notes = 0
        /// Not before this is its end written.
        let until: ContinuousClock.Instant
    }

    init(_ store: any TaskStore, _ file: HistoryFile, _ plan: HistoryPlan, seed: UInt64, sleeps: Bool) {
        self.store = store
        self.file = file
        self.plan = plan
        self.sleeps = sleeps
        random = SeededRandom(seed)
    }

    /// Submits what is left of its share while it works, then works for ever.
    mutating func run(share: Int) async throws {
        var left = share
        while true {
            if left > 0 {
                let count = min(left, .random(in: 1...100, using: &random))
                try await attempting { try await $0.submit(count) }
                left -= count
            }
            try await attempting { try await $0.claim() }
            try await attempting { try await $0.tell() }
            try await attempting { try await $0.end() }
            if ContinuousClock.now - renewedAt > plan.lease / 4 { try await attempting { try await $0.renew() } }
            if ContinuousClock.now - recoveredAt > plan.lease / 3 { try await attempting { try await $0.recover() } }
            if left == 0, held.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        }
    }

    /// A store that is busy or away is tried again in the next round.
    private mutating func attempting(_ body: (inout Self) async throws -> Void) async throws {
        do { try await body(&self) } catch let error as StoreError
            where error.code == .busy || error.code == .unavailable
        {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func submit(_ count: Int) async throws {
        let begun = HistoryClock.now()
        let tasks = try await store.submit(Array(repeating: TaskSpec(command: ["true"]), count: count))
        let ended = HistoryClock.now()
        try file.add(tasks.map { HistoryRecord(.submit, $0.id.rawValue, begun: begun, ended: ended) })
    }

    private mutating func claim() async throws {
        let room = plan.slots - held.count
        guard room > 0 else { return }
        let begun = HistoryClock.now()
        let claimed = try await store.claim(
            ClaimRequest(
                supervisor: supervisor, host: "history", limit: .random(in: 1...room, using: &random),
                leaseDuration: plan.lease, offersContainers: true))
        let ended = HistoryClock.now()
        try file.add(claimed.map { record(.claim, $0.lease, begun, ended) })
        for claim in claimed {
            // Some are held so long that they must be renewed.
            let isLong = Int.random(in: 0..<200, using: &random) == 0
            held.append(Held(lease: claim.lease, until: isLong ? .now + plan.lease * 2 : .now))
        }
        if sleeps, !held.isEmpty {
            sleeps = false
            raise(SIGSTOP)
        }
    }

    private mutating func tell() async throws {
        for index in held.indices where Int.random(in: 0..<20, using: &random) == 0 {
            held[index].notes += 1
            let (lease, number) = (held[index].lease, held[index].notes)
            let now = HistoryClock.now()
            try file.add([record(.note, lease, now, now, detail: "\(number)")])
            try await store.record(.progress, message: "\(number)", progress: nil, lease: lease)
        }
    }

    private mutating func end() async throws {
        let due = held.filter { $0.until <= .now } + stale
        held.removeAll { $0.until <= .now }
        stale = []
        for group in stride(from: 0, to: due.count, by: 24).map({ due[$0..<min(due.count, $0 + 24)] }) {
            let ends = group.map { ($0.lease, choose()) }
            let begun = HistoryClock.now()
            try file.add(ends.map { record(.intend, $0, begun, begun, detail: $1.name) })
            let written = try await store.finish(ends.map { ($0, $1.result) })
            let ended = HistoryClock.now()
            try file.add(
                ends.map { record(.finish, $0, begun, ended, isAccepted: written.contains($0), detail: $1.name) })
        }
    }

    private mutating func renew() async throws {
        renewedAt = .now
        guard !held.isEmpty else { return }
        let begun = HistoryClock.now()
        let states = try await store.renew(held.map(\.lease), for: plan.lease)
        let ended = HistoryClock.now()
        try file.add(states.map { record(.renew, $0.lease, begun, ended, isAccepted: $0.isHeld) })
        let lost = Set(states.filter { !$0.isHeld }.map(\.lease))
        stale += held.filter { lost.contains($0.lease) }
        held.removeAll { lost.contains($0.lease) }
    }

    private mutating func recover() async throws {
        recoveredAt = .now
        _ = try await store.recoverExpired(maxDeliveries: .max, sparing: held.map(\.lease))
    }

    private func record(
        _ kind: HistoryRecord.Kind, _ lease: Lease, _ begun: Int64, _ ended: Int64, isAccepted: Bool = true,
        detail: String = ""
    ) -> HistoryRecord {
        HistoryRecord(
            kind, lease.taskID.rawValue, attempt: lease.attempt, token: lease.token, begun: begun, ended: ended,
            isAccepted: isAccepted, detail: detail)
    }

    /// How an attempt ends: mostly well.
    private mutating func choose() -> (name: String, result: AttemptResult) {
        switch Int.random(in: 0..<40, using: &random) {
        case 0:
            let again = Disposition.retry(delay: .random(in: 0...0.2, using: &random))
            return ("retry", AttemptResult(outcome: .failed, exitCode: 1, reason: "exit 1", disposition: again))
        case 1:
            let again = Disposition.abandon(delay: 0, countsAsDelivery: false)
            return ("abandon", AttemptResult(outcome: .interrupted, reason: "shutdown", disposition: again))
        default:
            let result = AttemptResult(outcome: .succeeded, exitCode: 0, reason: "exit 0", disposition: .complete)
            return ("complete", result)
        }
    }
}

/// Random numbers that a seed repeats (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
