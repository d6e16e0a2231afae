import Foundation
import Settings
import TaskModel
import TestSupport
import Testing

@testable import Supervisor

/// R-13, with a real supervisor and store.
@Suite("Adaptive queues", .timeLimit(.minutes(3)))
struct AdaptiveQueueTests {
    /// Each of four tasks ends as if a server elsewhere were down, and runs again.
    @Test(arguments: [true, false])
    func fewerTasksRunAtOnceAfterEndsThatAreNotTheirFault(isAdaptive: Bool) async throws {
        let scratch = try Scratch()
        let running = "\(scratch.path)/running"
        let seen = "\(scratch.path)/seen"
        try FileManager.default.createDirectory(atPath: running, withIntermediateDirectories: true)
        // The first attempts end when all have begun, so that all of them have the one cause.
        let script = """
            touch \(scratch.path)/begun-$ACODE_TASK_ID
            if [ $ACODE_ATTEMPT = 1 ]; then
                until [ $(ls \(scratch.path) | grep -c begun) = 4 ]; do sleep 0.02; done; exit 9
            fi
            touch \(running)/$ACODE_TASK_ID; sleep 0.4; ls \(running) | wc -l >> \(seen); rm \(running)/$ACODE_TASK_ID
            """
        let rule = RetryRule(exitCodes: [9...9], meaning: .infrastructure)
        let retry = RetryPolicy(maxAttempts: 1, backoff: 0, maxBackoff: 0, rules: [rule])
        let test = try await TestSupervisor(in: scratch, workers: 4) { $0.queue.adaptive = isAdaptive }
        try await test.run {
            for id in try await test.submit(Array(repeating: script, count: 4), retry: retry) {
                let task = try await test.wait(for: id, in: [.complete, .error])
                #expect(task.state == .complete && task.attempt == 2)
            }
        }
        let most = try String(contentsOfFile: seen, encoding: .utf8).split(separator: "\n").compactMap { Int($0) }.max()
        #expect(isAdaptive ? try #require(most) <= 2 : try #require(most) > 2)
    }
}
