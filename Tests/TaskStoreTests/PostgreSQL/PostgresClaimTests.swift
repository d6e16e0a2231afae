import Foundation
import PostgreSQL
import TaskModel
import TestSupport
import Testing

@testable import TaskStore

@Suite("PostgreSQL: claims", .timeLimit(.minutes(3)))
struct PostgresClaimTests {
    private func count(_ place: PostgresPlace, _ sql: String) async throws -> Int64? {
        try await place.run("SELECT count(*) FROM \(sql)")[0].first?.int(0)
    }

    /// What a claim locks and leaves, others pass over: they would get what is worse, or nothing.
    @Test(arguments: [nil, QueueTurns(limits: ["a": 100])])
    func ofManyImagesOnlyWhatItTakesIsLocked(_ turns: QueueTurns?) async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            _ = try await store.submit((0..<400).map { spec("\($0)", queue: "a", image: "image:\($0 % 20)") })
            let claimed = try await store.claim(5, turns: turns)
            #expect(store.names(claimed) == ["0", "1", "2", "3", "4"])
            #expect(try await count(place, "acode.ready WHERE xmax <> 0") == 0)
            await store.close()
        }
    }

    /// A server that went on from an older state, as a standby that lagged behind does, may have given the number of a
    /// supervisor to another one.
    @Test func aNumberThatWasGivenToAnotherIsNotUsed() async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            _ = try await store.submit([spec("first"), spec("second")])
            _ = try await store.claim(by: alice)
            try await place.runScript(
                """
                UPDATE acode.claimant SET supervisor = 'another' WHERE supervisor = '\(alice.rawValue)'
                """)
            #expect(store.names(try await store.claim(by: alice)) == ["second"])
            #expect(try await store.leases(of: alice).count == 1)
            await store.close()
        }
    }

    @Test func whatAForgottenSupervisorClaimedIsRecoveredAndShown() async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            let store = try await place.open(clock: clock)
            let id = try await store.submit([spec()])[0].id
            _ = try await store.claim(by: alice, lease: .seconds(1))
            try await place.runScript("DELETE FROM acode.claimant")
            #expect(try await store.attempts(of: id).count == 1)
            #expect(try await store.events(of: id, after: 0).last?.message == "attempt 1 claimed by an unknown host")
            clock.advance(by: 2)
            #expect(try await store.recoverExpired(maxDeliveries: 3) == [id])
            #expect(store.names(try await store.claim(by: alice)) == ["task"])
            await store.close()
        }
    }

    /// Who was just taken in time, by a transaction that has not ended, keeps its key; who is just being ended doesn't.
    @Test(arguments: [
        ("DELETE FROM acode.ready", false),
        (
            """
            DELETE FROM acode.ready;
            UPDATE acode.task_state SET state = 'error', outcome = 'expired', expire_at = NULL;
            INSERT INTO acode.parked (state, id) SELECT 'error', id FROM acode.task_state
            """, true
        ),
    ]) func whoHasTheKeyOfATaskIsWaitedFor(doing: String, isNew: Bool) async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            let store = try await place.open(clock: clock)
            var only = spec()
            (only.unique, only.ttl) = (UniqueKey("k"), 5)
            let first = try await store.accept([only])[0].task.id
            let other = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await other.runScript("BEGIN; \(doing)", operation: "test")
            clock.advance(by: 6)
            async let submitted = store.accept([only])
            try await place.waitForBlocked(1)
            try await other.runScript("COMMIT", operation: "test")
            let again = try await submitted[0]
            #expect(again.isNew == isNew && (again.task.id == first) == !isNew)
            await other.close()
            await store.close()
        }
    }

    /// Others who have the best in hand keep nobody from the rest.
    @Test func aClaimPassesOverALaneThatOthersHaveAllOf() async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            _ = try await store.accept([spec("best", image: "a")] + (0..<3).map { spec("\($0)", image: "b") })
            let other = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await other.runScript(
                "BEGIN; SELECT FROM acode.ready WHERE lane = (SELECT lane FROM acode.ready ORDER BY seq LIMIT 1) FOR UPDATE",
                operation: "test")
            #expect(store.names(try await store.claim(1)) == ["0"])
            await other.close()
            await store.close()
        }
    }

    /// A few of each lane are looked at then, so that whatever is better than what it takes was looked at, too.
    @Test func aFurtherLookTakesTheBestOfWhatIsLeft() async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            for (image, priority) in [("held", 9), ("good", 5), ("bad", 0)] {
                let tasks = (0..<10).map { spec("\(image) \($0)", priority: priority, image: image) }
                _ = try await store.submit(tasks)
            }
            let other = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await other.runScript("BEGIN; SELECT FROM acode.ready WHERE rank = -10 FOR UPDATE", operation: "test")
            #expect(store.names(try await store.claim(10)) == (0..<5).map { "good \($0)" })
            await other.close()
            await store.close()
        }
    }

    @Test func whereAllWaitsInOneLaneItIsLookedForThereAndOtherwiseEverywhere() async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            let plain = "pg_stat_activity WHERE datname = current_database() AND query LIKE '%obstacle AS%'"
            _ = try await store.submit([spec("1"), spec("2", priority: 1)])
            #expect(store.names(try await store.claim(1)) == ["2"])
            #expect(try await count(place, plain + " AND query NOT LIKE '%pg_stat%'") == 1)
            _ = try await store.submit([spec("3", priority: 3, image: "z")])
            #expect(store.names(try await store.claim(1)) == ["3"])
            #expect(try await count(place, plain + " AND query NOT LIKE '%pg_stat%'") == 0)
            await store.close()
        }
    }

    /// What others have in hand is passed over, and asked for again when it is all there is.
    @Test func whatOthersHaveOfTheOnlyLaneIsPassedOver() async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            _ = try await store.submit([spec("1"), spec("2"), spec("3")])
            let other = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await other.runScript(
                "BEGIN; SELECT FROM acode.ready ORDER BY seq LIMIT 1 FOR UPDATE", operation: "test")
            #expect(store.names(try await store.claim(1)) == ["2"])
            try await other.runScript("SELECT FROM acode.ready FOR UPDATE", operation: "test")
            _ = store.takeClaimConflicts()
            // As often as the others may leave it meanwhile.
            #expect(try await store.claim(1).isEmpty)
            #expect(store.takeClaimConflicts() == 5)
            try await other.runScript("ROLLBACK", operation: "test")
            #expect(store.names(try await store.claim(2)) == ["1", "3"])
            await other.close()
            await store.close()
        }
    }

    @Test func afterMoreWaitedThanThePlainLookIsForItIsTriedAgainLater() {
        var claims = PostgresPlainClaims()
        let before = [claims.isNextWorthIt(), claims.isNextWorthIt()]
        claims.failed()
        let after = (0..<64).map { _ in claims.isNextWorthIt() }
        #expect(before == [true, true] && after == Array(repeating: false, count: 63) + [true])
    }
}
