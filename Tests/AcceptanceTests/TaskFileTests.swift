import TestSupport
import Testing

extension Acceptance {
    /// Many tasks from one file.
    @Suite("Task files", .timeLimit(.minutes(3)), .sharedPools(count: 2))
    struct TaskFiles {
        @Test(
            "YAML: every task runs, output lines carry its name, the first failure's code is passed on",
            arguments: Backend.all)
        func yaml(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let file = try fixture.file(
                "tasks.yaml",
                """
                tasks:
                  - name: greet
                    command: [sh, -c, 'echo "hello $WHO"; cat']
                    env: {WHO: world}
                    stdin: "from stdin\\n"
                  - name: fails
                    command: [sh, -c, "sleep 1; exit 9"]
                  - name: placed
                    command: [pwd]
                    workdir: /usr
                  - name: fails-too
                    command: [sh, -c, "sleep 2; exit 4"]
                """)
            let run = try await fixture.acode("task", "submit", "--wait", "--file", file)
            #expect(run.code == 9)
            let lines = run.lines.sorted()
            #expect(lines.contains { $0.hasPrefix("greet") && $0.hasSuffix("hello world") })
            #expect(lines.contains { $0.hasPrefix("greet") && $0.hasSuffix("from stdin") })
            #expect(lines.contains { $0.hasPrefix("placed") && $0.hasSuffix("/usr") })
            #expect(lines.count == 3)
            #expect(run.errorText.contains("fails-too"))
        }

        @Test("JSON on standard input", arguments: Backend.all)
        func json(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let text = #"{"tasks":[{"name":"one","command":["echo","1"]},{"name":"two","command":["echo","2"]}]}"#
            let run = try await fixture.acode(
                ["task", "submit", "--file", "-", "--json"], input: .bytes(Array(text.utf8)))
            let ids = try run.json().elements.compactMap { $0["id"].string ?? $0.string }
            #expect(ids.count == 2)
            for id in ids { try await fixture.waitFor(id, state: "complete") }
            let wait = try await fixture.acode(["task", "wait"] + ids)
            #expect(wait.code == 0)
        }

        @Test("every field of a task is kept", arguments: [Backend.local])
        func fields(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let file = try fixture.file(
                "all.yaml",
                """
                tasks:
                  - name: everything
                    command: [echo, "1"]
                    env: {A: b}
                    stdin: text
                    workdir: /tmp
                    image: docker.io/library/acode-test:1
                    resources: {cpus: 0.5, memoryMb: 64, pidsLimit: 20}
                    queue: elsewhere
                    priority: 7
                    delay: 1h
                    timeout: 90s
                    retry: {maxAttempts: 3, backoff: 2s, maxBackoff: 1m}
                    isolation: container
                """)
            let submitted = try await fixture.acode("task", "submit", "--file", file, "-q").succeeded()
            let task = try await fixture.task(try #require(submitted.lines.first))
            #expect(task["name"] == "everything")
            #expect(task["state"] == "pending")
            #expect(task["queue"] == "elsewhere")
            #expect(task["priority"] == 7)
            #expect(task["command"].elements == ["echo", "1"])
            let text = try task.encoded()
            for part in ["\"memoryMb\":64", "\"pidsLimit\":20", "\"maxAttempts\":3", "\"timeout\":90", "\"A\":\"b\""] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
        }

        @Test(
            "all mistakes of a file are told at once with their places, and nothing is submitted",
            arguments: [Backend.local])
        func mistakes(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let before = try await fixture.tasks().count
            let file = try fixture.file(
                "wrong.yaml",
                """
                tasks:
                  - name: fine
                    command: [echo]
                  - command: echo hello
                  - command: []
                  - command: [echo]
                    comand: [x]
                    priority: high
                    timeout: -3
                """)
            let run = try await fixture.acode("task", "submit", "--file", file)
            #expect(run.code == 78)
            #expect(run.output.isEmpty)
            for place in ["wrong.yaml:4:14", "wrong.yaml:5:14", "wrong.yaml:7:5", "wrong.yaml:8:15", "wrong.yaml:9:14"]
            {
                #expect(run.errorText.contains(place), "\(place)\n\(run.errorText)")
            }
            #expect(run.errorText.contains("command"))
            #expect(try await fixture.tasks().count == before)
        }

        @Test("YAML that can't be parsed is told with its place", arguments: [Backend.local])
        func unparseable(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let file = try fixture.file("broken.yaml", "tasks:\n  - command: [echo\n  - x: }\n")
            let run = try await fixture.acode("task", "submit", "--file", file)
            #expect(run.code == 78)
            #expect(run.errorText.contains(/broken\.yaml:\d+:\d+/))
            let missing = try await fixture.acode("task", "submit", "--file", "/no/such/file.yaml")
            #expect(missing.code != 0)
            #expect(missing.errorText.contains("/no/such/file.yaml"))
        }
    }
}
