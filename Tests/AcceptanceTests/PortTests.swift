import TestSupport
import Testing

extension Acceptance {
    /// FR-067: ports of containers on the host.
    @Suite("Ports", .timeLimit(.minutes(5)))
    struct Ports {
        /// What is read from a port of this host's loopback.
        private static func read(_ port: Int) async throws -> String {
            try await ChildProcess.tool(
                ProcessPlan("/usr/bin/curl", ["-s", "--max-time", "10", "http://127.0.0.1:\(port)/"]),
                within: .seconds(15)
            ).text
        }

        private static let server =
            #"printf 'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nfrom %s\n' $ACODE_TASK_ID > answer; "#
            + "echo listening; while :; do nc -l -p 8000 < answer > /dev/null; done"

        /// Starts a second pool that wants `ports` and waits until it says who has one.
        private static func conflict(
            _ fixture: AcodeFixture, _ engine: Engine, over ports: String, beside first: Bool = false,
            with words: String
        ) async throws {
            var options = PoolOptions()
            options.environment = ["ACODE_WORKERS_DOCKER_PORTS": ports]
            options.pool = first ? "\(fixture.pool)-2" : nil
            options.waitsForWorkers = false
            try await fixture.withSupervisor(.of(engine), options) { supervisor in
                try await eventually("the conflict to be told", seen: { supervisor.process.errorText }) {
                    supervisor.process.errorText.contains(words)
                }
            }
        }

        @Test("each worker gets a free port at loopback, which is shown and leads to its task", arguments: Engine.all)
        func ephemeral(_ engine: Engine) async throws {
            try await AcodeFixture.with("ports-\(engine)", settings: ["workers.docker.ports": ["8000"]]) { fixture in
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 2)) { supervisor in
                    let tasks = [
                        try await fixture.submitScript(Self.server), try await fixture.submitScript(Self.server),
                    ]
                    for task in tasks { try await fixture.waitFor(task, toPrint: "listening") }
                    var ports: Set<Int> = []
                    for worker in try await supervisor.workers() {
                        let port = worker["ports"][0]
                        #expect(port["host"] == "127.0.0.1" && port["containerPort"] == 8000, "\(worker)")
                        let number = try #require(port["hostPort"].int)
                        ports.insert(number)
                        let task = try #require(worker["task"].string)
                        let said = try await eventually("the task to answer") {
                            let said = try await Self.read(number)
                            return said.isEmpty ? nil : said
                        }
                        #expect(said == "from \(task)\n")
                        let id = try #require(worker["id"].string)
                        let page = try await fixture.acode("worker", "show", id).succeeded()
                        #expect(page.text.contains("127.0.0.1:\(number) -> 8000/tcp"), "\(page)")
                    }
                    #expect(ports.count == 2)
                    for task in tasks { try await fixture.acode("task", "cancel", task).succeeded() }
                    for task in tasks { try await fixture.waitFor(task, state: "cancelled") }
                }
            }
        }

        @Test("a fixed port is bound at loopback only, and told when somebody else has it", arguments: Engine.all)
        func conflict(_ engine: Engine) async throws {
            let taken = try TCPServer { _ in }
            try await AcodeFixture.with("port-conflict-\(engine)") { fixture in
                let free = Int(Loopback.freePort())
                var options = PoolOptions()
                options.environment = ["ACODE_WORKERS_DOCKER_PORTS": "\(free):8000"]
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let bindings = try await supervisor.onlyContainer()["HostConfig"]["PortBindings"]["8000/tcp"]
                    #expect(bindings[0]["HostIp"] == "127.0.0.1")
                    let scale = try await fixture.acode("worker", "scale", "2")
                    #expect(scale.code == 1, "\(scale)")
                    #expect(scale.errorText.contains("2 workers can't share 127.0.0.1:\(free)"), "\(scale)")
                    // Another pool that wants what a worker of ours has.
                    let worker = try #require(try await supervisor.workers().first?["containerName"].string)
                    try await Self.conflict(
                        fixture, engine, over: "\(free):8000", beside: true,
                        with: "127.0.0.1:\(free)/tcp of this host is taken by the worker \(worker) of the pool "
                            + fixture.pool)
                }
                try await Self.conflict(
                    fixture, engine, over: "\(taken.port):8000",
                    with: "127.0.0.1:\(taken.port)/tcp of this host is taken by the process")
            }
        }

        @Test(
            "a fixed port that workers would have to share is refused at the start, with the fixes",
            arguments: [
                ("WORKERS_COUNT", "2", "2 workers can't share 127.0.0.1:8080", "or set workers.count to 1"),
                (
                    "WORKERS_RECYCLE", "always", "2 workers, spares included, can't share 127.0.0.1:8080",
                    "or set workers.spares to 0"
                ),
                (
                    "WORKERS_AUTOSCALE_MAX", "3", "3 workers can't share 127.0.0.1:8080",
                    "or set workers.autoscale.max to 1"
                ),
            ])
        func shared(_ setting: String, _ value: String, _ problem: String, _ fix: String) async throws {
            try await AcodeFixture.with("port-shared-\(setting)") { fixture in
                let start = try await fixture.acode(
                    ["worker", "start", "--engine-socket", "\(fixture.scratch)/none.sock"],
                    environment: ["ACODE_WORKERS_DOCKER_PORTS": "8080:80", "ACODE_WORKERS_COUNT": "1"]
                        .merging(["ACODE_\(setting)": value]) { _, own in own })
                #expect(start.code == 78, "\(start)")
                #expect(start.errorText.contains(problem), "\(start)")
                #expect(start.errorText.contains("write \"127.0.0.1::80\" for a free port each"), "\(start)")
                #expect(start.errorText.contains(fix), "\(start)")
            }
        }

        @Test("a port of UDP is bound beside one of TCP, shown, and told when it is taken", arguments: Engine.all)
        func udp(_ engine: Engine) async throws {
            try await AcodeFixture.with("port-udp-\(engine)") { fixture in
                let port = Int(Loopback.freePort())
                var options = PoolOptions()
                options.environment = ["ACODE_WORKERS_DOCKER_PORTS": "\(port):5353/udp,\(port):8000"]
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let bindings = try await supervisor.onlyContainer()["NetworkSettings"]["Ports"]
                    for inside in ["5353/udp", "8000/tcp"] {
                        #expect(bindings[inside][0]["HostIp"] == "127.0.0.1", "\(bindings)")
                        #expect(bindings[inside][0]["HostPort"] == .string("\(port)"))
                    }
                    let id = try #require(try await supervisor.workers().first?["id"].string)
                    let page = try await fixture.acode("worker", "show", id).succeeded()
                    #expect(page.text.contains("127.0.0.1:\(port) -> 5353/udp"), "\(page)")
                    try await Self.conflict(
                        fixture, engine, over: "\(port):5353/udp", beside: true,
                        with: "127.0.0.1:\(port)/udp of this host is taken by the worker acode-worker-")
                }
            }
        }

        @Test("a container of somebody else that has the port is named", arguments: Engine.all)
        func foreign(_ engine: Engine) async throws {
            try await AcodeFixture.with("port-foreign-\(engine)") { fixture in
                let port = Int(Loopback.freePort())
                let name = "foreign-\(fixture.id)"
                let bindings: JSONValue = [
                    "8000/tcp": [["HostIp": "127.0.0.1", "HostPort": .string("\(port)")]]
                ]
                let body: JSONValue = [
                    "Image": .string(TestImage.busybox), "Cmd": ["sleep", "600"], "ExposedPorts": ["8000/tcp": [:]],
                    "HostConfig": [
                        "PortBindings": bindings,
                        "Ulimits": [
                            ["Name": "nofile", "Soft": 64, "Hard": 64], ["Name": "nproc", "Soft": 64, "Hard": 64],
                        ],
                    ],
                ]
                let id = try #require(
                    try await engine.api.json("POST", "/containers/create?name=\(name)", body: body)["Id"].string)
                fixture.atEnd { try await engine.api.remove(id) }
                _ = try await engine.api.call("POST", "/containers/\(id)/start")
                try await Self.conflict(
                    fixture, engine, over: "\(port):8000",
                    with: "127.0.0.1:\(port)/tcp of this host is taken by the container \(name)")
            }
        }
    }
}
