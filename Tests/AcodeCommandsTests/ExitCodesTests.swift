import ArgumentParser
import Foundation
import Settings
import TaskModel
import Testing

@testable import AcodeCommands

@Suite("Exit codes")
struct ExitCodesTests {
    @Test(
        arguments: [
            (TaskState.complete, TaskOutcome?.some(.succeeded), Int?.some(0), Int32(0)),
            (.error, .failed, 3, 3), (.error, .failed, 137, 137), (.error, .oomKilled, 137, 137),
            (.error, .startFailed, 127, 127),
            // Without a code of its own, and with one that would say "done", a failure is still a failure.
            (.error, .workerLost, nil, 1), (.error, .timedOut, 0, 1), (.error, nil, nil, 1),
            (.cancelled, .cancelled, 143, 143), (.cancelled, nil, nil, 1), (.resolvedManually, .failed, 3, 0),
        ] as [(TaskState, TaskOutcome?, Int?, Int32)])
    func aTaskGivesItsCommandsCode(state: TaskState, outcome: TaskOutcome?, code: Int?, expected: Int32) {
        #expect(ExitCodes.of(Sample.ended(state, outcome, code: code)) == expected)
    }

    @Test func ofSeveralTasksTheFirstFailureDecides() {
        let tasks = [
            Sample.ended(.complete, .succeeded, code: 0), Sample.ended(.error, .failed, code: 4),
            Sample.ended(.error, .failed, code: 5),
        ]
        #expect(TaskWaiting.exitCode(of: tasks) == 4)
        #expect(TaskWaiting.exitCode(of: [tasks[0]]) == 0)
        #expect(TaskWaiting.exitCode(of: []) == 0)
    }

    @Test func aOneOffPoolLimitsNoLeases() throws {
        let base = Settings(state: .init(dir: "/tmp/acode-oneoff-\(UInt32.random(in: 0...(.max)))", runtimeDir: "/r"))
        let place = try OneOffPlace(base.state)
        defer {
            place.remove()
            try? FileManager.default.removeItem(atPath: base.state.dir)
        }
        #expect(base.queue.maxLease != nil)
        #expect(OneOffPool.settings(base, place: place, task: TaskSpec(command: ["x"])).queue.maxLease == nil)
    }

    @Test func aOneOffPoolWithoutAWorkerIsUnavailable() {
        #expect(OneOffPool.exitCode(of: Sample.ended(.error, .workerUnavailable, code: nil)) == 69)
        #expect(OneOffPool.exitCode(of: Sample.ended(.error, .failed, code: 7)) == 7)
    }

    @Test(
        arguments: [
            (Sample.ended(.complete, .succeeded, code: 0, reason: "exited with code 0"), String?.none),
            (Sample.ended(.error, .failed, code: 3, reason: "exited with code 3"), nil),
            (Sample.ended(.error, .failed, code: 137, reason: "killed"), "killed"),
            (Sample.ended(.error, .oomKilled, code: 1, reason: "out of memory"), "out of memory"),
            (Sample.ended(.error, .workerLost, code: nil), "the command ended without a reason on record"),
        ] as [(QueuedTask, String?)])
    func whatACodeDoesNotSayIsExplained(task: QueuedTask, words: String?) {
        #expect(OneOffPool.explanation(of: task) == words)
    }

    @Test func theTableIsShownByHelpAndNamesEveryCode() {
        let help = AcodeCommand.helpMessage()
        let codes = [
            ExitCodes.done, ExitCodes.failed, ExitCodes.usage, ExitCodes.unavailable, ExitCodes.internal,
            ExitCodes.tryAgain, ExitCodes.configuration,
        ]
        #expect(codes == [0, 1, 64, 69, 70, 75, 78])
        #expect(ExitCodes.table.map(\.code) == codes.map(String.init) + ["128+n"])
        for row in ExitCodes.table { #expect(help.contains("  \(row.code.padded(to: 5))  \(row.meaning)")) }
        #expect(ExitCodes.signal(15) == 143)
    }
}
