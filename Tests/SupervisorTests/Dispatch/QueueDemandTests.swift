import Foundation
import TaskModel
import TaskStore
import Testing

@testable import Supervisor

@Suite("Queue demand")
struct QueueDemandTests {
    private static let counts = [
        QueueCount(queue: "a", state: .enqueued, count: 5), QueueCount(queue: "a", state: .inProgress, count: 2),
        QueueCount(queue: "b", state: .enqueued, count: 7), QueueCount(queue: "b", state: .complete, count: 9),
    ]
    private static let paused = QueueControl.Pause(since: Date(timeIntervalSince1970: 0), by: "me")

    @Test(
        arguments: [
            ([], [], 12, [], true),
            ([], ["a"], 5, ["a"], true),
            ([QueueControl(queue: "a", pause: paused)], [], 7, ["b"], true),
            ([QueueControl(queue: "a", pause: paused)], ["a"], 0, [], false),
            ([QueueControl(queue: "c", pause: paused)], [], 12, [], true),
            ([QueueControl(queue: "a", maxRunning: 3)], [], 8, [], true),
            ([QueueControl(queue: "a", maxRunning: 1)], ["a"], 0, ["a"], true),
            ([QueueControl(queue: "a", maxRunning: 99)], ["a"], 5, ["a"], true),
        ] as [([QueueControl], Set<String>, Int, [String], Bool)])
    func countsOnlyWhatMayBeClaimed(
        _ controls: [QueueControl], served: Set<String>, claimable: Int, queues: [String], isOpen: Bool
    ) {
        let demand = QueueDemand(counts: Self.counts, controls: controls, served: served)
        #expect(demand.claimable() == claimable)
        #expect(demand.isOpen == isOpen)
        if isOpen { #expect(demand.queues == queues) }
    }

    @Test(
        arguments: [
            (["a": 5, "b": 7], [:], 12), (["a": 2, "b": 7], [:], 9), (["b": 7, "c": 1], [:], 7), ([:], [:], 0),
            // What is for others takes no room from the rest of its queue, nor anything from another queue.
            (["a": 1, "b": 7], ["a": 3], 8), (["b": 7], ["a": 3], 7), (["b": 7], ["a": 2, "b": 1], 1),
        ] as [([String: Int], [String: Int], Int)])
    func countsNothingThatIsForOthers(_ ours: [String: Int], limits: [String: Int], claimable: Int) {
        let controls = limits.map { QueueControl(queue: $0.key, maxRunning: $0.value) }
        let demand = QueueDemand(counts: Self.counts, controls: controls, served: [])
        #expect(demand.claimable(of: ours) == claimable)
    }

    /// Neither a queue that has nothing nor one that lets nobody in.
    @Test func asksOnlyOfQueuesThatMatter() {
        let full = [QueueControl(queue: "a", maxRunning: 2)]
        #expect(QueueDemand(counts: Self.counts, controls: [], served: ["a", "none"]).worthALook == ["a"])
        #expect(QueueDemand(counts: Self.counts, controls: full, served: []).worthALook == ["b"])
    }

    @Test func aStoreWithoutTasksIsOpenForDelayedOnes() {
        #expect(QueueDemand(counts: [], controls: [], served: []).isOpen)
    }
}
