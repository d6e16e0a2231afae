import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// NFR-008: an engine whose disk is full.
    @Suite("Engine without space", .timeLimit(.minutes(2)))
    struct EngineFull {
        @Test("it is told with cause and fix, costs no task anything, and passes with the want", arguments: Engine.all)
        func full(_ engine: Engine) async throws {
            try await EngineInstance.with([engine], diskMiB: 120) { engines in
                var options = PoolOptions()
                options.engines = engines
                // With a budget of none, one counted failure would keep the pool empty for the window.
                let settings: [String: JSONValue] = ["workers.docker.restart.maxRestarts": 0]
                try await AcodeFixture.with("engine-full-\(engine)", settings: settings) { fixture in
                    let end = try await fixture.withSupervisor(.of(engine), options) { supervisor in
                        let filling = "\(engines.store(of: engine))/filling"
                        _ = try await ChildProcess.run(
                            ProcessPlan("/bin/dd", ["if=/dev/zero", "of=\(filling)", "bs=4k"]), logs: fixture.logs,
                            within: .seconds(20))
                        try await fixture.acode("worker", "scale", "2").succeeded()
                        let words = try await eventually("the list to tell", within: .seconds(30)) {
                            let words = try await fixture.acode("worker", "list").errorText
                            return words.contains("no space left on device") ? words : nil
                        }
                        #expect(words.contains("hint: free space"), "\(words)")
                        let id = try await fixture.submitScript("echo run")
                        #expect(try await fixture.task(id)["state"] == "enqueued")
                        try FileManager.default.removeItem(atPath: filling)
                        let task = try await fixture.waitFor(id, state: "complete", within: .seconds(40))
                        #expect(task["attempt"] == 1)
                        #expect(try await fixture.acode("worker", "list").errorText == "")
                    }
                    let told = end.errorText.split(separator: "\n").filter {
                        $0.contains("the engine can make no container")
                    }
                    #expect(told.count == 1, "\(end)")
                }
            }
        }
    }
}
