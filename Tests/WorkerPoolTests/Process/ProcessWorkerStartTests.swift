import AgentProtocol
import Foundation
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Process worker: starts that fail", .timeLimit(.minutes(3)))
struct ProcessWorkerStartTests {
    private func end(of worker: ProcessWorker) async -> WorkerError? {
        if case .startFailed(let error) = await worker.run(changed: { _ in }) { error } else { nil }
    }

    @Test func aMissingAgentIsNamed() async throws {
        let scratch = try Scratch()
        let journal = MemoryJournal()
        let worker = ProcessWorker(context: .test(in: scratch, journal: journal, agent: "/no/such/agent"))
        let error = await end(of: worker)
        #expect(error?.code == .host)
        #expect(error?.message.contains("/no/such/agent") == true)
        #expect(worker.status == .stopped)
        #expect(journal.history.count == 1)
        #expect(journal.current == [])
        #expect(!scratch.exists("run/w/\(worker.id)"))
    }

    @Test func anAgentThatEndsBeforeItCallsIsAFailedStart() async throws {
        let scratch = try Scratch()
        let error = await end(of: ProcessWorker(context: .test(in: scratch, agent: "/bin/true")))
        #expect(error?.code == .startFailed)
    }

    @Test func anAgentThatNeverCallsTimesOut() async throws {
        let scratch = try Scratch()
        let silent = "\(scratch.path)/silent"
        try Data("#!/bin/sh\nexec sleep 1000\n".utf8).write(to: URL(fileURLWithPath: silent))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: silent)
        let worker = ProcessWorker(
            context: .test(in: scratch, agent: silent, startTimeout: .milliseconds(300), stopTimeout: .seconds(1)))
        #expect(await end(of: worker)?.code == .startTimedOut)
        #expect(LeftoverProcesses.pids(worker: worker.id.rawValue) == [])
    }

    @Test func withoutARowNothingIsStarted() async throws {
        let scratch = try Scratch()
        let proof = "\(scratch.path)/agent"
        try Data("#!/bin/sh\ntouch \(scratch.path)/started\n".utf8).write(to: URL(fileURLWithPath: proof))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: proof)
        let worker = ProcessWorker(
            context: .test(in: scratch, journal: MemoryJournal(refuses: true), agent: proof))
        #expect(await end(of: worker)?.code == .host)
        #expect(!scratch.exists("started"))
        #expect(!scratch.exists("run/w/\(worker.id)"))
    }

    @Test func aSocketPathThatIsTooLongFailsTheStart() async throws {
        let scratch = try Scratch()
        var context = WorkerContext.test(in: scratch)
        context.runtimeDirectory += "/" + String(repeating: "x", count: 90)
        #expect(await end(of: ProcessWorker(context: context))?.code == .host)
    }

    @Test func aStopBeforeTheStartStartsNothing() async throws {
        let scratch = try Scratch()
        let worker = ProcessWorker(context: .test(in: scratch))
        worker.stop(force: false)
        #expect(await worker.run { _ in } == .stopped)
        #expect(worker.status == .stopped)
        #expect(LeftoverProcesses.pids(worker: worker.id.rawValue) == [])
    }
}
