import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: start and finish", .timeLimit(.minutes(3)))
struct FinishConformance {
    private static var report: AttemptReport {
        var used = AttemptReport.Used(wallSeconds: 1.75, cpuSeconds: 0.5, memoryPeakBytes: 1 << 33)
        used.processesPeak = 7
        used.throttledShare = 0.25
        used.writtenBytes = 4096
        var limits = AttemptReport.Limits()
        limits.memoryBytes = 1 << 34
        limits.cpus = 0.5
        return AttemptReport(used: used, limits: limits)
    }

    /// JSON has no NaN: the attempt's end counts more than its report.
    @Test(arguments: StoreBackend.all)
    func aReportThatCanNotBeKeptDoesNotKeepTheEndFromBeingRecorded(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            var result = AttemptResult.success
            result.report = Self.report
            result.report?.used.cpuSeconds = .nan
            #expect(try await store.finish(lease, result))
            #expect(try await store.task(id)?.state == .complete)
            #expect(try await store.attempts(of: id).map(\.report) == [nil])
        }
    }

    @Test(arguments: StoreBackend.all)
    func keepsAllThatIsKnownOfASuccess(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            let worker = WorkerID(rawValue: "abcdefghijkl")
            let began = TestClock.start + 0.25
            #expect(try await store.start(lease, worker: worker, at: began))
            clock.advance(by: 2)
            let usage = AttemptUsage(
                wallSeconds: 1.75, cpuSeconds: 0.5, maxResidentBytes: 1 << 40, outputBytes: 12, outputDropped: 3)
            var result = AttemptResult.success
            result.usage = usage
            let report = Self.report
            result.report = report
            // Longer than a reason may be.
            result.result = "{\"text\":\"\(String(repeating: "ä", count: 20_000))\"}"
            #expect(try await store.finish(lease, result))

            let task = try #require(try await store.task(id))
            #expect(task.state == .complete)
            #expect(task.outcome == .succeeded)
            #expect(task.exitCode == 0)
            #expect(task.reason == "exit 0")
            #expect(task.worker == worker)
            #expect(task.startedAt == began)
            #expect(task.finishedAt == TestClock.start + 2)
            #expect(task.failures == 0)
            var attempt = TaskAttempt(
                taskID: id, attempt: 1, supervisor: alice, host: "host", claimedAt: TestClock.start)
            attempt.worker = worker
            attempt.startedAt = began
            attempt.finishedAt = TestClock.start + 2
            attempt.outcome = .succeeded
            attempt.exitCode = 0
            attempt.reason = "exit 0"
            attempt.usage = usage
            attempt.report = report
            attempt.result = result.result
            #expect(try await store.attempts(of: id) == [attempt])
            #expect(try await store.kinds(id) == [.submitted, .claimed, .started, .completed])
            #expect(try await store.tally() == [.complete: 1])
        }
    }

    /// The end of a short command may overtake the news of its start.
    @Test(arguments: StoreBackend.all)
    func theEndTellsTheStartWhenNobodyElseDid(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            var result = AttemptResult.success
            result.worker = WorkerID(rawValue: "abcdefghijkl")
            result.startedAt = TestClock.start + 0.5
            #expect(try await store.finish(lease, result))
            #expect(try await store.kinds(id) == [.submitted, .claimed, .started, .completed])
            let task = try #require(try await store.task(id))
            #expect(task.worker == result.worker)
            #expect(task.startedAt == result.startedAt)
            let attempt = try #require(try await store.attempts(of: id).first)
            #expect(attempt.worker == result.worker)
            #expect(attempt.startedAt == result.startedAt)
        }
    }

    @Test(arguments: StoreBackend.all)
    func theStartIsToldOnce(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            let worker = WorkerID(rawValue: "abcdefghijkl")
            #expect(try await store.start(lease, worker: worker, at: TestClock.start))
            var result = AttemptResult.success
            (result.worker, result.startedAt) = (worker, TestClock.start)
            #expect(try await store.finish(lease, result))
            #expect(try await store.kinds(id) == [.submitted, .claimed, .started, .completed])
        }
    }

    /// The timeline has the store's time, whatever the clock of the supervisor says.
    @Test(arguments: StoreBackend.all)
    func aStartIsToldWithTheTimeAtWhichTheStoreHeardOfIt(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let ids = try await store.submit([spec("told"), spec("quick")]).map(\.id)
            let leases = try await store.claim(2).map(\.lease)
            let hourBehind = TestClock.start - 3600
            clock.advance(by: 1)
            #expect(try await store.start(leases[0], worker: .random(), at: hourBehind))
            clock.advance(by: 1)
            // Told again, after an answer that was lost.
            #expect(try await store.start(leases[0], worker: .random(), at: hourBehind))
            var result = AttemptResult.success
            (result.worker, result.startedAt) = (.random(), hourBehind)
            clock.advance(by: 1)
            for lease in leases { #expect(try await store.finish(lease, result)) }
            func times(_ id: TaskID) async throws -> [TimeInterval] {
                try await store.events(of: id, after: 0).map { $0.at.timeIntervalSince(TestClock.start) }
            }
            #expect(try await times(ids[0]) == [0, 0, 1, 3])
            #expect(try await times(ids[1]) == [0, 0, 3, 3])
            #expect(try await store.task(ids[1])?.startedAt == hourBehind)
        }
    }

    @Test(arguments: StoreBackend.all)
    func onlyEndsThatWeDidNotWantAreDeliveries(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            for _ in 0..<4 {
                let claim = try #require(try await store.claim().first)
                #expect(claim.task.deliveries == 1)
                #expect(try await store.finish(claim.lease, .interruption))
            }
            let fifth = try #require(try await store.claim().first)
            #expect(fifth.task.attempt == 5)
            #expect(try await store.finish(fifth.lease, .failure(.abandon(delay: 0))))
            #expect(try await store.claim().first?.task.deliveries == 2)
            #expect(try await store.task(id)?.interruptions == 5)
        }
    }

    @Test(arguments: StoreBackend.all)
    func retriesAfterTheDelayAndNotBefore(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            let first = try #require(try await store.claim().first).lease
            #expect(try await store.finish(first, .failure(.retry(delay: 2.5))))
            let waiting = try #require(try await store.task(id))
            #expect(waiting.state == .pending)
            #expect(waiting.failures == 1)
            #expect(waiting.outcome == .failed)
            #expect(waiting.finishedAt == nil)
            #expect(waiting.runAt == TestClock.start + 2.5)
            #expect(try await store.claim().isEmpty)
            clock.advance(by: 2.499)
            #expect(try await store.claim().isEmpty)
            clock.advance(by: 0.001)
            let second = try #require(try await store.claim().first)
            #expect(second.lease.attempt == 2)
            #expect(second.lease.token != first.token)
            #expect(second.task.startedAt == nil)
            #expect(
                try await store.kinds(id) == [.submitted, .claimed, .failed, .retryScheduled, .claimed])
        }
    }

    @Test(arguments: StoreBackend.all)
    func countsInterruptionsApartFromFailures(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            for _ in 0..<3 {
                let lease = try #require(try await store.claim().first).lease
                #expect(try await store.finish(lease, .interruption))
            }
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .failure(.abandon(delay: 1))))
            let task = try #require(try await store.task(id))
            #expect(task.failures == 0)
            #expect(task.interruptions == 4)
            #expect(task.attempt == 4)
            #expect(task.state == .pending)
            clock.advance(by: 1)
            #expect(try await store.claim().first?.lease.attempt == 5)
        }
    }

    @Test(arguments: StoreBackend.all, [true, false])
    func deadLettersKeepTheirReason(_ backend: StoreBackend, counts: Bool) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .failure(.deadLetter(countsAsFailure: counts))))
            let task = try #require(try await store.task(id))
            #expect(task.state == .error)
            #expect(task.reason == "exit 3")
            #expect(task.failures == (counts ? 1 : 0))
            #expect(task.finishedAt == TestClock.start)
            let kinds = try await store.kinds(id)
            #expect(kinds.contains(.failed) == counts)
            #expect(kinds.last == .deadLettered)
            #expect(try await store.claim().isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func aBatchWritesWhatIsCurrentAndNamesIt(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec("a"), spec("b"), spec("c")])
            let leases = try await store.claim(3).map(\.lease)
            #expect(try await store.finish(leases[1], .success))
            let written = try await store.finish(leases.map { (lease: $0, result: AttemptResult.interruption) })
            #expect(written == [leases[0], leases[2]])
            #expect(try await store.tally() == [.enqueued: 2, .complete: 1])
            #expect(try await store.finish([]).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func oddTextIsHarmless(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            try await store.record(.warning, message: "a\0b", progress: nil, lease: lease)
            let reason = "x\0'; DROP TABLE task; -- \u{202e}\u{fffd}" + String(repeating: "é", count: 40000)
            #expect(
                try await store.finish(
                    lease, AttemptResult(outcome: .failed, reason: reason, disposition: .retry(delay: 0))))
            let stored = try #require(try await store.task(id)?.reason)
            #expect(stored.hasPrefix("x␀'; DROP TABLE task; -- \u{202e}\u{fffd}ééé"))
            #expect(stored.utf8.count < 20000)
            #expect(try await store.events(of: id, after: 0).map(\.message).contains("a␀b"))
        }
    }

    @Test(arguments: StoreBackend.all)
    func recordsProgressOfTheAttempt(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            try await store.record(.progress, message: "stacking", progress: 40, lease: lease)
            #expect(try await store.task(id)?.progress == 40)
            try await store.record(.progress, message: "?", progress: .nan, lease: lease)
            #expect(try await store.task(id)?.progress == 40)
            try await store.record(.progress, message: "done", progress: 1000, lease: lease)
            #expect(try await store.task(id)?.progress == 100)
            #expect(try await store.finish(lease, .interruption))
            #expect(try await store.claim().first?.task.progress == nil)
        }
    }

    /// What was said last may have come while the store was away.
    @Test(arguments: StoreBackend.all, [nil, 93, .infinity, 101] as [Double?])
    func anEndTellsHowFarItsAttemptHadCome(_ backend: StoreBackend, last: Double?) async throws {
        try await backend.withStore { store, _ in
            var results: [AttemptResult] = [.success, .interruption]
            for index in results.indices { results[index].progress = last }
            let ids = try await store.submit([spec(), spec()]).map(\.id)
            var ends: [(lease: Lease, result: AttemptResult)] = []
            for (claimed, result) in zip(try await store.claim(2), results) {
                try await store.record(.progress, message: "a", progress: 40, lease: claimed.lease)
                ends.append((claimed.lease, result))
            }
            // One that says nothing beside them.
            let other = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first { $0.task.id == other }).lease
            try await store.record(.progress, message: "b", progress: 7, lease: lease)
            #expect(try await store.finish(ends + [(lease, .success)]).count == 3)
            let expected = last == 93 ? 93.0 : last == 101 ? 100 : 40
            for id in ids {
                #expect(try await store.attempts(of: id).map(\.progress) == [expected])
                #expect(try await store.task(id)?.progress == expected)
            }
            #expect(try await store.task(other)?.progress == 7)
        }
    }
}
