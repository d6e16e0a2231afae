import AgentProtocol
import Glibc
import Testing

@testable import WorkerPool

/// What is seen in a cgroup is the acceptance tests' to show; here is what is made of it.
@Suite("OOM watch")
struct OOMWatchTests {
    @Test(
        arguments: [(137, true, true), (137, false, false), (0, true, false), (143, true, false), (nil, true, true)]
            as [(Int?, Bool, Bool)])
    func withoutACounterTheEnginesWordStandsForAKill(code: Int?, said: Bool, isMemory: Bool) async {
        let watch = OOMWatch()
        await watch.look()
        #expect(watch.judge(WorkerLoss(observation: "gone", exitCode: code, oomKilled: said)).oomKilled == isMemory)
    }

    /// This machine's own count is far from moving while the test runs; what was reported takes it away.
    @Test func killsThatTheAgentReportedAreNotTheContainers() async throws {
        let watch = OOMWatch()
        watch.watch(pid: getpid())
        let reference = AttemptRef(taskID: "t", attempt: 1, token: 1)
        watch.note(ExitRecord(end: .reported(Exited(attempt: reference, waitStatus: 9, oomKills: 1000))))
        await watch.look()
        #expect(!watch.judge(WorkerLoss(observation: "gone", exitCode: 137, oomKilled: true)).oomKilled)
    }
}

@Suite("Kills for memory")
struct MemoryKillsTests {
    /// What was counted before the attempt and when the agent hung up, in this order; `nil` is a counter that is gone.
    struct Count: Sendable {
        var before: Int?
        var reported = 0
        /// What the agent said while the attempt ran.
        var outlived: Int?
        var seen: [Int] = []
    }

    @Test(
        arguments: [
            // A kill more than the agent knows of.
            (Count(before: 0, seen: [1]), 137, false, true),
            (Count(before: 3, reported: 1, seen: [5]), 137, false, true),
            // An earlier kill is not this one, whatever the engine says of the container.
            (Count(before: 1, seen: [1]), 137, true, false),
            (Count(before: 0, reported: 1, seen: [1]), 137, true, false),
            (Count(before: 1), 137, true, false),
            (Count(before: 0, seen: [0]), 137, true, false),
            // A kill that the task went on after.
            (Count(before: 0, outlived: 1, seen: [1]), 137, true, false),
            (Count(before: 0, outlived: 1), 137, true, false),
            (Count(before: 2, outlived: 4, seen: [4, 0]), nil, true, false),
            (Count(before: nil, outlived: 1, seen: [1]), 137, true, false),
            // And one that nobody went on after.
            (Count(before: 0, outlived: 1, seen: [2]), 137, false, true),
            (Count(before: 2, outlived: 4, seen: [5, 0]), nil, false, true),
            // Taken over after a kill that the agent counts to the attempt, and that was there before for this supervisor.
            (Count(before: 1, outlived: 1, seen: [2]), 137, false, true),
            // It ended by itself.
            (Count(before: 0, seen: [1]), 0, true, false),
            // Started again by the engine: the count of the new container does not take anything back.
            (Count(before: 0, seen: [1, 0]), nil, false, true),
            (Count(before: 0, seen: [0]), nil, true, true),
            (Count(before: 0, seen: [0]), nil, false, false),
            (Count(before: 2, seen: [0]), nil, true, false),
            // Nothing but the engine's word.
            (Count(before: nil), 137, true, true),
            (Count(before: nil, reported: 1), 137, true, false),
        ] as [(Count, Int?, Bool, Bool)])
    func theCounterDecides(_ count: Count, exitCode: Int?, flag: Bool, isMemory: Bool) {
        var kills = MemoryKills()
        kills.begin(count: count.before)
        if count.reported > 0 { kills.report(count.reported) }
        if let outlived = count.outlived { kills.outlive(outlived) }
        for value in count.seen { kills.see(count: value) }
        #expect(kills.explain(exitCode: exitCode, flag: flag) == isMemory)
    }

    @Test func earlierAttemptsAreRemembered() {
        var kills = MemoryKills()
        kills.begin(count: 0)
        kills.report(1)
        kills.begin(count: nil)
        #expect(!kills.explain(exitCode: 137, flag: true))
    }
}
