import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// NFR-008: an engine whose disk is full.
    @Suite("Engine without space", .timeLimit(.minutes(8)))
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
                        // The worker that is there needs no space.
                        #expect(try await fixture.runScript("echo small").text == "small\n")
                        let id = try await fixture.submitScript("echo run", ["--memory-mb", "100"])
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

        @Test(
            "an image that finds no space costs its task nothing, and trouble that nobody has is over",
            arguments: Engine.all)
        func pull(_ engine: Engine) async throws {
            try await EngineInstance.with([engine], diskMiB: 120) { engines in
                var options = PoolOptions()
                options.engines = engines
                options.flags = []
                let settings: [String: JSONValue] = [
                    "workers.docker.outage.fallbackAfter": "1s", "workers.docker.outage.checkInterval": "200ms",
                ]
                try await AcodeFixture.with("engine-full-pull-\(engine)", settings: settings) { fixture in
                    let registry = try TestRegistry.public
                    try await registry.push("t/\(fixture.id)", padding: 3_000_000)
                    try await fixture.withSupervisor(.of(engine), options) { supervisor in
                        let filling = "\(engines.store(of: engine))/filling"
                        _ = try await ChildProcess.run(
                            ProcessPlan("/bin/dd", ["if=/dev/zero", "of=\(filling)", "bs=4k"]), logs: fixture.logs,
                            within: .seconds(20))
                        let wish = ["--image", "\(registry.host)/t/\(fixture.id):1", "--isolation", "container"]
                        let id = try await fixture.submit(wish, ["/busybox", "echo", "came"])
                        try await eventually("the list to tell of stand-ins", within: .seconds(30)) {
                            let words = try await fixture.acode("worker", "list").errorText
                            return words.contains("no space left on device") && words.contains("stand in")
                        }
                        #expect(try await fixture.task(id)["failures"] == 0)
                        // With nobody who wants anything there is nothing to tell.
                        try await fixture.acode("task", "cancel", id).succeeded()
                        try await eventually("the trouble to be over", within: .seconds(40)) {
                            try await fixture.acode("worker", "list").errorText.isEmpty
                        }
                        let again = try await fixture.submit(wish, ["/busybox", "echo", "came"])
                        try await eventually("the list to tell again", within: .seconds(30)) {
                            try await fixture.acode("worker", "list").errorText.contains("no space left on device")
                        }
                        try FileManager.default.removeItem(atPath: filling)
                        let task = try await fixture.waitFor(again, state: "complete", within: .seconds(60))
                        #expect(task["failures"] == 0, "\(task)")
                        try await eventually("only containers to be left") {
                            try await supervisor.workers().allSatisfy { $0["containerID"].string != nil }
                        }
                    }
                }
            }
        }
    }
}
