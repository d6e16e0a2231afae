import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: pruning", .timeLimit(.minutes(3)))
struct PruneConformance {
    /// Lets a task of each end be there: complete, cancelled, failed for good, running, waiting, delayed.
    private struct Zoo {
        var complete, cancelled, dead, running, waiting, delayed: TaskID
    }

    private func zoo(_ store: any TaskStore, _ queue: String) async throws -> Zoo {
        let complete = try await store.submit([spec("complete", queue: queue)])[0].id
        #expect(try await store.finish(try await store.claim(queues: [queue])[0].lease, .success))
        let dead = try await store.submit([spec("dead", queue: queue)])[0].id
        let end = AttemptResult.failure(.deadLetter(countsAsFailure: true))
        #expect(try await store.finish(try await store.claim(queues: [queue])[0].lease, end))
        let running = try await store.submit([spec("running", queue: queue)])[0].id
        _ = try await store.claim(queues: [queue])
        let tasks = try await store.submit([
            spec("cancelled", queue: queue), spec("waiting", queue: queue), spec("delayed", queue: queue, delay: 1e6),
        ])
        _ = try await store.cancel(tasks[0].id, reason: "unwanted")
        return Zoo(
            complete: complete, cancelled: tasks[0].id, dead: dead, running: running, waiting: tasks[1].id,
            delayed: tasks[2].id)
    }

    private func prune(
        _ store: any TaskStore, _ rules: [PruneRule], isRehearsal: Bool = false
    ) async throws -> Set<TaskID> {
        var (cursor, gone): (PruneCursor?, Set<TaskID>) = (nil, [])
        var rules = rules
        repeat {
            let page = try await store.prune(rules, after: cursor, isRehearsal: isRehearsal)
            rules.count(page.pruned.map(\.state))
            gone.formUnion(page.pruned.map(\.id))
            cursor = page.next
        } while cursor != nil
        return gone
    }

    @Test(arguments: StoreBackend.all)
    func forgetsWhatEndedLongAgoWithAllThatBelongsToIt(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let old = try await zoo(store, "old")
            clock.advance(by: 100)
            let young = try await zoo(store, "young")
            let rules = [
                PruneRule([.complete], minAge: .seconds(100)), PruneRule([.error], minAge: .seconds(101)),
                // Of those that have not ended nothing goes, whatever is asked.
                PruneRule([.inProgress, .enqueued, .pending], minAge: .zero, surplus: 9),
            ]
            #expect(try await prune(store, rules, isRehearsal: true) == [old.complete])
            #expect(try await store.task(old.complete) != nil)
            #expect(try await prune(store, rules) == [old.complete])
            #expect(try await store.task(old.complete) == nil)
            #expect(try await store.attempts(of: old.complete).isEmpty)
            #expect(try await store.events(of: old.complete, after: 0).isEmpty)
            #expect(try await store.tally()[.complete] == 1)
            let all = [PruneRule(Set(TaskState.allCases), minAge: .seconds(100))]
            #expect(try await prune(store, all) == [old.cancelled, old.dead])
            #expect(try await prune(store, all).isEmpty)
            let left = [young.complete, young.cancelled, young.dead, young.running, young.waiting, young.delayed]
            #expect(
                try await store.known(left + [old.complete, .next()] + [old.running, old.waiting, old.delayed])
                    == Set(left + [old.running, old.waiting, old.delayed]))
            #expect(
                try await store.tally() == [
                    .complete: 1, .cancelled: 1, .error: 1, .inProgress: 2, .enqueued: 2, .pending: 2,
                ])
            #expect(try await store.deadLetters(matching: DeadLetterFilter()).map(\.id) == [young.dead])
            #expect(try await store.attempts(of: old.running).count == 1)
        }
    }

    @Test(arguments: StoreBackend.all)
    func ofTooManyThoseSubmittedFirstGo(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            // More than a page, so that the number is counted over pages.
            var ids: [TaskID] = []
            for _ in 0..<3 { ids += try await store.submit((0..<200).map { spec("\($0)") }).map(\.id) }
            while case let claims = try await store.claim(200), !claims.isEmpty {
                #expect(try await store.finish(claims.map { ($0.lease, .success) }).count == 200)
            }
            let rules = [
                PruneRule([.complete, .cancelled], minAge: nil, surplus: 551), PruneRule([.error], minAge: .zero),
            ]
            #expect(try await prune(store, rules) == Set(ids[..<551]))
            #expect(try await store.tally() == [.complete: 49])
        }
    }

    @Test(arguments: StoreBackend.all)
    func aUniqueKeyKeepsOutForAsLongAsItSays(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            func once(window: Double?) -> TaskSpec {
                var task = spec()
                task.unique = UniqueKey("key \(window ?? 0)", window: window)
                return task
            }
            let specs = [once(window: 100), once(window: nil)]
            let first = try await store.accept(specs).map(\.task.id)
            #expect(try await store.finish(try await store.claim(2).map { ($0.lease, .success) }).count == 2)
            let all = [PruneRule([.complete], minAge: .zero)]
            clock.advance(by: 99)
            #expect(try await prune(store, all) == [first[1]])
            let second = try await store.accept(specs)
            #expect(second[0].task.id == first[0] && !second[0].isNew && second[1].isNew)
            clock.advance(by: 1)
            #expect(try await prune(store, all) == [first[0]])
            let third = try await store.accept(specs)
            #expect(third[0].isNew && !third[1].isNew)
        }
    }

    @Test(arguments: StoreBackend.all)
    func severalAtOnceForgetEachTaskOnceAndNoOther(_ backend: StoreBackend) async throws {
        try await backend.withStores(3) { stores, _ in
            var ids: [TaskID] = []
            for _ in 0..<4 { ids += try await stores[0].submit((0..<150).map { spec("\($0)") }).map(\.id) }
            let claims = try await stores[0].claim(500)
            #expect(
                try await stores[0].finish(claims.map { ($0.lease, .failure(.deadLetter(countsAsFailure: true))) })
                    .count == 500)
            let rules = [PruneRule([.error], minAge: .zero)]
            let back = try await withThrowingTaskGroup(of: [TaskID].self) { group in
                for store in stores {
                    group.addTask { Array(try await prune(store, rules)) }
                }
                // Somebody wants some of them back meanwhile.
                group.addTask {
                    var back: [TaskID] = []
                    for _ in 0..<5 {
                        back += try await stores[0].requeue(deadLetters: DeadLetterFilter(limit: 7)).map { $0 }
                    }
                    return back.map { TaskID(rawValue: "back " + $0.rawValue) }
                }
                return try await group.reduce(into: [TaskID]()) { $0 += $1 }
            }
            let requeued = back.filter { $0.rawValue.hasPrefix("back ") }.map {
                TaskID(rawValue: String($0.rawValue.dropFirst(5)))
            }
            var gone = back.filter { !$0.rawValue.hasPrefix("back ") }
            gone += try await prune(stores[0], rules)
            #expect(gone.count == Set(gone).count)
            #expect(Set(gone).isDisjoint(with: requeued))
            #expect(gone.count + requeued.count == 500)
            #expect(try await stores[0].tally() == [.enqueued: 100 + requeued.count])
            for id in requeued { #expect(try await stores[0].task(id)?.state == .enqueued) }
        }
    }

    @Test(arguments: StoreBackend.all)
    func aStoreIsToldFromOthers(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            let identity = try await stores[0].identity()
            #expect(identity.count >= 32)
            #expect(try await stores[1].identity() == identity)
            try await backend.withStore { other, _ in
                let others = try await other.identity()
                #expect(others != identity)
            }
            try await stores[0].compact()
            _ = try await stores[1].submit([spec()])
        }
    }
}
