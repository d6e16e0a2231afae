import TaskStore
import Testing

@testable import TaskStore

@Suite("Queue weights")
struct QueueWeightsTests {
    /// Takes as a store would from endless queues: `limit` tasks a claim, `claims` times.
    private func take(
        _ weights: inout QueueWeights, from queues: [String], limit: Int, claims: Int
    ) -> [String] {
        var taken: [String] = []
        for _ in 0..<claims {
            let turns = weights.turns
            let places = queues.flatMap { queue in
                (1...limit).map { (queue: queue, place: turns[queue].place($0)) }
            }
            let claim = places.sorted { ($0.place, $0.queue) < ($1.place, $1.queue) }.prefix(limit).map(\.queue)
            weights.took(claim)
            taken += claim
        }
        return taken
    }

    private func weights(_ table: [String: Int]) throws -> QueueWeights { try #require(QueueWeights(table)) }

    @Test(
        "tasks come in proportion to the weights, however many each claim takes",
        arguments: [1, 2, 3, 4, 7, 100],
        [["a": 3, "b": 1], ["a": 1, "b": 1], ["a": 5, "b": 2, "c": 1], ["a": 1000, "b": 1], ["c": 2]])
    func proportion(limit: Int, table: [String: Int]) throws {
        var weights = try weights(table)
        let queues = Set(table.keys).union(["a", "b"]).sorted()
        let total = queues.reduce(0) { $0 + (table[$1] ?? 1) }
        let rounds = total > 1000 ? 2 : 20
        let taken = take(&weights, from: queues, limit: limit, claims: (total * rounds + limit - 1) / limit)
        for queue in queues {
            let expected = Double(taken.count) * Double(table[queue] ?? 1) / Double(total)
            #expect(abs(Double(taken.count { $0 == queue }) - expected) <= 2, "\(queue) \(taken.count)")
        }
    }

    @Test("they are mixed, not one queue after the other")
    func smooth() throws {
        var weights = try weights(["a": 3, "b": 1])
        let taken = take(&weights, from: ["a", "b"], limit: 1, claims: 40)
        for start in taken.indices.dropLast(5) {
            #expect(taken[start..<(start + 5)].contains("b"), "\(taken)")
            #expect(taken[start..<(start + 5)].count { $0 == "b" } <= 2, "\(taken)")
        }
    }

    @Test("a queue that had nothing for long gets its share, and nothing in return")
    func noDebt() throws {
        var weights = try weights(["a": 3, "b": 1])
        _ = take(&weights, from: ["a"], limit: 4, claims: 1000)
        let taken = take(&weights, from: ["a", "b"], limit: 1, claims: 16)
        #expect((4...5).contains(taken.count { $0 == "b" }), "\(taken)")
        _ = take(&weights, from: ["b"], limit: 1, claims: 1000)
        let again = take(&weights, from: ["a", "b"], limit: 1, claims: 16)
        #expect((11...13).contains(again.count { $0 == "a" }), "\(again)")
    }

    @Test("what is remembered does not grow with the queues that there were")
    func forgets() throws {
        var weights = try weights(["a": 1])
        for number in 0..<10_000 { weights.took(["q\(number)", "a"]) }
        #expect(weights.turns.named.count < 10)
        weights.took([])
        #expect(QueueWeights([:]) == nil)
    }
}
