import Foundation
import TaskModel
import TaskStore
import Testing

/// ends that come when their lease is no longer there.
@Suite("Store: late ends", .timeLimit(.minutes(3)))
struct LateEndConformance {
    @Test(arguments: StoreBackend.all)
    func anEndThatWasWrittenIsToldFromOneThatCameTooLate(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec("1"), spec("2")])
            let leases = try await store.claim(2, lease: .seconds(10)).map(\.lease)
            #expect(try await store.finish(leases[0], .success))
            clock.advance(by: 10)
            _ = try await store.recoverExpired(maxDeliveries: 5)
            let before = try await store.task(leases[1].taskID)
            let stranger = Lease(taskID: .next(), attempt: 1, token: 1)
            let noAttempt = Lease(taskID: leases[1].taskID, attempt: 9, token: 1)
            let all = (leases + [stranger, noAttempt]).map { (lease: $0, result: AttemptResult.success) }
            for _ in 1...2 {
                #expect(
                    try await store.discard(all)
                        == [leases[0]: .recorded, leases[1]: .refused, stranger: .unknown, noAttempt: .unknown])
            }
            #expect(try await store.kinds(leases[0].taskID) == [.submitted, .claimed, .completed])
            #expect(
                try await store.kinds(leases[1].taskID) == [.submitted, .claimed, .requeuedStale, .resultDiscarded])
            let told = try #require(try await store.events(of: leases[1].taskID, after: 0).last)
            #expect(told.attempt == 1 && told.message.contains("succeeded") && told.message.contains("exit 0"))
            #expect(try await store.task(leases[1].taskID) == before)
        }
    }

    @Test(arguments: StoreBackend.all)
    func theEndOfAnAttemptThatAnotherTookOverIsRefused(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec()])
            let old = try #require(try await store.claim(by: alice).first).lease
            let taken = try await store.adopt(old, from: [alice], by: bob, host: "h", for: .seconds(30))
            let new = try #require(taken).lease
            #expect(try await store.discard([(lease: old, result: .success)]) == [old: .refused])
            #expect(try await store.finish(new, .success))
            #expect(try await store.discard([(lease: old, result: .success)]) == [old: .refused])
            #expect(try await store.discard([(lease: new, result: .success)]) == [new: .recorded])
            #expect(try await store.kinds(old.taskID).filter { $0 == .resultDiscarded }.count == 1)
        }
    }

    @Test(arguments: StoreBackend.all)
    func nothingIsSaidOfALeaseThatIsStillHeld(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec()])
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.discard([(lease: lease, result: .success)]) == [lease: .stillHeld])
            #expect(try await store.discard([]) == [:])
            #expect(try await store.kinds(lease.taskID) == [.submitted, .claimed])
        }
    }
}
