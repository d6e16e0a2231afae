import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: unique keys", .timeLimit(.minutes(3)))
struct UniqueConformance {
    private func only(_ name: String, key: String = "k", window: Double? = nil, queue: String = "q") -> TaskSpec {
        var task = spec(name, queue: queue)
        task.unique = UniqueKey(key, window: window)
        return task
    }

    @Test(arguments: StoreBackend.all)
    func whileATaskHasNotEndedItIsReturnedInsteadOfAnother(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            let store = stores[0]
            let first = try await store.accept([only("first")])[0]
            #expect(first.isNew)
            #expect(try await stores[1].accept([only("again")]) == [Submission(task: first.task, isNew: false)])
            let lease = try #require(try await store.claim().first).lease
            let running = try await store.accept([only("again")])[0]
            #expect(running.task.id == first.task.id && running.task.state == .inProgress && !running.isNew)
            #expect(try await store.finish(lease, .failure(.retry(delay: 60))))
            #expect(try await store.accept([only("again")])[0].task.state == .pending)
            #expect(try await store.tally() == [.pending: 1])
            _ = try await store.cancel(first.task.id, reason: "unwanted")
            let next = try await store.accept([only("next")])[0]
            #expect(next.isNew && next.task.id != first.task.id)
        }
    }

    @Test(arguments: StoreBackend.all)
    func withinTheWindowOneThatHasEndedCountsToo(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let first = try await store.accept([only("first", window: 10)])[0].task.id
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .success))
            clock.advance(by: 9.999)
            let again = try await store.accept([only("again", window: 10)])[0]
            #expect(again.task.id == first && again.task.state == .complete && !again.isNew)
            clock.advance(by: 0.001)
            #expect(try await store.accept([only("next", window: 10)])[0].isNew)
        }
    }

    @Test(arguments: StoreBackend.all)
    func otherKeysAndQueuesAndTasksWithoutAKeyAreNotConcerned(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let tasks = try await store.accept([
                only("1"), only("2", key: "K"), only("3", queue: "other"), only("4", key: ""), spec("5", queue: "q"),
                spec("6", queue: "q"), only("7", key: "k\0"),
            ])
            #expect(tasks.map(\.isNew) == Array(repeating: true, count: 7))
        }
    }

    @Test(arguments: StoreBackend.all)
    func ofOneBatchTheFirstCountsAndTheOrderIsKept(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let got = try await store.accept([only("a"), spec("b", queue: "q"), only("c"), only("d", key: "other")])
            #expect(got.map(\.isNew) == [true, true, false, true])
            #expect(got.map { $0.task.spec.name ?? "" } == ["a", "b", "a", "d"])
            #expect(try await store.tally() == [.enqueued: 3])
            #expect(try await store.submit([only("e")]).map(\.id) == [got[0].task.id])
        }
    }

    @Test(arguments: StoreBackend.all)
    func manyAtOnceMakeOneTask(_ backend: StoreBackend) async throws {
        try await backend.withStores(3) { stores, _ in
            let made = try await withThrowingTaskGroup(of: Submission.self) { group in
                for store in stores {
                    for number in 0..<10 { group.addTask { try await store.accept([only("\(number)")])[0] } }
                }
                return try await group.reduce(into: [Submission]()) { $0.append($1) }
            }
            #expect(made.count { $0.isNew } == 1)
            #expect(Set(made.map(\.task.id)).count == 1)
        }
    }

    @Test(arguments: StoreBackend.all)
    func aPurgedTaskKeepsNobodyOut(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.accept([only("first", window: 100)])
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .failure(.deadLetter(countsAsFailure: true))))
            #expect(try await store.accept([only("again", window: 100)])[0].isNew == false)
            #expect(try await store.purge(deadLetters: DeadLetterFilter()).count == 1)
            #expect(try await store.accept([only("next", window: 100)])[0].isNew)
        }
    }

    @Test(arguments: StoreBackend.all)
    func oneWhoseTimeToBeginIsOverHoldsItsKeyNoMoreEvenIfNobodyCameToSaySo(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            var nightly = only("nightly")
            nightly.ttl = 60
            let first = try await store.accept([nightly])[0].task.id
            clock.advance(by: 59)
            #expect(try await store.accept([nightly])[0].task.id == first)
            clock.advance(by: 1)
            let next = try await store.accept([nightly])[0]
            #expect(next.isNew && next.task.id != first)
            #expect(try await store.task(first)?.outcome == .expired)
            #expect(try await store.kinds(first) == [.submitted, .expired, .deadLettered])
            #expect(try await store.tally() == [.error: 1, .enqueued: 1])
        }
    }

    @Test(arguments: StoreBackend.all)
    func requeuedOnesKeepToTheirKeyToo(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            func dead(_ name: String) async throws -> TaskID {
                let id = try await store.accept([only(name)])[0].task.id
                let lease = try #require(try await store.claim(queues: ["q"]).first { $0.task.id == id }).lease
                #expect(try await store.finish(lease, .failure(.deadLetter(countsAsFailure: true))))
                return id
            }
            let (old, older) = (try await dead("old"), try await dead("older"))
            let running = try await store.accept([only("running")])[0].task.id
            let lease = try #require(try await store.claim(queues: ["q"]).first).lease
            #expect(try await store.requeue(old)?.state == .error)
            #expect(try await store.requeue(deadLetters: DeadLetterFilter()).isEmpty)
            #expect(try await store.finish(lease, .success))
            #expect(try await store.requeue(deadLetters: DeadLetterFilter()) == [old])
            #expect(try await store.task(older)?.state == .error)
            // And what comes next is kept out by the one that was put back.
            #expect(try await store.accept([only("next")])[0].task.id == old)
            #expect(try await store.task(running)?.state == .complete)
        }
    }
}
