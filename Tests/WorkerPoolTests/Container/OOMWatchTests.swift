import AgentProtocol
import Glibc
import Testing

@testable import WorkerPool

/// What is seen in a cgroup is the acceptance tests' to show; here is what is made of it.
@Suite("OOM watch")
struct OOMWatchTests {
    @Test(
        arguments: [(137, true), (137, false), (0, true), (143, false)] as [(Int, Bool)])
    func withoutACounterTheEnginesWordStands(code: Int, said: Bool) async {
        let watch = OOMWatch()
        await watch.look()
        let loss = WorkerLoss(observation: "gone", exitCode: code, oomKilled: said)
        #expect(watch.judge(loss) == loss)
    }

    /// This machine's own count is far from moving while the test runs; what was reported takes it away.
    @Test func killsThatTheAgentReportedAreNotTheContainers() async throws {
        let file = try #require(CgroupPaths(pid: getpid())?.oomFile)
        let kills = try #require(CgroupReader.oomKills(in: file))
        let watch = OOMWatch()
        await watch.watch(pid: getpid())
        let reference = AttemptRef(taskID: "t", attempt: 1, token: 1)
        watch.note(ExitRecord(end: .reported(Exited(attempt: reference, waitStatus: 9, oomKills: kills + 1000))))
        await watch.look()
        #expect(!watch.judge(WorkerLoss(observation: "gone", exitCode: 137)).oomKilled)
    }
}
