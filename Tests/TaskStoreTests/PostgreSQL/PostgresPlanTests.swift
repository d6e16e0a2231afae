import PostgreSQL
import TaskModel
import Testing

@testable import TaskStore

@Suite("PostgreSQL: query plans", .timeLimit(.minutes(3)))
struct PostgresPlanTests {
    private func plan(
        _ place: PostgresPlace, _ sql: String, _ parameters: [PostgresValue], options: String = "COSTS"
    ) async throws -> String {
        let connection = try await PostgresConnection.open(
            ConnectionTarget(place.url),
            options: SessionOptions(settings: PostgresSchema.session(timeout: .seconds(30))))
        defer { Task { await connection.close() } }
        let explain = PostgresQuery("EXPLAIN (\(options)) \(sql)", parameters)
        let rows = try await connection.run([explain], operation: "explain")[0]
        return try rows.map { row throws(PostgresError) in try row.text(0) }.joined(separator: "\n")
    }

    private let claim: [PostgresValue] = [
        .texts(["default"]), .bools([false, true]), .int(4), .ints([1, 2, 3, 4]), .int(1), .int(1000),
        .int(nil), .int(1), .int(1 << 50), .texts([":a", ":b"]),
        .int(7_200_000), .int(0), .texts(["default"]), .doubles([-1]), .doubles([1]), .double(-1), .double(1),
        .ints([1]), .bool(false), .text("s"), .text("h"),
    ]

    /// What a supervisor asks about its queues all the time, and the index that answers it.
    private let demands: [(sql: String, parameters: [PostgresValue], index: String)] = [
        (PostgresDemandSQL.untilDue, [.int(nil), .texts(["a", "default"])], "using scheduled_queue on scheduled c"),
        (PostgresDemandSQL.untilAnyIsDue, [.int(nil)], "using scheduled_due on scheduled c"),
        (PostgresDemandSQL.processes, [.texts(["default", "other"]), .int(5)], "using ready_pkey on ready r"),
    ]

    /// The tables that are read as a whole, row by row or by an index without a condition. Deltas may be: there are never
    /// many.
    private func wholeReads(_ plan: String) -> [String] {
        let lines = plan.split(separator: "\n")
        let read = lines.indices.compactMap { place -> String? in
            if lines[place].contains("(never executed)") { return nil }
            if let found = lines[place].firstMatch(of: /Seq Scan on (\w+)/) { return String(found.1) }
            guard let found = lines[place].firstMatch(of: /Index (?:Only )?Scan using \w+ on (\w+)/) else { return nil }
            let isBounded = lines.dropFirst(place + 1).first?.contains("Index Cond") ?? false
            return isBounded || isLimited(lines, place) ? nil : String(found.1)
        }
        return read.filter { $0 != "count_delta" }
    }

    /// Whether only the first rows of an ordered index are wanted.
    private func isLimited(_ lines: [Substring], _ place: Int) -> Bool {
        func depth(_ line: Substring) -> Int { line.prefix { " ->".contains($0) }.count }
        var inner = depth(lines[place])
        for line in lines[..<place].reversed() where depth(line) < inner && !line.contains(#/^ *(InitPlan|CTE) /#) {
            inner = depth(line)
            if line.contains("Limit") { return true }
            guard line.contains("LockRows") || line.contains("Subquery Scan") else { return false }
        }
        return false
    }

    /// The planner must not choose to read a whole table because it is small, and stay with that.
    @Test(arguments: [0, 2000, 50000], [false, true])
    func claimsUseTheirIndexHoweverLargeTheBacklog(tasks: Int, analyzed: Bool) async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            await store.close()
            try await place.runScript(
                """
                INSERT INTO acode.task SELECT gen_random_uuid(), 0, NULL, '{}' FROM generate_series(1, \(tasks));
                INSERT INTO acode.task_state (id, seq, queue, container, lane, rank, state, run_at, expire_at)
                    SELECT id, number, 'default', false, CASE number % 3 WHEN 0 THEN ':a' ELSE '' END, -1, 'enqueued', 0,
                        CASE number % 5 WHEN 0 THEN number END
                    FROM (SELECT id, row_number() OVER () AS number FROM acode.task) AS t;
                INSERT INTO acode.ready SELECT rank, seq, id, container, queue, lane, expire_at FROM acode.task_state;
                INSERT INTO acode.scheduled SELECT id, seq, queue, expire_at FROM acode.task_state;
                INSERT INTO acode.parked SELECT 'error', id FROM acode.task;
                \(analyzed ? "ANALYZE" : "")
                """)
            let plain = PostgresClaimSQL.Shape.all.filter(\.mayBePlain).map(PostgresPlainSQL.claim)
            for sql in PostgresClaimSQL.Shape.all.map(PostgresClaimSQL.claim) + plain {
                let plan = try await plan(place, sql, claim)
                #expect(plan.contains(#/LockRows.*\n *-> +Index Scan using ready_pkey /#), "\(plan)")
                #expect(wholeReads(plan).isEmpty, "\(plan)")
            }
            let promote = try await plan(place, PostgresClaimSQL.promote, [.int(nil), .int(1)])
            #expect(promote.contains("Index Scan using scheduled_due"), "\(promote)")
            #expect(wholeReads(promote).isEmpty, "\(promote)")
            let overdue = try await plan(place, PostgresExpireSQL.overdue, [.int(nil)])
            #expect(overdue.contains("Index Scan using ready_expiring"), "\(overdue)")
            #expect(overdue.contains("Index Scan using scheduled_expiring"), "\(overdue)")
            #expect(wholeReads(overdue).isEmpty, "\(overdue)")
            for (sql, parameters, index) in demands {
                let demand = try await plan(place, sql, parameters)
                #expect(demand.contains(index) && wholeReads(demand).isEmpty, "\(demand)")
            }
            for state in [nil, TaskState.enqueued, .pending, .complete] {
                for name in [nil, "default"] {
                    let list = PostgresListQuery(
                        TaskFilter(states: state.map { [$0] } ?? [], queue: name, limit: 9)
                    ).query
                    let plan = try await plan(place, list.sql, list.parameters, options: "ANALYZE, TIMING OFF")
                    #expect(wholeReads(plan).isEmpty && !plan.contains("task_state q"), "\(plan)")
                    if state == .enqueued { #expect(plan.contains("Backward using ready_pkey on ready r"), "\(plan)") }
                }
            }
            let typed = PostgresListQuery(TaskFilter(type: "cog")).query
            let ofType = try await plan(place, typed.sql, typed.parameters)
            #expect(ofType.contains("task_of_type on task x") && wholeReads(ofType).isEmpty, "\(ofType)")
            for filter in [DeadLetterFilter(queue: "q", reason: "r", minAge: .seconds(1)), DeadLetterFilter(ids: [])] {
                let letters = PostgresDeadLetters(filter, clock: .int(nil), writer: .int(1))
                for query in [letters.list, letters.purge] + letters.requeue(fromStart: true) {
                    let plan = try await plan(place, query.sql, query.parameters)
                    #expect(plan.contains("parked_pkey on parked p"), "\(plan)")
                    #expect(wholeReads(plan).isEmpty, "\(plan)")
                }
            }
        }
    }

    /// From the end of one lane to the beginning of the next the index is not read.
    @Test(arguments: [nil, "default"]) func whatWaitsIsListedFromTheEndsOfItsLanes(queue: String?) async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            _ = try await store.submit((0..<20_000).map { spec("\($0)", image: $0 % 2 == 0 ? "a" : nil) })
            await store.close()
            let list = PostgresListQuery(TaskFilter(states: [.enqueued], queue: queue, limit: 1)).query
            let plan = try await plan(place, list.sql, list.parameters, options: "ANALYZE, BUFFERS, TIMING OFF")
            let read = try #require(plan.firstMatch(of: #/Buffers: shared hit=(\d+)/#).flatMap { Int($0.1) })
            #expect(read < 60, "\(plan)")
        }
    }

    @Test(arguments: [false, true]) func expiringAndSubmittingFindTheirRowsByKeysAlone(analyzed: Bool) async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            await store.close()
            if analyzed { try await place.runScript("ANALYZE") }
            for sql in [PostgresExpireSQL.end, PostgresExpireSQL.endAfterOthers] {
                let end = try await plan(
                    place, sql, [.uuids([]), .texts([]), .ints([1]), .texts([]), .texts([]), .int(nil), .int(1)])
                #expect(end.contains("ready_pkey") && end.contains("scheduled_pkey"), "\(end)")
                #expect(wholeReads(end).isEmpty, "\(end)")
            }
            let drafts: [PostgresValue] = [
                .uuids([]), .texts([]), .texts([]), .bools([]), .ints([]), .ints([]), .bools([]), .texts([]),
                .doubles([]), .texts([]), .ints([]), .int(1 << 50), .int(nil), .int(1), .ints([]), .texts([]),
            ]
            let draft: [PostgresValue] = [
                .uuid(try #require(UUIDBytes(TaskID.next().rawValue))), .text("{}"), .text("q"), .bool(false), .int(0),
                .int(0), .bool(false), .text(""), .double(nil), .text(nil), .int(0), .int(1 << 50), .int(nil), .int(1),
                .int(nil), .text(nil),
            ]
            let accept = try await plan(place, PostgresSubmitSQL.accept, drafts)
            #expect(accept.contains("unique_claim_pkey"), "\(accept)")
            #expect(wholeReads(accept).isEmpty, "\(accept)")
            for delayed in [false, true] {
                for (number, parameters) in [(PostgresSubmitSQL.Number.many, drafts), (.one, draft)] {
                    let all = try await plan(place, PostgresSubmitSQL.acceptAll(number, delayed: delayed), parameters)
                    #expect(wholeReads(all).isEmpty && !all.contains("Sort") && !all.contains("WindowAgg"), "\(all)")
                }
            }
        }
    }

    @Test func checkpointsAreFoundByTheirTask() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            await store.close()
            let id = try #require(UUIDBytes(TaskID.next().rawValue))
            let save = try await plan(
                place, PostgresCheckpointSQL.save,
                [
                    .uuid(id), .int(1), .int(1), .text(nil), .text(nil), .text(nil), .text(nil), .bool(false),
                    .text("w"),
                    .int(nil), .int(1),
                ])
            let discard = try await plan(
                place, PostgresCheckpointSQL.discard, [.uuid(id), .int(1), .int(1), .text("w"), .int(nil), .int(1)])
            for plan in [save, discard] {
                #expect(plan.contains("checkpoint_pkey") && plan.contains("task_state_pkey"), "\(plan)")
                #expect(wholeReads(plan).isEmpty, "\(plan)")
            }
        }
    }

    @Test func uniqueKeysAreFoundByThemselves() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            await store.close()
            let id = try #require(UUIDBytes(TaskID.next().rawValue))
            let requeue = try await plan(
                place, PostgresCancelSQL.requeue(fromStart: true),
                [.int(nil), .int(1), .uuid(id)] + PostgresCancelSQL.signature(nil, fromStart: true))
            let holders = try await plan(
                place, PostgresExpireSQL.overdueHolders, [.texts(["q"]), .texts(["k"]), .int(nil)])
            for plan in [requeue, holders] {
                #expect(plan.contains("unique_claim_pkey") && plan.contains("task_state_pkey"), "\(plan)")
                #expect(wholeReads(plan).isEmpty, "\(plan)")
            }
        }
    }

    @Test(arguments: [false, true]) func endsFindTheirRowsByKeysAlone(analyzed: Bool) async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            await store.close()
            if analyzed { try await place.runScript("ANALYZE") }
            var endings = PostgresEndings()
            endings.add(Lease(taskID: .next(), attempt: 1, token: 1), .success) { asked in
                PostgresEndings.Decision(settlement: .ended(.success, cancelRequested: asked), reason: "")
            }
            let columns = endings.columns
            let parameters =
                columns.values + [
                    .int(nil), .int(1), .int(1 << 50), .bool(false), columns.words, columns.progress,
                ]
            let plan = try await plan(place, PostgresSettleSQL.settle, parameters)
            #expect(plan.contains("lease_pkey") && plan.contains("task_state_pkey"), "\(plan)")
            // Leases are locked in the order of their keys, in which the ends are given.
            let ends = #/Delete on lease l.*\n *-> +Nested Loop.*\n *-> +CTE Scan on given g/#
            #expect(plan.contains(ends), "\(plan)")
            #expect(wholeReads(plan).isEmpty, "\(plan)")
        }
    }

    @Test(arguments: [0, 5000])
    func pruningAndLookingForWaitsGoByKeysAlone(tasks: Int) async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            _ = try await store.submit((0..<tasks).map { spec("\($0)") })
            await store.close()
            let id = try #require(UUIDBytes(TaskID.next().rawValue))
            let pages = [
                try await plan(place, PostgresPruneSQL.page(after: false), [.int(nil)]),
                try await plan(place, PostgresPruneSQL.page(after: true), [.int(nil), .uuid(id)]),
            ]
            for page in pages {
                #expect(page.contains("Index Scan using task_state_pkey"), "\(page)")
                #expect(wholeReads(page).isEmpty && !page.contains("Sort  "), "\(page)")
            }
            let forget = try await plan(
                place, PostgresPruneSQL.forget, [.uuids([]), .texts([]), .ints([]), .int(nil), .int(1)])
            for key in ["parked_pkey", "task_state_pkey", "event_task", "attempt_pkey", "unique_task", "task_pkey"] {
                #expect(forget.contains(key), "\(key): \(forget)")
            }
            #expect(wholeReads(forget).isEmpty, "\(forget)")
            let waits = try await plan(place, PostgresWaitSQL.waits, [.int(nil)])
            #expect(waits.contains("ready_pkey") && wholeReads(waits).isEmpty, "\(waits)")
        }
    }

    /// A table that is added has to be thought of where tasks are forgotten. Those that are wait nowhere and have no lease.
    @Test func everyTableWithRowsOfTasksIsForgottenWithThem() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            await store.close()
            let rows = try await place.run(
                """
                SELECT table_name::text FROM information_schema.columns
                WHERE table_schema = 'acode' AND column_name = 'id' AND data_type = 'uuid'
                    AND table_name NOT IN ('ready', 'scheduled', 'lease', 'identity', 'timeline', 'task_now', 'attempt_now')
                """)[0]
            let tables = try rows.map { row throws(PostgresError) in try row.text(0) }
            #expect(tables.count >= 5)
            let purge = PostgresDeadLetters(DeadLetterFilter(), clock: .int(nil), writer: .int(1)).purge.sql
            for table in tables {
                for sql in [PostgresPruneSQL.forget, purge] {
                    #expect(sql.contains("DELETE FROM acode.\(table) "), "\(table)")
                }
            }
        }
    }
}
