import AgentProtocol
import Testing

@testable import AgentCore

@Suite("Pending checkpoints")
struct PendingSavesTests {
    /// One that takes long to be saved has had a supervisor all the time.
    @Test func theWaitForASupervisorBeginsWhenTheConnectionIsLost() {
        var saves = PendingSaves()
        let ref = AttemptRef(taskID: "t", attempt: 1, token: 1)
        let refusal = saves.add(
            ref, phase: 3, data: nil, artifacts: ["big"], isForced: false, ticket: 1, now: .seconds(100))
        #expect(refusal == nil)
        #expect(saves.deadline == .seconds(120))
        #expect(saves.next()?.phase == 3)
        #expect(saves.deadline == nil)
        saves.rewind(now: .seconds(125))
        #expect(saves.deadline == .seconds(145))
        #expect(saves.next()?.phase == 3)
    }
}
