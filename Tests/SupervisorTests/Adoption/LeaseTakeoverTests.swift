import AgentProtocol
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor

@Suite("Taking a lease over", .timeLimit(.minutes(3)))
struct LeaseTakeoverTests {
    private let before = SupervisorID(rawValue: "before")
    private let me = SupervisorID(rawValue: "me")

    private func claimed(_ store: any TaskStore) async throws -> Lease {
        _ = try await store.submit([TaskSpec(command: ["true"])])
        let request = ClaimRequest(
            supervisor: before, host: "h", limit: 1, leaseDuration: .seconds(30), offersContainers: false)
        return try #require(try await store.claim(request).first).lease
    }

    private func takeover(_ store: any TaskStore, patience: Duration = .seconds(30)) -> LeaseTakeover {
        LeaseTakeover(
            store: store, supervisor: me, host: "h", lease: .seconds(30), patience: patience, logger: .silent)
    }

    private func ref(_ lease: Lease) -> AttemptRef {
        AttemptRef(taskID: lease.taskID.rawValue, attempt: lease.attempt, token: lease.token)
    }

    @Test(arguments: [FaultyStore.Fault.unreachable, .answerLost])
    func oneWhoseAnswerWasLostIsTakenAllTheSame(fault: FaultyStore.Fault) async throws {
        let scratch = try Scratch()
        let store = FaultyStore(try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite"))
        let lease = try await claimed(store)
        store.fail(.adopt, fault, times: 1)
        guard case .taken(let claim, _) = await takeover(store).take(ref(lease), from: [before]) else {
            Issue.record("it was not taken")
            return
        }
        #expect(try await store.renew([claim.lease], for: .seconds(30)).map(\.isHeld) == [true])
    }

    @Test func anothersIsGoneAndAStoreThatDoesNotAnswerSaysNothing() async throws {
        let scratch = try Scratch()
        let store = FaultyStore(try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite"))
        let lease = try await claimed(store)
        guard case .gone = await takeover(store).take(ref(lease), from: [SupervisorID(rawValue: "other")]) else {
            Issue.record("it is another's")
            return
        }
        store.fail(.adopt, .unreachable)
        guard case .unknown = await takeover(store, patience: .zero).take(ref(lease), from: [before]) else {
            Issue.record("nobody knows")
            return
        }
    }
}
