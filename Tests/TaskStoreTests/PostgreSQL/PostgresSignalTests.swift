import PostgreSQL
import Synchronization
import TaskModel
import TestSupport
import Testing

@testable import TaskStore

/// What stores on one database tell each other.
@Suite("PostgreSQL: signals", .timeLimit(.minutes(3)))
struct PostgresSignalTests {
    /// Signals heard so far.
    private final class Ear: Sendable {
        private let heard = Mutex<[StoreSignal]>([])

        var signals: [StoreSignal] { heard.withLock { $0 } }

        func take(_ signal: StoreSignal) { heard.withLock { $0.append(signal) } }

        /// Returns once it was heard, and forgets all.
        func wait(for signal: StoreSignal) async throws {
            while !signals.contains(signal) { try await Task.sleep(for: .milliseconds(2)) }
            heard.withLock { $0 = [] }
        }
    }

    private let me = SupervisorID.next()

    /// Runs `body` with two stores; what the second hears comes to the ear.
    private func withEar(
        _ body: @escaping @Sendable (any TaskStore, TestClock, Ear, PostgresPlace) async throws -> Void
    ) async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            let stores = [try await place.open(clock: clock), try await place.open(clock: clock)]
            let ear = Ear()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await stores[1].hear(for: me) { ear.take($0) } }
                try await ear.wait(for: .missed)
                try await body(stores[0], clock, ear, place)
                group.cancelAll()
            }
            for store in stores { await store.close() }
        }
    }

    @Test func submittedReturnedAndRecoveredTasksAreTold() async throws {
        try await withEar { store, clock, ear, _ in
            let task = try await store.submit([spec("a", queue: "q")])[0]
            try await ear.wait(for: .ready(queues: ["q"]))
            let first = try #require(try await store.claim().first).lease
            #expect(try await store.finish(first, .failure(.abandon(delay: 0))))
            try await ear.wait(for: .ready(queues: ["q"]))
            _ = try #require(try await store.claim().first)
            clock.advance(by: 3600)
            #expect(try await store.recoverExpired(maxDeliveries: 5, sparing: []).map(\.task) == [task.id])
            try await ear.wait(for: .ready(queues: ["q"]))
            _ = try await store.cancel(task.id, reason: "unwanted")
            _ = try await store.requeue(task.id)
            try await ear.wait(for: .ready(queues: ["q"]))
        }
    }

    @Test func delayedTasksAreToldAtOnceAndWhenSomebodyFindsThemDue() async throws {
        try await withEar { store, clock, ear, _ in
            // Somebody has to remember when it is due.
            _ = try await store.submit([spec("late", queue: "q", delay: 5)])
            try await ear.wait(for: .ready(queues: ["q"]))
            _ = try await store.submit([spec("mark", queue: "mark")])
            try await ear.wait(for: .ready(queues: ["mark"]))
            clock.advance(by: 5)
            _ = try await store.claim(queues: ["mark"])
            try await ear.wait(for: .ready(queues: ["q"]))
        }
    }

    @Test func freedRoomAndOpenedQueuesAreTold() async throws {
        try await withEar { store, _, ear, _ in
            _ = try await store.control("q", .limit(1))
            try await ear.wait(for: .ready(queues: ["q"]))
            _ = try await store.submit([spec("a", queue: "q"), spec("b", queue: "q")])
            try await ear.wait(for: .ready(queues: ["q"]))
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .success))
            try await ear.wait(for: .ready(queues: ["q"]))
            _ = try await store.control("q", .pause(by: "me", reason: nil))
            _ = try await store.control("q", .resume)
            try await ear.wait(for: .ready(queues: ["q"]))
        }
    }

    @Test func onlyTheSupervisorOfACancelledTaskIsAskedToLook() async throws {
        try await withEar { store, _, ear, _ in
            let tasks = try await store.submit([spec("a", queue: "mine"), spec("b", queue: "other")])
            _ = try await store.claim(by: SupervisorID.next(), queues: ["other"])
            _ = try await store.claim(by: me, queues: ["mine"])
            _ = try await store.cancel(tasks[1].id, reason: "unwanted")
            _ = try await store.submit([spec("mark", queue: "mark")])
            try await ear.wait(for: .ready(queues: ["mark"]))
            _ = try await store.cancel(tasks[0].id, reason: "unwanted")
            try await ear.wait(for: .cancelRequested)
        }
    }

    @Test func manySubmissionsAreFewWordsAndTheLastIsNotForgotten() async throws {
        try await withEar { store, _, ear, _ in
            let clock = ContinuousClock()
            let began = clock.now
            let taken = Count()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<200 { group.addTask { _ = try await store.submit([spec("a", queue: "q")]) } }
                // Looks when it is told to and not otherwise, as a supervisor that doesn't poll.
                group.addTask {
                    var heard = 0
                    while taken.now < 200, clock.now - began < .seconds(30) {
                        guard ear.signals.count > heard else {
                            try await Task.sleep(for: .milliseconds(2))
                            continue
                        }
                        heard = ear.signals.count
                        while case let found = try await store.claim(100).count, found > 0 {
                            taken.add(found)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(taken.now == 200)
            let windows = Int((clock.now - began) / AnnouncementWindow.length) + 1
            #expect(ear.signals.count <= windows + 2)
        }
    }

    @Test func aStoreThatIsClosedSaysWhatItPutOff() async throws {
        try await withEar { _, _, ear, place in
            let store = try await PostgresTaskStore(url: place.url)
            store.window.withLock { _ = $0.putOff(["q"]) }
            // Nor does it matter that whoever closes it was cancelled.
            await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                await store.close()
            }.value
            try await ear.wait(for: .ready(queues: ["q"]))
        }
    }

    /// Whoever looked at a word that comes too early would find nothing, and hear nothing more.
    @Test func whatIsPutOffIsSaidOnceTheTasksAreThere() async throws {
        try await withEar { _, _, ear, place in
            let store = try await PostgresTaskStore(url: place.url)
            store.window.withLock { _ = $0.plan(["q"], at: .now + .seconds(60)) }
            let gate = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await gate.runScript("BEGIN; LOCK TABLE acode.task IN SHARE MODE", operation: "test")
            async let submitted = store.submit([spec("a", queue: "q")])
            try await place.waitForBlocked(1)
            // Long enough for a word that comes too early, also where a connection has to be made for it.
            try await Task.sleep(for: AnnouncementWindow.length * 50)
            #expect(ear.signals.isEmpty)
            try await gate.runScript("COMMIT", operation: "test")
            _ = try await submitted
            try await ear.wait(for: .ready(queues: ["q"]))
            await gate.close()
            await store.close()
        }
    }

    /// One word that could not be said is not the last.
    @Test func whatCouldNotBeSaidIsSaidLater() async throws {
        try await withEar { _, _, ear, place in
            let proxy = try FaultProxy(upstream: place.url)
            defer { proxy.stop() }
            let store = try await PostgresTaskStore(url: proxy.url)
            proxy.refuse()
            proxy.cutAll()
            store.announceLater(["q"])
            while try #require(store.connections).failures < 2 { try await Task.sleep(for: .milliseconds(2)) }
            proxy.pass()
            try await ear.wait(for: .ready(queues: ["q"]))
            await store.close()
        }
    }

    @Test func aNameTooLongForAWordMakesEverybodyLook() async throws {
        try await withEar { store, _, ear, _ in
            _ = try await store.submit([spec("a", queue: String(repeating: "é", count: 9000))])
            try await ear.wait(for: .missed)
        }
    }

    @Test func aCutConnectionIsToldAndHealed() async throws {
        try await withEar { store, _, ear, place in
            try await place.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'
                """)
            while !ear.signals.contains(where: { if case .deaf = $0 { true } else { false } }) {
                try await Task.sleep(for: .milliseconds(2))
            }
            try await ear.wait(for: .missed)
            _ = try await store.submit([spec("a", queue: "q")])
            try await ear.wait(for: .ready(queues: ["q"]))
        }
    }
}
