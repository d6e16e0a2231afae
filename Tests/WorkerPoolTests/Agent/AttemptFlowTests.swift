import AgentProtocol
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Attempt flow")
struct AttemptFlowTests {
    private typealias Arrival = AttemptFlow.Arrival

    /// A flow that has taken the first 100 bytes.
    private func begun() -> AttemptFlow {
        var flow = AttemptFlow()
        _ = flow.take(start: 0, count: 100)
        return flow
    }

    /// start, count → lost, duplicate, next offset.
    @Test(
        arguments: [
            (100, 50, 0, 0, 150), (100, 0, 0, 0, 100), (0, 100, 0, 100, 100), (40, 60, 0, 60, 100),
            (40, 10, 0, 10, 100), (40, 100, 0, 60, 140), (99, 2, 0, 1, 101), (101, 1, 1, 0, 102),
            (150, 50, 50, 0, 200), (0, 500, 0, 100, 500),
        ] as [(UInt64, Int, UInt64, Int, UInt64)])
    func aChunkIsNewOldOrPastAGap(start: UInt64, count: Int, lost: UInt64, duplicate: Int, offset: UInt64) {
        var flow = begun()
        let arrival = flow.take(start: start, count: count)
        #expect(arrival == Arrival(lost: lost, duplicate: duplicate))
        #expect(flow.offset == offset)
    }

    @Test func everyQuarterMebibyteIsAcknowledgedOnce() {
        var flow = AttemptFlow()
        var acknowledged: [UInt64] = []
        let piece = 64 << 10
        for index in 0..<16 {
            _ = flow.take(start: UInt64(index * piece), count: piece)
            if let offset = flow.acknowledge(safe: flow.offset) { acknowledged.append(offset) }
        }
        #expect(acknowledged == [256, 512, 768, 1024].map { $0 << 10 })
    }

    @Test func aGapCountsTowardsTheAcknowledgement() {
        var flow = AttemptFlow()
        let arrival = flow.take(start: AgentProtocol.acknowledgeEvery, count: 1)
        #expect(arrival.lost == AgentProtocol.acknowledgeEvery)
        #expect(flow.acknowledge(safe: flow.offset) == AgentProtocol.acknowledgeEvery + 1)
    }

    @Test func oldBytesAreNeverAcknowledgedAgain() {
        var flow = AttemptFlow()
        _ = flow.take(start: 0, count: 300 << 10)
        #expect(flow.acknowledge(safe: flow.offset) == 300 << 10)
        #expect(flow.take(start: 0, count: 300 << 10) == Arrival(lost: 0, duplicate: 300 << 10))
        #expect(flow.acknowledge(safe: flow.offset) == nil)
    }

    /// What is held back because it may be a secret would be lost with this process, if the agent forgot it.
    @Test func onlyWhatIsSafeIsAcknowledged() {
        var flow = AttemptFlow()
        _ = flow.take(start: 0, count: 300 << 10)
        #expect(flow.acknowledge(safe: 100) == nil)
        #expect(flow.acknowledge(safe: 260 << 10) == 260 << 10)
        #expect(flow.acknowledge(safe: 300 << 10) == nil)
    }

    /// Else a task that prints the first half of a large secret would wait for ever.
    @Test func whatIsHeldBackNeverStopsTheOutput() {
        var flow = AttemptFlow()
        var acknowledged: UInt64 = 0
        for index in 0..<64 {
            _ = flow.take(start: UInt64(index) << 16, count: 1 << 16)
            acknowledged = flow.acknowledge(safe: 0) ?? acknowledged
            #expect(flow.offset - acknowledged < AgentProtocol.outputWindow)
        }
    }

    @Test func aFlowThatGoesOnSkipsWhatIsKept() {
        var flow = AttemptFlow(from: 1000)
        #expect(flow.take(start: 0, count: 600) == Arrival(lost: 0, duplicate: 600))
        #expect(flow.take(start: 600, count: 600) == Arrival(lost: 0, duplicate: 400))
        #expect(flow.take(start: 1500, count: 1) == Arrival(lost: 300, duplicate: 0))
    }

    @Test(arguments: [(100, 0), (101, 1), (5000, 4900), (50, 0)] as [(UInt64, UInt64)])
    func theEndTellsWhatIsStillMissing(end: UInt64, lost: UInt64) {
        var flow = begun()
        #expect(flow.finish(at: end) == lost)
        #expect(flow.offset == max(100, end))
    }

    /// However the agent cuts and repeats, each byte counts exactly once.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func everyByteIsTakenOrLostExactlyOnce(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var flow = AttemptFlow()
        var sent: UInt64 = 0
        var (taken, lost): (UInt64, UInt64) = (0, 0)
        for _ in 0..<300 {
            let isReplay = Int.random(in: 0..<4, using: &random) == 0
            let start =
                isReplay ? UInt64.random(in: 0...sent, using: &random) : sent + UInt64.random(in: 0...2, using: &random)
            let count = Int.random(in: 0...5000, using: &random)
            let arrival = flow.take(start: start, count: count)
            lost += arrival.lost
            taken += UInt64(count - arrival.duplicate)
            sent = max(sent, count == 0 ? sent : start + UInt64(count))
            #expect(taken + lost == flow.offset)
        }
        #expect(flow.offset == sent)
    }
}
