import TestSupport
import Testing

extension Acceptance {
    /// O-1: what monitoring sees.
    @Suite("HTTP", .timeLimit(.minutes(3)))
    struct HTTP {
        @Test("health, queue and metrics are served on TCP, and nothing else", arguments: Backend.all)
        func overTCP(_ backend: Backend) async throws {
            try await AcodeFixture.with("http-\(backend)", settings: ["workers.statsInterval": "1s"]) { fixture in
                let port = Loopback.freePort()
                var options = PoolOptions()
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                try await fixture.withSupervisor(backend, options) { supervisor in
                    let base = "http://127.0.0.1:\(port)"
                    let run = try await fixture.runScript("exit 3", ["--queue", "seen"])
                    #expect(run.code == 3)
                    #expect(try await Curl.get("\(base)/livez").status == 200)
                    // The worker of a failed task is replaced; until then this pool of one has none.
                    try await eventually("readiness") { try await Curl.get("\(base)/readyz").status == 200 }
                    let health = try await Curl.get("\(base)/health")
                    let details = try JSONValue(parsing: health.body.utf8)
                    #expect(health.status == 200 && details["status"] == "ok")
                    #expect(details["supervisor"]["pool"] == fixture.pool)
                    let queue = try await Curl.get("\(base)/queue/status")
                    #expect(queue.body.contains("seen"))
                    let metrics = try await Curl.get("\(base)/metrics")
                    #expect(metrics.status == 200)
                    #expect(metrics.body.contains(#"acode_tasks_completed_total{outcome="failed"} 1"#))
                    #expect(metrics.body.contains(#"acode_workers{state="idle"} 1"#))
                    #expect(metrics.body.contains("# TYPE acode_task_duration_seconds histogram"))
                    try await workers(base, fixture, supervisor, backend)
                    for path in ["/v1/status", "/v1/workers", "/", "/v1/../v1/workers"] {
                        #expect(try await Curl.get(base + path).status == 404, "\(path)")
                    }
                    for path in ["/v1/stop", "/v1/drain", "/v1/wake"] {
                        #expect(try await Curl.get(base + path, method: "POST").status == 404, "\(path)")
                    }
                    #expect(!supervisor.process.hasEnded)
                }
            }
        }

        /// FR-049, NFR-004: what each worker uses, by its id and for as long as it lives, and what measuring takes.
        private func workers(
            _ base: String, _ fixture: AcodeFixture, _ supervisor: SupervisorProcess, _ backend: Backend
        ) async throws {
            let worker = try #require(try await supervisor.workers().first?["id"].string)
            var names = ["cpu_cores", "memory_bytes", "memory_limit_bytes", "processes", "block_read_bytes"]
            names += ["block_written_bytes"]
            if backend != .local { names += ["network_received_bytes", "network_sent_bytes"] }
            let metrics = try await eventually("the worker's metrics") {
                let body = try await Curl.get("\(base)/metrics").body
                return names.allSatisfy { body.contains("acode_worker_\($0){worker=\"\(worker)\"} ") } ? body : nil
            }
            func value(_ series: String) throws -> Double {
                let line = metrics.split(separator: "\n").first { $0.hasPrefix("\(series) ") }
                return try #require(line?.split(separator: " ").last.flatMap { Double($0) })
            }
            #expect(try value("acode_worker_memory_bytes{worker=\"\(worker)\"}") > 100_000)
            #expect(try value("acode_worker_memory_limit_bytes{worker=\"\(worker)\"}") == Double(512 << 20))
            #expect(try value("acode_worker_processes{worker=\"\(worker)\"}") >= 1)
            let rounds = try value("acode_stats_round_seconds_count")
            #expect(try rounds > 0 && value("acode_stats_round_seconds_sum") / rounds < 0.1)
            try await fixture.acode("worker", "restart", worker).succeeded()
            try await eventually("the metrics of a worker to go with it", within: .seconds(30)) {
                try await !Curl.get("\(base)/metrics").body.contains(worker)
            }
        }

        @Test(
            "what is known of queues is the same over HTTP, in `queue list` and among the metrics, and all metrics are told"
        )
        func queues() async throws {
            try await AcodeFixture.with(settings: ["queue.queues": ["work", "spare"]]) { fixture in
                let port = Loopback.freePort()
                var options = PoolOptions()
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                try await fixture.withSupervisor(.local, options) { _ in
                    let base = "http://127.0.0.1:\(port)"
                    #expect(try await fixture.runScript("exit 3", ["--queue", "work"]).code == 3)
                    try await fixture.acode("queue", "pause", "work", "--reason", "moving").succeeded()
                    try await fixture.acode("queue", "limit", "work", "7").succeeded()
                    let waiting = try await fixture.submitScript("true", ["--queue", "work"])
                    try await Task.sleep(for: .milliseconds(20))
                    let status = try JSONValue(parsing: try await Curl.get("\(base)/queue/status").body.utf8)["queues"]
                    #expect(status.elements.compactMap { $0["queue"].string } == ["spare", "work"])
                    let work = status[1]
                    #expect(work["counts"]["enqueued"] == 1 && work["counts"]["error"] == 1, "\(work)")
                    #expect(work["deadLetters"] == 1 && work["maxRunning"] == 7 && work["paused"]["reason"] == "moving")
                    #expect(try #require(work["oldestWaitingSeconds"].double) > 0.01)
                    #expect(work["consumers"].elements.map { $0["pool"] } == [.string(fixture.pool)])
                    let listed = try await fixture.json("queue", "list").elements
                    for key in ["queue", "counts", "deadLetters", "maxRunning", "paused", "consumers"] {
                        #expect(listed.map { $0[key] } == status.elements.map { $0[key] }, "\(key)")
                    }
                    let metrics = try await eventually("the dead letter in the metrics") {
                        let metrics = try await Curl.get("\(base)/metrics").body
                        return metrics.contains(#"acode_dead_letters_total{code="failed"} 1"#) ? metrics : nil
                    }
                    for series in [
                        #"acode_queue_depth{queue="work",state="enqueued"} 1"#,
                        #"acode_queue_dead_letters{queue="work"} 1"#,
                        #"acode_queue_paused{queue="work"} 1"#, #"acode_queue_paused{queue="spare"} 0"#,
                        #"acode_queue_consumers{queue="work"} 1"#,
                        #"acode_retry_attempts_total{code="failed"} 0"#, "acode_acquire_conflicts_total 0",
                        #"acode_recovered_jobs_total{reason="stale"} 0"#, "acode_heartbeat_failures_total 0",
                        "acode_duplicate_skips_total 0", "acode_worker_concurrent_jobs 0",
                        #"acode_worker_pauses_total{cause="memory"} 0"#,
                    ] { #expect(metrics.contains("\(series)\n"), "\(series)") }
                    #expect(!metrics.contains(#"acode_queue_oldest_waiting_seconds{queue="work"} 0\n"#))
                    try await fixture.acode("queue", "resume", "work").succeeded()
                    try await fixture.waitFor(waiting, state: "complete")
                    let after = try await Curl.get("\(base)/metrics").body
                    // What is gone is 0, and not what it was last.
                    #expect(after.contains("acode_queue_depth{queue=\"work\",state=\"enqueued\"} 0\n"))
                    #expect(after.contains("acode_queue_oldest_waiting_seconds{queue=\"work\"} 0\n"))
                }
            }
        }

        @Test("a draining supervisor is alive and not ready")
        func draining() async throws {
            try await AcodeFixture.with { fixture in
                let port = Loopback.freePort()
                var options = PoolOptions()
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                try await fixture.withSupervisor(.local, options) { _ in
                    let id = try await fixture.submitScript("echo begun; sleep 3")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await fixture.acode("worker", "drain").succeeded()
                    let ready = try await Curl.get("http://127.0.0.1:\(port)/readyz")
                    #expect(ready.status == 503)
                    #expect(ready.body.contains("drain"))
                    #expect(try await Curl.get("http://127.0.0.1:\(port)/livez").status == 200)
                }
            }
        }

        @Test("an address that is taken is a clear error")
        func addressTaken() async throws {
            try await AcodeFixture.with { fixture in
                let port = Loopback.freePort()
                var options = PoolOptions()
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                try await fixture.withSupervisor(.local, options) { _ in
                    let second = try await fixture.acode(
                        "worker", "start", "--mode", "local", "--pool", "other", "--listen", "127.0.0.1:\(port)")
                    #expect(second.code == 69, "\(second)")
                    #expect(second.errorText.contains("\(port)"))
                }
            }
        }

        @Test("the control socket is for its owner only")
        func controlSocket() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let path = "\(fixture.runtimeDirectory)/\(fixture.pool)/control.sock"
                    #expect(try await Curl.get("http://localhost/livez", socket: path).status == 200)
                    #expect(try await Curl.get("http://localhost/v1/status", socket: path).status == 200)
                    let stat = try await ChildProcess.tool(
                        ProcessPlan(
                            "/usr/bin/stat", ["-c", "%a", path, "\(fixture.runtimeDirectory)/\(fixture.pool)"]),
                        within: .seconds(5))
                    #expect(stat.lines == ["600", "700"])
                }
            }
        }
    }
}
