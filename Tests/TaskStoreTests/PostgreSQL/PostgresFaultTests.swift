import Foundation
import PostgreSQL
import TaskModel
import TestSupport
import Testing

@testable import TaskStore

@Suite("PostgreSQL: faults", .timeLimit(.minutes(3)))
struct PostgresFaultTests {
    /// Ends every other session of the database, as a restart of the server does.
    private func cutAll(_ place: PostgresPlace) async throws {
        try await place.run(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
    }

    @Test func readsSurviveTheEndOfTheirSession() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            let id = try await store.submit([spec()])[0].id
            for _ in 0..<5 {
                try await cutAll(place)
                #expect(try await store.task(id)?.id == id)
                #expect(try await store.tally() == [.enqueued: 1])
            }
            await store.close()
        }
    }

    /// A write whose answer was lost says so, and one that says so may be tried again.
    @Test func writesComeBackAfterTheEndOfTheirSession() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            _ = try await store.submit([spec()])
            let lease = try #require(try await store.claim().first).lease
            try await cutAll(place)
            var tries = 0
            while true {
                tries += 1
                do {
                    #expect(try await store.finish(lease, .success))
                    break
                } catch let error as StoreError {
                    #expect(error.code == .unavailable)
                    try #require(tries < 10)
                }
            }
            #expect(try await store.tally() == [.complete: 1])
            #expect(try await store.kinds(lease.taskID) == [.submitted, .claimed, .completed])
            await store.close()
        }
    }

    /// Of ends whose statement never came to the server, one may have been written before. It says nothing of the others.
    @Test func anEndThatWasNeverWrittenIsNotTakenForLost() async throws {
        try await PostgresPlace.with { place in
            let proxy = try FaultProxy(upstream: place.url)
            defer { proxy.stop() }
            let store = try await PostgresTaskStore(url: proxy.url)
            _ = try await store.submit([spec("1"), spec("2")])
            let leases = try await store.claim(2).map(\.lease)
            let ends = leases.map { (lease: $0, result: AttemptResult.success) }
            #expect(try await store.finish([ends[0]]) == [leases[0]])
            proxy.cutNextRequest()
            #expect(await failureCode { _ = try await store.finish(ends) } == .unavailable)
            #expect(try await store.finish(ends) == [leases[1]])
            #expect(try await store.discard(ends) == [leases[0]: .recorded, leases[1]: .recorded])
            await store.close()
        }
    }

    /// The lock-out of the server is counted once, however often something is tried, and so is the time limit.
    @Test func aLockThatSomebodyHoldsEndsOperationsInTime() async throws {
        try await PostgresPlace.with { place in
            var options = PostgresTaskStore.Options()
            options.timeout = .seconds(3)
            let store = try await PostgresTaskStore(url: place.url, options: options)
            _ = try await store.submit([spec("1"), spec("2"), spec("3")])
            let leases = try await store.claim(3).map(\.lease)
            let forgotten = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await forgotten.runScript("BEGIN; SELECT 1 FROM acode.lease FOR UPDATE", operation: "test")
            let began = ContinuousClock.now
            await withTaskGroup(of: StoreError.Code?.self) { group in
                group.addTask { await failureCode { _ = try await store.renew(leases, for: .seconds(30)) } }
                for lease in leases {
                    group.addTask { await failureCode { _ = try await store.finish(lease, .success) } }
                }
                for await code in group { #expect(code == .busy || code == .unavailable) }
            }
            // Those who come while another one's end is written wait for that one first: that is twice three seconds, and less
            // than one wait would be if it were tried as often as what is undone at once.
            #expect(.now - began < .seconds(15))
            await forgotten.close()
            #expect(try await store.finish(leases.map { (lease: $0, result: .success) }).count == 3)
            await store.close()
        }
    }

    /// The server gives up before whoever asked does, also when nobody is there any more.
    @Test func theServerDoesNotWorkForNobody() async throws {
        try await PostgresPlace.with { place in
            let proxy = try FaultProxy(upstream: place.url)
            defer { proxy.stop() }
            var options = PostgresTaskStore.Options()
            options.timeout = .seconds(3)
            let store = try await PostgresTaskStore(url: proxy.url, options: options)
            for pool in [store.pool, store.renewals] {
                let limits = try await pool.run(
                    [PostgresQuery("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")],
                    operation: "test")
                #expect(try limits[0].first?.text(0) == "2500ms" && limits[0].first?.text(1) == "2s")
            }
            let busy = """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event = 'PgSleep'
                """
            let asked = Task { try await store.pool.run([PostgresQuery("SELECT pg_sleep(600)")], operation: "test") }
            while try await place.run(busy)[0].first?.int(0) != 1 { try await Task.sleep(for: .milliseconds(5)) }
            proxy.refuse()
            proxy.cutAll()
            await #expect(throws: PostgresError.self) { _ = try await asked.value }
            try await eventually("the server to give up", within: .seconds(20)) {
                try await place.run(busy)[0].first?.int(0) == 0
            }
            proxy.pass()
            await store.close()
        }
    }

    @Test func aTaskThatCannotBeReadEndsAsADeadLetterAndTheOthersAreClaimed() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            let broken = try await store.submit([spec("broken"), spec("1"), spec("2")])[0].id
            try await place.run("UPDATE acode.task SET spec = '{' WHERE id = '\(broken.rawValue)'")
            #expect(store.names(try await store.claim(9)) == ["1", "2"])
            #expect(try await store.tally() == [.error: 1, .inProgress: 2])
            await store.close()
        }
    }

    /// Without a clock of a test's own it is the server's that counts.
    @Test func timeIsTheServers() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            let task = try await store.submit([spec()])[0]
            #expect(abs(task.createdAt.timeIntervalSinceNow) < 60)
            _ = try await store.claim(lease: .milliseconds(1))
            try await place.run("SELECT pg_sleep(0.01)")
            #expect(try await store.recoverExpired(maxDeliveries: 3) == [task.id])
            await store.close()
        }
    }

    @Test func foldingChangesNoCountAndNoToken() async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            var options = PostgresTaskStore.Options()
            options.clock = clock
            let store = try await PostgresTaskStore(url: place.url, options: options)
            _ = try await store.submit([spec("1"), spec("2", queue: "b"), spec("3", delay: 5)])
            _ = try await store.claim()
            let (counts, token) = (try await store.counts(), try await store.changeToken())
            clock.advance(by: 7200)
            await store.fold()
            #expect(try await store.counts() == counts)
            #expect(try await store.changeToken() == token)
            let deltas = try await place.run("SELECT count(*) FROM acode.count_delta")
            #expect(try deltas[0].first?.int(0) == 0)
            let writers = try await place.run("SELECT writer FROM acode.change")
            let numbers = try writers[0].map { row throws(PostgresError) in try row.int(0) }
            #expect(numbers == [0])
            _ = try await store.submit([spec()])
            #expect(try await store.changeToken() == token + 1)
            await store.close()
        }
    }

    /// Everything moves through the same rows in the same order, so that nobody waits for each other in a circle.
    @Test func manyAtOnceLockEachOtherOutNowhere() async throws {
        try await PostgresPlace.with { place in
            let stores = [try await PostgresTaskStore(url: place.url), try await PostgresTaskStore(url: place.url)]
            let ids = try await stores[0].submit((0..<300).map { spec("\($0)") }).map(\.id)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let store = stores[number % 2]
                        while true {
                            let leases = try await store.claim(20, by: SupervisorID(rawValue: "s\(number)")).map(
                                \.lease)
                            guard !leases.isEmpty else { return }
                            async let renewed = store.renew(leases.reversed(), for: .seconds(30))
                            async let finished = store.finish(
                                leases.map { (lease: $0, result: AttemptResult.success) })
                            _ = try await (renewed, finished)
                        }
                    }
                }
                group.addTask {
                    for id in ids.reversed() { _ = try await stores[0].cancel(id, reason: "unwanted") }
                }
                try await group.waitForAll()
            }
            let tally = try await stores[0].tally()
            #expect(tally[.complete, default: 0] + tally[.cancelled, default: 0] == 300)
            // What a session saw is in the statistics once it has ended.
            for store in stores { await store.close() }
            let rows = try await place.run(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            #expect(try rows[0].first?.int(0) == 0)
        }
    }

    /// Likewise when queues are limited and paused, and tasks that are unique expire, come back and are forgotten.
    @Test func queuesKeysAndDeadLettersLockEachOtherOutNowhere() async throws {
        try await PostgresPlace.with { place in
            let stores = [try await PostgresTaskStore(url: place.url), try await PostgresTaskStore(url: place.url)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, store) in stores.enumerated() {
                    group.addTask { try await submitOverAndOver(store, backwards: number == 1) }
                    group.addTask { try await failOverAndOver(store) }
                    group.addTask { try await failOverAndOver(store) }
                    group.addTask {
                        for round in 0..<12 {
                            _ = try await store.expire()
                            _ = try await store.requeue(deadLetters: DeadLetterFilter(limit: 2))
                            _ = try await store.purge(deadLetters: DeadLetterFilter(limit: 3))
                            _ = try await store.control(
                                "0", round % 2 == 0 ? .pause(by: "me", reason: nil) : .resume)
                            _ = try await store.control("1", .limit(round % 5))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let counted = try await place.run("SELECT state, count(*) FROM acode.task_state GROUP BY state")[0]
                .map { row throws(PostgresError) in (try row.text(0), Int(try row.int(1))) }
            let tally = try await stores[0].tally().map { ($0.key.rawValue, $0.value) }
            #expect(Dictionary(uniqueKeysWithValues: counted) == Dictionary(uniqueKeysWithValues: tally))
            for store in stores { await store.close() }
            let rows = try await place.run(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            #expect(try rows[0].first?.int(0) == 0)
        }
    }

    private func submitOverAndOver(_ store: PostgresTaskStore, backwards: Bool) async throws {
        let specs = (0..<8).map { place in
            var task = spec("\(place)", queue: "\(place % 2)")
            task.unique = UniqueKey("\(place)")
            task.ttl = place < 3 ? 0 : nil
            return task
        }
        for _ in 0..<15 { _ = try await store.accept(backwards ? specs.reversed() : specs) }
    }

    private func failOverAndOver(_ store: PostgresTaskStore) async throws {
        let failure = AttemptResult.failure(.deadLetter(countsAsFailure: true))
        for _ in 0..<15 {
            let leases = try await store.claim(4).map(\.lease)
            #expect(try await store.finish(leases.map { (lease: $0, result: failure) }).count == leases.count)
        }
    }

    /// Whatever the answer that was lost said, each key has one task.
    @Test func aSubmissionWhoseAnswerWasLostIsKeptOnce() async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            var unique = spec("unique")
            unique.unique = UniqueKey("k")
            for _ in 0..<10 {
                try await cutAll(place)
                do {
                    let got = try await store.accept([unique, unique, spec("other")])
                    #expect(got.map { $0.task.spec.name } == ["unique", "unique", "other"])
                    #expect(got[0].task.id == got[1].task.id && !got[1].isNew && got[2].isNew)
                } catch let error as StoreError {
                    #expect(error.code == .unavailable)
                }
            }
            let named = try await store.tasks(matching: TaskFilter()).filter { $0.spec.name == "unique" }
            #expect(named.count == 1)
            await store.close()
        }
    }

    /// The server doesn't notice that nobody listens any more, and what it is doing can't be seen yet when it is looked for.
    @Test(arguments: [nil, UniqueKey("k")])
    func aSubmissionThatIsUnderWayWhenItsAnswerIsLostIsNew(_ key: UniqueKey?) async throws {
        try await PostgresPlace.with { place in
            let proxy = try FaultProxy(upstream: place.url)
            defer { proxy.stop() }
            let store = try await PostgresTaskStore(url: proxy.url)
            let gate = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await gate.runScript("BEGIN; LOCK TABLE acode.task IN SHARE MODE", operation: "test")
            var task = spec("slow")
            task.unique = key
            let given = [task, spec("other")]
            async let submissions = store.accept(given)
            try await place.waitForBlocked(1)
            proxy.cutAll()
            try await place.waitForBlocked(2)
            try await gate.runScript("COMMIT", operation: "test")
            #expect(try await submissions.map(\.isNew) == [true, true])
            #expect(try await store.tally() == [.enqueued: 2])
            await gate.close()
            await store.close()
        }
    }

    @Test func anOrderWhoseAnswerWasLostIsNotGivenTwice() async throws {
        try await PostgresPlace.with { place in
            let proxy = try FaultProxy(upstream: place.url)
            defer { proxy.stop() }
            let store = try await PostgresTaskStore(url: proxy.url)
            let author = AuditAuthor(user: "anna", uid: 1, host: "h", command: "queue pause", reason: nil)
            _ = try await store.queueControls()
            proxy.cut(afterAnswerBytes: 1)
            await AuditAuthor.$current.withValue(author) {
                let code = await failureCode { _ = try await store.control("q", .pause(by: "anna", reason: nil)) }
                #expect(code == .unavailable)
            }
            // The server may be at it still.
            while try await store.queueControls().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try await store.audit(matching: AuditFilter()).count == 1)
            await store.close()
        }
    }

    @Test func ofATaskThatIsBeingForgottenNoLateEndIsTold() async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            var options = PostgresTaskStore.Options()
            options.clock = clock
            let store = try await PostgresTaskStore(url: place.url, options: options)
            _ = try await store.submit([spec()])
            let lease = try #require(try await store.claim(lease: .seconds(1)).first).lease
            clock.advance(by: 1)
            _ = try await store.recoverExpired(maxDeliveries: 5)
            let gate = try await PostgresConnection.open(ConnectionTarget(place.url))
            let tables = ["event", "attempt", "ready", "task_state", "task"].map { "DELETE FROM acode.\($0)" }
            let forget = ["BEGIN", PostgresPruneSQL.holdTasks] + tables
            try await gate.runScript(forget.joined(separator: ";"), operation: "test")
            async let ends = store.discard([(lease: lease, result: .success)])
            try await place.waitForBlocked(1)
            try await gate.runScript("COMMIT", operation: "test")
            #expect(try await ends == [lease: .unknown])
            let rows = try await place.run("SELECT count(*) FROM acode.event")
            #expect(try rows[0].first?.int(0) == 0)
            await gate.close()
            await store.close()
        }
    }

    /// Tasks come in the order of their ids, which are of the clocks of those who submit: one that is behind puts its tasks
    /// before those of everybody else, however young they are.
    @Test func aClockThatIsWrongKeepsNobodysTasks() async throws {
        try await PostgresPlace.with { place in
            let clock = TestClock()
            var options = PostgresTaskStore.Options()
            options.clock = clock
            let store = try await PostgresTaskStore(url: place.url, options: options)
            let old = try await store.submit([spec("old")])[0].id
            #expect(try await store.finish(try #require(try await store.claim().first).lease, .success))
            clock.advance(by: 1000)
            _ = try await store.submit((0..<prunedAtOnce).map { spec("\($0)") })
            for table in ["task", "task_state", "ready"] {
                try await place.run(
                    """
                    UPDATE acode.\(table) SET id = ('00000000' || substr(id::text, 9))::uuid
                    WHERE id <> '\(old.rawValue)'
                    """)
            }
            let rules = [PruneRule([.complete], minAge: .seconds(100))]
            let first = try await store.prune(rules, after: nil, isRehearsal: false)
            #expect(first.pruned.isEmpty)
            let next: PruneCursor = try #require(first.next)
            let second = try await store.prune(rules, after: next, isRehearsal: false)
            #expect(second.pruned.map(\.id) == [old] && second.next == nil)
            await store.close()
        }
    }
}
