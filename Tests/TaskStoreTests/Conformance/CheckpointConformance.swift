import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: checkpoints", .timeLimit(.minutes(3)))
struct CheckpointConformance {
    private func begun(_ store: any TaskStore) async throws -> Lease {
        let task = try #require(try await store.submit([spec()]).first)
        let lease = try #require(try await store.claim().first).lease
        #expect(lease.taskID == task.id)
        return lease
    }

    private func phases(_ store: any TaskStore, _ id: TaskID) async throws -> [Int] {
        try await store.checkpoints(of: id).filter { !$0.isDiscarded }.map(\.phase)
    }

    @Test(arguments: StoreBackend.all)
    func areKeptAsTheyWereGivenAndSeenByTheNextAttempt(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let lease = try await begun(stores[0])
            #expect(try await stores[0].checkpoints(of: lease.taskID).isEmpty)
            clock.advance(by: 5)
            // A NUL in JSON is an escape, which some kinds of columns refuse; a number may have more digits than any type.
            let data = #"{"text": "a\u0000b'\"\\ü ☃", "n": 12345678901234567890.10, "deep": [[{}]]}"#
            let artifact = CheckpointArtifact(path: "a/b.tif", isDirectory: false, bytes: 7, files: 1)
            let draft = CheckpointDraft(
                phase: 2, data: data, artifacts: [artifact], shelf: "s1", host: "host")
            #expect(try await stores[0].save(draft, lease: lease) == .saved(number: 1))
            let found = try #require(try await stores[1].checkpoints(of: lease.taskID).first)
            #expect(
                found
                    == TaskCheckpoint(
                        number: 1, attempt: 1, phase: 2, data: data, artifacts: [artifact], shelf: "s1", host: "host",
                        updatedAt: TestClock.start + 5))
            #expect(try await stores[0].finish(lease, .interruption))
            let next = try #require(try await stores[1].claim(by: bob).first)
            #expect(next.task.checkpoint == CheckpointMark(phase: 2, updatedAt: TestClock.start + 5))
            #expect(try await stores[1].save(CheckpointDraft(phase: 3), lease: next.lease) == .saved(number: 2))
            #expect(try await stores[1].checkpoints(of: lease.taskID).map(\.attempt) == [2, 1])
            #expect(try await stores[1].kinds(lease.taskID).filter { $0 == .checkpointSaved }.count == 2)
        }
    }

    @Test(arguments: StoreBackend.all)
    func aStaleLeaseSavesNothing(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let old = try await begun(stores[0])
            clock.advance(by: 31)
            #expect(try await stores[1].recoverExpired(maxDeliveries: 5) == [old.taskID])
            #expect(try await stores[0].save(CheckpointDraft(phase: 1), lease: old) == .leaseLost)
            let new = try #require(try await stores[1].claim(by: bob).first).lease
            #expect(try await stores[0].save(CheckpointDraft(phase: 9, isForced: true), lease: old) == .leaseLost)
            #expect(try await !stores[0].discard(checkpointsAfter: 0, because: "stale", lease: old))
            #expect(try await stores[1].checkpoints(of: old.taskID).isEmpty)
            #expect(try await stores[1].task(old.taskID)?.checkpoint == nil)
            #expect(try await stores[1].save(CheckpointDraft(phase: 1), lease: new) == .saved(number: 1))
            #expect(try await stores[1].finish(new, .success))
            #expect(try await stores[1].save(CheckpointDraft(phase: 2), lease: new) == .leaseLost)
        }
    }

    @Test(arguments: StoreBackend.all)
    func aPhaseDoesNotGoBackUnlessForced(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let lease = try await begun(store)
            for phase in [1, 2, 3] {
                _ = try await store.save(CheckpointDraft(phase: phase, data: "\(phase)"), lease: lease)
            }
            #expect(try await store.save(CheckpointDraft(phase: 2), lease: lease) == .behind(phase: 3))
            // The same again takes its place, and the one before it stays to fall back on.
            _ = try await store.save(CheckpointDraft(phase: 3, data: "33"), lease: lease)
            #expect(try await store.checkpoints(of: lease.taskID).map(\.data) == ["33", "2"])
            #expect(try await store.task(lease.taskID)?.checkpoint?.phase == 3)
            guard case .saved = try await store.save(CheckpointDraft(phase: 1, isForced: true), lease: lease) else {
                Issue.record("a forced checkpoint was refused")
                return
            }
            #expect(try await phases(store, lease.taskID) == [1])
            #expect(try await store.task(lease.taskID)?.checkpoint?.phase == 1)
            guard case .saved = try await store.save(CheckpointDraft(phase: 2), lease: lease) else {
                Issue.record("the phase after a forced one was refused")
                return
            }
        }
    }

    @Test(arguments: StoreBackend.all)
    func thoseThatCannotBeUsedAreGivenUp(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let lease = try await begun(store)
            _ = try await store.save(CheckpointDraft(phase: 1), lease: lease)
            _ = try await store.save(CheckpointDraft(phase: 2), lease: lease)
            #expect(try await store.discard(checkpointsAfter: 1, because: "a.tif is gone", lease: lease))
            #expect(try await phases(store, lease.taskID) == [1])
            #expect(try await store.task(lease.taskID)?.checkpoint?.phase == 1)
            #expect(try await store.save(CheckpointDraft(phase: 2), lease: lease) == .saved(number: 3))
            #expect(try await store.discard(checkpointsAfter: 0, because: "all are gone", lease: lease))
            #expect(try await store.task(lease.taskID)?.checkpoint == nil)
            let told = try await store.events(of: lease.taskID, after: 0).filter { $0.kind == .checkpointDiscarded }
            #expect(told.map(\.message) == ["a.tif is gone", "all are gone"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func aTaskThatIsPutBackGoesOnOrBeginsFromTheStart(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let lease = try await begun(store)
            _ = try await store.save(CheckpointDraft(phase: 4), lease: lease)
            _ = try await store.finish(lease, .failure(.deadLetter(countsAsFailure: true)))
            #expect(try await store.requeue(lease.taskID)?.checkpoint?.phase == 4)
            let again = try #require(try await store.claim().first)
            #expect(again.task.checkpoint?.phase == 4)
            _ = try await store.finish(again.lease, .failure(.deadLetter(countsAsFailure: true)))
            #expect(try await store.requeue(lease.taskID, fromStart: true)?.checkpoint == nil)
            let fresh = try #require(try await store.claim().first).lease
            #expect(try await store.save(CheckpointDraft(phase: 1), lease: fresh) == .saved(number: 2))
            _ = try await store.finish(fresh, .failure(.deadLetter(countsAsFailure: true)))
            let letter = DeadLetterFilter(ids: [lease.taskID])
            #expect(try await store.requeue(deadLetters: letter, fromStart: true) == [lease.taskID])
            #expect(try await store.claim().first?.task.checkpoint == nil)
            // The history stays.
            #expect(try await store.checkpoints(of: lease.taskID).map(\.isDiscarded) == [true, true])
        }
    }

    @Test(arguments: StoreBackend.all)
    func goWithTheirTask(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let lease = try await begun(store)
            _ = try await store.save(CheckpointDraft(phase: 1), lease: lease)
            _ = try await store.finish(lease, .failure(.deadLetter(countsAsFailure: true)))
            #expect(try await store.purge(deadLetters: DeadLetterFilter()) == [lease.taskID])
            #expect(try await store.checkpoints(of: lease.taskID).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func tooMuchDataIsRefusedAndTheLargestKept(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let lease = try await begun(store)
            let most = "\"" + String(repeating: "x", count: CheckpointDraft.largestData - 2) + "\""
            #expect(try await store.save(CheckpointDraft(phase: 1, data: most), lease: lease) == .saved(number: 1))
            #expect(try await store.checkpoints(of: lease.taskID).first?.data == most)
            for draft in [
                CheckpointDraft(phase: 2, data: most + " "), CheckpointDraft(phase: 2, data: "\"\0\""),
                CheckpointDraft(phase: 0), CheckpointDraft(phase: CheckpointDraft.highestPhase + 1),
            ] {
                #expect(await failureCode { _ = try await store.save(draft, lease: lease) } == .internal)
            }
        }
    }
}
