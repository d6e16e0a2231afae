import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// C-2, Q-6, Q-7: a deployment by variables alone, as the table of the page about queues has it.
    @Suite("A deployment by variables", .timeLimit(.minutes(3)))
    struct VariableDeployment {
        /// What all programs of the deployment are told.
        private static func common(_ fixture: AcodeFixture) -> [String: String] {
            [
                // Without a file of this name, nor one in the usual places.
                "ACODE_CONFIG": "", "HOME": fixture.scratch, "XDG_CONFIG_HOME": fixture.scratch,
                "ACODE_HANDLERS": """
                {create_cog: {parameters: {source: {type: string, required: true}, file_size_mb: {type: number}},
                command: [echo, cog of, --, "{{source}}"]}}
                """.replacing("\n", with: " "),
                "ACODE_ROUTING": "[{params: {file_size_mb: {above: 500}}, queue: heavy}, {queue: long-running-tasks}]",
                "ACODE_ROLES": "{heavy: {queues: [heavy], orchestrate: false}, light: {queues: [long-running-tasks]}}",
                "ACODE_QUEUE_DECLARED": "heavy,long-running-tasks", "ACODE_LOGS_LEVEL": "info",
            ]
        }

        @Test("task types, routes, roles, queues and where to listen need no configuration file")
        func whole() async throws {
            try await AcodeFixture.with { fixture in
                let port = Loopback.freePort()
                let common = Self.common(fixture)
                func acode(_ arguments: [String], _ more: [String: String] = [:]) async throws -> FinishedProcess {
                    try await fixture.acode(arguments, environment: common.merging(more) { _, more in more })
                }
                let shown = try await acode(["config", "show", "--origin"]).succeeded()
                for name in common.keys where name.hasPrefix("ACODE_") && name != "ACODE_CONFIG" {
                    #expect(shown.text.contains("# $\(name)"), "\(name) \(shown)")
                }
                #expect(!shown.text.contains("acode.yaml") && shown.errorText.isEmpty, "\(shown)")

                var heavy = PoolOptions()
                (heavy.pool, heavy.waitsForWorkers) = ("\(fixture.pool)-h", false)
                heavy.environment = common.merging(["ACODE_ROLE": "heavy", "ACODE_APP_NAME": "docker-worker-01"]) { $1 }
                var light = PoolOptions()
                (light.pool, light.waitsForWorkers) = ("\(fixture.pool)-l", false)
                light.environment = common.merging([
                    "ACODE_ROLE": "light", "ACODE_QUEUE_QUEUES": "long-running-tasks",
                    "ACODE_HTTP_LISTEN": "0.0.0.0:\(port)",
                ]) { $1 }
                try await fixture.withSupervisor(.local, heavy) { heavy in
                    try await fixture.withSupervisor(.local, light) { light in
                        let submit = ["task", "submit", "--type", "create_cog", "--param", "source=a b", "--wait"]
                        for (size, queue, supervisor) in [
                            ("900", "heavy", heavy), ("12.5", "long-running-tasks", light),
                        ] {
                            let run = try await acode(submit + ["--param", "file_size_mb=\(size)"])
                            #expect(run.code == 0 && run.text == "cog of -- a b\n", "\(run)")
                            let list = try await acode(["task", "list", "--json"]).json().elements
                            let task = try #require(list.first { $0["queue"] == .string(queue) })
                            #expect(task["state"] == "complete" && task["type"] == "create_cog", "\(task)")
                            let workers = try await acode(
                                ["worker", "list", "--json"], ["ACODE_WORKERS_POOL": supervisor.pool]
                            ).json().elements
                            #expect(workers.contains { $0["id"] == task["worker"] }, "\(task) \(workers)")
                        }
                        #expect(try await fixture.http(port, "/readyz").status == 200)
                        let status = try await fixture.http(port, "/queue/status").text
                        for pool in ["\(fixture.pool)-h", "\(fixture.pool)-l"] {
                            #expect(status.contains(pool), "\(status)")
                        }
                        #expect(heavy.process.errorText.contains("docker-worker-01"), "\(heavy.process.errorText)")
                        let other = try await acode(["task", "submit", "--queue", "havy", "--", "true"])
                        #expect(other.code == 64 && other.errorText.contains("did you mean heavy?"), "\(other)")
                    }
                }
            }
        }
    }
}
