import TaskModel
import TaskStore
import Testing

@Suite("Store: leases of a supervisor", .timeLimit(.minutes(3)))
struct LeaseListConformance {
    @Test(arguments: StoreBackend.all)
    func thoseThatItHasAreListedAndNoOthers(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit((1...4).map { spec("\($0)") })
            let own = try await store.claim(2, by: alice).map(\.lease)
            let others = try await store.claim(1, by: bob).map(\.lease)
            #expect(Set(try await store.leases(of: alice)) == Set(own))
            #expect(try await store.leases(of: bob) == others)
            #expect(try await store.leases(of: SupervisorID(rawValue: "carol")).isEmpty)
            #expect(try await store.finish(own[0], .success))
            let adopted = try await store.adopt(others[0], from: [bob], by: alice, host: "h", for: .seconds(30))
            let lease = try #require(adopted).lease
            #expect(Set(try await store.leases(of: alice)) == [own[1], lease])
            #expect(try await store.leases(of: bob).isEmpty)
            // One that ran out is a supervisor's until somebody takes it.
            clock.advance(by: 31)
            #expect(try await store.leases(of: alice).count == 2)
            _ = try await store.recoverExpired(maxDeliveries: 5)
            #expect(try await store.leases(of: alice).isEmpty)
        }
    }

    /// As after a claim whose answer was lost.
    @Test(arguments: StoreBackend.all)
    func oneThatNobodyWorkedUnderIsGivenBackWithoutADelivery(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            _ = try await store.claim(by: alice)
            let lease = try #require(try await store.leases(of: alice).first)
            let back = AttemptResult(
                outcome: .workerUnavailable, reason: "nobody heard of it",
                disposition: .abandon(delay: 0, countsAsDelivery: false))
            #expect(try await store.finish(lease, back))
            let task = try #require(try await store.task(id))
            #expect(task.state == .enqueued && task.deliveries == 0)
            #expect(try await store.claim(by: bob).map(\.task.id) == [id])
        }
    }
}
