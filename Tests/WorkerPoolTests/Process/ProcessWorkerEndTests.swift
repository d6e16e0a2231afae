import AgentProtocol
import Foundation
import Glibc
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

/// The real agent as a local worker: every way to end.
@Suite("Process worker: ends", .timeLimit(.minutes(5)))
struct ProcessWorkerEndTests {
    /// Runs a script, and stops it with `intent` after its first output.
    private func stop(
        _ local: LocalWorker, _ script: String, _ intent: StopIntent, grace: Duration
    ) async -> (ExitRecord, Transcript, Duration) {
        let stop = OneShot<StopIntent>()
        let transcript = Transcript()
        async let record = local.run(LocalWorker.request(script, grace: grace, stop: stop), transcript)
        await transcript.spoke.value()
        let begun = ContinuousClock.now
        stop.set(intent)
        return await (record.0, transcript, ContinuousClock.now - begun)
    }

    @Test func aStopIsATermSignalTheTaskCanHandle() async throws {
        try await LocalWorker.with { local in
            let script = "trap 'echo bye; exit 7' TERM; echo; while :; do sleep 0.05; done"
            let (record, transcript, took) = await stop(local, script, .cancel("why"), grace: .seconds(60))
            #expect(record.stop == .cancel("why"))
            #expect(record.report?.exitCode == 7)
            #expect(transcript.output == "\nbye\n")
            #expect(took < .seconds(30))
        }
    }

    @Test func aTaskThatIgnoresTheStopIsKilledAfterItsGrace() async throws {
        try await LocalWorker.with { local in
            let script = "trap '' TERM; echo; while :; do sleep 0.05; done"
            let (record, _, took) = await stop(local, script, .shutdown, grace: .milliseconds(400))
            #expect(record.report?.terminationSignal == SIGKILL)
            #expect(record.stop == .shutdown)
            #expect(took >= .milliseconds(400))
            #expect(await local.run("exit 5", attempt: 2).0.report?.exitCode == 5)
        }
    }

    /// Another supervisor may see the end, and has to know why it came.
    @Test(arguments: [
        StopIntent.shutdown, .cancel("why"), .timeout(.milliseconds(1500)), .limit(.output(limitBytes: 9)),
    ])
    func aSIGTERMIsNoted(_ intent: StopIntent) async throws {
        try await LocalWorker.with { local in
            let script = "trap 'exit 0' TERM; echo; while :; do sleep 0.05; done"
            let (record, _, _) = await stop(local, script, intent, grace: .seconds(60))
            #expect(record.report?.exitCode == 0)
            #expect(record.isTerminated)
            #expect(local.worker.directory.notedStop == intent)
            #expect(await !local.run("exit 0", attempt: 2).0.isTerminated)
            #expect(local.worker.directory.notedStop == nil)
        }
    }

    @Test func aLostLeaseLeavesNoGrace() async throws {
        try await LocalWorker.with { local in
            let script = "trap 'echo graceful; exit 0' TERM; echo; while :; do sleep 0.05; done"
            let (record, transcript, _) = await stop(local, script, .leaseLost, grace: .seconds(60))
            #expect(record.report?.terminationSignal == SIGKILL)
            #expect(transcript.output == "\n")
        }
    }

    @Test func aGraceThatIsCutShortEndsTheTaskAtOnce() async throws {
        try await LocalWorker.with { local in
            var request = LocalWorker.request(
                "trap 'echo asked' TERM; echo; while :; do sleep 0.05; done", grace: .seconds(60))
            request.stop = OneShot()
            let (stop, graceOver) = (request.stop, request.graceOver)
            let transcript = Transcript()
            async let record = local.run(request, transcript)
            await transcript.spoke.value()
            stop.set(.timeout(.seconds(1)))
            try await eventually("SIGTERM") { transcript.output == "\nasked\n" }
            let begun = ContinuousClock.now
            graceOver.set(())
            #expect(await record.0.report?.terminationSignal == SIGKILL)
            #expect(await record.0.stop == .timeout(.seconds(1)))
            #expect(ContinuousClock.now - begun < .seconds(30))
        }
    }

    @Test func aTimeOutEndsTheTaskAndSaysSo() async throws {
        try await LocalWorker.with { local in
            let begun = ContinuousClock.now
            let record = await local.run(
                LocalWorker.request("exec sleep 1000", timeout: .milliseconds(300), grace: .seconds(60))
            ).0
            #expect(record.stop == .timeout(.milliseconds(300)))
            #expect(record.report?.terminationSignal == SIGTERM)
            #expect(ContinuousClock.now - begun >= .milliseconds(300))
        }
    }

    @Test func aTaskInsideItsTimeIsNotDisturbed() async throws {
        try await LocalWorker.with { local in
            let record = await local.run(LocalWorker.request("exit 4", timeout: .seconds(600))).0
            #expect(record.stop == nil)
            #expect(record.report?.exitCode == 4)
        }
    }

    @Test func theAgentsDeathLosesTheWorkerAndNothingOfTheTaskIsLeft() async throws {
        let (local, end) = try await LocalWorker.with { local in
            let agent: Int32 = try await eventually("its pid") { local.worker.agentPID }
            let transcript = Transcript()
            async let record = local.worker.execute(
                LocalWorker.request("setsid sleep 1000 & echo; exec sleep 1000"), observer: transcript)
            await transcript.spoke.value()
            #expect(kill(agent, SIGKILL) == 0)
            guard case .workerLost(let loss) = await record.end else {
                Issue.record("the attempt ended as \(await record.end)")
                return local
            }
            // Who hears of the end gives the task to another worker.
            #expect(LeftoverProcesses.pids(worker: local.worker.id.rawValue) == [])
            #expect(!loss.mayRunOn)
            #expect(!loss.observation.isEmpty)
            // Ends by itself: nobody stops it.
            try await eventually("the worker's end") { local.worker.status == .stopped }
            return local
        }
        guard case .lost = end else {
            Issue.record("the worker ended as \(end)")
            return
        }
        #expect(LeftoverProcesses.pids(worker: local.worker.id.rawValue) == [])
        #expect(local.journal.current == [])
    }

    @Test func aForcedStopEndsAnAttemptAtOnce() async throws {
        let end = try await LocalWorker.with { local in
            let transcript = Transcript()
            async let record = local.worker.execute(
                LocalWorker.request("trap '' TERM; echo; while :; do sleep 0.05; done", grace: .seconds(60)),
                observer: transcript)
            await transcript.spoke.value()
            let begun = ContinuousClock.now
            local.worker.stop(force: true)
            guard case .workerLost = await record.end else {
                Issue.record("the attempt ended as \(await record.end)")
                return
            }
            #expect(LeftoverProcesses.pids(worker: local.worker.id.rawValue) == [])
            #expect(ContinuousClock.now - begun < .seconds(20))
        }.end
        #expect(end == .stopped)
    }

    @Test func aPoliteStopOfAnIdleWorkerIsQuick() async throws {
        let begun = ContinuousClock.now
        let (local, end) = try await LocalWorker.with { local in
            local.worker.stop(force: false)
            try await eventually("the worker's end") { local.worker.status == .stopped }
            return local
        }
        #expect(end == .stopped)
        #expect(ContinuousClock.now - begun < .seconds(20))
        #expect(LeftoverProcesses.pids(worker: local.worker.id.rawValue) == [])
    }

    @Test func cancellingItsTaskIsAForcedStop() async throws {
        let scratch = try Scratch()
        let worker = ProcessWorker(context: .test(in: scratch))
        let ready = OneShot<Void>()
        let life = Task {
            await worker.run { if $0 == .ready { ready.set(()) } }
        }
        await ready.value()
        life.cancel()
        #expect(await life.value == .stopped)
        #expect(worker.status == .stopped)
        #expect(LeftoverProcesses.pids(worker: worker.id.rawValue) == [])
    }
}
