import PostgreSQL
import TaskModel
import Testing

@testable import TaskStore

/// A transaction elsewhere that began long ago keeps the server from removing any row that was deleted since.
@Suite("PostgreSQL: a transaction that stays open", .timeLimit(.minutes(5)))
struct PostgresPinnedTests {
    /// Shared buffers that a claim of one task touches at most, on the session of the store's settings.
    private func buffers(_ place: PostgresPlace) async throws -> Int {
        let everywhere = PostgresClaimSQL.claim(.init(queues: .all, images: .allBut, hasTurns: true))
        let plain = PostgresPlainSQL.claim(.init(queues: .all, images: .allBut))
        return max(try await buffers(place, of: everywhere), try await buffers(place, of: plain))
    }

    /// As many as a claim of the one queue touches to which nothing happens.
    private func buffersOfQuietQueue(_ place: PostgresPlace) async throws -> Int {
        try await buffers(place, of: PostgresPlainSQL.claim(.init(queues: .named, images: .allBut)), queues: ["quiet"])
    }

    /// The claim is undone.
    private func buffers(_ place: PostgresPlace, of sql: String, queues: [String] = []) async throws -> Int {
        let connection = try await PostgresConnection.open(
            ConnectionTarget(place.url),
            options: SessionOptions(settings: PostgresSchema.session(timeout: .seconds(30))))
        defer { Task { await connection.close() } }
        let parameters: [PostgresValue] = [
            .texts(queues), .bools([false, true]), .int(1), .ints([1]), .int(1), .int(1000), .int(nil), .int(1),
            .int(1 << 50), .texts([]), .int(nil), .int(0), .texts([]), .doubles([]), .doubles([]), .double(nil),
            .double(nil), .ints([]), .bool(false), .text(alice.rawValue), .text("host"),
        ]
        try await connection.runScript("BEGIN", operation: "explain")
        let rows = try await connection.run(
            [PostgresQuery("EXPLAIN (ANALYZE, BUFFERS) " + sql, parameters)], operation: "explain")[0]
        try await connection.runScript("ROLLBACK", operation: "explain")
        let lines = try rows.map { row throws(PostgresError) in try row.text(0) }
        let top = lines.first { $0.contains("Buffers: shared") } ?? ""
        return top.matches(of: #/(?:hit|read)=(\d+)/#).compactMap { Int($0.1) }.reduce(0, +)
    }

    /// Puts tasks through, a hundred at a time.
    private func work(_ store: any TaskStore, _ count: Int) async throws {
        for _ in 0..<count / 100 {
            _ = try await store.submit((0..<100).map { spec("\($0)") })
            let claimed = try await store.claim(100, queues: ["default"])
            let ends = claimed.map { (lease: $0.lease, result: AttemptResult.success) }
            #expect(try await store.finish(ends).count == 100)
        }
    }

    @Test func whatItKeepsMakesClaimsReadFewMorePagesAndIsGoneWhenItEnds() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            let holder = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await work(store, 200)
            _ = try await store.submit([spec("last"), spec("other", queue: "quiet")])
            let before = try await buffers(place)
            let quiet = try await buffersOfQuietQueue(place)
            try await holder.runScript("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", operation: "test")
            try await work(store, 6000)
            let during = try await buffers(place)
            // A page for each of the dead rows would be thousands; they come by the pageful.
            #expect(during - before < 600, "\(before), then \(during)")
            let quietDuring = try await buffersOfQuietQueue(place)
            #expect(quietDuring <= quiet + 10, "\(quiet), then \(quietDuring)")
            try await holder.runScript("COMMIT", operation: "test")
            // The server's own cleaner may be at it, too.
            var after = during
            let deadline = ContinuousClock.now + .seconds(60)
            while after > before + 10, ContinuousClock.now < deadline {
                _ = try await store.lookAfter()
                after = try await buffers(place)
            }
            #expect(after <= before + 10, "\(before), \(during), then \(after)")
            await holder.close()
            await store.close()
        }
    }
}
