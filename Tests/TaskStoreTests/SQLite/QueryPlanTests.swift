import Foundation
import GRDB
import TaskModel
import Testing

@testable import TaskStore

@Suite("SQLite: query plans", .timeLimit(.minutes(3)))
struct QueryPlanTests {
    private static let statements: [(sql: String, arguments: StatementArguments, index: String)] = [
        (ClaimSQL.isDue, [0], "task_state USING INDEX task_scheduled"),
        (ClaimSQL.promote, [0], "task_state USING INDEX task_scheduled"),
        (LaneSQL.nextQueue, [""], "ready USING PRIMARY KEY"),
        (ClaimSQL.ready, ["default", 0, 1, 0, 4], "ready USING PRIMARY KEY"),
        (ClaimSQL.nextImage, ["default", 0, ""], "ready USING COVERING INDEX ready_image"),
        (ClaimSQL.readyOfImage, ["default", 0, "a", 0, 4], "ready USING INDEX ready_image"),
        (ClaimSQL.take, ["default", 0, 1, 0, 4], "ready USING PRIMARY KEY"),
        (WaitSQL.nextPriority, ["default", 0, 1, 5], "ready USING PRIMARY KEY"),
        (WaitSQL.first, ["default", 0, 1, 5], "ready USING PRIMARY KEY"),
    ]

    private func plan(_ db: Database, _ sql: String, _ arguments: StatementArguments) throws -> String {
        try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: arguments)
            .map { $0["detail"] as String }.joined(separator: "\n")
    }

    @Test(arguments: [0, 20000], [false, true])
    func claimsUseTheirIndexHoweverLargeTheBacklog(tasks: Int, analyzed: Bool) async throws {
        try await SQLitePlace.with { place in
            let store = try await SQLiteTaskStore(path: place.path)
            _ = try await store.submit(
                (0..<tasks).map { spec("\($0)", delay: Double($0 % 2) * 60, image: $0 % 3 == 0 ? "a" : nil) })
            await store.close()
            let queue = try DatabaseQueue(path: place.path)
            try await queue.write { db throws in
                if analyzed { try db.execute(sql: "ANALYZE") }
                for (sql, arguments, index) in Self.statements {
                    let plan = try self.plan(db, sql, arguments)
                    #expect(plan.contains("SEARCH \(index) "), "\(plan)")
                    #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
                }
                // In the order of its key, which is how the table is kept: nothing is sorted.
                for sql in [LaneSQL.first, LaneSQL.last] {
                    #expect(try self.plan(db, sql, []) == "SCAN ready")
                }
                let page = try self.plan(db, PruneSQL.page, [0])
                #expect(page.contains("SEARCH s USING INTEGER PRIMARY KEY (rowid>?)"), "\(page)")
                #expect(!page.contains("TEMP B-TREE") && !page.contains("SCAN"), "\(page)")
                let processes = try self.plan(db, DemandSQL.processes, ["default", 5])
                #expect(processes.contains("SEARCH ready USING PRIMARY KEY (queue=? AND container=?)"), "\(processes)")
                let overdue = try self.plan(db, ExpireSQL.overdue, [0])
                #expect(overdue.contains("SEARCH s USING INDEX task_expiring (expire_at<?)"), "\(overdue)")
                #expect(!overdue.contains("TEMP B-TREE"), "\(overdue)")
                for (filter, index) in [
                    (DeadLetterFilter(queue: "q", reason: "r", minAge: .seconds(1)), "SCAN s USING INDEX task_error"),
                    (DeadLetterFilter(ids: []), "SEARCH s USING INTEGER PRIMARY KEY"),
                ] {
                    let list = DeadLetterQuery(filter, columns: "t.id", now: 0, newestFirst: true)
                    let plan = try self.plan(db, list.sql, list.arguments)
                    #expect(plan.contains(index), "\(plan)")
                }
                let typed = TaskListQuery(TaskFilter(type: "cog", limit: 10))
                let ofType = try self.plan(db, typed.sql, StatementArguments(typed.arguments))
                #expect(ofType.contains("SEARCH x USING COVERING INDEX task_of_type (type=?)"), "\(ofType)")
                for (state, index) in [
                    (TaskState.error, "SCAN task_state USING INDEX task_error\n"),
                    (.cancelled, "SCAN task_state USING INDEX task_cancelled\n"), (.inProgress, "SCAN l\n"),
                ] {
                    for name in [nil, "default"] {
                        let list = TaskListQuery(TaskFilter(states: [state], queue: name, limit: 10))
                        let plan = try self.plan(db, list.sql, StatementArguments(list.arguments))
                        #expect(plan.contains(index), "\(plan)")
                        #expect(!plan.contains("BLOOM"), "\(plan)")
                    }
                }
            }
            try queue.close()
        }
    }

    /// Views put the history together again, and must not do so for all tasks in order to show one.
    @Test func oneTaskIsLookedUpByKeysAlone() async throws {
        let statements: [(String, StatementArguments)] = [
            (HistorySQL.events, [1, 0]), (HistorySQL.attempts, [1]), (HistorySQL.end, [1, 1]),
            ("SELECT s.state FROM task t JOIN task_now s ON s.seq = t.seq WHERE t.id = ?", ["id"]),
        ]
        try await SQLitePlace.with { place in
            let store = try await SQLiteTaskStore(path: place.path)
            await store.close()
            let queue = try DatabaseQueue(path: place.path)
            try await queue.read { db in
                for (sql, arguments) in statements {
                    let plan = try self.plan(db, sql, arguments)
                    let scanned = plan.split(separator: "\n").filter { $0.hasPrefix("SCAN ") }.map { $0.dropFirst(5) }
                    #expect(Set(scanned).isSubset(of: ["timeline", "attempt_now", "a"]), "\(plan)")
                    #expect(plan.contains("SEARCH"), "\(plan)")
                }
            }
            try queue.close()
        }
    }

    @Test func theFenceIsFoundByKeysAlone() async throws {
        try await SQLitePlace.with { place in
            let store = try await SQLiteTaskStore(path: place.path)
            await store.close()
            let queue = try DatabaseQueue(path: place.path)
            let plan = try await queue.read { db in try self.plan(db, WriteScope.heldSQL, ["id", 1]) }
            #expect(plan.contains("sqlite_autoindex_task_1"), "\(plan)")
            #expect(!plan.contains("SCAN"), "\(plan)")
            try queue.close()
        }
    }

    /// A table that is added has to be thought of where tasks are forgotten. Those that are have no lease.
    @Test func everyTableWithRowsOfTasksIsForgottenWithThem() async throws {
        try await SQLitePlace.with { place in
            let store = try await SQLiteTaskStore(path: place.path)
            await store.close()
            let queue = try DatabaseQueue(path: place.path)
            let tables = try await queue.read { db in
                try String.fetchAll(
                    db,
                    sql: """
                        SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                        WHERE m.type = 'table' AND c.name = 'task_seq' AND m.name <> 'lease' ORDER BY m.name
                        """)
            }
            #expect(tables == WriteScope.historyTables.sorted())
            try queue.close()
        }
    }
}
