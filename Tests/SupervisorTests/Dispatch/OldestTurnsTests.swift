import Testing

@testable import Supervisor

@Suite("The turns of the oldest")
struct OldestTurnsTests {
    @Test(arguments: [
        (0, [false, false, false, false, false]), (1, [true, true, true, true, true]),
        (3, [false, false, true, false, false]),
    ])
    func comeEachSoManyTimes(every: Int, due: [Bool]) {
        var turns = OldestTurns(every: every)
        let seen = due.map { _ in
            defer { turns.took() }
            return turns.isDue
        }
        #expect(seen == due)
    }
}
