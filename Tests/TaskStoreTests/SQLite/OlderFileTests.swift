import Foundation
import GRDB
import TaskModel
import Testing

@testable import TaskStore

/// A file of the last version in which a claim wrote the task's row, a row for the attempt and one for each event.
@Suite("SQLite: files of older versions", .timeLimit(.minutes(3)))
struct OlderFileTests {
    private static let version = 12

    /// One task that runs, one that runs for the second time, one that waits to be tried again, one that is done, a dead
    /// letter, one that was cancelled, one that waits for its time and one that nobody has claimed.
    private static let rows = """
        INSERT INTO task_state (seq, queue, container, priority, state, run_at, attempt, deliveries, failures, worker,
            started_at, finished_at, outcome, exit_code, reason, progress)
        VALUES (1, 'q', 0, 0, 'inProgress', 5, 1, 1, 0, 'w1', 20, NULL, NULL, NULL, NULL, 40.0),
            (2, 'q', 0, 0, 'inProgress', 5, 2, 2, 1, NULL, NULL, NULL, 'failed', 3, 'exit 3', NULL),
            (3, 'q', 0, 0, 'enqueued', 5, 1, 1, 1, 'w3', 20, NULL, 'failed', 3, 'exit 3', NULL),
            (4, 'q', 0, 0, 'complete', 5, 1, 1, 0, 'w4', 20, 30, 'succeeded', 0, 'exit 0', NULL),
            (5, 'q', 0, 0, 'error', 5, 1, 1, 1, 'w5', 20, 30, 'failed', 3, 'exit 3', NULL),
            (6, 'q', 0, 0, 'cancelled', 5, 0, 0, 0, NULL, NULL, 30, 'cancelled', NULL, 'not wanted', NULL),
            (7, 'q', 0, 0, 'pending', 9000, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
            (8, 'q', 0, 7, 'enqueued', 5, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        INSERT INTO lease (task_seq, token, attempt, supervisor, host, lease_until, hard_until)
        VALUES (1, 11, 1, 's', 'h', 99999999999999, NULL), (2, 22, 2, 's', 'h', 99999999999999, 99999999999999);
        INSERT INTO attempt (task_seq, attempt, supervisor, host, worker, claimed_at, started_at, finished_at, outcome,
            exit_code, reason, ended_token, progress)
        VALUES (1, 1, 's', 'h', 'w1', 10, 20, NULL, NULL, NULL, NULL, NULL, 40.0),
            (2, 1, 's', 'h', 'w2', 10, 20, 30, 'failed', 3, 'exit 3', 21, NULL),
            (2, 2, 's', 'h', NULL, 40, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
            (3, 1, 's', 'h', 'w3', 10, 20, 30, 'failed', 3, 'exit 3', 31, NULL),
            (4, 1, 's', 'h', 'w4', 10, 20, 30, 'succeeded', 0, 'exit 0', 41, NULL),
            (5, 1, 's', 'h', 'w5', 10, 20, 30, 'failed', 3, 'exit 3', 51, NULL);
        INSERT INTO queue_count (queue, state, count) VALUES ('q', 'inProgress', 2), ('q', 'enqueued', 2),
            ('q', 'complete', 1), ('q', 'error', 1), ('q', 'cancelled', 1), ('q', 'pending', 1);
        """

    private func withOlderFile(_ body: (SQLiteTaskStore) async throws -> Void) async throws {
        try await SQLitePlace.with { place in
            try FileManager.default.createDirectory(
                atPath: place.directory + "/state", withIntermediateDirectories: true)
            let queue = try DatabaseQueue(path: place.path)
            try await queue.write { db in
                for migration in SQLiteSchema.migrations[..<Self.version] { try db.execute(sql: migration) }
                try db.execute(
                    sql: """
                        PRAGMA application_id = \(SQLiteSchema.applicationID); PRAGMA user_version = \(Self.version)
                        """)
                for seq in 1...8 {
                    try db.execute(
                        sql: "INSERT INTO task (seq, id, created_at, spec) VALUES (?, ?, 5, ?)",
                        arguments: [seq, "id-\(seq)", try SpecCoding.encode(spec("\(seq)", queue: "q"), operation: "")])
                }
                try db.execute(sql: Self.rows)
                for (seq, attempt, kind) in [
                    (1, 0, "submitted"), (2, 0, "submitted"), (3, 0, "submitted"), (4, 0, "submitted"),
                    (5, 0, "submitted"), (6, 0, "submitted"), (7, 0, "submitted"), (8, 0, "submitted"),
                    (1, 1, "claimed"), (1, 1, "started"), (2, 1, "claimed"), (2, 1, "started"), (2, 1, "failed"),
                    (2, 2, "claimed"), (4, 1, "claimed"), (4, 1, "completed"), (5, 1, "claimed"), (5, 1, "failed"),
                    (5, 1, "dead_lettered"), (6, 0, "cancelled"),
                ] {
                    try db.execute(
                        sql: "INSERT INTO event (task_seq, attempt, kind, message, at) VALUES (?, ?, ?, 'x', 5)",
                        arguments: [seq, attempt, kind])
                }
            }
            try queue.close()
            let store = try await SQLiteTaskStore(path: place.path)
            try await body(store)
            await store.close()
        }
    }

    private func kinds(_ store: SQLiteTaskStore, _ seq: Int) async throws -> [String] {
        let events = try await store.events(of: TaskID(rawValue: "id-\(seq)"), after: 0)
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
        return events.map { "\($0.attempt) \($0.kind.rawValue)" }
    }

    @Test func tasksAndTheirHistoryStay() async throws {
        try await withOlderFile { store in
            func state(_ seq: Int) async throws -> TaskState? {
                try await store.task(TaskID(rawValue: "id-\(seq)"))?.state
            }
            let states: [TaskState] = [
                .inProgress, .inProgress, .enqueued, .complete, .error, .cancelled, .pending, .enqueued,
            ]
            for (index, expected) in states.enumerated() { #expect(try await state(index + 1) == expected) }
            for expected in Set(states) {
                let listed = try await store.tasks(matching: TaskFilter(states: [expected]))
                #expect(listed.count == states.count { $0 == expected })
            }
            let running = try #require(try await store.task(TaskID(rawValue: "id-1")))
            #expect(running.worker?.rawValue == "w1" && running.progress == 40 && running.attempt == 1)
            let attempts = try await store.attempts(of: TaskID(rawValue: "id-2"))
            #expect(attempts.map(\.attempt) == [1, 2] && attempts.map(\.outcome) == [.failed, nil])
            #expect(try await kinds(store, 1) == ["0 submitted", "1 claimed", "1 started"])
            #expect(
                try await kinds(store, 2) == ["0 submitted", "1 claimed", "1 started", "1 failed", "2 claimed"])
            #expect(try await kinds(store, 4) == ["0 submitted", "1 claimed", "1 completed"])
            #expect(try await kinds(store, 6) == ["0 submitted", "0 cancelled"])
            let counts = try await store.tally()
            #expect(counts == Dictionary(states.map { ($0, 1) }, uniquingKeysWith: +))
        }
    }

    @Test func whatRanEndsUnderItsLeaseAndWhatWaitedIsClaimed() async throws {
        try await withOlderFile { store in
            let id = TaskID(rawValue: "id-1")
            #expect(try await store.finish(Lease(taskID: id, attempt: 1, token: 12), .success) == false)
            #expect(try await store.finish(Lease(taskID: id, attempt: 1, token: 11), .success))
            #expect(try await kinds(store, 1) == ["0 submitted", "1 claimed", "1 started", "1 completed"])
            #expect(try await store.attempts(of: id).map(\.outcome) == [.succeeded])
            let late = Lease(taskID: TaskID(rawValue: "id-4"), attempt: 1, token: 41)
            #expect(try await store.discard([(late, .success)]) == [late: .recorded])
            let claimed = try await store.claim(9)
            #expect(store.names(claimed) == ["8", "3", "7"])
            #expect(claimed.map(\.task.attempt) == [1, 2, 1])
            #expect(try await kinds(store, 3) == ["0 submitted", "2 claimed"])
            #expect(try await store.requeue(TaskID(rawValue: "id-5"))?.state == .enqueued)
            let again = try #require(try await store.claim(9).first)
            #expect(again.task.attempt == 2)
            #expect(try await store.finish(again.lease, .success))
            #expect(try await store.attempts(of: again.task.id).map(\.outcome) == [.failed, .succeeded])
            #expect(
                try await kinds(store, 5) == [
                    "0 submitted", "1 claimed", "1 failed", "1 dead_lettered", "1 requeued", "2 claimed", "2 completed",
                ])
        }
    }
}
