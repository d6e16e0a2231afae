import PostgreSQL
import TaskModel
import Testing

@testable import TaskStore

@Suite("PostgreSQL: tasks are forgotten while others tell of them", .timeLimit(.minutes(3)))
struct PostgresForgettingTests {
    enum Forgetting: CaseIterable { case purge, prune }

    /// A statement removes what it sees. What came between its view and its turn would belong to no task, and stay for ever.
    @Test(arguments: Forgetting.allCases)
    func whatALateEndToldGoesWithItsTask(_ forgetting: Forgetting) async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            let (teller, forgetter) = (try await place.open(clock: clock), try await place.open(clock: clock))
            _ = try await teller.submit([spec()])
            let lease = try #require(try await teller.claim(lease: .seconds(10)).first).lease
            clock.advance(by: 10)
            #expect(try await teller.recoverExpired(maxDeliveries: 1) == [lease.taskID])
            // The end is told, and its transaction waits for its last row.
            let gate = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await gate.runScript("BEGIN; SELECT FROM acode.change FOR UPDATE", operation: "test")
            async let told = teller.discard([(lease: lease, result: .success)])
            try await place.waitForBlocked(1)
            async let gone = forget(forgetting, forgetter)
            try await place.waitForBlocked(2)
            try await gate.runScript("COMMIT", operation: "test")
            #expect(try await told == [lease: .refused])
            #expect(try await gone == [lease.taskID])
            for table in ["task", "task_state", "event", "attempt"] {
                let rows = try await place.run("SELECT count(*) FROM acode.\(table)")
                #expect(try rows[0].first?.int(0) == 0, "\(table)")
            }
            #expect(try await teller.discard([(lease: lease, result: .success)]) == [lease: .unknown])
            await gate.close()
            for store in [teller, forgetter] { await store.close() }
        }
    }

    private func forget(_ forgetting: Forgetting, _ store: any TaskStore) async throws -> [TaskID] {
        switch forgetting {
        case .purge: try await store.purge(deadLetters: DeadLetterFilter())
        case .prune:
            try await store.prune([PruneRule([.error], minAge: .zero)], after: nil, isRehearsal: false).pruned
                .map(\.id)
        }
    }

    /// One after the other, so that none does what another is doing.
    @Test func whoseTurnItIsNotForgetsNothing() async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            let store = try await place.open(clock: clock)
            let id = try await store.submit([spec()])[0].id
            _ = try await store.cancel(id, reason: "unwanted")
            let other = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await other.runScript("BEGIN; \(PostgresPruneSQL.takeTurn)", operation: "test")
            let rules = [PruneRule([.cancelled], minAge: .zero)]
            #expect(try await store.prune(rules, after: nil, isRehearsal: false).pruned.isEmpty)
            try await other.runScript("COMMIT", operation: "test")
            #expect(try await store.prune(rules, after: nil, isRehearsal: false).pruned.map(\.id) == [id])
            await other.close()
            await store.close()
        }
    }
}
