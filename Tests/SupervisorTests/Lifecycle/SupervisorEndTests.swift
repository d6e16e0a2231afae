import AgentProtocol
import Foundation
import Settings
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor
@testable import WorkerPool

/// Shutdowns, cancellations and losses, with real processes.
@Suite("Supervisor: ends", .timeLimit(.minutes(8)))
struct SupervisorEndTests {
    private let scratch: Scratch
    private static let stubborn = "trap '' TERM; echo; while :; do sleep 0.05; done"

    init() throws { scratch = try Scratch() }

    @Test func aShutdownLetsATaskFinishInItsTime() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let id = try await test.submit(["echo; while ! test -e \(scratch.path)/go; do sleep 0.02; done; exit 4"])[0]
        try await test.run {
            try await test.waitForOutput(of: id)
            test.supervisor.shutDown(force: false)
            try await eventually("the stop") { test.supervisor.status.state == .stopping }
            try Data().write(to: URL(fileURLWithPath: "\(scratch.path)/go"))
        }
        let task = try #require(try await test.store.task(id))
        #expect(task.state == .error)
        #expect(task.exitCode == 4)
    }

    @Test func aTaskThatDoesNotEndInTimeIsInterruptedAndGivenBack() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1) { $0.workers.shutdownTimeout = .milliseconds(200) }
        let ids = try await test.submit(["trap 'echo saved; exit 75' TERM; echo; while :; do sleep 0.02; done", "true"])
        try await test.run {
            try await test.waitForOutput(of: ids[0])
        }
        let task = try #require(try await test.store.task(ids[0]))
        #expect(task.state == .enqueued)
        #expect(task.failures == 0)
        #expect(task.interruptions == 1)
        #expect(try await test.kinds(ids[0]) == [.submitted, .claimed, .started, .abandoned])
        let attempt = try #require(try await test.store.attempts(of: ids[0]).first)
        #expect(attempt.outcome == .interrupted)
        #expect(attempt.exitCode == 75)
        #expect(try test.output(ids[0]) == "\nsaved\n")
        // Nothing new was begun during the shutdown.
        #expect(try await test.kinds(ids[1]) == [.submitted])
    }

    /// interruptions are free for as long as `queue.maxInterruptions` says, and count as deliveries from then on.
    @Test func interruptionsAreCountedApartUpToTheirLimit() async throws {
        func supervisor() async throws -> TestSupervisor {
            try await TestSupervisor(in: scratch, workers: 1) {
                $0.workers.shutdownTimeout = .milliseconds(200)
                $0.queue.maxInterruptions = 2
                $0.queue.maxDeliveries = 1
            }
        }
        let id = try await supervisor().submit(["trap 'exit 75' TERM; echo; while :; do sleep 0.02; done"])[0]
        // The third is no interruption any more, and one delivery is all that there may be.
        for (attempt, deliveries, state) in [(1, 0, TaskState.enqueued), (2, 0, .enqueued), (3, 1, .error)] {
            let test = try await supervisor()
            try await test.run { try await test.waitForOutput(of: id, attempt: attempt) }
            let task = try #require(try await test.store.task(id))
            #expect(task.state == state && task.deliveries == deliveries && task.failures == 0, "\(task)")
        }
    }

    /// programs that clean up after themselves at a SIGTERM exit with 0 though they are half done.
    @Test func exitCodeZeroAfterTheSIGTERMOfAShutdownIsAnInterruption() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1) { $0.workers.shutdownTimeout = .milliseconds(200) }
        let id = try await test.submit(["trap 'echo cleaned; exit 0' TERM; echo; while :; do sleep 0.02; done"])[0]
        try await test.run { try await test.waitForOutput(of: id) }
        let task = try #require(try await test.store.task(id))
        #expect(task.state == .enqueued && task.outcome == .interrupted && task.exitCode == 0)
        #expect(task.failures == 0 && task.interruptions == 1)
        #expect(task.reason?.contains("exited with code 0 after acode's SIGTERM") == true, "\(task)")
        #expect(try test.output(id) == "\ncleaned\n")
    }

    /// It was only told: by the stop file, not by a signal.
    @Test func exitCodeZeroBeforeThatSIGTERMIsASuccess() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1) { $0.workers.shutdownTimeout = .seconds(60) }
        let id = try await test.submit(["echo; until test -e $ACODE_STOP_FILE; do sleep 0.02; done"])[0]
        try await test.run { try await test.waitForOutput(of: id) }
        let task = try #require(try await test.store.task(id))
        #expect(task.state == .complete && task.reason == "exited with code 0")
    }

    /// where nobody recovers tasks, nobody else would ever find the lease.
    @Test func aClaimWhoseAnswerWasLostJustBeforeTheEndIsGivenBack() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1) {
            $0.queue.recovery = .off
            ($0.queue.lease, $0.queue.heartbeat) = (.seconds(7200), .seconds(3600))
        } behind: {
            let store = FaultyStore($0)
            store.fail(.claim, .answerLost)
            return store
        }
        let id = try await test.submit(["true"])[0]
        try await test.run {
            try await eventually("the claim") { try await test.store.task(id)?.state == .inProgress }
        }
        #expect(try await test.store.task(id)?.state == .enqueued)
        #expect(try await test.store.supervisors().isEmpty)
        // And where that can't be done, whoever has the pool next finds the lease by the row.
        let next = try await TestSupervisor(in: scratch, workers: 1) {
            $0.queue.recovery = .off
            ($0.queue.lease, $0.queue.heartbeat) = (.seconds(7200), .seconds(3600))
        } behind: {
            let store = FaultyStore($0)
            store.fail(.claim, .answerLost)
            store.fail(.finish, .unreachable)
            return store
        }
        try await next.run {
            try await eventually("the claim") { try await next.store.task(id)?.state == .inProgress }
        }
        #expect(try await next.store.task(id)?.state == .inProgress)
        #expect(try await next.store.supervisors().map(\.id) == [next.supervisor.id])
        let last = try await TestSupervisor(in: scratch, workers: 1) { $0.queue.recovery = .off }
        try await last.run { try await last.wait(for: id, in: [.complete]) }
        #expect(try await last.store.supervisors().isEmpty)
    }

    @Test func anotherSupervisorResumesWhatWasInterrupted() async throws {
        let first = try await TestSupervisor(in: scratch, workers: 1) { $0.workers.shutdownTimeout = .milliseconds(50) }
        let script = "test $ACODE_ATTEMPT = 2 && exit 0; echo; exec sleep 1000"
        let id = try await first.submit([script])[0]
        try await first.run { try await first.waitForOutput(of: id) }
        let second = try await TestSupervisor(in: scratch, workers: 1)
        try await second.run { try await second.wait(for: id, in: [.complete, .error]) }
        #expect(
            try await second.kinds(id) == [
                .submitted, .claimed, .started, .abandoned, .claimed, .started, .completed,
            ])
    }

    @Test func forceEndsAStubbornTaskAtOnceAndGivesItBack() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 2) { $0.workers.stopTimeout = .seconds(60) }
        let id = try await test.submit([Self.stubborn])[0]
        let begun = ContinuousClock.now
        try await test.run {
            try await test.waitForOutput(of: id)
            test.supervisor.shutDown(force: false)
            test.supervisor.shutDown(force: true)
        }
        #expect(ContinuousClock.now - begun < .seconds(50))
        let task = try #require(try await test.store.task(id))
        #expect(task.state == .enqueued)
        #expect(task.interruptions == 1)
        #expect(try await test.kinds(id) == [.submitted, .claimed, .started, .abandoned])
        for worker in try await test.store.workers(installation: test.installation()) {
            Issue.record("worker \(worker.id) is still in the store")
        }
    }

    @Test func drainingWaitsForTheTaskHoweverLongItTakes() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1) { $0.workers.shutdownTimeout = .milliseconds(1) }
        let ids = try await test.submit(["echo; while ! test -e \(scratch.path)/go; do sleep 0.02; done", "true"])
        try await test.run {
            try await test.waitForOutput(of: ids[0])
            test.supervisor.drain()
            #expect(test.supervisor.status.state == .draining)
            try Data().write(to: URL(fileURLWithPath: "\(scratch.path)/go"))
            try await test.wait(for: ids[0], in: [.complete, .error, .enqueued])
        }
        #expect(try await test.store.task(ids[0])?.state == .complete)
        #expect(try await test.store.task(ids[1])?.state == .enqueued)
    }

    /// its lease is renewed until then, so that nobody runs it a second time.
    @Test func anEndWaitsForTheStoreWhileOtherTasksKeepTheSupervisorUp() async throws {
        var faulty: FaultyStore?
        let test = try await TestSupervisor(in: scratch, workers: 2) {
            $0.queue.lease = .seconds(15)
        } behind: {
            faulty = FaultyStore($0)
            return faulty ?? $0
        }
        let store = try #require(faulty)
        let ids = try await test.submit(
            ["first", "last"].map { "echo; while ! test -e \(scratch.path)/\($0); do sleep 0.02; done" })
        try await test.run {
            for id in ids { try await test.waitForOutput(of: id) }
            test.supervisor.drain()
            store.fail(.finish, .unreachable)
            try Data().write(to: URL(fileURLWithPath: "\(scratch.path)/first"))
            // With the pauses between them these take longer than a lease, and than an end waits once nothing runs.
            try await eventually("many tries", within: .seconds(60)) { store.struck(.finish) >= 14 }
            store.mend()
            let task = try await test.wait(for: ids[0], in: [.complete, .error, .enqueued])
            #expect(task.state == .complete && task.attempt == 1)
            let other = try await test.store.task(ids[1])
            #expect(other?.state == .inProgress, "\(String(describing: other))")
            try Data().write(to: URL(fileURLWithPath: "\(scratch.path)/last"))
            try await test.wait(for: ids[1], in: [.complete, .error, .enqueued])
        }
        for id in ids { #expect(try await test.kinds(id) == [.submitted, .claimed, .started, .completed]) }
    }

    @Test func aCancelledTaskIsStoppedAndStaysCancelled() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let id = try await test.submit(["echo; exec sleep 1000"])[0]
        try await test.run {
            try await test.waitForOutput(of: id)
            _ = try await test.store.cancel(id, reason: "no longer wanted")
            test.supervisor.checkLeases()
            let task = try await test.wait(for: id, in: [.cancelled, .error, .complete])
            #expect(task.outcome == .cancelled)
            #expect(
                try await test.kinds(id) == [
                    .submitted, .claimed, .started, .cancelRequested, .stopRequested, .cancelled,
                ])
        }
    }

    @Test func aTaskWhoseWorkerDiesRunsAgain() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let id = try await test.submit(["test $ACODE_ATTEMPT = 2 && exit 0; echo; exec sleep 1000"])[0]
        try await test.run {
            try await test.waitForOutput(of: id)
            let agent: Int32 = try await eventually("its pid") { test.supervisor.current?.pool.workers.first?.agentPID }
            #expect(kill(agent, SIGKILL) == 0)
            try await test.wait(for: id, in: [.complete, .error])
            #expect(
                try await test.kinds(id) == [
                    .submitted, .claimed, .started, .abandoned, .claimed, .started, .completed,
                ])
            #expect(try await test.store.attempts(of: id).first?.outcome == .workerLost)
        }
    }

    @Test func aSecondSupervisorOfThePoolIsRefused() async throws {
        let first = try await TestSupervisor(in: scratch, workers: 1)
        try await first.run {
            try await eventually("the first supervisor") { first.supervisor.status.state == .running }
            let second = try await TestSupervisor(in: scratch, workers: 1)
            let error = await #expect(throws: SupervisorError.self) { try await second.supervisor.run() }
            #expect(error?.code == .poolBusy)
        }
    }

    @Test func withoutItsAgentASupervisorDoesNotBegin() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        var options = test.supervisor.options
        options.agentExecutable = "/no/such/agent"
        let supervisor = Supervisor(options: options, store: test.store, layout: test.layout, logger: .silent)
        let error = await #expect(throws: SupervisorError.self) { try await supervisor.run() }
        #expect(error?.code == .agentMissing)
        #expect(error?.message.contains("/no/such/agent") == true)
    }

    @Test func withoutAnEngineItFallsBackOrRefusesAsConfigured() async throws {
        for mayFallBack in [true, false] {
            let test = try await TestSupervisor(in: scratch, workers: 1) {
                $0.workers.mode = .docker
                $0.workers.docker.socket = "\(scratch.path)/no-engine.sock"
                $0.workers.fallback = mayFallBack
            }
            if mayFallBack {
                try await test.run {
                    try await eventually("a worker") { test.supervisor.status.ready == 1 }
                    #expect(test.supervisor.status.mode == .local)
                    #expect(test.supervisor.status.fallbackReason?.contains("no-engine.sock") == true)
                    #expect(test.supervisor.workers.map(\.profile) == ["local process"])
                }
            } else {
                let error = await #expect(throws: SupervisorError.self) { try await test.supervisor.run() }
                #expect(error?.code == .engineUnavailable)
            }
        }
    }

    /// The claim is in the store's hands when the supervisor closes.
    @Test func whatIsClaimedWhileItClosesIsGivenBackUnrun() async throws {
        let clock = HookClock()
        let test = try await TestSupervisor(in: scratch, workers: 1, clock: clock) {
            ($0.queue.lease, $0.queue.heartbeat) = (.seconds(7200), .seconds(3600))
            ($0.queue.sweepInterval, $0.queue.pollInterval) = (.seconds(3600), .seconds(3600))
        }
        let id = try await test.store.submit([TaskSpec(command: ["touch", "\(scratch.path)/ran"])])[0].id
        // With a free worker the next thing written is the claim.
        clock.hook = {
            guard let running = test.supervisor.current, running.pool.freeSlots > 0 else { return false }
            running.dispatcher.close()
            return true
        }
        try await test.supervisor.run()
        let task = try #require(try await test.store.task(id))
        #expect(task.state == .enqueued)
        #expect(task.attempt == 1)
        #expect(task.deliveries == 0)
        #expect(task.outcome == .interrupted)
        #expect(!scratch.exists("ran"))
    }

    /// Else a loop that must go on in a cancelled task would spin.
    @Test func aPauseLastsAlsoInACancelledTask() async {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            let begun = ContinuousClock.now
            await AttemptRunner.sleep(.milliseconds(100))
            return ContinuousClock.now - begun
        }
        task.cancel()
        #expect(await task.value >= .milliseconds(100))
    }
}
