import Foundation
import TaskModel
import Testing

@testable import Supervisor

@Suite("Predecessors")
struct PredecessorsTests {
    private static let now = Date(timeIntervalSince1970: 1_000_000)
    private static let judge = Predecessors(
        pool: "p", installation: "i", boot: "b", host: "h", supervisor: SupervisorID(rawValue: "me"),
        silence: .seconds(30))

    private static func row(
        _ id: String = "x", pool: String = "p", installation: String = "i", boot: String = "b", host: String = "h",
        silentFor: TimeInterval = 0
    ) -> SupervisorRecord {
        SupervisorRecord(
            id: SupervisorID(rawValue: id), pool: pool, installation: installation, boot: boot, host: host, pid: 1,
            startedAt: now, seenAt: now - silentFor)
    }

    private static let own = row("me")

    @Test(arguments: [
        ("the lock proves it", row(), true),
        ("itself", own, false),
        ("another pool", row(pool: "other"), false),
        ("another installation of the same host name", row(installation: "other"), false),
        ("another host name", row(host: "renamed"), true),
        ("another boot, lately", row(boot: "other", silentFor: 29), false),
        ("another boot, long ago", row(boot: "other", silentFor: 30), true),
        ("a boot that nobody noted", row(boot: ""), true),
        ("a program that knew only hosts", row(installation: "", boot: ""), true),
        ("the same on another host", row(installation: "", boot: "", host: "other"), false),
    ])
    func hasEnded(_ why: String, row: SupervisorRecord, expected: Bool) {
        #expect(Self.judge.ended(of: [Self.own, row]).contains(row) == expected, "\(why)")
        let mayLive = why == "another boot, lately"
        #expect(Self.judge.unknown(of: [Self.own, row]).contains(row) == mayLive, "\(why)")
    }

    /// The own row was written just now, whatever the clock of this machine says.
    @Test func timeIsTheStores() {
        let other = Self.row(boot: "other", silentFor: 20)
        #expect(Self.judge.ended(of: [Self.own, other]).isEmpty)
        var later = Self.own
        later.seenAt += 10
        #expect(Self.judge.ended(of: [later, other]) == [other])
    }

    /// A machine that has just restarted need not wait for its own leases.
    @Test func whereAllAreUnderOneKernelTheLockProvesEverything() {
        let judge = Predecessors(
            pool: "p", installation: "i", boot: "b", host: "h", supervisor: SupervisorID(rawValue: "me"), silence: nil)
        let other = Self.row(boot: "other", silentFor: 1)
        #expect(judge.ended(of: [Self.own, other]) == [other])
    }

    @Test func workersOfOneThatMayLiveAreItsOwn() {
        func worker(_ id: String, of supervisor: String, installation: String = "i") -> WorkerRecord {
            WorkerRecord(
                id: WorkerID(rawValue: id), pool: "p", supervisor: SupervisorID(rawValue: supervisor),
                installation: installation, host: "h", mode: .local, profile: "", createdAt: Self.now)
        }
        let workers = [
            worker("a", of: "dead"), worker("b", of: "alive"), worker("c", of: "forgotten"),
            worker("d", of: Self.own.id.rawValue), worker("e", of: "dead", installation: "other"),
            worker("f", of: "dead", installation: ""),
        ]
        let supervisors = [Self.own, Self.row("dead"), Self.row("alive", boot: "other")]
        #expect(Self.judge.workers(workers, of: supervisors).map(\.id.rawValue) == ["a", "c", "d", "f"])
    }
}
