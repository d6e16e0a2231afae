import Foundation
import GRDB
import TaskModel
import TaskStore
import Testing

@Suite("SQLite: tasks that can't be read", .timeLimit(.minutes(3)))
struct UnreadableTaskTests {
    /// Damages the oldest task from outside, and runs further SQL.
    private func damage(_ place: SQLitePlace, and sql: String = "") async throws {
        let queue = try DatabaseQueue(path: place.path)
        try await queue.write { try $0.execute(sql: "UPDATE task SET spec = '{' WHERE seq = 1; \(sql)") }
        try queue.close()
    }

    @Test func oneEndsAsADeadLetterAndTheOthersAreClaimed() async throws {
        try await SQLitePlace.with { place in
            let store = try await SQLiteTaskStore(path: place.path)
            _ = try await store.submit([spec("broken"), spec("1"), spec("2")])
            try await damage(place)
            #expect(store.names(try await store.claim(9)) == ["1", "2"])
            #expect(try await store.tally() == [.error: 1, .inProgress: 2])
            await store.close()
        }
    }

    @Test func oneIsAmongTheDeadLettersAndHoldsUpNeitherTheirReturnNorWhatExpires() async throws {
        try await SQLitePlace.with { place in
            let clock = TestClock()
            let store = try await place.open(clock: clock, options: .init())
            var mortal = spec("mortal")
            mortal.ttl = 5
            _ = try await store.submit([mortal, mortal])
            try await damage(place)
            clock.advance(by: 5)
            #expect(try await store.expire().count == 2)
            let letters = try await store.deadLetters(matching: DeadLetterFilter())
            #expect(letters.map(\.spec.name) == ["mortal", "(unreadable)"])
            #expect(letters.last?.reason == "expired: nobody began it within its ttl")
            #expect(try await store.requeue(deadLetters: DeadLetterFilter()).count == 2)
            #expect(store.names(try await store.claim(9)) == ["mortal"])
            await store.close()
        }
    }

    /// Else the others would be leased and nobody would run them.
    @Test func theOthersAreClaimedAlsoWhenItsEndCannotBeWritten() async throws {
        try await SQLitePlace.with { place in
            let clock = TestClock()
            let store = try await place.open(clock: clock, options: .init())
            _ = try await store.submit([spec("broken"), spec("1"), spec("2")])
            try await damage(
                place,
                and:
                    "CREATE TRIGGER no BEFORE DELETE ON lease WHEN old.task_seq = 1 BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
            let claims = try await store.claim(9)
            #expect(store.names(claims) == ["1", "2"])
            #expect(try await store.tally() == [.inProgress: 3])
            try await damage(place, and: "DROP TRIGGER no")
            clock.advance(by: 3600)
            #expect(try await store.recoverExpired(maxDeliveries: 5, sparing: claims.map(\.lease)).count == 1)
            #expect(try await store.claim(9).isEmpty)
            #expect(try await store.tally() == [.error: 1, .inProgress: 2])
            await store.close()
        }
    }
}
