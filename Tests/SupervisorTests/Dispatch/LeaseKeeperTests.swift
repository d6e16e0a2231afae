import Foundation
import Glibc
import Settings
import Synchronization
import TaskModel
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor
@testable import TaskStore

@Suite("Lease watch")
struct LeaseWatchTests {
    private let start = ContinuousClock.now

    /// Lease 30 s, heartbeat 10 s: seconds since the last success, and the step.
    @Test(
        arguments: [
            (0, LeaseWatch.Step.wait), (10, .wait), (20, .wait), (21, .tryAgain(.milliseconds(2500))),
            (27, .tryAgain(.milliseconds(2500))), (28, .tryAgain(.seconds(2))), (29, .tryAgain(.seconds(1))),
            (30, .giveUp), (99, .giveUp),
        ])
    func attemptsAreGivenUpWhenTheLeaseEndsAndNotABeatLater(seconds: Int, step: LeaseWatch.Step) {
        var watch = LeaseWatch(lease: .seconds(30), heartbeat: .seconds(10), now: start)
        #expect(watch.failed(at: start.advanced(by: .seconds(seconds))) == step)
    }

    @Test func successStartsTheLeaseAnew() {
        var watch = LeaseWatch(lease: .seconds(30), heartbeat: .seconds(10), now: start)
        for second in 1...5 { _ = watch.failed(at: start.advanced(by: .seconds(second))) }
        #expect(watch.failures == 5)
        watch.succeeded(at: start.advanced(by: .seconds(25)))
        #expect(watch.failures == 0)
        #expect(watch.failed(at: start.advanced(by: .seconds(40))) == .wait)
        #expect(watch.failed(at: start.advanced(by: .seconds(55))) == .giveUp)
    }
}

/// Against the real store, whose clock is moved by hand.
@Suite("Lease keeper and recovery", .timeLimit(.minutes(3)))
struct LeaseKeeperTests {
    private let scratch: Scratch
    private let clock = HandClock()
    private let store: SQLiteTaskStore
    private let registry = AttemptRegistry()
    private let me = SupervisorID(rawValue: "me")

    init() async throws {
        scratch = try Scratch()
        store = try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite", clock: clock)
    }

    private func keeper(
        _ store: (any TaskStore)? = nil, lease: Duration = .seconds(30), heartbeat: Duration = .milliseconds(20)
    ) -> LeaseKeeper {
        var settings = QueueSettings()
        settings.lease = lease
        settings.heartbeat = heartbeat
        let record = SupervisorRecord(
            id: me, pool: "p", installation: "i", boot: "b", host: "h", pid: 1, startedAt: clock.now(),
            seenAt: clock.now())
        return LeaseKeeper(
            store: store ?? self.store, registry: registry, supervisor: { record }, settings: settings,
            metrics: SupervisorMetrics(), logger: .silent)
    }

    /// Claims `count` tasks for 30 s and registers them.
    private func claim(_ count: Int = 1, longest: LongestLease? = nil) async throws -> [RunningAttempt] {
        _ = try await store.submit((0..<count).map { _ in TaskSpec(command: ["true"]) })
        let request = ClaimRequest(
            supervisor: me, host: "h", limit: count, leaseDuration: .seconds(30), offersContainers: false,
            longest: longest)
        return try await store.claim(request).map { claim in
            let attempt = RunningAttempt(claim: claim)
            registry.add(attempt)
            return attempt
        }
    }

    /// Runs `body` beside the keeper.
    private func with(_ keeper: LeaseKeeper, _ body: @Sendable () async throws -> Void) async throws {
        let life = Task { await keeper.run() }
        defer { life.cancel() }
        try await body()
        life.cancel()
        await life.value
    }

    @Test func leasesOfAllAttemptsAreKept() async throws {
        let attempts = try await claim(5)
        let keeper = keeper(heartbeat: .seconds(3600))
        clock.pass(20)
        try await with(keeper) {
            keeper.check()
            // The row is written in the same round, after the leases are.
            try await eventually("the first round") { try await !store.supervisors().isEmpty }
            _ = try await store.cancel(attempts[0].claim.task.id, reason: "to see the next round end")
            keeper.check()
            #expect(await attempts[0].stopIntent.wait(atMost: .seconds(30)) != nil)
        }
        clock.pass(29)
        #expect(try await store.recoverExpired(maxDeliveries: 5) == [])
        #expect(attempts.dropFirst().allSatisfy { $0.stopIntent.current == nil })
        clock.pass(2)
        #expect(try await store.recoverExpired(maxDeliveries: 5).count == 5)
    }

    /// However many there are, the store is asked once a round.
    @Test func aRoundRenewsAllLeasesTogether() async throws {
        let attempts = try await claim(20)
        let counting = FaultyStore(store)
        let keeper = keeper(counting, heartbeat: .seconds(3600))
        try await with(keeper) {
            for round in 1...3 {
                _ = try await store.cancel(attempts[round].claim.task.id, reason: "to see the round end")
                keeper.check()
                #expect(await attempts[round].stopIntent.wait(atMost: .seconds(30)) != nil)
            }
        }
        #expect(counting.renewals == [20, 20, 20])
    }

    @Test func aCancelledTaskIsToldToStopAtTheNextLook() async throws {
        let attempt = try await claim()[0]
        _ = try await store.cancel(attempt.claim.task.id, reason: "no longer wanted")
        let keeper = keeper(heartbeat: .seconds(3600))
        try await with(keeper) {
            keeper.check()
            #expect(await attempt.stopIntent.wait(atMost: .seconds(30)) == .cancel("on request"))
        }
        // Told before anybody wrote its timeline, as while it waits for its image.
        let scratch = try Scratch()
        let recorder = AttemptRecorder(log: AttemptLog(path: "\(scratch.path)/1.log", cap: 1000), tap: nil)
        attempt.follow(recorder)
        var notes = recorder.notes.makeAsyncIterator()
        #expect(await notes.next() == .event(.stopRequested, "stopping it: cancelled on request"))
    }

    @Test func aLeaseThatRanOutStopsItsAttemptAndNoOther() async throws {
        let attempts = try await claim(2)
        clock.pass(20)
        _ = try await store.renew([attempts[0].claim.lease], for: .seconds(60))
        clock.pass(20)
        #expect(try await store.recoverExpired(maxDeliveries: 5) == [attempts[1].claim.task.id])
        let keeper = keeper(heartbeat: .seconds(3600))
        try await with(keeper) {
            keeper.check()
            #expect(await attempts[1].stopIntent.wait(atMost: .seconds(30)) == .leaseLost)
        }
        #expect(attempts[0].stopIntent.current == nil)
    }

    @Test func withoutItsStoreASupervisorGivesItsAttemptsUpInTime() async throws {
        let begun = ContinuousClock.now
        let attempts = try await claim(2)
        await store.close()
        try await with(keeper(lease: .milliseconds(500), heartbeat: .milliseconds(100))) {
            for attempt in attempts {
                #expect(await attempt.stopIntent.wait(atMost: .seconds(30)) == .leaseLost)
            }
        }
        #expect(ContinuousClock.now - begun >= .milliseconds(500))
    }

    /// A store that neither answers nor fails, as behind a network that swallows everything.
    @Test func aStoreThatHangsDelaysNoGivingUp() async throws {
        let attempts = try await claim(2)
        let isHanging = Mutex(true)
        let hanging = HookClock()
        let store = try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite", clock: hanging)
        // Only now, because it looks at the clock when it is opened, too.
        hanging.hook = {
            while isHanging.withLock({ $0 }) { usleep(1000) }
            return true
        }
        // What has ended waits for the store by other means, and is no longer to be stopped.
        attempts[1].conclude()
        let keeper = keeper(store, lease: .milliseconds(400), heartbeat: .milliseconds(100))
        let life = Task { await keeper.run() }
        #expect(await attempts[0].stopIntent.wait(atMost: .seconds(30)) == .leaseLost)
        #expect(isHanging.withLock { $0 })
        #expect(attempts[1].stopIntent.current == nil)
        isHanging.withLock { $0 = false }
        life.cancel()
        await life.value
    }

    @Test func anAttemptIsStoppedWhenItsLeaseCanBeRenewedNoMore() async throws {
        let begun = ContinuousClock.now
        let limited = try await claim(1, longest: LongestLease(.milliseconds(300)))[0]
        let free = try await claim()[0]
        try await with(keeper(heartbeat: .milliseconds(100))) {
            #expect(await limited.stopIntent.wait(atMost: .seconds(30)) == .leaseEnded)
        }
        #expect(ContinuousClock.now - begun >= .milliseconds(290))
        #expect(free.stopIntent.current == nil)
    }

    /// Neither while it stops with grace: another may have its task as soon as its lease has run out.
    @Test func aStopWithGraceEndsWithTheLease() async throws {
        let attempts = try await claim(3)
        attempts[0].stopIntent.set(.timeout(.seconds(1)))
        attempts[1].stopIntent.set(.cancel("on request"))
        clock.pass(20)
        _ = try await store.renew([attempts[0].claim.lease], for: .seconds(600))
        clock.pass(20)
        #expect(try await store.recoverExpired(maxDeliveries: 5).count == 2)
        let keeper = keeper(heartbeat: .seconds(3600))
        try await with(keeper) {
            keeper.check()
            #expect(await attempts[1].graceOver.wait(atMost: .seconds(30)) != nil)
            #expect(await attempts[2].stopIntent.wait(atMost: .seconds(30)) == .leaseLost)
        }
        #expect(attempts[0].graceOver.current == nil)
        await store.close()
        try await with(self.keeper(lease: .milliseconds(400), heartbeat: .milliseconds(100))) {
            #expect(await attempts[0].graceOver.wait(atMost: .seconds(30)) != nil)
        }
        #expect(attempts[0].stopIntent.current == .timeout(.seconds(1)))
    }

    /// The database's time of day jumps beyond the lease, again and again, and nobody else was faster.
    @Test func aClockThatJumpsTakesNothingFromWhoStillRenews() async throws {
        let attempt = try await claim()[0]
        let keeper = keeper(heartbeat: .milliseconds(20))
        try await with(keeper) {
            for _ in 1...5 {
                clock.pass(31)
                keeper.check()
                try await eventually("a renewal") {
                    try await store.stale(maxDeliveries: 5, sparing: []).isEmpty
                }
            }
        }
        #expect(attempt.stopIntent.current == nil)
    }

    /// The store goes away between the renewal and the lines of the timeline.
    @Test func aLineThatCannotBeWrittenHoldsUpNoOtherAttempt() async throws {
        let clock = HookClock()
        let store = try await SQLiteTaskStore(path: "\(scratch.path)/hooked.sqlite", clock: clock)
        _ = try await store.submit((0..<5).map { _ in TaskSpec(command: ["true"]) })
        let request = ClaimRequest(
            supervisor: me, host: "h", limit: 5, leaseDuration: .seconds(3600), offersContainers: false)
        let attempts = try await store.claim(request).map { RunningAttempt(claim: $0) }
        for attempt in attempts {
            registry.add(attempt)
            _ = try await store.cancel(attempt.claim.task.id, reason: "no longer wanted")
        }
        clock.hook = {
            let closing = OneShot<Void>()
            Task {
                closing.set(())
                await store.close()
            }
            while closing.current == nil || !store.writer.isClosed { usleep(100) }
            return true
        }
        let keeper = keeper(store, lease: .seconds(3600), heartbeat: .seconds(1800))
        try await with(keeper) {
            keeper.check()
            for attempt in attempts {
                #expect(await attempt.stopIntent.wait(atMost: .seconds(30)) == .cancel("on request"))
            }
        }
    }

    // MARK: Recovery

    private func scanner(maxDeliveries: Int, _ recovered: @escaping @Sendable () -> Void) -> RecoveryScanner {
        var settings = QueueSettings()
        settings.sweepInterval = .milliseconds(20)
        settings.maxDeliveries = maxDeliveries
        return RecoveryScanner(
            store: store, settings: settings, metrics: SupervisorMetrics(), logger: .silent,
            held: { registry.all.map(\.claim.lease) }, recovered: recovered)
    }

    @Test(arguments: [RecoveryMode.off, .observe])
    func aScannerThatMayNotActChangesNothing(mode: RecoveryMode) async throws {
        let attempt = try await claim()[0]
        registry.remove(attempt)
        let before = try await store.events(of: attempt.claim.task.id, after: 0)
        var settings = QueueSettings()
        settings.sweepInterval = .milliseconds(10)
        settings.recovery = mode
        let looks = Mutex(0)
        let scanner = RecoveryScanner(
            store: store, settings: settings, metrics: SupervisorMetrics(), logger: .silent,
            held: {
                looks.withLock { $0 += 1 }
                return []
            }, recovered: { Issue.record("it must not act") })
        let life = Task { await scanner.run() }
        clock.pass(31)
        if mode == .observe { try await eventually("some looks") { looks.withLock { $0 } > 3 } }
        try await Task.sleep(for: .milliseconds(100))
        #expect(looks.withLock { $0 } > 0 || mode == .off)
        life.cancel()
        await life.value
        #expect(try await store.task(attempt.claim.task.id)?.state == .inProgress)
        #expect(try await store.events(of: attempt.claim.task.id, after: 0) == before)
    }

    @Test(arguments: [(5, TaskState.enqueued, TaskEvent.Kind.requeuedStale), (1, .error, .deadLettered)])
    func aTaskNobodyRenewsGoesBackOrDies(maxDeliveries: Int, state: TaskState, kind: TaskEvent.Kind) async throws {
        let attempt = try await claim()[0]
        registry.remove(attempt)
        let task = attempt.claim.task.id
        let recovered = OneShot<Void>()
        let scanner = scanner(maxDeliveries: maxDeliveries) { recovered.set(()) }
        let life = Task { await scanner.run() }
        clock.pass(31)
        #expect(await recovered.wait(atMost: .seconds(30)) != nil)
        #expect(try await store.task(task)?.state == state)
        #expect(try await store.events(of: task, after: 0).last?.kind == kind)
        life.cancel()
        await life.value
    }

    /// The clock jumps, as after a suspend, and the scan comes before the next renewal.
    @Test func theScannerTakesNoLeaseThatItsOwnSupervisorWorksUnder() async throws {
        let attempts = try await claim(2)
        registry.remove(attempts[1])
        let recovered = OneShot<Void>()
        let scanner = scanner(maxDeliveries: 5) { recovered.set(()) }
        let life = Task { await scanner.run() }
        clock.pass(3600)
        #expect(await recovered.wait(atMost: .seconds(30)) != nil)
        #expect(try await store.task(attempts[0].claim.task.id)?.state == .inProgress)
        #expect(try await store.task(attempts[1].claim.task.id)?.state == .enqueued)
        life.cancel()
        await life.value
    }
}
