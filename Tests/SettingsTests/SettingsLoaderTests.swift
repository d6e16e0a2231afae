import Settings
import TaskModel
import Testing

@Suite("Layers of settings")
struct SettingsLoaderTests {
    @Test("the documented block of workers is accepted as it is written")
    func documentedBlock() throws {
        let resolved = try load(
            """
            workers:
              mode: docker
              count: 4
              docker:
                image: "mcr.microsoft.com/dotnet/sdk:8.0"
                pullPolicy: ifNotPresent  # always, never, ifNotPresent
                keepContainers: false
                network: bridge
                resources:
                  cpus: 1.0
                  memoryMb: 512
                  pidsLimit: 100
                mounts:
                  - source: /host/repo
                    target: /workspace
                    readOnly: false
            """)
        var expected = Settings(state: StateSettings(dir: "/var/lib/acode", runtimeDir: "/run/acode"))
        expected.workers.docker.mounts = [MountSpec(source: "/host/repo", target: "/workspace", readOnly: false)]
        #expect(resolved.settings == expected)
        #expect(resolved.warnings.isEmpty)
        #expect(resolved.origins["workers.docker.mounts"] == .file("acode.yaml", line: 13))
    }

    @Test("JSON is read like YAML")
    func json() throws {
        let resolved = try load(#"{"workers": {"count": 7, "docker": {"environment": {"LANG": "C"}}}}"#)
        #expect(resolved.settings.workers.count == 7)
        #expect(resolved.settings.workers.docker.environment == ["LANG": "C"])
    }

    @Test("each layer goes over the one before, and origins say which it was")
    func layers() throws {
        let directory = try ScratchDirectory()
        try directory.write(
            "workers:\n  count: 2\n  pool: file\n  docker:\n    network: none\n    image: a\n", to: "acode.yaml")
        try directory.write("workers:\n  count: 3\n  docker: {image: b, network: lab}\n", to: "acode.prod.yaml")
        let resolved = try SettingsLoader.load(
            configPath: nil,
            environment: [
                "ACODE_ENV": "prod", "ACODE_WORKERS_COUNT": "5", "ACODE_WORKERS_DOCKER_IMAGE": "c",
                "ACODE_WORKERS_DOCKER_RESOURCES_MEMORY_MB": "1GiB",
            ],
            flags: [
                FlagValue(flag: "--count", path: "workers.count", text: "6"),
                FlagValue(flag: "--count", path: "workers.count", text: "8"),
            ], workingDirectory: directory.path, userID: 0)
        #expect(resolved.files == ["acode.yaml", "acode.prod.yaml"])
        #expect(resolved.settings.workers.count == 8)
        #expect(resolved.settings.workers.pool == "file")
        #expect(resolved.settings.workers.docker.image == "c")
        #expect(resolved.settings.workers.docker.network == "lab")
        #expect(resolved.settings.workers.docker.resources.limits.memoryMb == 1024)
        let expected = [
            "workers.count": "--count", "workers.pool": "acode.yaml:3",
            "workers.docker.image": "$ACODE_WORKERS_DOCKER_IMAGE", "workers.docker.network": "acode.prod.yaml:3",
            "workers.mode": "default",
        ]
        for (path, origin) in expected { #expect(resolved.origins[path]?.description == origin, "\(path)") }
        #expect(Set(resolved.origins.keys) == Set(SettingTable.all.map(\.path)))
    }

    @Test(
        "lists and mappings can be given as text",
        arguments: [
            ("queue.queues", "a,b", #"["a", "b"]"#), ("queue.queues", "a, b", #"["a", "b"]"#),
            ("queue.queues", "[a]", #"["a"]"#),
            ("workers.docker.environment", "{A: 1, B: x y}", #"{A: "1", B: "x y"}"#),
            (
                "workers.docker.mounts", #"[{"source":"/a","target":"/b"}]"#,
                #"[{source: "/a", target: "/b", readOnly: false}]"#
            ),
            ("workers.recycle", "afterTasks: 50", "{afterTasks: 50}"), ("workers.recycle", "{afterTasks: 50}", nil),
            ("queue.defaultTimeout", "none", "none"), ("queue.defaultTimeout", "90", "90s"),
            ("workers.docker.socket", "unix:///x/y.sock", #""/x/y.sock""#), ("workers.docker.socket", "auto", "auto"),
            ("http.listen", "[::1]:80", #""[::1]:80""#),
            ("secrets", "{t: {env: T}}", #"{t: {env: "T"}}"#),
        ] as [(String, String, String?)])
    func texts(path: String, text: String, expected: String?) throws {
        let setting = try #require(SettingTable.descriptor(path))
        let name = try #require(setting.environmentNames.first)
        guard let expected else {
            #expect(try problems("", environment: [name: text]).count == 1)
            return
        }
        let byVariable = try load("", environment: [name: text])
        let byFlag = try load("", flags: [FlagValue(flag: "--x", path: path, text: text)])
        #expect(YAMLWriter.inline(setting.encode(byVariable.settings)) == expected)
        #expect(YAMLWriter.inline(setting.encode(byFlag.settings)) == expected)
    }

    @Test("mistakes in variables and flags are told by their names, together with those of files")
    func textMistakes() throws {
        let found = try problems(
            "workers: {count: x}",
            environment: ["ACODE_WORKERS_COUNT": "0", "ACODE_WORKERS_DOCKER_MOUNTS": "[", "ACODE_LOGS_LEVEL": "inf"],
            flags: [FlagValue(flag: "--mode", path: "workers.mode", text: "lokal")])
        #expect(
            found == [
                "acode.yaml:1:18: workers.count: expected a whole number from 1 to 256, found \"x\"",
                "ACODE_WORKERS_DOCKER_MOUNTS: workers.docker.mounts: can't be read as YAML in one line "
                    + "(expected a list of mounts, each {source, target, readOnly})",
                "ACODE_WORKERS_COUNT: workers.count: expected a whole number from 1 to 256, found \"0\"",
                "ACODE_LOGS_LEVEL: logs.level: expected one of trace, debug, info, notice, warning, error, critical, "
                    + "found \"inf\" (did you mean info?)",
                "--mode: workers.mode: expected one of docker, local, found \"lokal\" (did you mean local?)",
            ])
    }

    @Test("a variable that looks like a setting and is none gives a warning")
    func unknownVariables() throws {
        let resolved = try load(
            "",
            environment: [
                "ACODE_WORKER_COUNT": "1", "ACODE_WORKERS_FROBNICATE": "1", "ACODE_TASK_ID": "x",
                "ACODE_TEST_IMAGE": "y",
                "ACODE_WORKERS_POOL": "", "PATH": "/bin",
            ])
        #expect(
            resolved.warnings.map(\.description) == [
                "ACODE_WORKERS_FROBNICATE: looks like a setting and is none; it is ignored",
                "ACODE_WORKER_COUNT: looks like a setting and is none; it is ignored (did you mean ACODE_WORKERS_COUNT?)",
            ])
        #expect(resolved.settings.workers.pool == "default")
    }

    @Test("names of variables are unique and made of the path")
    func variableNames() {
        let names = SettingTable.all.flatMap(\.environmentNames)
        #expect(Set(names).count == names.count)
        #expect(
            EnvironmentName.of(path: "workers.docker.resources.memoryMb") == "ACODE_WORKERS_DOCKER_RESOURCES_MEMORY_MB")
    }

    @Test("the shorter name of the runtime directory works, the longer one wins")
    func alias() throws {
        let short = ["ACODE_RUNTIME_DIR": "/short"]
        #expect(try load("", environment: short).settings.state.runtimeDir == "/short")
        let both = short.merging(["ACODE_STATE_RUNTIME_DIR": "/long"]) { first, _ in first }
        #expect(try load("", environment: both).settings.state.runtimeDir == "/long")
    }

    @Test("the database is in the state directory unless it is told otherwise")
    func storePath() throws {
        let moved = ["ACODE_STATE_DIR": "/data"]
        #expect(try load("", environment: moved).settings.store.path == "/data/acode.sqlite")
        #expect(try load("store: {path: /x.db}", environment: moved).settings.store.path == "/x.db")
    }

    @Test(
        "default directories follow the user",
        arguments: [
            (0, [:], "/var/lib/acode", "/run/acode"),
            (0, ["XDG_STATE_HOME": "/s", "HOME": "/root"], "/var/lib/acode", "/run/acode"),
            (1000, ["HOME": "/home/me"], "/home/me/.local/state/acode", "/tmp/acode-1000"),
            (1000, ["XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r/"], "/s/acode", "/r/acode"),
            (1000, ["XDG_STATE_HOME": "relative", "HOME": "/h"], "/h/.local/state/acode", "/tmp/acode-1000"),
            (7, [:], "/var/tmp/acode-7", "/tmp/acode-7"),
        ] as [(UInt32, [String: String], String, String)])
    func directories(userID: UInt32, environment: [String: String], dir: String, runtimeDir: String) {
        let state = StateSettings.defaults(environment: environment, userID: userID)
        #expect(state == StateSettings(dir: dir, runtimeDir: runtimeDir))
    }
}
