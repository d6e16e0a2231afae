import Testing

@testable import AcodeCommands

@Suite("Following a worker")
struct FollowPresenceTests {
    private struct Look {
        var row = true
        var supervisor = true
        var second: Double
        var verdict: FollowPresence.Verdict
    }

    private func run(_ looks: [Look]) {
        var presence = FollowPresence(limit: .seconds(10))
        let begun = ContinuousClock.now
        for look in looks {
            let verdict = presence.judge(
                hasRow: look.row, hasSupervisor: look.supervisor, now: begun + .seconds(look.second))
            #expect(verdict == look.verdict, "at \(look.second) s")
        }
    }

    @Test func aWorkerEndsWithItsRow() {
        run([Look(second: 0, verdict: .goOn), Look(row: false, second: 1, verdict: .ended)])
        run([Look(row: false, supervisor: false, second: 0, verdict: .ended)])
    }

    @Test func anotherSupervisorIsAwaitedAndToldOnce() {
        run([
            Look(supervisor: false, second: 0, verdict: .lost), Look(supervisor: false, second: 9, verdict: .goOn),
            Look(second: 9.5, verdict: .back), Look(second: 10, verdict: .goOn),
        ])
    }

    @Test func itIsNotAwaitedForever() {
        run([
            Look(supervisor: false, second: 0, verdict: .lost), Look(second: 5, verdict: .back),
            Look(supervisor: false, second: 6, verdict: .lost), Look(supervisor: false, second: 16, verdict: .goOn),
            Look(supervisor: false, second: 16.5, verdict: .givenUp),
        ])
    }
}
