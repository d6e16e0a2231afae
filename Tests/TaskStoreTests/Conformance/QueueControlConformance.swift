import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: paused and limited queues", .timeLimit(.minutes(3)))
struct QueueControlConformance {
    @Test(arguments: StoreBackend.all)
    func nothingIsClaimedOfAPausedQueueByAnybody(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            _ = try await stores[0].submit([spec("held", queue: "a", priority: 9), spec("free", queue: "b")])
            let since = TestClock.start
            let paused = try await stores[0].control("a", .pause(by: "me", reason: "later\0"))
            #expect(paused.pause?.by == "me" && paused.pause?.since == since && paused.pause?.reason == "later␀")
            for store in stores {
                #expect(try await store.queueControls() == [paused])
                #expect(try await store.claim(9, queues: ["a"]).isEmpty)
            }
            #expect(stores[1].names(try await stores[1].claim(9)) == ["free"])
            clock.advance(by: 5)
            #expect(try await stores[1].control("a", .pause(by: "other", reason: nil)) == paused)
            #expect(try await stores[1].control("a", .resume) == QueueControl(queue: "a"))
            #expect(try await stores[1].control("a", .resume) == QueueControl(queue: "a"))
            #expect(try await stores[0].queueControls().isEmpty)
            #expect(stores[0].names(try await stores[0].claim(9)) == ["held"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func aPauseOutlivesTheStoreAndConcernsQueuesWithoutTasksToo(_ backend: StoreBackend) async throws {
        let clock = TestClock()
        let place = try await backend.makePlace()
        let first = try await place.open(clock: clock)
        _ = try await first.control("späte 🛰", .pause(by: "me", reason: nil))
        _ = try await first.control("a", .limit(2))
        await first.close()
        let second = try await place.open(clock: clock)
        #expect(try await second.queueControls().map(\.queue) == ["a", "späte 🛰"])
        _ = try await second.submit([spec(queue: "späte 🛰", delay: 1)])
        clock.advance(by: 2)
        #expect(try await second.claim().isEmpty)
        await second.close()
        await place.remove()
    }

    @Test(arguments: StoreBackend.all)
    func whatRunsInAPausedQueueIsFinishedAsEver(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            _ = try await store.control("default", .pause(by: "me", reason: nil))
            #expect(try await store.renew([lease], for: .seconds(9))[0].isHeld)
            #expect(try await store.finish(lease, .failure(.retry(delay: 0))))
            #expect(try await store.task(id)?.state == .enqueued)
            #expect(try await store.claim().isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func ofALimitedQueueNoMoreRunThanTheLimit(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let store = stores[0]
            _ = try await store.control("a", .limit(2))
            _ = try await store.submit(
                [spec("a1", queue: "a"), spec("a2", queue: "a", isolation: .container)]
                    + (3...5).map { spec("a\($0)", queue: "a") } + [spec("b1", queue: "b"), spec("b2", queue: "b")])
            let first = try await store.claim(4)
            #expect(store.names(first) == ["a1", "a2", "b1", "b2"])
            #expect(try await stores[1].claim(4, by: bob).isEmpty)
            #expect(try await store.finish(first[0].lease, .success))
            #expect(store.names(try await stores[1].claim(4, by: bob)) == ["a3"])
            // However an attempt ends, its place is free again, and only once.
            #expect(try await store.finish(first[1].lease, .interruption))
            #expect(try await !store.finish(first[1].lease, .interruption))
            #expect(store.names(try await store.claim(4)) == ["a2"])
            clock.advance(by: 100)
            #expect(try await store.recoverExpired(maxDeliveries: 9).count == 4)
            #expect(store.names(try await store.claim(9)) == ["a2", "a3", "b1", "b2"])
            _ = try await store.control("a", .limit(0))
            #expect(try await store.claim(9, queues: ["a"]).isEmpty)
            _ = try await store.control("a", .limit(nil))
            #expect(store.names(try await store.claim(9)) == ["a4", "a5"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func aLimitHoldsWhenManyClaimAtOnce(_ backend: StoreBackend) async throws {
        try await backend.withStores(3) { stores, _ in
            _ = try await stores[0].control("default", .limit(7))
            _ = try await stores[0].submit((0..<50).map { spec("\($0)") })
            let claimed = try await withThrowingTaskGroup(of: Int.self) { group in
                for store in stores { for _ in 0..<10 { group.addTask { try await store.claim(3).count } } }
                return try await group.reduce(0, +)
            }
            #expect(claimed == 7)
            #expect(try await stores[0].tally() == [.enqueued: 43, .inProgress: 7])
        }
    }
}
