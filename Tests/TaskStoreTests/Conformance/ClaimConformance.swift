import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: claim", .timeLimit(.minutes(3)))
struct ClaimConformance {
    @Test(arguments: StoreBackend.all)
    func takesTheBestPriorityThenTheOldest(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let order = ["1", "2", "3"]
            _ = try await store.submit(order.map { spec("low\($0)", priority: -1) })
            _ = try await store.submit(order.map { spec("mid\($0)") })
            _ = try await store.submit(order.map { spec("high\($0)", priority: 10) })
            let names = store.names(try await store.claim(5)) + store.names(try await store.claim(100))
            #expect(
                names == ["high1", "high2", "high3", "mid1", "mid2", "mid3", "low1", "low2", "low3"])
            #expect(try await store.claim(1).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func byAgeTheOldestComeFirstWhateverTheirPriority(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            var late = spec("late", priority: 1)
            late.ttl = 5
            let priorities = [3, -1, .min, 9, .max, 0]
            let others = (1...6).map { number in
                spec(
                    "\(number)", queue: number % 2 == 0 ? "a" : "b", priority: priorities[number - 1],
                    image: number % 3 == 0 ? "image:\(number)" : nil, isolation: number == 2 ? .container : .any)
            }
            _ = try await store.submit([late] + others)
            clock.advance(by: 6)
            var request = ClaimRequest(
                supervisor: alice, host: "h", limit: 3, leaseDuration: .seconds(30), offersContainers: true)
            request.byAge = true
            #expect(store.names(try await store.claim(request)) == ["1", "2", "3"])
            _ = try await store.submit([spec("7", queue: "c", priority: 5, image: "image:6")])
            request.images = .only(["image:6", nil])
            #expect(store.names(try await store.claim(request)) == ["4", "5", "6"])
            request.turns = QueueTurns(limits: ["c": 1])
            request.images = .allBut(["other"])
            #expect(store.names(try await store.claim(request)) == ["7"])
            #expect(try await store.claim(request).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func ordersOverQueuesAndKindsOfIsolation(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([
                spec("1", queue: "b"), spec("2", queue: "a", isolation: .container), spec("3", queue: "c", priority: 1),
                spec("4", queue: "a"),
            ])
            #expect(store.names(try await store.claim(4)) == ["3", "1", "2", "4"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func takesNoMoreThanAskedFor(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec(), spec(), spec()])
            #expect(try await store.claim(0).isEmpty)
            #expect(try await store.claim(-1).isEmpty)
            #expect(try await store.claim(2).count == 2)
            #expect(try await store.tally() == [.enqueued: 1, .inProgress: 2])
        }
    }

    @Test(arguments: StoreBackend.all)
    func servesOnlyTheNamedQueues(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec("a", queue: "a"), spec("b", queue: "b"), spec("c", queue: "c")])
            #expect(try await store.claim(9, queues: ["none"]).isEmpty)
            #expect(store.names(try await store.claim(9, queues: ["c", "a", "a"])) == ["a", "c"])
            #expect(store.names(try await store.claim(9)) == ["b"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func leavesTasksThatDemandAContainerToThoseWhoHaveOne(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec("contained", priority: 5, isolation: .container), spec("any")])
            #expect(store.names(try await store.claim(9, containers: false)) == ["any"])
            #expect(store.names(try await store.claim(9, containers: true)) == ["contained"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func passesOverTasksByTheirImage(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([
                spec("a1", priority: 3, image: "a"), spec("b", priority: 1, image: "b"), spec("none", priority: 2),
                spec("c", image: "c", isolation: .container), spec("a2", queue: "other", priority: 9, image: "a"),
            ])
            let nothing: [ImageChoice] = [
                .only([]), .only(["x", ""]), .only(["A", "a "]), .allBut([nil, "a", "b", "c", "x"]),
            ]
            for choice in nothing { #expect(try await store.claim(9, images: choice).isEmpty) }
            #expect(try await store.tally() == [.enqueued: 5])
            #expect(store.names(try await store.claim(1, images: .allBut(["a"]))) == ["none"])
            #expect(store.names(try await store.claim(9, containers: false, images: .allBut(["a", nil]))) == ["b"])
            #expect(store.names(try await store.claim(9, queues: ["default"], images: .only(["a", nil]))) == ["a1"])
            #expect(store.names(try await store.claim(9, images: .allBut([nil]))) == ["a2", "c"])
        }
    }

    /// A store may have a shorter way where everything that waits is alike.
    @Test(arguments: StoreBackend.all)
    func leavesTheOnlyTaskThatWaitsToThoseItIsFor(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec(queue: "q", image: "a", isolation: .container)])
            #expect(try await store.claim(9, queues: ["other", "p"]).isEmpty)
            #expect(try await store.claim(9, containers: false).isEmpty)
            for images: ImageChoice in [.only(["b", nil]), .only([]), .allBut(["a"])] {
                #expect(try await store.claim(9, images: images).isEmpty)
            }
            _ = try await store.control("q", .pause(by: "tester", reason: nil))
            #expect(try await store.claim(9).isEmpty)
            _ = try await store.control("q", .resume)
            #expect(store.names(try await store.claim(9, queues: ["q"], images: .only(["a"]))) == ["task"])
        }
    }

    /// `K` and the sign for Kelvin are the same letter to many, and others sort in between.
    @Test(arguments: StoreBackend.all)
    func queuesWhoseNamesLookTheSameAreTwo(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec("kelvin", queue: "\u{212a}")])
            #expect(try await store.claim(9, queues: ["K"]).isEmpty)
            _ = try await store.submit([spec("k", queue: "K"), spec("between", queue: "default")])
            #expect(store.names(try await store.claim(9, queues: ["default"])) == ["between"])
            #expect(store.names(try await store.claim(9)) == ["kelvin", "k"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func ordersOverImages(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let names = ["1", "2", "3", "4", "5", "6"]
            let images: [String?] = ["z", nil, "a", "hangs", nil, "z"]
            _ = try await store.submit(zip(names, images).map { spec($0, image: $1) })
            #expect(store.names(try await store.claim(2, images: .allBut(["hangs"]))) == ["1", "2"])
            #expect(store.names(try await store.claim(2, images: .only(["z", "a", nil]))) == ["3", "5"])
            #expect(store.names(try await store.claim(9)) == ["4", "6"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func knowsTheImageOfATaskThatComesBack(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec(image: "a\0b")])[0].id
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .failure(.retry(delay: 0))))
            #expect(try await store.claim(images: .allBut(["a\0b"])).isEmpty)
            #expect(try await store.claim(images: .only(["a\0b"])).map(\.task.id) == [id])
        }
    }

    @Test(arguments: StoreBackend.all)
    func waitsForADelayedTaskToBeDue(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let task = try await store.submit([spec("late", queue: "q", delay: 5)])[0]
            #expect(try await store.untilDue(queues: []) == .seconds(5))
            #expect(try await store.untilDue(queues: ["q"]) == .seconds(5))
            #expect(try await store.untilDue(queues: ["other"]) == nil)
            clock.advance(by: 4.999)
            #expect(try await store.claim().isEmpty)
            #expect(try await store.task(task.id)?.state == .pending)
            clock.advance(by: 0.001)
            #expect(try await store.claim().map(\.task.id) == [task.id])
            #expect(try await store.untilDue(queues: []) == nil)
        }
    }

    @Test(arguments: StoreBackend.all)
    func tellsTheWholeTaskAndItsHistory(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let claimed = try #require(try await store.claim().first)
            #expect(claimed.task.state == .inProgress)
            #expect(claimed.task.attempt == 1)
            #expect(claimed.lease.attempt == 1)
            #expect(claimed.lease.taskID == id)
            #expect(try await store.task(id) == claimed.task)
            #expect(try await store.kinds(id) == [.submitted, .claimed])
            let attempt = TaskAttempt(
                taskID: id, attempt: 1, supervisor: alice, host: "host", claimedAt: TestClock.start)
            #expect(try await store.attempts(of: id) == [attempt])
        }
    }

    @Test(arguments: StoreBackend.all)
    func leavesExpiredLeasesToRecovery(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec()])
            _ = try await store.claim(lease: .seconds(1))
            clock.advance(by: 100)
            #expect(try await store.claim(by: bob).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func findingNothingLooksLikeNoChangeToOthers(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            _ = try await stores[0].submit([spec(delay: 60)])
            let before = try await stores[1].changeToken()
            #expect(try await stores[0].claim().isEmpty)
            #expect(try await stores[1].changeToken() == before)
        }
    }
}
