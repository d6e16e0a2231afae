import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-019, FR-028, FR-031…041, FR-051…055: the limits, as the engine knows them and as the kernel enforces them.
    @Suite("Limits", .timeLimit(.minutes(5)), .sharedPools(on: [.docker, .podman]))
    struct Limits {
        @Test("the defaults are visible in inspect", arguments: Engine.all)
        func defaultsInInspect(_ engine: Engine) async throws {
            let details = try await SharedPools.pool(.of(engine)).supervisor.onlyContainer()
            let host = details["HostConfig"]
            #expect(host["NanoCpus"] == 1_000_000_000)
            #expect(host["Memory"] == 512 << 20)
            #expect(host["MemorySwap"] == 512 << 20)
            #expect(host["PidsLimit"] == 100)
            #expect(host["Privileged"] == false)
            #expect(host["SecurityOpt"].elements.contains { ($0.string ?? "").hasPrefix("no-new-privileges") })
            #expect(!host["SecurityOpt"].elements.contains { ($0.string ?? "").contains("unconfined") })
            #expect(host["AutoRemove"] == false)
            #expect(host["PidMode"] != "host" && host["IpcMode"] != "host")
            let user = details["Config"]["User"].string ?? ""
            #expect(user == "1000" || user.hasPrefix("1000:"))
            #expect(details["Config"]["StopTimeout"] == 10)
        }

        @Test("all capabilities are dropped, none added", arguments: Engine.all)
        func capabilities(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let host = try await pool.supervisor.onlyContainer()["HostConfig"]
            #expect(host["CapAdd"].elements.isEmpty)
            switch engine {
            case .docker: #expect(host["CapDrop"].elements == ["ALL"])
            // Podman lists every capability of its default set instead of what it was asked for.
            case .podman: #expect(host["CapDrop"].elements.count >= 10)
            }
            let status = try await pool.fixture.runScript("cat /proc/self/status")
            for set in ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"] {
                #expect(status.text.contains("\(set):\t0000000000000000\n"), "\(set)")
            }
            #expect(status.text.contains("NoNewPrivs:\t1\n"))
            #expect(status.text.contains("Seccomp:\t2\n"))
            #expect(status.text.contains("Uid:\t1000\t1000\t1000\t1000\n"))
            #expect(status.text.contains("Gid:\t1000\t1000\t1000\t1000\n"))
        }

        @Test("ulimits are set and hold for tasks", arguments: Engine.all)
        func ulimits(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let names = try await pool.supervisor.onlyContainer()["HostConfig"]["Ulimits"].elements.map {
                ($0["Name"].string ?? "").lowercased().replacing("rlimit_", with: "")
            }
            #expect(Set(["nofile", "nproc", "core"]).isSubset(of: Set(names)))
            let run = try await pool.fixture.runScript("ulimit -n; ulimit -c")
            #expect(run.lines == ["1024", "0"])
        }

        @Test("a healthcheck is configured and succeeds, and Docker finds the worker healthy", arguments: Engine.all)
        func healthcheck(_ engine: Engine) async throws {
            let often: [String: JSONValue] = ["workers.docker.healthcheck.interval": "1s"]
            try await AcodeFixture.with("healthcheck-\(engine)", settings: often) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let details = try await supervisor.onlyContainer()
                    let test = details["Config"]["Healthcheck"]["Test"].elements.compactMap(\.string)
                    #expect(test.first == "CMD")
                    #expect(test.contains("health"))
                    let id = try #require(details["Id"].string)
                    let probe = try await engine.api.executed(Array(test.dropFirst()), in: id)
                    #expect(probe.code == 0, "\(probe)")
                    // Podman without systemd runs no probes by itself.
                    guard engine == .docker else { return }
                    try await eventually("Docker to find the worker healthy") {
                        try await engine.api.inspect(id)["State"]["Health"]["Status"] == "healthy"
                    }
                }
            }
        }

        @Test("a fork bomb is stopped by the limit on processes and the pool goes on", arguments: Engine.all)
        func forkBomb(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let probe = try #require(CgroupProbe(inspection: try await pool.supervisor.onlyContainer()))
            let id = try await pool.fixture.submitScript(
                "(b() { b | b & }; b) 2>/dev/null & while :; do :; done", ["--timeout", "4s"])
            var most = 0
            try await eventually("a fork to be refused") {
                most = max(most, probe.processes ?? 0)
                return (probe.refusedForks ?? 0) > 0
            }
            #expect(most <= 100)
            let task = try await pool.fixture.waitFor(id, state: "error")
            #expect(task["outcome"] == "timed_out")
            let next = try await pool.fixture.runScript("echo still here", within: .seconds(60))
            #expect(next.text == "still here\n")
            #expect(!pool.supervisor.process.hasEnded)
        }

        @Test("a memory hog is killed at the limit, and its outcome says so", arguments: Engine.all)
        func memoryHog(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let run = try await pool.fixture.submitAndWait(["--name", "hog"], ["tail", "/dev/zero"])
            #expect(run.code == 137)
            let task = try await pool.fixture.task(named: "hog")
            #expect(task["outcome"] == "oom_killed")
            #expect(task["exitCode"] == 137)
            #expect(task["reason"].string?.contains("512 MiB") == true)
            #expect(run.errorText.contains("512 MiB"))
            #expect(try await pool.fixture.runScript("echo fine").text == "fine\n")
        }

        @Test("a task may ask for less: its own memory limit is named", arguments: Engine.all)
        func smallerMemory(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let run = try await pool.fixture.runScript(
                "tail /dev/zero; exit 5", ["--memory-mb", "64", "--name", "small"])
            #expect(run.code == 5)
            let task = try await pool.fixture.task(named: "small")
            #expect(task["outcome"] == "oom_killed")
            #expect(task["reason"].string?.contains("64 MiB") == true)
        }

        @Test("a task may not ask for more than the pool gives", arguments: Engine.all)
        func moreThanThePool(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let wishes = ["--memory-mb", "513", "--cpus", "1.5", "--pids", "101", "--disk-mb", "10241"]
            let run = try await pool.fixture.runScript("true", wishes + ["--name", "more"])
            #expect(run.code == 64)
            for words in [
                "memoryMb 513 is above the pool's limit of 512", "cpus 1.5 is above the pool's limit of 1",
                "pidsLimit 101 is above the pool's limit of 100", "diskMb 10241 is above the pool's limit of 10240",
            ] {
                #expect(run.errorText.contains(words), "\(run.errorText)")
            }
            // Nothing was put into the queue.
            #expect(try await pool.fixture.task(named: "more") == .null)
            let file = try pool.fixture.file(
                "more.yaml", "tasks:\n  - command: [\"true\"]\n    name: more\n    resources: {memoryMb: 1GiB}\n")
            let refused = try await pool.fixture.acode("task", "submit", "--file", file)
            #expect(refused.code == 78)
            #expect(refused.errorText.contains("tasks[0] (more).resources: memoryMb 1024 is above"))
        }

        @Test(
            "a task that was put into the queue before its pool was there is judged by the pool", arguments: Engine.all)
        func moreThanTheLaterPool(_ engine: Engine) async throws {
            try await AcodeFixture.with("more-later-\(engine)") { fixture in
                let id = try await fixture.submitScript("true", ["--memory-mb", "513"])
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let task = try await fixture.waitFor(id, state: "error")
                    #expect(task["outcome"] == "worker_unavailable")
                    #expect(task["reason"].string?.contains("memoryMb 513 is above the pool's limit of 512") == true)
                }
            }
        }

        @Test("a working directory in memory is full at its size, and empty for the next task", arguments: Engine.all)
        func workInMemory(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.resources.workTmpfsMb": 20, "workers.docker.workdir": "/work",
            ]
            try await AcodeFixture.with("work-tmpfs-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.runScript(
                        "pwd; mkdir a; echo data > a/file; dd if=/dev/zero of=a/x bs=1M count=40 2>&1; stat -c %s a/x")
                    #expect(run.lines.first == "/work", "\(run)")
                    #expect(run.text.contains("No space left on device"), "\(run)")
                    #expect(run.lines.last.flatMap { Int($0) }.map { (19 << 20...20 << 20).contains($0) } == true)
                    let next = try await fixture.runScript("ls -A; echo more > y && cat y")
                    #expect(next.text == "more\n", "\(next)")
                }
            }
        }

        @Test("swap is granted; bandwidth, which no engine limits, is warned about", arguments: Engine.all)
        func swapAndBandwidth(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.resources.swapMb": 64, "workers.docker.resources.networkMbit": 10,
            ]
            try await AcodeFixture.with("swap-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    _ = try await supervisor.waitForWorkers(1)
                    let host = try await supervisor.onlyContainer()["HostConfig"]
                    let said = supervisor.process.errorText
                    // A kernel without accounts of swap can't limit it, and then that is said.
                    let isGranted = host["MemorySwap"] == (512 + 64) << 20 && host["Memory"] == 512 << 20
                    #expect(isGranted || said.contains("does not limit swap on this host"), "\(host["MemorySwap"])")
                    let warnings = said.components(separatedBy: "can't limit the network to 10 Mbit/s").count - 1
                    #expect(warnings == 1, "\(said)")
                }
            }
        }

        @Test("a CPU hog is held to one core", arguments: Engine.all)
        func cpuHog(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let probe = try #require(CgroupProbe(inspection: try await pool.supervisor.onlyContainer()))
            let id = try await pool.fixture.submitScript(
                "echo begun; while :; do :; done & while :; do :; done", ["--timeout", "60s"])
            try await pool.fixture.waitFor(id, toPrint: "begun")
            let (began, used) = (ContinuousClock.now, try #require(probe.cpuSeconds))
            let spent = try await eventually("2.5 s of CPU to be used") {
                let spent = try #require(probe.cpuSeconds) - used
                return spent >= 2.5 ? spent : nil
            }
            let wall = (ContinuousClock.now - began) / .seconds(1)
            #expect(spent / wall < 1.2, "\(spent) s of CPU in \(wall) s")
            try await pool.fixture.acode("task", "cancel", id).succeeded()
            try await pool.fixture.waitFor(id, state: "cancelled")
        }

        @Test("the temporary directory and /dev/shm are limited", arguments: Engine.all)
        func temporaryDirectory(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let run = try await pool.fixture.runScript(
                "dd if=/dev/zero of=$ACODE_TEMP_DIR/x bs=1M count=70 2>&1; rm -f $ACODE_TEMP_DIR/x;"
                    + " dd if=/dev/zero of=/dev/shm/x bs=1M count=70 2>&1; rm -f /dev/shm/x")
            let refusals = run.text.components(separatedBy: "No space left on device").count - 1
            #expect(refusals == 2, "\(run.text)")
        }
    }
}
