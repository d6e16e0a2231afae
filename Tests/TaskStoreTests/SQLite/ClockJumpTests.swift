import Foundation
import Synchronization
import TaskModel
import Testing

@testable import TaskStore

/// A wall clock that is put forward and back, beside a steady time.
private final class SettableClock: StoreClock {
    private let times = Mutex((wall: TestClock.start, steady: Duration.zero))

    func now() -> Date { times.withLock { $0.wall } }
    func steady() -> Duration { times.withLock { $0.steady } }

    /// Lets time pass.
    func pass(_ seconds: Double) {
        times.withLock {
            $0.wall += seconds
            $0.steady += .milliseconds(Int64(seconds * 1000))
        }
    }

    /// Sets the wall clock.
    func put(forward seconds: Double) { times.withLock { $0.wall += seconds } }
}

@Suite("SQLite: a clock that is set", .timeLimit(.minutes(3)))
struct ClockJumpTests {
    /// One runs the task, the other looks for what nobody renews, both in the same file and under the same clock.
    private func withTwo(
        _ body: (_ owner: SQLiteTaskStore, _ scanner: SQLiteTaskStore, Lease, SettableClock) async throws -> Void
    ) async throws {
        try await SQLitePlace.with { place in
            let clock = SettableClock()
            let owner = try await SQLiteTaskStore(path: place.path, clock: clock)
            let scanner = try await SQLiteTaskStore(path: place.path, clock: clock)
            _ = try await owner.submit([spec()])
            let claim = ClaimRequest(
                supervisor: .next(), host: "h", limit: 1, leaseDuration: .seconds(90), offersContainers: true)
            let lease = try #require(try await owner.claim(claim).first).lease
            try await body(owner, scanner, lease, clock)
            await owner.close()
            await scanner.close()
        }
    }

    private func expect(
        _ store: SQLiteTaskStore, givesBack count: Int, at place: SourceLocation = #_sourceLocation
    ) async throws {
        let told = try await store.stale(maxDeliveries: 5, sparing: []).count
        let done = try await store.recoverExpired(maxDeliveries: 5, sparing: []).count
        #expect(told == count && done == count, sourceLocation: place)
    }

    @Test func whoLivesKeepsItsTaskWhenTheClockIsPutForward() async throws {
        try await withTwo { owner, scanner, lease, clock in
            clock.pass(5)
            try await expect(scanner, givesBack: 0)
            clock.put(forward: 3600)
            try await expect(scanner, givesBack: 0)
            clock.pass(10)
            #expect(try await owner.renew([lease], for: .seconds(90)).map(\.isHeld) == [true])
            try await expect(scanner, givesBack: 0)
            // Long after the quiet time it is still the owner's.
            for _ in 0..<10 {
                clock.pass(10)
                _ = try await owner.renew([lease], for: .seconds(90))
                try await expect(scanner, givesBack: 0)
            }
            #expect(try await owner.finish(lease, .success))
        }
    }

    /// How far the clock is put forward, and for how long nothing is given back then.
    @Test(arguments: [(3600.0, 90.0), (100, 90), (95, 90), (0, 0)])
    func whatNobodyRenewsIsGivenBackALeaseLater(forward: Double, quiet: Double) async throws {
        try await withTwo { _, scanner, _, clock in
            clock.put(forward: forward)
            try await expect(scanner, givesBack: 0)
            if quiet > 0 {
                clock.pass(quiet - 1)
                try await expect(scanner, givesBack: 0)
                clock.pass(1)
            } else {
                clock.pass(90)
            }
            try await expect(scanner, givesBack: 1)
        }
    }

    @Test func aSmallStepMakesNobodyWaitLongerThanItself() async throws {
        try await withTwo { _, scanner, _, clock in
            clock.pass(80)
            clock.put(forward: 20)
            try await expect(scanner, givesBack: 0)
            clock.pass(19)
            try await expect(scanner, givesBack: 0)
            clock.pass(1)
            try await expect(scanner, givesBack: 1)
        }
    }

    @Test func aClockThatIsPutBackOrSlewedIsBelieved() async throws {
        try await withTwo { _, scanner, _, clock in
            clock.put(forward: -30)
            for _ in 0..<23 {
                clock.pass(5)
                clock.put(forward: 0.002)
                try await expect(scanner, givesBack: 0)
            }
            clock.pass(10)
            try await expect(scanner, givesBack: 1)
        }
    }

    /// A longer lease leaves its owner more time until it renews it.
    @Test func whoRenewsForLongerIsWaitedForLonger() async throws {
        try await withTwo { owner, scanner, lease, clock in
            _ = try await scanner.renew([lease], for: .seconds(600))
            clock.put(forward: 3600)
            try await expect(scanner, givesBack: 0)
            clock.pass(599)
            try await expect(scanner, givesBack: 0)
            clock.pass(1)
            try await expect(scanner, givesBack: 1)
        }
    }

    @Test func theHostsSteadyTimeGoesOn() async throws {
        let clock = SystemStoreClock()
        let before = clock.steady()
        try await Task.sleep(for: .milliseconds(20))
        #expect(clock.steady() - before >= .milliseconds(19))
    }
}
