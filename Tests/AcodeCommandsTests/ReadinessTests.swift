import Foundation
import TaskModel
import Testing

@testable import AcodeCommands
@testable import Supervisor

@Suite("Readiness")
struct ReadinessTests {
    private static func status(ready: Int = 0, image: String? = nil, isElastic: Bool = false) -> SupervisorStatus {
        SupervisorStatus(
            id: .next(), pool: "p", pid: 1, mode: .docker, imageTrouble: image, state: .running, slots: 1,
            isElastic: isElastic, busy: 0, ready: ready, startedAt: Date(), diskMb: 0, queues: [])
    }

    @Test func whoHasAWorkerIsReadyWhateverItsImage() {
        #expect(SupervisorTarget.reasonsNotReady(Self.status(ready: 1)) == [])
        #expect(SupervisorTarget.reasonsNotReady(Self.status(ready: 1, image: "manifest unknown")) == [])
    }

    @Test func anElasticPoolNeedsNoWorkerButAnImage() {
        #expect(SupervisorTarget.reasonsNotReady(Self.status(isElastic: true)) == [])
        #expect(
            SupervisorTarget.reasonsNotReady(Self.status(image: "manifest unknown", isElastic: true)) == [
                "no worker is ready: manifest unknown"
            ])
    }

    @Test func aPoolOfFixedSizeNeedsAWorker() {
        #expect(SupervisorTarget.reasonsNotReady(Self.status()) == ["no worker is ready"])
        #expect(
            SupervisorTarget.reasonsNotReady(Self.status(image: "manifest unknown")) == [
                "no worker is ready: manifest unknown"
            ])
    }
}
