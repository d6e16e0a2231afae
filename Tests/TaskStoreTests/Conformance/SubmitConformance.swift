import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: submit", .timeLimit(.minutes(3)))
struct SubmitConformance {
    @Test(arguments: StoreBackend.all)
    func returnsTasksAsTheyAreStoredAndInOrder(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            clock.advance(by: 0.0004)
            let submitted = try await store.submit([spec("a"), spec("b", delay: 1.2345), spec("c", priority: -5)])
            #expect(submitted.map(\.spec.name) == ["a", "b", "c"])
            #expect(submitted.map(\.state) == [.enqueued, .pending, .enqueued])
            #expect(submitted.map(\.id) == submitted.map(\.id).sorted())
            for task in submitted { #expect(try await store.task(task.id) == task) }
            #expect(try await store.kinds(submitted[0].id) == [.submitted])
        }
    }

    @Test(arguments: StoreBackend.all)
    func keepsEveryFieldOfASpecification(_ backend: StoreBackend) async throws {
        let full = TaskSpec(
            name: "übung 🛰", command: ["sh", "-c", "printf '\\0'", "", "\u{1}\u{7f}", "nul\0nul"],
            env: ["KEY": "v=1", "EMPTY": ""], stdin: "line\0\r\n\u{feff}𝄞e\u{301}", workdir: "/w", image: "img:1@sha",
            resources: ResourceRequest(cpus: 0.25, memoryMb: 64, pidsLimit: 9),
            mounts: [MountSpec(source: "/a", target: "/b", readOnly: true)], secrets: ["token"], queue: "größe",
            priority: 7, delay: 0, timeout: 1.5, retry: RetryPolicy(maxAttempts: 4, backoff: 0.5, maxBackoff: 9),
            isolation: .container)
        try await backend.withStore { store, _ in
            let id = try await store.submit([full])[0].id
            #expect(try await store.task(id)?.spec == full)
            #expect(try await store.claim(queues: ["größe"]).first?.task.spec == full)
        }
    }

    @Test(arguments: StoreBackend.all)
    func takesAMebibyteOfInput(_ backend: StoreBackend) async throws {
        var big = spec("big")
        big.stdin = String(repeating: "0123456789abcdé", count: 65536)
        try await backend.withStore { store, _ in
            let id = try await store.submit([big])[0].id
            #expect(try await store.task(id)?.spec.stdin == big.stdin)
        }
    }

    @Test(arguments: StoreBackend.all)
    func takesTenThousandAtOnce(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let ids = try await store.submit((0..<10000).map { spec("\($0)") }).map(\.id)
            #expect(Set(ids).count == 10000)
            #expect(try await store.tally() == [.enqueued: 10000])
            #expect(try await store.claim().first?.task.id == ids[0])
        }
    }

    @Test(arguments: StoreBackend.all)
    func anEmptyListChangesNothing(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let submitted = try await store.submit([])
            #expect(submitted.isEmpty)
            #expect(try await store.counts().isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func refusesAllWhenOneCannotBeStored(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            var bad = spec("bad")
            bad.timeout = .nan
            await #expect(throws: StoreError.self) { try await store.submit([spec("good"), bad]) }
            let counts = try await store.counts()
            #expect(counts.isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func survivesNumbersBeyondReason(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let tasks = try await store.submit([
                spec("late", delay: 1e300), spec("negative", delay: -1e300), spec("high", priority: .max),
            ])
            #expect(tasks.map(\.state) == [.pending, .enqueued, .enqueued])
            for task in tasks { #expect(try await store.task(task.id) == task) }
            #expect(store.names(try await store.claim(3)) == ["high", "negative"])
        }
    }
}
