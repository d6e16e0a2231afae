import Foundation
import Settings
import Synchronization
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor

/// Q-2, W-7: fifty supervisors hear of each task. Counts, because times depend on the machine.
@Suite("Fifty supervisors hear of a task", .serialized, .timeLimit(.minutes(10)))
struct WakeHerdTests {
    private static let members = 50

    /// What all of them did since it was last asked.
    private final class Ledger: Sendable {
        struct Page: Sendable {
            /// Claims begun.
            var claims = 0
            /// Of which got nothing.
            var misses = 0
            /// Claims begun before the first one had its answer.
            var early = 0
            /// How many claims had begun, this one included, when the first one began that got a task.
            var firstHit: Int?
            var tasks: [TaskID] = []
            /// How often a listener of the test's own heard of tasks.
            var words = 0
            var isHearing = false
            fileprivate var isAnswered = false
        }

        private let page = Mutex(Page())

        var now: Page { page.withLock { $0 } }

        func turn() -> Page {
            page.withLock { page in
                defer { page = Page() }
                return page
            }
        }

        func hear(_ signal: StoreSignal) {
            page.withLock { page in
                if signal == .missed { page.isHearing = true }
                if case .ready = signal { page.words += 1 }
            }
        }

        /// Runs one claim, and returns whether it got something.
        func note(_ claim: () async throws -> [ClaimedTask]) async throws -> Bool {
            let number = page.withLock { page in
                page.claims += 1
                if !page.isAnswered { page.early += 1 }
                return page.claims
            }
            let claimed = try await claim()
            page.withLock { page in
                page.isAnswered = true
                page.tasks += claimed.map(\.task.id)
                if claimed.isEmpty { page.misses += 1 } else { page.firstHit = min(page.firstHit ?? .max, number) }
            }
            return !claimed.isEmpty
        }
    }

    private struct Member: Sendable {
        let store: PostgresTaskStore
        let listener: WakeupListener
        let id: SupervisorID
    }

    private static func member(_ url: String) async throws -> Member {
        var options = PostgresTaskStore.Options()
        options.connections = 1
        let store = try await PostgresTaskStore(url: url, options: options)
        let id = SupervisorID.next()
        let record = SupervisorRecord(
            id: id, pool: "p", installation: "i", boot: "b", host: "h", pid: 1, startedAt: Date(), seenAt: Date())
        try await store.save(record)
        let listener = WakeupListener(
            store: store, supervisor: id, settings: QueueSettings(), metrics: SupervisorMetrics(), logger: .silent)
        return Member(store: store, listener: listener, id: id)
    }

    private static func members(_ url: String) async throws -> [Member] {
        var all: [Member] = []
        for _ in 0..<members { all.append(try await member(url)) }
        return all
    }

    /// Claims whenever it is woken, one claim at a time, until there is nothing; as a supervisor with a free worker does.
    private static func work(_ member: Member, _ ledger: Ledger) async throws {
        let (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await member.listener.run(look: { waker.yield() }, checkLeases: {}) }
            let request = ClaimRequest(
                supervisor: member.id, host: "h", limit: 4, leaseDuration: .seconds(600), offersContainers: true)
            for await _ in wakes { while try await ledger.note({ try await member.store.claim(request) }) {} }
            group.cancelAll()
        }
    }

    /// Runs `body` beside all of them, once they listen and know of each other. What they did until then isn't counted.
    private func withMembers(
        _ body:
            @escaping @Sendable (
                _ producer: PostgresTaskStore, Ledger, _ again: @escaping @Sendable () -> Int
            ) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            let producer = try await PostgresTaskStore(url: database.url)
            let ledger = Ledger()
            let members = try await Self.members(database.url)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for member in members {
                    group.addTask {
                        // A claim that the end of the test interrupts says so in the store's words.
                        do { try await Self.work(member, ledger) } catch { if !Task.isCancelled { throw error } }
                    }
                }
                // Each looks once when it begins to hear.
                try await eventually("all to listen", within: .seconds(60)) { ledger.now.claims >= Self.members }
                try await eventually("all to know of each other", within: .seconds(60)) {
                    members.allSatisfy { $0.listener.members == Self.members }
                }
                // Their last looks of the beginning.
                try await Task.sleep(for: WakeSpread.longest * 4)
                try await eventually("their looks to end") { ledger.now.claims == ledger.now.misses }
                // Claims that a store repeated, because others were just taking all there was.
                @Sendable func again() -> Int { members.map { $0.store.takeClaimConflicts() }.reduce(0, +) }
                _ = (ledger.turn(), again())
                try await body(producer, ledger, again)
                group.cancelAll()
                try await group.waitForAll()
            }
            for member in members { await member.store.close() }
            await producer.close()
        }
    }

    @Test func aSingleTaskCostsOneLookEachNotAllAtOnceAndTheFirstLookGetsIt() async throws {
        try await withMembers { producer, ledger, again in
            var pages: [Ledger.Page] = []
            var repeated: [Int] = []
            for _ in 0..<9 {
                let task = try await producer.submit([TaskSpec(command: ["true"])])[0].id
                try await eventually("all to have looked") { ledger.now.misses >= Self.members }
                // Whoever looked twice would have by now.
                try await Task.sleep(for: WakeSpread.longest * 3)
                let page = ledger.turn()
                #expect(page.tasks == [task] && page.misses == Self.members, "\(page)")
                pages.append(page)
                repeated.append(again())
            }
            // One stall of the machine lets all of them catch up at once; not in most of the rounds.
            func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }
            #expect(median(repeated) <= Self.members / 5, "\(repeated)")
            #expect(median(pages.map(\.early)) <= Self.members / 2, "\(pages.map(\.early))")
            #expect(median(pages.map { $0.firstHit ?? .max }) <= Self.members / 5, "\(pages.map(\.firstHit))")
        }
    }

    @Test func aBurstIsFewWordsAndFewLooks() async throws {
        try await withMembers { producer, ledger, again in
            let tasks = 600
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await producer.hear(for: .next()) { ledger.hear($0) }
                }
                try await eventually("the test to hear, too") { ledger.now.isHearing }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<tasks {
                        group.addTask { _ = try await producer.submit([TaskSpec(command: ["true"])]) }
                    }
                    try await group.waitForAll()
                }
                try await eventually("all to be claimed", within: .seconds(60)) { ledger.now.tasks.count >= tasks }
                // Whoever was told of the last ones has looked by then.
                try await Task.sleep(for: WakeSpread.longest * 4)
                group.cancelAll()
            }
            let page = ledger.turn()
            #expect(page.tasks.count == tasks && Set(page.tasks).count == tasks)
            #expect(page.words > 0 && page.words < tasks / 2)
            #expect(again() <= tasks)
            // A listener that is late takes several words for one: others may have heard more than the test's own did.
            #expect(page.misses <= Self.members * page.words * 2, "\(page.misses) for \(page.words) words")
        }
    }
}
