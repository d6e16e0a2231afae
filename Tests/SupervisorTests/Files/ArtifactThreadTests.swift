import Foundation
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Threads for artifacts", .timeLimit(.minutes(3)))
struct ArtifactThreadTests {
    /// As on a file system whose server went away.
    @Test func whatHangsHoldsUpNobodyElseAndIsLeftWhenItsAttemptIsOver() async throws {
        let (answered, begun, over) = (DispatchSemaphore(value: 0), OneShot<Void>(), OneShot<Void>())
        async let hanging = ArtifactThread.run(until: over, patience: .milliseconds(50)) {
            begun.set(())
            answered.wait()
            return 1
        }
        await begun.value()
        for number in 2...20 {
            #expect(await ArtifactThread.run(until: OneShot<Void>()) { number }.value == number)
        }
        over.set(())
        guard case .left = await hanging else {
            answered.signal()
            Issue.record("it was not left")
            return
        }
        answered.signal()
    }

    @Test func whatIsAlmostDoneIsWaitedFor() async throws {
        let over = OneShot<Void>()
        over.set(())
        let found = await ArtifactThread.run(until: over) {
            usleep(50_000)
            return 7
        }
        #expect(found.value == 7)
    }

    /// Nothing is in use of what has not begun.
    @Test func whatMayNotBeginIsToldFromWhatWasLeft() async throws {
        let outcome = await ArtifactThread.run(until: OneShot<Void>(), atMost: 0) { Issue.record("it began") }
        guard case .notBegun = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }
}

extension ArtifactThread.Outcome {
    fileprivate var value: Value? {
        if case .done(let value) = self { value } else { nil }
    }
}
