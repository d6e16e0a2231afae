import PostgreSQL
import TaskModel
import Testing

@testable import TaskStore

@Suite("PostgreSQL: deltas of counts", .timeLimit(.minutes(3)))
struct PostgresFoldTests {
    /// Else they would grow with every use of an operation that forgets to.
    @Test func everyOperationThatLeavesSomeFoldsThemNowAndThen() async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            var options = PostgresTaskStore.Options()
            options.clock = clock
            options.foldsOneIn = 1
            let store = try await PostgresTaskStore(url: place.url, options: options)
            func expectFolded(_ operation: String) async throws {
                let rows = try await place.run("SELECT count(*) FROM acode.count_delta")
                #expect(try rows[0].first?.int(0) == 0, "\(operation)")
            }
            var short = spec("short")
            short.ttl = 5
            let ids = try await store.submit([spec("1"), spec("2"), spec("3")]).map(\.id)
            try await expectFolded("submit")
            let leases = try await store.claim(2).map(\.lease)
            try await expectFolded("claim")
            _ = try await store.finish(leases.map { (lease: $0, result: .failure(.deadLetter(countsAsFailure: true))) })
            try await expectFolded("finish")
            _ = try await store.cancel(ids[2], reason: "unwanted")
            try await expectFolded("cancel")
            #expect(try await store.requeue(ids[2])?.state == .enqueued)
            try await expectFolded("requeue")
            #expect(try await store.requeue(deadLetters: DeadLetterFilter(limit: 1)).count == 1)
            try await expectFolded("requeue dead letters")
            #expect(try await store.purge(deadLetters: DeadLetterFilter()).count == 1)
            try await expectFolded("purge")
            _ = try await store.submit([short])
            clock.advance(by: 5)
            #expect(try await store.expire().count == 1)
            try await expectFolded("expire")
            let rule = PruneRule([.error], minAge: .zero)
            #expect(try await store.prune([rule], after: nil, isRehearsal: false).pruned.count == 1)
            try await expectFolded("prune")
            await store.close()
        }
    }
}
