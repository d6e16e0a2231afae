import Testing

@testable import EgressProxy

@Suite("Connections of all workers")
struct ConnectionBudgetTests {
    @Test(
        "a part of the open files is kept for everything else",
        arguments: [(1024, 256), (256, 64), (20_000, 7500), (131_072, 49_152), (0, 0)])
    func limits(openFiles: Int, connections: Int) {
        #expect(ConnectionBudget(openFiles: openFiles).limit == connections)
    }

    @Test func whoAsksForAllLeavesRoomForTheNext() {
        let budget = ConnectionBudget(limit: 100)
        var counts = [0, 0, 0]
        for worker in counts.indices {
            while budget.take(having: counts[worker]) { counts[worker] += 1 }
        }
        #expect(counts == [50, 25, 13])
        for _ in 0..<50 { budget.giveBack() }
        #expect(budget.take(having: counts[2]))
    }
}
