import Synchronization
import TaskModel
import Testing

@testable import TaskStore

@Suite("PostgreSQL: ends that are written together", .timeLimit(.minutes(3)))
struct PostgresFinishGroupTests {
    /// Writes nothing, and counts how many ends it was given at a time. The first time it waits for others to come.
    private final class Writer: Sendable {
        private let given = Mutex<[Int]>([])
        private let isOpen = Mutex(false)
        let error: StoreError

        init(_ code: StoreError.Code) { error = StoreError(code, "no", operation: "test") }

        var counts: [Int] { given.withLock { $0 } }

        func open() { isOpen.withLock { $0 = true } }

        func write(_ ends: PostgresFinishGroup.Ends) async -> PostgresFinishGroup.Answer {
            given.withLock { $0.append(ends.count) }
            while !isOpen.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(1)) }
            return .failure(error)
        }
    }

    /// Each alone would wait for the same lock again, one after the other.
    @Test(
        arguments: [
            (.busy, [1, 3]), (.unavailable, [1, 3]), (.internal, [1, 3, 1, 1, 1]), (.corrupt, [1, 3, 1, 1, 1]),
        ] as [(StoreError.Code, [Int])])
    func eachIsTriedAloneOnlyWhenItMayBeWhatIsWrong(code: StoreError.Code, counts: [Int]) async throws {
        let (group, writer) = (PostgresFinishGroup(), Writer(code))
        let ends = (1...4).map { (lease: Lease(taskID: .next(), attempt: 1, token: $0), result: AttemptResult.success) }
        await withTaskGroup(of: StoreError.Code?.self) { tasks in
            for end in ends {
                tasks.addTask { await failureCode { _ = try await group.write([end]) { await writer.write($0) } } }
                while writer.counts.isEmpty { try? await Task.sleep(for: .milliseconds(1)) }
            }
            while group.waiting < 3 { try? await Task.sleep(for: .milliseconds(1)) }
            writer.open()
            for await found in tasks { #expect(found == code) }
        }
        #expect(writer.counts == counts)
    }
}
