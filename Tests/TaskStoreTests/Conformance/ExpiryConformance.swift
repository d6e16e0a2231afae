import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: time to live", .timeLimit(.minutes(3)))
struct ExpiryConformance {
    private func mortal(_ name: String = "task", ttl: Double = 5, delay: Double = 0) -> TaskSpec {
        var task = spec(name, delay: delay)
        task.ttl = ttl
        return task
    }

    @Test(arguments: StoreBackend.all, [0.0, 3.0])
    func aTaskNobodyBeginsInTimeBecomesADeadLetter(_ backend: StoreBackend, delay: Double) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([mortal(delay: delay)])[0].id
            _ = try await store.submit([spec("immortal", delay: 99)])
            clock.advance(by: 4.999)
            #expect(try await store.expire().isEmpty)
            clock.advance(by: 0.001)
            // Not even before somebody has cleared it away.
            #expect(try await store.claim(9).isEmpty)
            #expect(try await store.expire() == [id])
            #expect(try await store.expire().isEmpty)
            let task = try #require(try await store.task(id))
            #expect(task.state == .error && task.outcome == .expired)
            #expect(task.reason == "expired: nobody began it within its ttl of 5 s")
            #expect(task.finishedAt == TestClock.start + 5)
            #expect(try await store.kinds(id) == [.submitted, .expired, .deadLettered])
            #expect(try await store.tally() == [.error: 1, .pending: 1])
            #expect(try await store.deadLetters(matching: DeadLetterFilter(reason: "expired")).map(\.id) == [id])
        }
    }

    @Test(arguments: StoreBackend.all)
    func aTaskThatHasBegunOnceExpiresNoMore(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let ids = try await store.submit([mortal("started"), mortal("prepared"), mortal("quick")]).map(\.id)
            let leases = try await store.claim(3).map(\.lease)
            let worker = WorkerID(rawValue: "w")
            #expect(try await store.start(leases[0], worker: worker, at: clock.now()))
            clock.advance(by: 9)
            // While somebody holds it, it is not ended under their hands.
            #expect(try await store.expire().isEmpty)
            #expect(try await store.finish(leases[0], .interruption))
            #expect(try await store.finish(leases[1], .interruption))
            var quick = AttemptResult.failure(.retry(delay: 0))
            (quick.worker, quick.startedAt) = (worker, clock.now())
            #expect(try await store.finish(leases[2], quick))
            #expect(try await store.expire() == [ids[1]])
            #expect(store.names(try await store.claim(9)) == ["started", "quick"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func requeuedItHasItsTimeAgainAndWhatHasEndedStaysAsItIs(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let ids = try await store.submit([mortal("late"), mortal("cancelled", ttl: 0.5)]).map(\.id)
            _ = try await store.cancel(ids[1], reason: "unwanted")
            clock.advance(by: 5)
            #expect(try await store.expire() == [ids[0]])
            #expect(try await store.requeue(ids[0])?.state == .enqueued)
            clock.advance(by: 4)
            #expect(try await store.expire().isEmpty)
            clock.advance(by: 1)
            #expect(try await store.expire() == [ids[0]])
            #expect(try await store.requeue(deadLetters: DeadLetterFilter()) == [ids[0]])
            #expect(store.names(try await store.claim(9)) == ["late"])
            #expect(try await store.task(ids[1])?.state == .cancelled)
        }
    }

    @Test(arguments: StoreBackend.all)
    func anyNumberIsEndedAtOnce(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit((0..<1200).map { mortal("\($0)", ttl: Double($0 % 3) + 1) })
            clock.advance(by: 2)
            #expect(try await store.expire().count == 800)
            #expect(try await store.tally() == [.error: 800, .enqueued: 400])
            _ = try await store.submit([mortal("for ever", ttl: 1e300), mortal("never", ttl: -1e300)])
            #expect(try await store.expire().count == 1)
        }
    }
}
