import Foundation
import Settings
import Supervisor
import TaskModel
import Testing

@Suite("The time of the store")
struct StoreTimeTests {
    private static func supervisor(seenAt: Date) -> SupervisorRecord {
        SupervisorRecord(
            id: .next(), pool: "p", installation: "i", boot: "b", host: "h", pid: 1, startedAt: Date(), seenAt: seenAt)
    }

    /// When supervisors were seen, in seconds before the last one was; what time it is then; and who of them lives.
    @Test(
        arguments: [
            ([0, 89, 91], nil, [0, 89]), ([0, 89, 91], 5, [0]), ([0], 91, []), ([0], 89, [0]), ([], nil, []),
            // Nobody was seen later than now.
            ([0, 89], -3600, [0, 89]),
        ] as [([Double], Double?, [Double])])
    func whoLivesIsSaidByTheStoresClockAlone(seen: [Double], now: Double?, living: [Double]) {
        let last = Date(timeIntervalSince1970: 1_000_000)
        let found = seen.map { Self.supervisor(seenAt: last - $0) }.living(
            within: .seconds(90), at: now.map { last + $0 })
        #expect(found.map { last.timeIntervalSince($0.seenAt) } == living)
    }

    /// This host's clock is asked about nothing but whether a server has to be.
    @Test func aServerIsNotAskedForTheTimeWhereSomebodyWasJustSeen() async throws {
        var settings = StoreSettings()
        settings.backend = .postgresql
        settings.url = DatabaseURL("host=127.0.0.1 port=1")
        let time = StoreTime(settings)
        let one = Self.supervisor(seenAt: Date())
        #expect(await time.now(supervisors: [one], lease: .seconds(90), here: one.seenAt + 60) == one.seenAt)
        // Nobody answers there, so nobody knows, and the one that may be dead counts.
        let unknown = await time.now(supervisors: [one], lease: .seconds(90), here: one.seenAt + 180)
        #expect(unknown == nil)
        #expect([one].living(within: .seconds(90), at: unknown).count == 1)
    }
}
