import Settings
import TaskModel
import Testing

@Suite("Task files")
struct TaskFileTests {
    @Test("a task may say everything")
    func everything() throws {
        let tasks = try TaskFile.parse(
            contents: """
                tasks:
                  - command: [make, test]
                  - name: full
                    command: ["sh", "-c", "echo $X"]
                    env: {X: 1, Y: "two words", Z: true}
                    stdin: |
                      hello
                    workdir: /work
                    image: debian:12
                    resources: {cpus: 0.5, memoryMb: 1GiB, pidsLimit: 20, diskMb: 2GiB}
                    mounts:
                      - {source: /srv/data, target: /data, readOnly: true}
                    worktree: {git: {repo: /srv/repo, ref: main, depth: 3}}
                    outputs: [report.txt, {path: app/bin, to: /srv/out/bin, required: false, allowEmpty: true, replace: true}]
                    secrets: [api-token]
                    egress: {allow: ["*.example.org", "10.1.2.3:5432"]}
                    queue: builds
                    priority: -5
                    delay: 250ms
                    timeout: 1h30m
                    retry: {maxAttempts: 3, backoff: 2, maxBackoff: 1m}
                    isolation: container
                """, name: "tasks.yaml", rules: TaskRules(defaultRetry: RetryPolicy(maxAttempts: 2)))
        let full = TaskSpec(
            name: "full", command: ["sh", "-c", "echo $X"], env: ["X": "1", "Y": "two words", "Z": "true"],
            stdin: "hello\n", workdir: "/work", image: "debian:12",
            resources: ResourceRequest(cpus: 0.5, memoryMb: 1024, pidsLimit: 20, diskMb: 2048),
            mounts: [MountSpec(source: "/srv/data", target: "/data", readOnly: true)],
            worktree: WorktreeSpec(git: GitSource(repo: "/srv/repo", ref: "main", depth: 3)),
            outputs: [
                OutputSpec(path: "report.txt"),
                OutputSpec(path: "app/bin", to: "/srv/out/bin", required: false, allowEmpty: true, replace: true),
            ], secrets: ["api-token"],
            egress: .only([try EgressRule("*.example.org"), try EgressRule("10.1.2.3:5432")]),
            queue: "builds", priority: -5, delay: 0.25, timeout: 5400,
            retry: RetryPolicy(maxAttempts: 3, backoff: 2, maxBackoff: 60), isolation: .container)
        #expect(tasks == [TaskSpec(command: ["make", "test"], retry: RetryPolicy(maxAttempts: 2)), full])
        #expect(try TaskFile.parse(contents: TaskFile.render(tasks), name: "again") == tasks)
    }

    @Test("a retry policy may say what failures mean; without a word on it the pool's rules count")
    func retryRules() throws {
        let text = """
            tasks:
              - command: [x]
                retry:
                  rules:
                    - {exitCode: [2, 64-78], outcome: failed, then: fatal}
                    - {output: "refused", then: infrastructure}
                    - {output: ["a*b", "-"], exitCode: 9, then: retryable}
              - {command: [x], retry: {maxAttempts: 4}}
              - {command: [x], retry: {rules: []}}
            """
        let own = [RetryRule(outcomes: [.oomKilled], meaning: .fatal)]
        let tasks = try TaskFile.parse(
            contents: text, name: "t", rules: TaskRules(defaultRetry: RetryPolicy(rules: own)))
        #expect(
            tasks[0].retry.rules == [
                RetryRule(exitCodes: [2...2, 64...78], outcomes: [.failed], meaning: .fatal),
                RetryRule(output: ["refused"], meaning: .infrastructure),
                RetryRule(exitCodes: [9...9], output: ["a*b", "-"], meaning: .retryable),
            ])
        #expect(tasks[1].retry == RetryPolicy(maxAttempts: 4, rules: own))
        #expect(tasks[2].retry.rules == nil)
        #expect(try TaskFile.parse(contents: TaskFile.render(tasks), name: "again") == tasks)
    }

    @Test(
        "what can't be a retry rule is told",
        arguments: [
            ("{then: fatal}", "has no condition"), ("{exitCode: 2}", "then: is missing"),
            ("{exitCode: 0, then: fatal}", "expected an exit code from 1 to 255"),
            ("{exitCode: 9-3, then: fatal}", "expected an exit code"), ("{exitCode: [], then: fatal}", "is empty"),
            ("{outcome: succeeded, then: fatal}", "expected one of failed"),
            ("{outcome: failed, then: interrupted}", "expected one of retryable, fatal, infrastructure"),
            ("{output: \"*\", then: fatal}", "would fit any output"), ("{code: 2, then: fatal}", "is not a known key"),
        ])
    func badRetryRules(_ rule: String, problem: String) throws {
        do {
            _ = try TaskFile.parse(contents: "tasks: [{command: [x], retry: {rules: [\(rule)]}}]", name: "t")
            Issue.record("\(rule) should be refused")
        } catch {
            #expect(error.description.contains(problem), "\(error)")
        }
    }

    @Test("a task may expire, and be there only once")
    func ttlAndUnique() throws {
        let text = """
            tasks:
              - {command: [x], delay: 5s, ttl: 10m, unique: {key: "a b", window: 2h}}
              - {command: [x], unique: nightly}
            """
        let tasks = try TaskFile.parse(contents: text, name: "t")
        #expect(tasks.map(\.ttl) == [600, nil])
        #expect(tasks.map(\.unique) == [UniqueKey("a b", window: 7200), UniqueKey("nightly")])
        #expect(try TaskFile.parse(contents: TaskFile.render(tasks), name: "again") == tasks)
        for bad in ["ttl: 5s, delay: 5s", "ttl: 0s", "unique: {window: 5s}", "unique: \"\"", "unique: [a]"] {
            #expect(throws: ConfigurationError.self, "\(bad)") {
                try TaskFile.parse(contents: "tasks: [{command: [x], \(bad)}]", name: "t")
            }
        }
    }

    @Test("JSON is read like YAML")
    func json() throws {
        let tasks = try TaskFile.parse(contents: #"{"tasks": [{"command": ["true"], "priority": 3}]}"#, name: "t.json")
        #expect(tasks == [TaskSpec(command: ["true"], priority: 3)])
    }

    @Test("a worktree may be a path")
    func worktreePath() throws {
        for text in ["/srv/tree", "{path: /srv/tree}"] {
            let tasks = try TaskFile.parse(contents: "tasks: [{command: [x], worktree: \(text)}]", name: "t")
            #expect(tasks == [TaskSpec(command: ["x"], worktree: WorktreeSpec(path: "/srv/tree"))])
        }
    }

    @Test(
        "what can't be a worktree or an output is told",
        arguments: [
            ("worktree: tree", "worktree: expected an absolute path of this host"),
            ("worktree: /proc", "must not be mounted"), ("worktree: {}", "expected either path or git, found neither"),
            ("worktree: {path: /a, git: {repo: /b}}", "expected either path or git, found both"),
            ("worktree: {git: {ref: main}}", "worktree.git.repo: is missing"),
            ("worktree: {git: {repo: \"https://x/y\"}}", "repositories are read from this host only"),
            ("worktree: {git: {repo: /b, ref: -x}}", "expected a branch, tag or commit"),
            ("worktree: {git: {repo: /b, ref: main~1}}", "expected a branch, tag or commit"),
            ("worktree: {git: {repo: /b, depth: 0}}", "worktree.git.depth"),
            ("outputs: report", "expected a list of outputs"), ("outputs: [/a]", "leading slash"),
            ("outputs: [../a]", "must not have empty parts"), ("outputs: [a, a]", "is the same as the output a"),
            ("outputs: [a/b, a]", "one is in the other"), ("outputs: [.acode-x]", "begins with .acode-"),
            ("outputs: [{path: a, to: b}]", "expected an absolute path of this host"),
            ("outputs: [{path: a, to: /x/../y}]", "must not have empty parts"),
            ("outputs: [{path: a, to: /x}, {path: b, to: /x/y}]", "goes to the place of the output a"),
            ("outputs: [{to: /x}]", "path: is missing"),
        ])
    func filesThatCanNotBe(text: String, words: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try TaskFile.parse(contents: "tasks:\n  - command: [x]\n    \(text)\n", name: "t")
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("t:3:") == true, "\(error?.description ?? "")")
    }

    @Test("no task is no mistake", arguments: ["tasks: []", "tasks:\n"])
    func none(text: String) throws { #expect(try TaskFile.parse(contents: text, name: "t") == []) }

    @Test(
        "each mistake is told with its place",
        arguments: [
            ("", "t:1:1: is empty; expected tasks: and a list of tasks"),
            (
                "- command: [x]\n",
                "t:1:1: expected a mapping with the key tasks, found a list (put the list under tasks:)"
            ),
            (
                "task: []\n",
                """
                t:1:1: tasks: is missing; expected a list of tasks, each with a command
                t:1:1: task: is not a known key (did you mean tasks?)
                """
            ),
            ("tasks: {a: 1}\n", "t:1:8: tasks: expected a list of tasks, each with a command, found a mapping"),
            ("tasks: [x]\n", "t:1:9: tasks[0]: expected a task, as in {command: [make, test]}, found \"x\""),
            (
                "tasks:\n  - name: a\n",
                "t:2:5: tasks[0].command: is missing; expected a list of the program and its arguments"
            ),
            (
                "tasks:\n  - command: make test\n",
                "t:2:14: tasks[0].command: expected a list of the program and its arguments, found \"make test\" "
                    + #"(no shell is involved; write ["sh", "-c", "…"] to use one)"#
            ),
            ("tasks: [{command: []}]", "t:1:19: tasks[0].command: must begin with a program"),
            ("tasks: [{command: [\"\"]}]", "t:1:19: tasks[0].command: must begin with a program"),
            (
                "tasks: [{command: [echo, \"a\\0b\"]}]",
                "t:1:26: tasks[0].command[1]: must not contain a NUL character"
            ),
            (
                "tasks: [{command: [echo, ]}, {command: [x], prio: 1}]",
                "t:1:45: tasks[1].prio: is not a known key (known are command, delay, egress, env, image, isolation, labels, mounts, "
                    + "name, outputs, params, priority, queue, resources, retry, secrets, stdin, timeout, ttl, type, unique, user, workdir, worktree)"
            ),
            (
                "tasks: [{command: [x], priority: 1001}]",
                "t:1:34: tasks[0].priority: expected a whole number from -1000 to 1000, found \"1001\""
            ),
            (
                "tasks: [{command: [x], timeout: 0}]",
                "t:1:33: tasks[0].timeout: expected a duration from 1ms to 8760h, found \"0\""
            ),
            (
                "tasks: [{command: [x], isolation: vm}]",
                "t:1:35: tasks[0].isolation: expected one of any, container, found \"vm\""
            ),
            ("tasks: [{command: [x], secrets: [a, a]}]", "t:1:37: tasks[0].secrets[1]: names a twice"),
            (
                "tasks: [{command: [x], mounts: [{source: /run, target: /x}]}]",
                "t:1:42: tasks[0].mounts[0].source: must not be mounted: it contains /run/docker.sock, "
                    + "which gives control of the engine"
            ),
            (
                "tasks: [{command: [x], retry: {maxAttempts: 0, backoff: 2h, maxBackoff: 1m}}]",
                """
                t:1:45: tasks[0].retry.maxAttempts: expected a whole number from 1 to 1000, found "0"
                t:1:48: tasks[0].retry.backoff: must not be more than maxBackoff, which is 60s
                """
            ),
            ("tasks: [{command: [x], name: \"a\\nb\"}]", "t:1:30: tasks[0].name: must not contain control characters"),
        ])
    func mistakes(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try TaskFile.parse(contents: text, name: "t") }
        #expect(error?.description == expected)
    }

    @Test("a standard input longer than 1 MiB is refused")
    func longInput() throws {
        func file(_ bytes: Int) -> String {
            "tasks: [{command: [x], stdin: \"\(String(repeating: "x", count: bytes))\"}]"
        }
        #expect(try TaskFile.parse(contents: file(1 << 20), name: "t").count == 1)
        #expect(throws: ConfigurationError.self) { try TaskFile.parse(contents: file(1 << 20 + 1), name: "t") }
    }

    @Test("ten thousand tasks are read in order", .timeLimit(.minutes(3)))
    func many() throws {
        let text = "tasks:\n" + (0..<10_000).map { "  - command: [echo, \"\($0)\"]\n" }.joined()
        let tasks = try TaskFile.parse(contents: text, name: "t")
        #expect(tasks.map { $0.command[1] } == (0..<10_000).map(String.init))
    }
}
