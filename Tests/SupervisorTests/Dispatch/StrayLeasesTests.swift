import AgentProtocol
import Foundation
import Synchronization
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor

@Suite("Stray leases", .timeLimit(.minutes(3)))
struct StrayLeasesTests {
    private let scratch: Scratch
    private let store: SQLiteTaskStore
    private let registry = AttemptRegistry()
    private let spool: ResultSpool
    private let me = SupervisorID(rawValue: "me")

    init() async throws {
        scratch = try Scratch()
        store = try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite")
        spool = ResultSpool(directory: scratch.path)
    }

    private func claim(_ count: Int) async throws -> [ClaimedTask] {
        _ = try await store.submit((0..<count).map { _ in TaskSpec(command: ["true"]) })
        return try await store.claim(
            ClaimRequest(
                supervisor: me, host: "h", limit: count, leaseDuration: .seconds(30), offersContainers: false))
    }

    private var strays: StrayLeases {
        StrayLeases(
            store: store, supervisor: me, registry: registry, spool: spool, settling: .seconds(3600),
            metrics: SupervisorMetrics(), logger: .silent)
    }

    private func state(_ claim: ClaimedTask) async throws -> TaskState? { try await store.task(claim.task.id)?.state }

    @Test func whatNobodyHeardOfIsGivenBackAndNothingElse() async throws {
        let claims = try await claim(3)
        registry.add(RunningAttempt(claim: claims[0]))
        let end = AttemptResult(outcome: .succeeded, reason: "", disposition: .complete)
        try await spool.keep(.init(lease: claims[1].lease, result: end))
        let strays = strays
        let looks = Mutex(0)
        let mayLook = Mutex(false)
        let returned = Mutex(0)
        let life = Task {
            await strays.run(every: .milliseconds(10)) {
                looks.withLock { $0 += 1 }
                return mayLook.withLock { $0 }
            } returned: {
                returned.withLock { $0 += 1 }
            }
        }
        // No claim has failed.
        try await Task.sleep(for: .milliseconds(50))
        #expect(looks.withLock { $0 } == 0)
        // One of these may still be on its way to the registry.
        strays.claimFailed()
        try await eventually("some looks") { looks.withLock { $0 } >= 3 }
        #expect(try await state(claims[2]) == .inProgress)
        mayLook.withLock { $0 = true }
        try await eventually("its return") { returned.withLock { $0 } > 0 }
        #expect(try await state(claims[2]) == .enqueued)
        #expect(try await store.task(claims[2].task.id)?.deliveries == 0)
        try await eventually("more looks") { looks.withLock { $0 } >= 10 }
        #expect(try await state(claims[0]) == .inProgress)
        #expect(try await state(claims[1]) == .inProgress)
        #expect(returned.withLock { $0 } == 1)
        life.cancel()
        await life.value
    }

    /// Its agent may go on with the task for as long as nobody can end its container.
    @Test func whatARefusedWorkerMayStillRunIsKeptUntilTheWorkerIsGone() async throws {
        let claims = try await claim(2)
        let row = WorkerRecord(
            id: WorkerID(rawValue: "refused"), pool: "p", supervisor: me, installation: "i", host: "h", mode: .docker,
            profile: "image", createdAt: Date())
        try await store.save(row)
        let strays = strays
        // An adoption gave the lease another token than the agent's.
        strays.spare(
            AttemptRef(taskID: claims[0].task.id.rawValue, attempt: 1, token: claims[0].lease.token ^ 1), on: row.id,
            of: "i")
        #expect(try await strays.giveBack() == [claims[0].lease])
        #expect(try await state(claims[0]) == .inProgress)
        #expect(try await state(claims[1]) == .enqueued)
        try await store.remove(worker: row.id)
        #expect(try await strays.giveBack().isEmpty)
        #expect(try await state(claims[0]) == .enqueued)
    }

    /// Its command ran, so it counts, and nobody says that it was never heard of.
    @Test func whatEndedWithoutTheStoreKnowingGoesBackInItsOwnWords() async throws {
        let claims = try await claim(2)
        let strays = strays
        let verdict = Verdict(outcome: .succeeded, exitCode: 0, reason: "exited with code 0").unrecorded
        let decision = RetryDecision.after(
            verdict, task: claims[0].task, maxDeliveries: 3, orphanLife: 30, random: 0)
        strays.endWasLost(
            under: claims[0].lease,
            substitute: AttemptResult(
                outcome: verdict.outcome, reason: verdict.reason, disposition: decision.disposition,
                why: decision.why))
        #expect(try await strays.giveBack().isEmpty)
        let (ended, unheard) = (claims[0].task.id, claims[1].task.id)
        #expect(try await store.task(ended)?.deliveries == 1)
        #expect(try await store.task(unheard)?.deliveries == 0)
        let attempt = try #require(try await store.attempts(of: ended).first)
        #expect(attempt.outcome == .leaseLost)
        #expect(
            attempt.reason == "its end could neither be recorded nor kept (succeeded: exited with code 0)")
        #expect(try await store.task(ended)?.state == .enqueued)
        // Delivered as often as it may be.
        let last = RetryDecision.after(
            verdict, task: claims[0].task, maxDeliveries: 1, orphanLife: 30, random: 0)
        #expect(last.disposition == .deadLetter(countsAsFailure: false))
    }

    @Test func aTaskWhoseClaimIsNeverHeardOfWaitsLongerEachTime() async throws {
        let (task, other) = (TaskID.next(), TaskID.next())
        var delays = StrayDelays()
        let begun = ContinuousClock.now
        var now = begun
        var waits: [Double] = []
        for _ in 0..<12 {
            let wait = delays.delay(for: task, now: now)
            // What was not written counts for nothing.
            #expect(delays.delay(for: task, now: now) == wait)
            delays.gaveBack(task, now: now)
            waits.append(wait)
            now += .seconds(wait)
        }
        #expect(waits == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
        #expect(delays.delay(for: other, now: now) == 0)
        #expect(delays.delay(for: task, now: now + .seconds(3600)) == 0)
    }

    @Test func itsWaitIsInTheStore() async throws {
        let strays = strays
        let id = try await claim(1)[0].task.id
        #expect(try await strays.giveBack().isEmpty)
        #expect(try await store.task(id)?.state == .enqueued)
        let request = ClaimRequest(
            supervisor: me, host: "h", limit: 1, leaseDuration: .seconds(30), offersContainers: false)
        #expect(try await store.claim(request).map(\.task.id) == [id])
        #expect(try await strays.giveBack().isEmpty)
        let task = try #require(try await store.task(id))
        #expect(task.state == .pending && task.deliveries == 0 && task.runAt > task.createdAt)
    }
}
