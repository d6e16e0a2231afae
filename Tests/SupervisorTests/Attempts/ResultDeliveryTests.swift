import Foundation
import Synchronization
import TaskModel
import TestSupport
import Testing

@testable import Supervisor
@testable import TaskStore

/// Against the real store, which is closed where it is to be away.
@Suite("Result delivery", .timeLimit(.minutes(3)))
struct ResultDeliveryTests {
    private let scratch: Scratch
    private let clock = HandClock()
    private let spool: ResultSpool
    private let success = AttemptResult(
        outcome: .succeeded, exitCode: 0, reason: "exited with code 0", disposition: .complete)

    init() throws {
        scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/results", withIntermediateDirectories: true)
        spool = ResultSpool(directory: "\(scratch.path)/results")
    }

    private func store() async throws -> SQLiteTaskStore {
        try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite", clock: clock)
    }

    private func delivery(
        _ store: any TaskStore, patience: Duration = .seconds(60), ending: ShutdownRequest.Level? = nil,
        isBusy: @escaping @Sendable () -> Bool = { false }
    ) -> ResultDelivery {
        ResultDelivery(
            store: store, spool: spool, patience: patience, ending: { ending }, isBusy: isBusy,
            metrics: SupervisorMetrics(), logger: .silent)
    }

    private func claim(_ store: SQLiteTaskStore) async throws -> Lease {
        _ = try await store.submit([TaskSpec(command: ["true"])])
        let request = ClaimRequest(
            supervisor: .next(), host: "h", limit: 1, leaseDuration: .seconds(30), offersContainers: false)
        return try #require(try await store.claim(request).first).lease
    }

    private func kinds(_ store: SQLiteTaskStore, _ lease: Lease) async throws -> [TaskEvent.Kind] {
        try await store.events(of: lease.taskID, after: 0).map(\.kind)
    }

    private var kept: [ResultSpool.Entry] { get async throws { try await spool.contents().entries } }

    @Test func withAStoreThatAnswersNothingIsKept() async throws {
        let store = try await store()
        let lease = try await claim(store)
        #expect(await delivery(store).deliver(success, under: lease) == .recorded)
        #expect(try await kept.isEmpty)
        #expect(try await store.task(lease.taskID)?.state == .complete)
    }

    @Test func aSupervisorThatEndsLeavesItToTheNextWhichWritesItOnce() async throws {
        let first = try await store()
        let lease = try await claim(first)
        await first.close()
        #expect(await delivery(first, ending: .force).deliver(success, under: lease) == .kept)
        #expect(try await kept.map(\.lease) == [lease])
        let second = try await store()
        let copy = try #require(try await kept.first)
        try await delivery(second).deliverKept()
        #expect(try await second.task(lease.taskID)?.state == .complete)
        #expect(try await kept.isEmpty)
        // Killed after the write and before the file was gone.
        try await spool.keep(copy)
        try await delivery(second).deliverKept()
        #expect(try await kept.isEmpty)
        #expect(try await kinds(second, lease) == [.submitted, .claimed, .completed])
    }

    /// A drain may wait for hours for the others, and its heartbeats keep the lease.
    @Test func whileOthersRunASupervisorThatEndsGoesOnTrying() async throws {
        let real = try await store()
        let lease = try await claim(real)
        let store = FaultyStore(real)
        store.fail(.finish, .unreachable)
        var delivery = delivery(store, ending: .drain, isBusy: { true })
        delivery.patienceAtEnd = .milliseconds(1)
        async let fate = delivery.deliver(success, under: lease)
        try await eventually("some tries") { store.struck(.finish) >= 4 }
        #expect(try await kept.map(\.lease) == [lease])
        store.mend()
        #expect(await fate == .recorded)
        #expect(try await kept.isEmpty)
    }

    @Test func whenNothingRunsAnyMoreItLeavesItToTheNext() async throws {
        let real = try await store()
        let lease = try await claim(real)
        let store = FaultyStore(real)
        let busy = Mutex(true)
        store.fail(.finish, .unreachable)
        var delivery = delivery(store, ending: .graceful, isBusy: { busy.withLock { $0 } })
        delivery.patienceAtEnd = .milliseconds(1)
        async let fate = delivery.deliver(success, under: lease)
        try await eventually("some tries") { store.struck(.finish) >= 3 }
        busy.withLock { $0 = false }
        #expect(await fate == .kept)
        #expect(try await kept.map(\.lease) == [lease])
    }

    /// What has ended holds up no other end.
    @Test func aSupervisorIsBusyUntilAllOfItsAttemptsHaveEnded() async throws {
        let store = try await store()
        let attempt = RunningAttempt(
            claim: ClaimedTask(
                task: try await store.submit([TaskSpec(command: ["true"])])[0],
                lease: Lease(taskID: .next(), attempt: 1, token: 1)))
        let registry = AttemptRegistry()
        #expect(!registry.runsTasks)
        registry.add(attempt)
        #expect(registry.runsTasks)
        #expect(attempt.begin())
        #expect(registry.runsTasks)
        attempt.conclude()
        #expect(!registry.runsTasks)
    }

    @Test func aCancelledTaskKeepsItsEndAllTheSame() async throws {
        let store = try await store()
        let lease = try await claim(store)
        await store.close()
        let delivery = delivery(store, ending: .force)
        let work = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await delivery.deliver(success, under: lease)
        }
        #expect(await work.value == .kept)
        #expect(try await kept.map(\.lease) == [lease])
    }

    @Test func whatComesAfterTheLeaseWasLostIsToldOnceAndForgotten() async throws {
        let store = try await store()
        let lease = try await claim(store)
        clock.pass(31)
        _ = try await store.recoverExpired(maxDeliveries: 5)
        let entry = ResultSpool.Entry(lease: lease, result: success)
        for _ in 1...2 {
            try await spool.keep(entry)
            try await delivery(store).deliverKept()
            #expect(try await kept.isEmpty)
        }
        #expect(await delivery(store).deliver(success, under: lease) == .refused)
        #expect(try await store.task(lease.taskID)?.state == .enqueued)
        #expect(try await kinds(store, lease).filter { $0 == .resultDiscarded }.count == 1)
    }

    @Test func anEndOfAnotherStoreIsNotThrownAway() async throws {
        let entry = ResultSpool.Entry(lease: Lease(taskID: .next(), attempt: 1, token: 7), result: success)
        try await spool.keep(entry)
        try await delivery(store()).deliverKept()
        #expect(try await kept == [entry])
    }

    @Test func withoutItsStoreASupervisorDoesNotStart() async throws {
        let store = try await store()
        let lease = try await claim(store)
        try await spool.keep(.init(lease: lease, result: success))
        await store.close()
        let error = await #expect(throws: SupervisorError.self) { try await delivery(store).deliverKept() }
        #expect(error?.code == .storeUnavailable)
        #expect(try await kept.count == 1)
    }

    @Test func anAttemptThatLostItsLeaseIsNotKept() async throws {
        let store = try await store()
        let lease = try await claim(store)
        await store.close()
        let lost = AttemptResult(outcome: .leaseLost, reason: "lost", disposition: .abandon(delay: 0))
        #expect(await delivery(store, patience: .milliseconds(100)).deliver(lost, under: lease) == .lost)
        #expect(try await kept.isEmpty)
    }

    /// Nothing of it counts, or whoever stops by force gives it up.
    @Test(arguments: [TaskOutcome.leaseLost, .succeeded])
    func whatCannotBeKeptHoldsUpNoForcedEnd(_ outcome: TaskOutcome) async throws {
        let store = try await store()
        let lease = try await claim(store)
        await store.close()
        try FileManager.default.removeItem(atPath: spool.directory)
        let result = AttemptResult(outcome: outcome, reason: "", disposition: .abandon(delay: 0))
        let begun = ContinuousClock.now
        #expect(await delivery(store, ending: .force).deliver(result, under: lease) == .lost)
        #expect(ContinuousClock.now - begun < .seconds(20))
    }

    /// As `whatCannotBeKeptHoldsUpNoForcedEnd`, within the time that any end has.
    @Test func aLostLeaseHoldsUpNoEnd() async throws {
        let store = try await store()
        let lease = try await claim(store)
        await store.close()
        let result = AttemptResult(outcome: .leaseLost, reason: "", disposition: .abandon(delay: 0))
        let begun = ContinuousClock.now
        #expect(await delivery(store, ending: .graceful).deliver(result, under: lease) == .lost)
        #expect(ContinuousClock.now - begun < .seconds(30))
    }

    @Test func whatCannotBeKeptIsTriedForAsLongAsItCanMatter() async throws {
        let store = try await store()
        let lease = try await claim(store)
        await store.close()
        try FileManager.default.removeItem(atPath: spool.directory)
        #expect(await delivery(store, patience: .milliseconds(200)).deliver(success, under: lease) == .lost)
    }
}
