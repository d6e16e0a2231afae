import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// NFR-008: local process workers, beyond what every backend must do.
    @Suite("Local mode", .timeLimit(.minutes(1)))
    struct LocalMode {
        @Test("daemons that a task leaves are gone before the next task begins")
        func leftovers() async throws {
            try await AcodeFixture.with { fixture in
                let mark = "8767\(UInt16.random(in: 1000...9999))"
                fixture.atEnd { for pid in ProcessTable.mentioning("sleep\0\(mark)") { kill(pid, SIGKILL) } }
                try await fixture.withSupervisor(.local) { _ in
                    let run = try await fixture.runScript(
                        """
                        sleep \(mark) &
                        (setsid sleep \(mark) &)
                        (setsid sh -c 'setsid env -i sleep \(mark) & exit 0' &)
                        nohup sleep \(mark) >/dev/null 2>&1 &
                        sleep 0.3; echo left
                        """)
                    #expect(run.text == "left\n")
                    #expect(run.code == 0)
                    #expect(ProcessTable.mentioning("sleep\0\(mark)").isEmpty)
                }
            }
        }

        @Test("a daemon that keeps the output open does not keep the task from ending")
        func heldPipe() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let run = try await fixture.runScript("(setsid sleep 600 &); echo done")
                    #expect(run.text == "done\n")
                    #expect(run.elapsed < .seconds(20))
                }
            }
        }

        @Test("the same worker serves many tasks, and several workers run at once")
        func concurrency() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local, PoolOptions(count: 3)) { supervisor in
                    let barrier = try fixture.openDirectory("barrier")
                    // Each waits for the two others, so they can end only if all three run at once.
                    var ids: [String] = []
                    for number in 1...3 {
                        ids.append(
                            try await fixture.submitScript(
                                "touch \(barrier)/\(number); until [ $(ls \(barrier) | wc -l) = 3 ]; do sleep 0.05; done",
                                ["--timeout", "20s"]))
                    }
                    for id in ids { try await fixture.waitFor(id, state: "complete") }
                    let used = Set(try await fixture.tasks().compactMap { $0["worker"].string })
                    #expect(used.count == 3)
                    #expect(try await supervisor.workers().count == 3)
                }
            }
        }

        @Test("without an engine and without being asked for one no engine is looked for")
        func noEngineNeeded() async throws {
            try await AcodeFixture.with { fixture in
                let end = try await fixture.withSupervisor(.local) { _ in
                    try await fixture.runScript("true").succeeded()
                }
                #expect(!end.errorText.lowercased().contains("warn"), "\(end)")
                #expect(!end.errorText.lowercased().contains("engine"), "\(end)")
            }
        }
    }
}
