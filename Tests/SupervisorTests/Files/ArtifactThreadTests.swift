import Foundation
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Threads for artifacts", .timeLimit(.minutes(1)))
struct ArtifactThreadTests {
    /// As on a file system whose server went away.
    @Test func whatHangsHoldsUpNobodyElseAndIsLeftWhenItsAttemptIsOver() async throws {
        let (answered, over) = (DispatchSemaphore(value: 0), OneShot<Void>())
        async let hanging = ArtifactThread.run(until: over, patience: .milliseconds(50)) {
            answered.wait()
            return 1
        }
        for number in 2...20 {
            #expect(await ArtifactThread.run(until: OneShot<Void>()) { number } == number)
        }
        over.set(())
        #expect(await hanging == nil)
        answered.signal()
    }

    @Test func whatIsAlmostDoneIsWaitedFor() async throws {
        let over = OneShot<Void>()
        over.set(())
        let found = await ArtifactThread.run(until: over) {
            usleep(50_000)
            return 7
        }
        #expect(found == 7)
    }
}
