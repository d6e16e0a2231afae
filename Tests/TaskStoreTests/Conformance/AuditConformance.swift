import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: what was done by hand", .timeLimit(.minutes(3)))
struct AuditConformance {
    private static let anna = AuditAuthor(
        user: "anna", uid: 1001, host: "desk", command: "task retry", reason: "fixed\0")

    @Test(arguments: StoreBackend.all)
    func everythingDoneByHandIsNotedWithWhoWhenAndWhy(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let ids = try await store.submit([spec("a", queue: "q"), spec("b", queue: "q"), spec("c", queue: "r")]).map(
                \.id)
            // Nobody did this by hand.
            _ = try await store.cancel(ids[2], reason: "by itself")
            _ = try await store.control("q", .limit(3))
            #expect(try await store.audit(matching: AuditFilter()).isEmpty)
            #expect(try await store.events(of: ids[2], after: 0).last?.message == "by itself")
            clock.advance(by: 5)
            try await AuditAuthor.$current.withValue(Self.anna) {
                _ = try await store.cancel(ids[0], reason: "late")
                // It changes nothing any more.
                _ = try await store.cancel(ids[0], reason: "late")
                let claim = try await store.claim(1, queues: ["q"])[0]
                _ = try await store.cancel(ids[1], reason: "now")
                #expect(
                    try await store.finish(claim.lease, .failure(.deadLetter(countsAsFailure: true))))
                _ = try await store.requeue(ids[0])
                _ = try await store.requeue(deadLetters: DeadLetterFilter(ids: [ids[1]]))
                _ = try await store.claim(1, queues: ["q"])
                let again = try await store.claim(1, queues: ["q"])[0]
                #expect(try await store.finish(again.lease, .failure(.deadLetter(countsAsFailure: true))))
                _ = try await store.purge(deadLetters: DeadLetterFilter())
                _ = try await store.control("q", .pause(by: "anna", reason: "rest"))
                _ = try await store.control("q", .limit(nil))
                _ = try await store.control("q", .resume)
                try await store.note(.prune, "all of it")
            }
            let entries = Array(try await store.audit(matching: AuditFilter()).reversed())
            #expect(
                entries.map(\.action) == [
                    .cancel, .cancel, .requeue, .requeue, .purge, .pause, .limit, .resume, .prune,
                ])
            #expect(
                entries.map(\.task) == [ids[0], ids[1], ids[0], ids[1], ids[1], nil, nil, nil, nil])
            #expect(entries.map(\.queue) == Array(repeating: "q", count: 8) + [nil])
            #expect(
                entries.map(\.detail) == [
                    "cancelled: late", "asked to stop: now", "put back, it was cancelled", "put back, it was error",
                    "forgotten", "paused by anna: rest", "no limit", "resumed", "all of it",
                ])
            var who = Self.anna
            who.reason = "fixed␀"
            #expect(entries.allSatisfy { $0.author == who && $0.at == TestClock.start + 5 })
            #expect(entries.map(\.sequence) == entries.map(\.sequence).sorted())
            #expect(
                try await store.audit(matching: AuditFilter(task: ids[1])).map(\.action) == [.purge, .requeue, .cancel])
            #expect(
                try await store.audit(matching: AuditFilter(queue: "q", limit: 2)).map(\.action) == [.resume, .limit])
            #expect(try await store.audit(matching: AuditFilter(queue: "r")).isEmpty)
            // The timeline says it, too.
            let lines = try await store.events(of: ids[0], after: 0).filter {
                [.cancelled, .requeued].contains($0.kind)
            }
            #expect(
                lines.map(\.message) == [
                    "late, by anna@desk: fixed␀", "requeued by hand, by anna@desk: fixed␀",
                ])
            // The reason of the task stays what it was given.
            #expect(try await store.task(ids[2])?.reason == "by itself")
        }
    }

    @Test(arguments: StoreBackend.all)
    func oldNotesGoWithTime(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            try await AuditAuthor.$current.withValue(Self.anna) {
                for _ in 0..<3 { try await store.note(.prune, "old") }
                clock.advance(by: 100)
                try await store.note(.prune, "new")
            }
            #expect(try await store.pruneAudit(olderThan: .seconds(101)) == 0)
            #expect(try await store.pruneAudit(olderThan: .seconds(100)) == 3)
            #expect(try await store.pruneAudit(olderThan: .seconds(100)) == 0)
            #expect(try await store.audit(matching: AuditFilter()).map(\.detail) == ["new"])
        }
    }
}
